package backup

import (
	"math"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// longestGap finds the longest time between consecutive copies that ended after from and is not explained, and when it ended.
// The copies are in the order of their times.
func longestGap(all []copied, from time.Time, explained func(i int) bool) (longest time.Duration, end time.Time) {
	for i := 1; i < len(all); i++ {
		if all[i].at <= from.UnixMilli() || explained(i) {
			continue
		}
		if gap := gapBefore(all, i); end.IsZero() || gap > longest {
			longest, end = gap, moment(all[i].at)
		}
	}
	return longest, end
}

// gapBefore is the time from one copy to the next, whose index is i.
func gapBefore(all []copied, i int) time.Duration { return moment(all[i].at).Sub(moment(all[i-1].at)) }

// thinning tells which of the times between copies are as long because those between were removed by a scheme of retention:
// the declared one, or one that the ages show.
func thinning(all []copied, retention system.Retention, now time.Time) func(i int) bool {
	if tiers := retention.Tiers(); len(tiers) > 0 {
		return func(i int) bool {
			return gapBefore(all, i) <= allowed(tiers, now.Sub(moment(all[i-1].at)))
		}
	}
	learned := learnThinning(all)
	return func(i int) bool { return learned[i] }
}

// allowed is how far apart copies of an age may be: a period of the finest tier that reaches back so far, and a tenth more.
func allowed(tiers []system.Tier, age time.Duration) time.Duration {
	period := time.Duration(math.MaxInt64 / 2)
	for _, tier := range tiers {
		period = tier.Period
		if age <= period*time.Duration(tier.Count)+period/10 {
			break
		}
	}
	return period + period/10
}

// learnThinning finds the times between copies that a scheme explains: they are longer than the newest one, and nothing older
// is closer together again, as it would be where one was left out. The oldest of all must be as long as a day, week, month,
// quarter or year, since nothing older says so.
func learnThinning(all []copied) []bool {
	explained := make([]bool, len(all))
	if len(all) < 3 {
		return explained
	}
	newest := gapBefore(all, len(all)-1)
	shortest := time.Duration(math.MaxInt64)
	for i := 1; i < len(all)-1; i++ {
		gap := gapBefore(all, i)
		coarser := float64(gap) > 1.5*float64(newest)
		explained[i] = coarser && float64(gap) <= 1.2*float64(shortest) && (i > 1 || isCalendar(gap))
		if i == 1 && coarser && !explained[i] {
			return explained // What is odd from the start proves no scheme.
		}
		shortest = min(shortest, gap)
	}
	return explained
}

// isCalendar tells whether a time is about as long as a day, week, month, quarter or year.
func isCalendar(gap time.Duration) bool {
	const day = 24 * time.Hour
	for _, each := range []struct{ least, most time.Duration }{
		{20 * time.Hour, 28 * time.Hour}, {6 * day, 8 * day}, {27 * day, 32 * day}, {88 * day, 94 * day}, {360 * day, 370 * day},
	} {
		if gap >= each.least && gap <= each.most {
			return true
		}
	}
	return false
}
