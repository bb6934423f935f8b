// Package exchangetest has what tests of exporters that hand facts to each other share.
package exchangetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/exchange"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// Answer is what an exporter answers that has just collected a system from a vantage point by some collectors, and found of each
// target as much as its declaration tells.
func Answer(t testing.TB, s *system.System, vantage string, by []collector.Any, at time.Time) exchange.Answer {
	t.Helper()
	var runs []*fact.Run
	for _, each := range by {
		from := collector.From(vantage, each)
		for _, job := range from.Jobs(s.From(vantage), fact.Needs{}) {
			run := &fact.Run{
				Collector: from.Describe().Name, Target: job.Target, Described: job.Described, Interval: time.Minute, Declared: job.Declared,
			}
			run.Succeed(nil, found(t, job.Declared, vantage), at.Add(-time.Second))
			runs = append(runs, run)
		}
	}
	answer, err := exchange.Of(s.Name, s.Environment, vantage, "1.2.3", runs, at)
	require.NoError(t, err)
	return answer
}

// found makes facts of what is known.
func found(t testing.TB, declared []fact.AnySet, vantage string) (sets []fact.AnySet) {
	t.Helper()
	for _, each := range declared {
		encoded, err := each.Encode()
		require.NoError(t, err)
		for _, gap := range encoded.Unavailable {
			encoded.Facts = append(encoded.Facts, gap.Known)
		}
		encoded.Unavailable = nil
		set, err := each.Kind().Decode(encoded, vantage)
		require.NoError(t, err)
		sets = append(sets, set)
	}
	return sets
}
