package host

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// watched samples a file system every 30 seconds.
func watched(length time.Duration, used func(time.Duration) uint64) *growth {
	g := &growth{}
	for at := time.Duration(0); at <= length; at += 30 * time.Second {
		g.add(start.Add(at), used(at))
	}
	return g
}

func TestGrowth(t *testing.T) {
	steady := func(at time.Duration) uint64 { return 1e9 + uint64(at.Seconds())*1000 }
	cases := []struct {
		name   string
		length time.Duration
		used   func(time.Duration) uint64
		rate   float64
		known  bool
	}{
		{"one sample says nothing", 0, steady, 0, false},
		{"27 minutes are too short", 27 * time.Minute, steady, 0, false},
		{"30 minutes are enough", 30 * time.Minute, steady, 1000, true},
		{"a day is judged by its last hours", 24 * time.Hour, func(at time.Duration) uint64 {
			return uint64(max(0, at-17*time.Hour).Seconds()) * 500
		}, 500, true},
		{"what stays as it is does not grow", time.Hour, func(time.Duration) uint64 { return 5e9 }, 0, true},
		{"what shrinks has a negative growth", time.Hour, func(at time.Duration) uint64 { return 1e9 - uint64(at.Seconds())*10 }, -10, true},
		{"a large temporary file does not count", 6 * time.Hour, func(at time.Duration) uint64 {
			if at > 2*time.Hour && at < 3*time.Hour {
				return steady(at) + 50e9
			}
			return steady(at)
		}, 1000, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			rate, known := watched(c.length, c.used).rate()
			require.Equal(t, c.known, known)
			require.InDelta(t, c.rate, rate, 1e-6)
		})
	}
}

func TestGrowthIsBounded(t *testing.T) {
	g := watched(8*time.Hour, func(time.Duration) uint64 { return 1 })
	require.LessOrEqual(t, len(g.samples), int(growthWindow/growthSpacing)+1)
}

func TestGrowthForgetsWhatWasBeforeTheClockWasSetBack(t *testing.T) {
	g := watched(time.Hour, func(at time.Duration) uint64 { return uint64(at) })
	g.add(start, 7)
	_, known := g.rate()
	require.False(t, known)
	require.Equal(t, []usage{{start, 7}}, g.samples)
}

func TestGrowthIsAlwaysANumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := &growth{}
		at := start
		for range rapid.IntRange(0, 40).Draw(t, "samples") {
			at = at.Add(time.Duration(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(t, "step")))
			g.add(at, rapid.Uint64().Draw(t, "used"))
		}
		rate, known := g.rate()
		require.False(t, math.IsNaN(rate) || math.IsInf(rate, 0))
		f := fact.Filesystem{Growth: rate, GrowthKnown: known, Available: rapid.Uint64().Draw(t, "available")}
		full := fullAt(at, f)
		if rate <= 0 || !known {
			require.Zero(t, full)
		}
		if !full.IsZero() {
			require.False(t, full.Before(at))
			require.LessOrEqual(t, full.Sub(at), growthHorizon)
		}
	})
}

func TestFullAt(t *testing.T) {
	filling := fact.Filesystem{Available: 3600, Growth: 1, GrowthKnown: true}
	require.Equal(t, start.Add(time.Hour), fullAt(start, filling))
	filling.Available = 0
	require.Equal(t, start, fullAt(start, filling), "what is full already is full now")
	filling.Available, filling.Growth = 1<<40, 0.001
	require.Zero(t, fullAt(start, filling), "nobody cares for the next century")
}
