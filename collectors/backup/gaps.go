package backup

import (
	"math"
	"slices"
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

// newestGap is the time between the two newest copies; zero of fewer.
func newestGap(all []copied) time.Duration {
	if len(all) < 2 {
		return 0
	}
	return gapBefore(all, len(all)-1)
}

// thinning tells which of the times between copies are as long because those between were removed by a scheme of retention:
// the declared one, or one that the ages show.
func thinning(all []copied, retention system.Retention, now time.Time) func(i int) bool {
	if tiers := retention.Tiers(); len(tiers) > 0 {
		every := newestGap(all)
		return func(i int) bool {
			newer, older := now.Sub(moment(all[i].at)), now.Sub(moment(all[i-1].at))
			return !slices.ContainsFunc(tiers, func(tier system.Tier) bool { return leftOut(tier, newer, older, every) })
		}
	}
	learned := learnThinning(all)
	return func(i int) bool { return learned[i] }
}

// leftOut tells whether, between copies of two ages, one is missing that a tier keeps. The current day, week or month counts as
// one of its periods. Within the others, copies lie no further apart than one and a tenth, or one and the time between two
// backups: the last of a month need not be of its last day.
func leftOut(tier system.Tier, newer, older, every time.Duration) bool {
	reach := tier.Period * time.Duration(tier.Count-1)
	return min(older, reach)-newer > tier.Period+max(tier.Period/10, min(every, tier.Period/4))
}

// learnThinning finds the times between copies that a scheme explains: they are longer than the newest one, and what is older
// does not lie as close together again, as it would where one was left out. Copies of two tiers can: the last of a week and the
// last of a month are a day apart, and the one divides the week of the other. The oldest of all must be as long as a day, week,
// month, quarter or year, since nothing older says so, unless those after it are of a scheme already.
func learnThinning(all []copied) []bool {
	explained := make([]bool, len(all))
	if len(all) < 3 {
		return explained
	}
	newest := newestGap(all)
	coarser := func(i int) bool { return float64(gapBefore(all, i)) > 1.5*float64(newest) }
	const row = 3
	closest, again := time.Duration(math.MaxInt64), false // of so many older times in a row; two older ones are as short as the newest
	for i := 1; i < len(all)-1; i++ {
		gap := gapBefore(all, i)
		if i > row {
			closest = min(closest, moment(all[i-1].at).Sub(moment(all[i-1-row].at)))
		}
		again = again || i > 2 && !coarser(i-1) && !coarser(i-2)
		dense := again || float64(closest) <= 1.6*float64(gap) || i > 1 && !coarser(i-1) && !isCalendar(gap)
		if i == 1 {
			dense = !isCalendar(gap) && !coarser(2)
		}
		explained[i] = coarser(i) && !dense
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
