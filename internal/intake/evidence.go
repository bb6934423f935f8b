package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/evidence"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/intoto"
	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/record"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// evidenceKind is the kind of check that judges evidence.
const evidenceKind = "evidence"

const (
	maximumRevisions = 5
	longestRevision  = 200
	longestLink      = 1000
	// maximumSubjects is how many digests an attestation may name.
	maximumSubjects = 50
)

// A Submission is a report that somebody submits.
type Submission struct {
	Check     string
	Component string
	Revisions []string
	Link      string
	By        string // the name of the token
	Report    []byte
}

// A Receipt is what a submission comes to.
type Receipt struct {
	Check     string              `json:"check"`
	Component string              `json:"component,omitempty"`
	By        string              `json:"by"`
	At        time.Time           `json:"at"`     // when the result was made, as far as that is known
	Known     bool                `json:"known"`  // it repeats a submission of just before
	Result    fact.EvidenceResult `json:"result"` // what it says, in counts
	// Verdict is what the submission comes to by itself, as if what it is of were deployed.
	Verdict  check.Status    `json:"verdict"`
	Problems []check.Problem `json:"problems"` // of the verdict
	// Status is that of the item now, with its problems.
	Status         check.Status    `json:"status"`
	StatusProblems []check.Problem `json:"status_problems"`
}

// Submit judges a submission about an item of a system, and returns once it is kept.
func (i *Intake) Submit(ctx context.Context, a *assess.Assessment, s Submission) (*Receipt, *Refusal) {
	of, refusal := item(a, s.Check)
	if refusal != nil {
		return nil, refusal
	}
	var bound *check.Bound
	for each := range of.Rule.Clause.Bounds() {
		if each.Name == evidenceKind && bound == nil {
			bound = each
		}
	}
	if bound == nil {
		return nil, refuse(http.StatusUnprocessableEntity, "The check "+s.Check+" takes no evidence.")
	}
	if refusal := s.mistakes(); refusal != nil {
		return nil, refusal
	}
	result, refusal := i.parse(ctx, a.Plan.System.Evidence, &s)
	if refusal != nil {
		return nil, refusal
	}
	now := i.options.Now()
	report := fact.EvidenceReport{At: now.UTC(), By: s.By, Revisions: s.Revisions, Link: s.Link, Result: result}
	if !result.MadeAt.IsZero() && result.MadeAt.Before(now) {
		report.At = result.MadeAt
	}
	known, err := i.options.Record.KeepEvidence(ctx, record.Evidence{
		ID: s.id(a.Plan.System.ID()), System: a.Plan.System.ID(), Check: s.Check, Component: s.Component, Report: report,
	})
	if err != nil {
		return nil, notKept(err)
	}
	receipt := &Receipt{Check: s.Check, Component: s.Component, By: s.By, At: report.At, Known: known, Result: result}
	receipt.judge(a, of, bound, report, now)
	return receipt, nil
}

// mistakes says what is wrong with a submission beside its report.
func (s *Submission) mistakes() *Refusal {
	var list mistake.List
	system.CheckComponent(&list, nil, s.Component)
	system.CheckLink(&list, nil, "link", s.Link)
	switch {
	case len(list) > 0:
		return refuse(http.StatusUnprocessableEntity, list[0].Message)
	case len(s.Link) > longestLink:
		return refuse(http.StatusUnprocessableEntity, "link: expected a shorter address")
	case len(s.Revisions) > maximumRevisions:
		return refuse(http.StatusUnprocessableEntity, "revision: expected 5 names at most")
	}
	for _, revision := range s.Revisions {
		if revision == "" || len(revision) > longestRevision || strings.ContainsFunc(revision, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return refuse(http.StatusUnprocessableEntity, "revision: expected a commit, a version or the digest of an image")
		}
	}
	return nil
}

// parse reads a report, when it is its turn. One that has to be signed names what it is of.
func (i *Intake) parse(ctx context.Context, declared system.Evidence, s *Submission) (fact.EvidenceResult, *Refusal) {
	select {
	case i.parsing <- struct{}{}:
		defer func() { <-i.parsing }()
	case <-ctx.Done():
		return fact.EvidenceResult{}, notKept(context.Cause(ctx))
	}
	if files := declared.KeysOf(s.Check, s.Component); len(files) > 0 {
		return s.attested(files)
	}
	if intoto.IsEnvelope(s.Report) {
		return fact.EvidenceResult{}, refuse(http.StatusUnprocessableEntity,
			"The report is a signed attestation, and no key counts for it: name public keys under evidence.submitted of the system.")
	}
	result, err := evidence.Parse(s.Report)
	if err != nil {
		return fact.EvidenceResult{}, unreadable(err)
	}
	return result, nil
}

func unreadable(err error) *Refusal {
	return refuse(http.StatusUnprocessableEntity, "The report cannot be read: "+err.Error())
}

// attested reads a report that a key in one of some files must have signed.
func (s *Submission) attested(files []string) (none fact.EvidenceResult, refusal *Refusal) {
	keys, err := intoto.ReadKeys(files)
	if err != nil {
		return none, refuse(http.StatusServiceUnavailable, "The keys under attestation_keys cannot be read: "+err.Error())
	}
	signed, err := intoto.Read(s.Report, keys)
	switch {
	case err != nil:
		return none, unreadable(err)
	case len(signed.Revisions) > maximumSubjects:
		return none, refuse(http.StatusUnprocessableEntity, "The attestation has more than 50 digests: submit one for each component.")
	}
	for _, revision := range s.Revisions {
		if !slices.Contains(signed.Revisions, revision) {
			return none, refuse(http.StatusUnprocessableEntity, "revision: the attestation is not of "+revision)
		}
	}
	s.Revisions = signed.Revisions
	return signed.Result, nil
}

// id is the same for the same submission.
func (s *Submission) id(systemID string) string {
	revisions := slices.Sorted(slices.Values(s.Revisions))
	names, _ := json.Marshal([]any{systemID, s.Check, s.Component, revisions, s.Link}) // It has nothing but texts.
	hash := sha256.New()
	hash.Write(names)
	hash.Write(s.Report)
	return hex.EncodeToString(hash.Sum(nil)[:16])
}

// judge judges the report by itself, and the item with it.
func (r *Receipt) judge(a *assess.Assessment, of *assess.Item, bound *check.Bound, report fact.EvidenceReport, now time.Time) {
	submitted := &fact.Set[fact.Evidence]{}
	submitted.Add(fact.Evidence{Check: r.Check, Component: r.Component, Reports: []fact.EvidenceReport{report}})
	deployed := &fact.Set[fact.DeployedRevision]{}
	for _, revision := range report.Revisions {
		deployed.Add(fact.DeployedRevision{Revision: revision, Component: r.Component})
	}
	alone := fact.NewView(nil, now).Extended(fact.Evidences().Set(submitted)).Extended(fact.DeployedRevisions().Set(deployed))
	if len(report.Revisions) == 0 { // What it is of is not known, so that it is compared with what runs.
		for _, kind := range []string{fact.Workloads().Name, fact.DeployedRevisions().Name} {
			for set, gap := range a.View.Sets(kind, nil) {
				if gap == nil {
					alone = alone.Extended(set)
				}
			}
		}
	}
	rule := check.Rule{ID: r.Check, Clause: check.Clause{Bound: bound}}
	r.Problems = []check.Problem{}
	for _, problem := range rule.Judge(alone, a.Plan.System, now).Problems {
		if problem.Subject == r.Component { // Others have evidence of their own.
			r.Problems = append(r.Problems, problem)
		}
	}
	r.Verdict = check.Worst(r.Problems)
	result := of.Rule.Judge(a.View.Extended(fact.Evidences().Set(submitted)), a.Plan.System, now)
	r.Status, r.StatusProblems = result.Status, append([]check.Problem{}, result.Problems...)
}
