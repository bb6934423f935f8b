// Package attestation turns what people sign in a system's description into facts: attestations and waivers.
package attestation

import (
	"context"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Target is what is signed in the description of one system, possibly nothing.
type Target struct {
	Attestations []system.Attestation
	Waivers      []system.Waiver
}

// New makes the collector of a system's attestations and waivers. Every system has a target, so that an item that nobody
// has attested is one without an attestation, and not one without a target.
func New(now func() time.Time) collector.Collector[Target] {
	return collector.Collector[Target]{
		Name:     "attestation",
		Summary:  "The attestations and waivers of the system's description.",
		Yields:   []fact.Any{fact.Attestations(), fact.Waivers()},
		Schedule: "@every 1m",
		Timeout:  10 * time.Second,
		Targets:  func(s *system.System) []Target { return []Target{{s.Attestations, s.Waivers}} },
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
			return []fact.AnySet{fact.Attestations().Set(attestations), fact.Waivers().Set(waivers)}, nil
		},
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
