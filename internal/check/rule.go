package check

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// attestationWarning is how long before its end an attestation warns.
const attestationWarning = 14 * 24 * time.Hour

// A Rule is how one item of the checklist is judged for one system.
type Rule struct {
	ID string // the item's id
	// Bound judges the facts; nil where the item rests on people's word alone, or is not built.
	Bound *Bound
	// NotBuilt: the check is not in this program yet.
	NotBuilt bool
	// Attested: somebody must have signed it, no longer ago than AttestationAge.
	Attested bool
	// AttestationSuffices: where nothing can be judged, somebody's word counts in its place.
	AttestationSuffices bool
	AttestationAge      time.Duration
	// NotApplicable is the user's reason to leave the item out; empty: it counts.
	NotApplicable string
}

// A Result is the status of one item with what was found.
type Result struct {
	Check         string            `json:"check"`
	Status        Status            `json:"status"`
	Problems      []Problem         `json:"problems,omitempty"`
	Facts         int               `json:"facts"`                    // how many were judged
	Attestation   *fact.Attestation `json:"attestation,omitempty"`    // the word that was judged, whether it counts or has run out
	Waiver        *fact.Waiver      `json:"waiver,omitempty"`         // what excuses it, when Status is Waived
	NotApplicable string            `json:"not_applicable,omitempty"` // the user's reason
	EvaluatedAt   time.Time         `json:"evaluated_at"`
	ChangedAt     time.Time         `json:"changed_at"` // when Status last changed; the first evaluation is a change
	Took          time.Duration     `json:"-"`          // how long judging took
}

// Judge gives the result of the rule on what is known at a time.
func (r Rule) Judge(view fact.View, now time.Time) Result {
	result := Result{Check: r.ID, EvaluatedAt: now, ChangedAt: now}
	if r.NotApplicable != "" {
		result.Status, result.NotApplicable = NotApplicable, r.NotApplicable
		return result
	}
	switch {
	case r.NotBuilt:
		result.Problems = append(result.Problems, notBuilt().Problem("this version cannot look at it yet"))
	case r.Bound != nil:
		result.Problems, result.Facts = r.Bound.judgeSafely(view, now)
	case !r.Attested:
		// The zero rule judges nothing, and nothing passes by being forgotten.
		return result
	}
	switch {
	case r.Attested:
		signed, attestation := r.judgeAttestations(view, now)
		result.Problems, result.Attestation = append(result.Problems, signed...), attestation
	case r.AttestationSuffices && Worst(result.Problems) == Undeclared:
		if signed, attestation := r.judgeAttestations(view, now); Worst(signed) == Pass || Worst(signed) == Warn {
			result.Problems, result.Attestation = signed, attestation
		}
	}
	result.Status = Worst(result.Problems)
	if result.Status == Fail {
		if waiver := r.waiver(view, now); waiver != nil {
			result.Status, result.Waiver = Waived, waiver
		}
	}
	return result
}

// judgeAttestations wants one attestation that counts now: signed, and not run out. It gives the one that lasts longest.
func (r Rule) judgeAttestations(view fact.View, now time.Time) ([]Problem, *fact.Attestation) {
	var newest *fact.Attestation
	var ends time.Time
	batch := fact.Of(view, fact.Attestations())
	for _, attestation := range batch.Facts {
		if attestation.Check != r.ID || attestation.At.After(now) {
			continue
		}
		if end := r.attestationEnds(attestation); newest == nil || end.After(ends) {
			newest, ends = &attestation, end
		}
	}
	if newest == nil && len(batch.Missed) > 0 {
		return []Problem{notSeen().Problem("the attestations have not been read")}, nil
	}
	switch {
	case newest == nil:
		return []Problem{notAttested().Problem("nobody has signed it")}, nil
	case !now.Before(ends):
		return []Problem{attestationExpired().Problem(fmt.Sprintf("signed by %s on %s, ran out on %s",
			newest.By, newest.At.Format(time.DateOnly), ends.Format(time.DateOnly)))}, newest
	case ends.Sub(now) < min(attestationWarning, r.AttestationAge/4):
		return []Problem{attestationExpiresSoon().Problem(fmt.Sprintf("signed by %s on %s, runs out on %s",
			newest.By, newest.At.Format(time.DateOnly), ends.Format(time.DateOnly)))}, newest
	default:
		return nil, newest
	}
}

// attestationEnds is when an attestation runs out: at its own date, and never later than the item allows.
func (r Rule) attestationEnds(attestation fact.Attestation) time.Time {
	latest := attestation.At.Add(r.AttestationAge)
	if attestation.Until.IsZero() || attestation.Until.After(latest) {
		return latest
	}
	return attestation.Until
}

// waiver finds what excuses the item now: of several, the one that lasts longest.
func (r Rule) waiver(view fact.View, now time.Time) *fact.Waiver {
	var longest *fact.Waiver
	for _, waiver := range fact.Of(view, fact.Waivers()).Facts {
		if waiver.Check == r.ID && now.Before(waiver.Until) && (longest == nil || waiver.Until.After(longest.Until)) {
			longest = &waiver
		}
	}
	return longest
}

// Reasons are all reasons that a result of this rule can name, so that each can be exported from the start.
func (r Rule) Reasons() []Reason {
	var reasons []Reason
	if r.Bound != nil {
		reasons = r.Bound.AllReasons()
	}
	if r.NotBuilt {
		reasons = append(reasons, notBuilt())
	}
	switch {
	case r.Attested && r.Bound == nil:
		reasons = append(append(reasons, notSeen()), AttestationReasons()...)
	case r.Attested:
		reasons = append(reasons, AttestationReasons()...)
	case r.AttestationSuffices:
		reasons = append(reasons, attestationExpiresSoon())
	}
	return reasons
}

// AttestationReasons are the reasons of items that somebody must sign.
func AttestationReasons() []Reason {
	return []Reason{notAttested(), attestationExpired(), attestationExpiresSoon()}
}

func notBuilt() Reason {
	return Reason{
		Name: "not_built", Level: Undeclared, Sentence: "This version of the exporter cannot look at it yet.",
		Remedy: "Look at it yourself, or declare it not applicable with a reason, until a version that can.",
	}
}

func notAttested() Reason {
	return Reason{
		Name: "not_attested", Level: Undeclared, Sentence: "Nobody has signed it.",
		Remedy: "Have somebody who knows look at it, and add an attestation with by, at and link.",
	}
}

func attestationExpired() Reason {
	return Reason{
		Name: "attestation_expired", Level: Fail, Sentence: "The attestation has run out.",
		Remedy: "Look at it again, and sign a new attestation.",
	}
}

func attestationExpiresSoon() Reason {
	return Reason{
		Name: "attestation_expires_soon", Level: Warn, Sentence: "The attestation runs out soon.",
		Remedy: "Look at it again, and sign a new attestation.",
	}
}
