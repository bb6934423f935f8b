package report

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A Detail is all there is to say of one item.
type Detail struct {
	Item
	Gates      []string        `json:"gates"`                // ids of those it is part of
	Summary    string          `json:"summary,omitempty"`    // what holds when it passes
	Remedy     string          `json:"remedy,omitempty"`     // how to mend what its kind of check finds
	Parameters map[string]any  `json:"parameters,omitempty"` // in force, by their names in the configuration
	History    []assess.Change `json:"history"`              // since the start of the exporter, the oldest first
	Seen       []SeenFact      `json:"seen"`                 // the facts that it judges
}

// A SeenFact is a fact with when it was seen.
type SeenFact struct {
	Fact
	SeenAt time.Time `json:"seen_at"`
}

// DetailOf makes the report of one item; false where the system has no such item.
func DetailOf(a *assess.Assessment, id string) (Detail, bool) {
	at := slices.IndexFunc(a.Plan.Items, func(item assess.Item) bool { return item.Item.ID == id })
	if at < 0 {
		return Detail{}, false
	}
	detail := Detail{Item: itemOf(a, at), Gates: []string{}, History: a.History[at], Seen: []SeenFact{}}
	for _, gate := range a.Plan.Gates {
		if slices.Contains(gate.Items, at) {
			detail.Gates = append(detail.Gates, gate.ID)
		}
	}
	if bound := a.Plan.Items[at].Rule.Bound; bound != nil {
		detail.Summary, detail.Remedy = bound.Summary, bound.Remedy
		detail.Parameters = parametersOf(bound.Parameters)
		for i := range a.Looks {
			if look := &a.Looks[i]; look.Kind.KindName() == bound.FactKind && look.Fresh(a.At) {
				for _, f := range bound.Facts(fact.NewView([]fact.Look{*look}, a.At)) {
					detail.Seen = append(detail.Seen, SeenFact{Fact{look.Kind.SubjectOf(f), f}, look.SeenAt.UTC()})
				}
			}
		}
	}
	return detail, true
}

// parametersOf gives the fields of a parameter struct by their names in the configuration, as they are written there.
func parametersOf(parameters any) map[string]any {
	var named map[string]any
	// What was read from YAML can be written as YAML.
	if written, err := yaml.Dump(parameters); err == nil {
		_ = yaml.Load(written, &named)
	}
	return named
}
