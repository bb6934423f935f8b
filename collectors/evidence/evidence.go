// Package evidence collects what pipelines and tools reported: what they submitted, and what they left in declared files; and which
// revision is deployed, as files say.
package evidence

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Target is where the evidence of one system comes from, possibly from nowhere.
type Target struct {
	System   string // its ID, by which submissions are found
	Declared system.Evidence
}

// A Record has what was submitted.
type Record interface {
	// Evidence is that of a system, of each component of each item one fact.
	Evidence(system string) []fact.Evidence
	// Watch gives a channel that holds a token when evidence was submitted.
	Watch(system, who string) <-chan struct{}
}

const name = "evidence"

// New makes the collector of evidence; without a record, of that in files alone. Every system has a target, so that an item without
// evidence is one of which nothing was reported, and not one without a target.
func New(record Record) collector.Collector[Target] {
	r := &reader{record: record, read: make(map[string]map[string]reading)}
	c := collector.Collector[Target]{
		Name:     name,
		Summary:  "Results of tests, scans and drills that pipelines submitted or left in files, and the deployed revision that files name.",
		Yields:   []fact.Any{fact.Evidences(), fact.DeployedRevisions()},
		Schedule: "@every 1m",
		Timeout:  time.Minute,
		Targets:  func(s *system.System) []Target { return []Target{{s.ID(), s.Evidence}} },
		Target:   func(Target) string { return "description" },
		Known:    known,
		Collect:  r.collect,
		Forget:   r.forget,
	}
	if record != nil {
		c.Changes = func(t Target) <-chan struct{} { return record.Watch(t.System, name) }
	}
	return c
}

// known is what the description tells of each piece of evidence in files.
func known(t Target) []fact.AnySet {
	evidence, revisions := &fact.Set[fact.Evidence]{}, &fact.Set[fact.DeployedRevision]{}
	for _, files := range t.Declared.Files {
		evidence.Unavailable = append(evidence.Unavailable, fact.Unavailable[fact.Evidence]{Known: of(files)})
	}
	for _, file := range t.Declared.Deployed {
		revisions.Unavailable = append(revisions.Unavailable, fact.Unavailable[fact.DeployedRevision]{
			Known: fact.DeployedRevision{File: file.File, Component: file.Component},
		})
	}
	return []fact.AnySet{fact.Evidences().Set(evidence), fact.DeployedRevisions().Set(revisions)}
}

func of(files system.EvidenceFiles) fact.Evidence {
	return fact.Evidence{Check: files.Check, Component: files.Component}
}

// A reader reads files, and remembers what it read of those that stay as they are.
type reader struct {
	record Record
	mu     sync.Mutex
	read   map[string]map[string]reading // by system and path
}

func (r *reader) collect(ctx context.Context, t Target, _ fact.Topics) ([]fact.AnySet, error) {
	evidence, revisions := &fact.Set[fact.Evidence]{}, &fact.Set[fact.DeployedRevision]{}
	var all []fact.Evidence
	if r.record != nil {
		all = r.record.Evidence(t.System)
	}
	now := make(map[string]reading)
	for _, files := range t.Declared.Files {
		found, err := r.files(ctx, t.System, files, now)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			evidence.Lack(of(files), "", err)
			continue
		}
		all = append(all, found)
	}
	r.mu.Lock()
	r.read[t.System] = now
	r.mu.Unlock()
	evidence.Add(joined(all)...)
	for _, file := range t.Declared.Deployed {
		known := fact.DeployedRevision{File: file.File, Component: file.Component}
		revision, err := revisionIn(file.File)
		if err != nil {
			revisions.Lack(known, "", err)
			continue
		}
		known.Revision = revision
		revisions.Add(known)
	}
	return []fact.AnySet{fact.Evidences().Set(evidence), fact.DeployedRevisions().Set(revisions)}, nil
}

func (r *reader) forget(t Target) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.read, t.System)
}

// joined makes one fact of what is about the same component of the same item, whichever way it came.
func joined(all []fact.Evidence) (joined []fact.Evidence) {
	for _, each := range all {
		at := slices.IndexFunc(joined, func(e fact.Evidence) bool { return e.Check == each.Check && e.Component == each.Component })
		if at < 0 {
			joined = append(joined, each)
			continue
		}
		joined[at].Reports = slices.Concat(joined[at].Reports, each.Reports)
	}
	for i := range joined {
		slices.SortStableFunc(joined[i].Reports, func(a, b fact.EvidenceReport) int { return b.At.Compare(a.At) })
	}
	slices.SortStableFunc(joined, func(a, b fact.Evidence) int {
		return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Component, b.Component))
	})
	return joined
}

// longestRevision is how many bytes the name of a revision may have.
const longestRevision = 200

// revisionIn reads the revision that a file holds.
func revisionIn(file string) (string, error) {
	content, err := readfile.Read(file, longestRevision+2)
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(string(content))
	if text == "" || len(strings.Fields(text)) > 1 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", fact.Errorf(fact.ReasonInvalid, "read %s: expected the name of one revision, such as a commit", file)
	}
	return text, nil
}
