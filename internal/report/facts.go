package report

import (
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// SystemFacts are what collectors saw of one system.
type SystemFacts struct {
	Name        string `json:"system"`
	Environment string `json:"environment"`
	Looks       []Look `json:"looks"`
}

// A Look is what one collector last saw at one target.
type Look struct {
	Collector string     `json:"collector"`
	Target    string     `json:"target"`
	Kind      string     `json:"kind"`
	SeenAt    *time.Time `json:"seen_at,omitempty"` // when facts and missed were seen; missing when never
	Facts     []Fact     `json:"facts"`
	Missed    []Missed   `json:"missed,omitempty"`
	Failure   *Missed    `json:"failure,omitempty"` // why the newest look failed as a whole
}

// A Fact is one thing as it was seen.
type Fact struct {
	Subject string `json:"subject"`
	Fact    any    `json:"fact"`
}

// Missed is a subject that should have been seen and was not.
type Missed struct {
	Subject string      `json:"subject"`
	Reason  fact.Reason `json:"reason"`
	Detail  string      `json:"detail"`
	Topic   string      `json:"topic,omitempty"` // which checks it concerns; empty: all on such facts
}

// FactsOf makes the report of what was seen of a system.
func FactsOf(a *assess.Assessment) SystemFacts {
	facts := SystemFacts{Name: a.Plan.System.Name, Environment: a.Plan.System.Environment, Looks: []Look{}}
	for _, look := range a.Looks {
		each := Look{Collector: look.Collector, Target: look.Target, Kind: look.Kind.KindName(), Facts: []Fact{}}
		if !look.SeenAt.IsZero() {
			seen := look.SeenAt.UTC()
			each.SeenAt = &seen
		}
		for _, f := range look.Facts {
			each.Facts = append(each.Facts, Fact{Subject: look.Kind.SubjectOf(f), Fact: f})
		}
		for _, missed := range look.Missed {
			each.Missed = append(each.Missed, Missed(missed))
		}
		if look.Failure != nil {
			failure := Missed(*look.Failure)
			each.Failure = &failure
		}
		facts.Looks = append(facts.Looks, each)
	}
	return facts
}
