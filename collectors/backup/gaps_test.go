package backup

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A year of backups of which a tool keeps the last of so many hours, days, weeks, months and years, as restic, borg and
// others do. Where the scheme is declared none was left out; where it has to be learnt, few days are taken for one.
func TestSchemesOfRetentionThatToolsKeepAreNoGaps(t *testing.T) {
	for _, test := range []struct {
		scheme system.Retention
		period time.Duration
	}{
		{system.Retention{Daily: 7, Weekly: 4, Monthly: 3}, 24 * time.Hour},
		{system.Retention{Daily: 7, Weekly: 4, Monthly: 12, Yearly: 3}, 24 * time.Hour},
		{system.Retention{Daily: 14, Monthly: 6}, 24 * time.Hour},
		{system.Retention{Daily: 7, Weekly: 5}, 24 * time.Hour},
		{system.Retention{Daily: 30, Monthly: 12}, 24 * time.Hour},
		{system.Retention{Weekly: 8, Monthly: 12}, 7 * 24 * time.Hour},
		{system.Retention{Hourly: 24, Daily: 7, Weekly: 4, Monthly: 6}, time.Hour},
	} {
		var made []time.Time
		declared, learnt, runs := 0, 0, 0
		for at := now.AddDate(-1, 0, 0); at.Before(now); at = at.Add(test.period) {
			made = keptBy(append(made, at), test.scheme)
			all := &copies{}
			for _, each := range made {
				require.NoError(t, all.add("", each, 1))
			}
			gap := func(r system.Retention) bool {
				longest, _ := longestGap(all.all, time.Time{}, thinning(all.all, r, at))
				return longest > test.period+max(test.period/12, 15*time.Minute)
			}
			if runs++; gap(test.scheme) {
				declared++
			}
			if gap(system.Retention{}) {
				learnt++
			}
		}
		require.Zero(t, declared, "%+v", test.scheme)
		require.LessOrEqual(t, learnt, runs/10, "%+v", test.scheme)
	}
}

// keptBy are those of some backups that a scheme keeps: the last of each of so many periods.
func keptBy(made []time.Time, scheme system.Retention) (kept []time.Time) {
	keep := make(map[time.Time]bool)
	for _, tier := range []struct {
		count int
		of    func(time.Time) string
	}{
		{int(scheme.Hourly), func(at time.Time) string { return at.Format("2006010215") }},
		{int(scheme.Daily), func(at time.Time) string { return at.Format("20060102") }},
		{int(scheme.Weekly), func(at time.Time) string { return fmt.Sprint(at.ISOWeek()) }},
		{int(scheme.Monthly), func(at time.Time) string { return at.Format("200601") }},
		{int(scheme.Yearly), func(at time.Time) string { return at.Format("2006") }},
	} {
		last, count := "", 0
		for _, at := range slices.Backward(made) {
			if period := tier.of(at); period != last && count < tier.count {
				keep[at], last = true, period
				count++
			}
		}
	}
	for _, at := range made {
		if keep[at] {
			kept = append(kept, at)
		}
	}
	return kept
}

func TestOneThatWasLeftOutIsAGapWhereverItWas(t *testing.T) {
	for _, count := range []int{5, 8, 15, 29} {
		for missing := 2; missing < count-2; missing++ {
			kept := &copies{}
			for day := range count {
				if day != missing {
					require.NoError(t, kept.add("", now.AddDate(0, 0, -day), 1))
				}
			}
			target := Target{Backup: system.Backup{Directory: &system.Directory{}}}
			require.Equal(t, 48*time.Hour, target.fact("", kept, now).LongestGap, "%d of %d", missing, count)
		}
	}
}
