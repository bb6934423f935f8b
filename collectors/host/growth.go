package host

import (
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// The growth is that of the last hours: long enough to level out a rotated log, short enough to show a leak.
const (
	growthWindow  = 6 * time.Hour
	growthSpacing = 3 * time.Minute  // between samples
	growthMinimum = 30 * time.Minute // of samples, before it is known
	// growthHorizon is how far ahead anybody cares when a file system is full.
	growthHorizon = 10 * 365 * 24 * time.Hour
)

// A growth watches how much of a file system is used. It keeps a bounded number of samples.
type growth struct {
	samples []usage // oldest first
	slope   float64 // bytes per second over samples
}

type usage struct {
	at   time.Time
	used uint64
}

// add notes how much is used, unless the last note is still young.
func (g *growth) add(now time.Time, used uint64) {
	if len(g.samples) > 0 {
		since := now.Sub(g.samples[len(g.samples)-1].at)
		switch {
		case since < 0:
			g.samples = nil // The clock was set back: what was before cannot be compared.
		case since < growthSpacing:
			return
		}
	}
	g.samples = slices.DeleteFunc(g.samples, func(u usage) bool { return now.Sub(u.at) > growthWindow })
	g.samples = append(g.samples, usage{now, used})
	g.slope = medianSlope(g.samples)
}

// rate is the growth in bytes per second; false until it has been watched for long enough.
func (g *growth) rate() (float64, bool) {
	if len(g.samples) == 0 || g.samples[len(g.samples)-1].at.Sub(g.samples[0].at) < growthMinimum {
		return 0, false
	}
	return g.slope, true
}

// medianSlope is the Theil-Sen estimate: the median of the slopes between all pairs. Up to a quarter of the samples can
// be far off, as while a large temporary file is there, without moving it.
func medianSlope(samples []usage) float64 {
	var slopes []float64
	for i, from := range samples {
		for _, to := range samples[i+1:] {
			if seconds := to.at.Sub(from.at).Seconds(); seconds > 0 {
				slopes = append(slopes, (float64(to.used)-float64(from.used))/seconds)
			}
		}
	}
	if len(slopes) == 0 {
		return 0
	}
	slices.Sort(slopes)
	middle := len(slopes) / 2
	if len(slopes)%2 == 1 {
		return slopes[middle]
	}
	return slopes[middle-1]/2 + slopes[middle]/2
}

// fullAt is when a file system is full if it goes on as it did; zero where that cannot be known.
func fullAt(now time.Time, f fact.Filesystem) time.Time {
	if !f.GrowthKnown || f.Growth <= 0 {
		return time.Time{}
	}
	seconds := float64(f.Available) / f.Growth
	if seconds > growthHorizon.Seconds() {
		return time.Time{}
	}
	return now.Add(time.Duration(seconds * float64(time.Second)))
}
