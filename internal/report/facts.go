package report

import (
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// SystemFacts are what collectors collected of one system.
type SystemFacts struct {
	Name        string `json:"system"`
	Environment string `json:"environment"`
	Runs        []Run  `json:"runs"`
}

// A Run is what one collector last collected from one target.
type Run struct {
	Collector   string        `json:"collector"`
	Target      string        `json:"target"`
	CollectedAt *time.Time    `json:"collected_at,omitempty"` // missing when nothing ever was
	Sets        []Set         `json:"sets"`
	Failure     *fact.Failure `json:"failure,omitempty"` // why the newest run collected nothing
}

// A Set is what a run collected of one kind.
type Set struct {
	Kind        string        `json:"kind"`
	Facts       []Fact        `json:"facts"`
	Unavailable []Unavailable `json:"unavailable,omitempty"`
}

// A Fact is one thing as it was collected.
type Fact struct {
	Subject string `json:"subject"`
	Fact    any    `json:"fact"`
}

// Unavailable is a subject that should have been collected and could not be.
type Unavailable struct {
	Subject string      `json:"subject"`
	Reason  fact.Reason `json:"reason"`
	Topic   string      `json:"topic,omitempty"` // the part of the fact that it concerns; empty: all of it
	Detail  string      `json:"detail"`
}

// FactsOf makes the report of what was collected of a system.
func FactsOf(a *assess.Assessment) SystemFacts {
	facts := SystemFacts{Name: a.Plan.System.Name, Environment: a.Plan.System.Environment, Runs: []Run{}}
	for _, run := range a.Runs {
		each := Run{Collector: run.Collector, Target: run.Target, Sets: []Set{}, Failure: run.Failure}
		if !run.CollectedAt.IsZero() {
			collected := run.CollectedAt.UTC()
			each.CollectedAt = &collected
		}
		for _, set := range run.Sets {
			each.Sets = append(each.Sets, setOf(set))
		}
		facts.Runs = append(facts.Runs, each)
	}
	return facts
}

func setOf(set fact.AnySet) Set {
	shown := Set{Kind: set.Kind().KindName(), Facts: []Fact{}}
	for i := range set.Len() {
		shown.Facts = append(shown.Facts, Fact{Subject: set.Kind().SubjectOf(set.At(i)), Fact: set.At(i)})
	}
	for _, gap := range set.Gaps() {
		shown.Unavailable = append(shown.Unavailable, Unavailable(gap))
	}
	return shown
}
