package fact_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestWhoIsOnCallIsTheSameHoweverItIsCounted(t *testing.T) {
	start := time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC)
	at := func(hours int) time.Time { return start.Add(time.Duration(hours) * time.Hour) }
	const hours = 60
	rapid.Check(t, func(t *rapid.T) {
		var shifts []fact.OnCallShift
		onCall := make([]map[string]bool, hours)
		for i := range onCall {
			onCall[i] = make(map[string]bool)
		}
		for range rapid.IntRange(0, 8).Draw(t, "shifts") {
			person := rapid.SampledFrom([]string{"Ann", "Bob", "Cy"}).Draw(t, "person")
			from, until := rapid.IntRange(-5, hours+5).Draw(t, "from"), rapid.IntRange(-5, hours+5).Draw(t, "until")
			shifts = append(shifts, fact.OnCallShift{Person: person, Start: at(from), End: at(until)})
			for hour := max(0, from); hour < min(hours, until); hour++ {
				onCall[hour][person] = true
			}
		}
		now := rapid.IntRange(0, hours-1).Draw(t, "now")
		s := fact.NewOnCallSchedule("primary", fact.TimeSpan{Start: at(0), End: at(hours)}, shifts, at(now))
		free, alone := make([]bool, hours), make([]string, hours)
		for _, gap := range s.Gaps(at(0), at(hours)) {
			for moment := gap.Start; moment.Before(gap.End); moment = moment.Add(time.Hour) {
				free[int(moment.Sub(start)/time.Hour)] = true
			}
		}
		for _, turn := range s.Alone() {
			for moment := turn.Start; moment.Before(turn.End); moment = moment.Add(time.Hour) {
				alone[int(moment.Sub(start)/time.Hour)] = turn.Person
			}
		}
		for hour := range hours {
			require.Equal(t, len(onCall[hour]) == 0, free[hour], "hour %d", hour)
			people := make(map[string]bool)
			for _, shift := range s.At(at(hour)) {
				people[shift.Person] = true
			}
			require.Equal(t, onCall[hour], people)
			require.Equal(t, len(people) == 1, alone[hour] != "", "hour %d", hour)
		}
		if len(onCall[now]) > 0 {
			require.True(t, s.CoveredUntil.After(at(now)))
			require.True(t, s.CoveredUntil.Equal(at(hours)) || free[int(s.CoveredUntil.Sub(start)/time.Hour)])
		} else {
			require.False(t, s.CoveredUntil.After(at(now)))
		}
	})
}
