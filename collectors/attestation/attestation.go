// Package attestation turns what people sign, in a system's description and by API, into facts: attestations and waivers.
package attestation

import (
	"context"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Target is what is signed in the description of one system, possibly nothing.
type Target struct {
	System       string // its ID, by which signatures by API are found
	Attestations []system.Attestation
	Waivers      []system.Waiver
}

// A Record has what was signed by API, and was not taken back.
type Record interface {
	Attestations(system string) []fact.Attestation
	Waivers(system string) []fact.Waiver
	// Watch gives a channel that holds a token when something was signed.
	Watch(system, who string) <-chan struct{}
}

const name = "attestation"

// New makes the collector of a system's attestations and waivers; without a record, of those of its description alone. Every system
// has a target, so that an item that nobody has attested is one without an attestation, and not one without a target.
func New(record Record, now func() time.Time) collector.Collector[Target] {
	c := collector.Collector[Target]{
		Name:     name,
		Summary:  "The attestations and waivers of the system's description, and those that were signed by API.",
		Yields:   []fact.Any{fact.Attestations(), fact.Waivers()},
		Schedule: "@every 1m",
		Timeout:  10 * time.Second,
		Targets:  func(s *system.System) []Target { return []Target{{s.ID(), s.Attestations, s.Waivers}} },
		Target:   func(Target) string { return "description" },
		Collect: func(ctx context.Context, target Target, _ fact.Topics) ([]fact.AnySet, error) {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			attestations, waivers := &fact.Set[fact.Attestation]{}, &fact.Set[fact.Waiver]{}
			attestations.Add(newest(target.Attestations, now())...)
			for _, waiver := range target.Waivers {
				waivers.Add(fact.Waiver(waiver))
			}
			if record != nil {
				addRecorded(attestations, waivers, target, record, now())
			}
			return []fact.AnySet{fact.Attestations().Set(attestations), fact.Waivers().Set(waivers)}, nil
		},
	}
	if record != nil {
		c.Changes = func(t Target) <-chan struct{} { return record.Watch(t.System, name) }
	}
	return c
}

// addRecorded adds what was signed by API, unless the description says it: that wins.
func addRecorded(attestations *fact.Set[fact.Attestation], waivers *fact.Set[fact.Waiver], target Target, record Record, now time.Time) {
	for _, signed := range record.Attestations(target.System) {
		if !slices.ContainsFunc(attestations.Facts, func(a *fact.Attestation) bool { return a.Check == signed.Check && a.By == signed.By }) {
			attestations.Add(signed)
		}
	}
	declared := len(waivers.Facts)
	for _, signed := range record.Waivers(target.System) {
		if !slices.ContainsFunc(waivers.Facts[:declared], func(w *fact.Waiver) bool {
			return w.Check == signed.Check && (w.By == signed.By || now.Before(w.Until))
		}) {
			waivers.Add(signed)
		}
	}
}

// newest keeps one attestation a person and item, in their order: the newest that is signed by now, else the first that
// will be. A history of signatures is no fault, but one subject is one fact.
func newest(list []system.Attestation, now time.Time) []fact.Attestation {
	type subject struct{ check, by string }
	var facts []fact.Attestation
	index := make(map[subject]int)
	for _, a := range list {
		at, known := index[subject{a.Check, a.By}]
		switch {
		case !known:
			index[subject{a.Check, a.By}] = len(facts)
			facts = append(facts, fact.Attestation(a))
		case better(a.At, facts[at].At, now):
			facts[at] = fact.Attestation(a)
		}
	}
	return facts
}

func better(candidate, current, now time.Time) bool {
	if current.After(now) {
		return candidate.Before(current)
	}
	return candidate.After(current) && !candidate.After(now)
}
