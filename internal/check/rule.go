package check

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Rule is how one item of the checklist is judged for one system.
type Rule struct {
	ID     string // the item's id
	Clause Clause
	// NotApplicable is the user's reason to leave the item out; empty: it counts.
	NotApplicable string
}

// A Result is the status of one item with what was found.
type Result struct {
	Check         string       `json:"check"`
	Status        Status       `json:"status"`
	Problems      []Problem    `json:"problems,omitempty"`       // the gravest first; their order does not depend on that of the facts
	Facts         int          `json:"facts"`                    // how many were judged
	Waiver        *fact.Waiver `json:"waiver,omitempty"`         // what excuses it, when Status is Waived
	NotApplicable string       `json:"not_applicable,omitempty"` // the user's reason
	EvaluatedAt   time.Time    `json:"evaluated_at"`
	ChangedAt     time.Time    `json:"changed_at"` // when Status last changed; the first evaluation is a change
}

// Judge gives the result of the rule on what is known of a system at a time.
func (r *Rule) Judge(view fact.View, s *system.System, now time.Time) Result {
	result := Result{Check: r.ID, EvaluatedAt: now, ChangedAt: now}
	if r.NotApplicable != "" {
		result.Status, result.NotApplicable = NotApplicable, r.NotApplicable
		return result
	}
	judged := r.Clause.judge(NewContext(view, s, r.ID, now))
	slices.SortStableFunc(judged.problems, compareProblems)
	result.Problems, result.Facts, result.Status = judged.problems, judged.facts, judged.status()
	if result.Status == Fail {
		if waiver := r.waiver(view, now); waiver != nil {
			result.Status, result.Waiver = Waived, waiver
		}
	}
	return result
}

func compareProblems(a, b Problem) int {
	return cmp.Or(
		cmp.Compare(b.Level.Gravity(), a.Level.Gravity()), CompareUrgency(a, b), strings.Compare(a.Reason, b.Reason),
		strings.Compare(a.Subject, b.Subject), strings.Compare(a.Detail, b.Detail),
		cmp.Compare(a.Cause, b.Cause), strings.Compare(a.Remedy, b.Remedy))
}

// CompareUrgency has what is urgent stand first.
func CompareUrgency(a, b Problem) int {
	switch {
	case a.Urgent == b.Urgent:
		return 0
	case a.Urgent:
		return -1
	default:
		return 1
	}
}

// waiver finds what excuses the item now: of several, the one that lasts longest.
func (r *Rule) waiver(view fact.View, now time.Time) (longest *fact.Waiver) {
	for set, pending := range view.Sets(fact.WaiverKind, nil) {
		if pending != nil {
			continue
		}
		for j := range set.Len() {
			waiver := set.At(j).(*fact.Waiver)
			if waiver.Check == r.ID && now.Before(waiver.Until) && (longest == nil || waiver.Until.After(longest.Until)) {
				longest = waiver
			}
		}
	}
	return longest
}

// Needs are what must be collected to judge the item.
func (r *Rule) Needs(needs *fact.Needs) {
	if r.NotApplicable != "" {
		return
	}
	for bound := range r.Clause.Bounds() {
		for kind, topics := range bound.Needs.Topics {
			needs.Add(kind, topics)
		}
		needs.Request(bound.Needs.Requests...)
	}
}

// After are the items whose results the item judges; none: it is no composite.
func (r *Rule) After() (after []string) {
	for bound := range r.Clause.Bounds() {
		after = append(after, bound.After...)
	}
	return after
}

// Reasons are all reasons that a result of this rule can name.
func (r *Rule) Reasons() (reasons []Reason) {
	for bound := range r.Clause.Bounds() {
		reasons = append(reasons, bound.AllReasons()...)
	}
	return reasons
}

// Results describes the results of items as facts, which other items can judge. They are no series of their own.
func Results() *fact.Kind[Result] {
	return &fact.Kind[Result]{
		Name:    "result",
		Help:    "The result of another item of the checklist.",
		Subject: func(r *Result) string { return r.Check },
	}
}
