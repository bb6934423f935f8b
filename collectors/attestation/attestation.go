// Package attestation turns what people say in a system's description into facts: attestations and waivers.
package attestation

import (
	"context"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// Attestations is the collector of a system's attestations.
func Attestations(now func() time.Time) collector.Collector[[]system.Attestation, fact.Attestation] {
	return collector.Collector[[]system.Attestation, fact.Attestation]{
		Name:     "attestation",
		Summary:  "Reads the attestations of the system's description.",
		Kind:     fact.Attestations(),
		Schedule: "@every 1m",
		Timeout:  10 * time.Second,
		Targets:  func(s *system.System) [][]system.Attestation { return atMostOne(s.Attestations) },
		Target:   func([]system.Attestation) string { return "attestations" },
		Look: func(_ context.Context, list []system.Attestation) (fact.Batch[fact.Attestation], error) {
			return fact.Batch[fact.Attestation]{Facts: newest(list, now())}, nil
		},
	}
}

// Waivers is the collector of a system's waivers.
func Waivers() collector.Collector[[]system.Waiver, fact.Waiver] {
	return collector.Collector[[]system.Waiver, fact.Waiver]{
		Name:     "waiver",
		Summary:  "Reads the waivers of the system's description.",
		Kind:     fact.Waivers(),
		Schedule: "@every 1m",
		Timeout:  10 * time.Second,
		Targets:  func(s *system.System) [][]system.Waiver { return atMostOne(s.Waivers) },
		Target:   func([]system.Waiver) string { return "waivers" },
		Look: func(_ context.Context, list []system.Waiver) (fact.Batch[fact.Waiver], error) {
			var batch fact.Batch[fact.Waiver]
			for _, w := range list {
				batch.Facts = append(batch.Facts, fact.Waiver(w))
			}
			return batch, nil
		},
	}
}

// atMostOne makes a whole list one target, and an empty one none.
func atMostOne[E any](list []E) [][]E {
	if len(list) == 0 {
		return nil
	}
	return [][]E{list}
}

// newest keeps one attestation a person and item, in their order: the newest that is signed by now, else the first that
// will be. A history of signatures is no fault, but one subject is one fact.
func newest(list []system.Attestation, now time.Time) []fact.Attestation {
	type subject struct{ check, by string }
	var facts []fact.Attestation
	index := make(map[subject]int)
	for _, a := range list {
		at, seen := index[subject{a.Check, a.By}]
		switch {
		case !seen:
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
