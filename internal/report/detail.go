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
	Gates     []string        `json:"gates"`     // ids of those it is part of
	Clauses   []Clause        `json:"clauses"`   // what it is judged by
	History   []assess.Change `json:"history"`   // the oldest first
	Collected []CollectedFact `json:"collected"` // the facts that it judges
}

// A Clause is one kind of check with its parameters.
type Clause struct {
	Kind       string         `json:"kind"`
	Summary    string         `json:"summary"`              // what holds when it passes
	Remedy     string         `json:"remedy"`               // how to fix what it finds
	Parameters map[string]any `json:"parameters,omitempty"` // in force, by their names in the configuration
}

// A CollectedFact is a fact with when it was collected.
type CollectedFact struct {
	Fact
	CollectedAt time.Time `json:"collected_at"`
	Discovered  string    `json:"discovered,omitempty"` // what its target was discovered from; empty: it is declared
}

// DetailOf makes the report of one item; false where the system has no such item.
func DetailOf(a *assess.Assessment, id string) (Detail, bool) {
	at := slices.IndexFunc(a.Plan.Items, func(item assess.Item) bool { return item.Item.ID == id })
	if at < 0 {
		return Detail{}, false
	}
	item := &a.Plan.Items[at]
	detail := Detail{
		Item: itemOf(a, at), Gates: []string{}, Clauses: []Clause{}, History: a.History[id], Collected: []CollectedFact{},
	}
	for _, gate := range a.Plan.Gates {
		if slices.Contains(gate.Items, at) {
			detail.Gates = append(detail.Gates, gate.ID)
		}
	}
	for bound := range item.Rule.Clause.Bounds() {
		detail.Clauses = append(detail.Clauses, Clause{bound.Name, bound.Summary, bound.Remedy, parametersOf(bound.Parameters)})
	}
	sources := sourcesOf(a.Plan.System)
	for _, run := range a.Runs {
		if !run.Fresh(a.At) {
			continue
		}
		subjects := subjectsOf(run)
		for _, f := range factsOf(a, item, fact.NewView([]*fact.Run{run}, a.At)) {
			detail.Collected = append(detail.Collected, CollectedFact{Fact{subjects[f], f}, run.CollectedAt.UTC(), sources[run.Target]})
		}
	}
	return detail, true
}

// subjectsOf names the facts of a run.
func subjectsOf(run *fact.Run) map[any]string {
	subjects := make(map[any]string)
	for _, set := range run.Sets {
		for i := range set.Len() {
			subjects[set.At(i)] = set.Kind().SubjectOf(set.At(i))
		}
	}
	return subjects
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
