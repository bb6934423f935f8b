package oncall_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/oncall"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

var now = time.Date(2026, time.June, 15, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// shift is one from so many days after now until so many.
func shift(person string, from, until float64) fact.OnCallShift {
	at := func(days float64) time.Time { return now.Add(time.Duration(days * float64(day))) }
	return fact.OnCallShift{Person: person, Start: at(from), End: at(until)}
}

func schedule(shifts ...fact.OnCallShift) fact.OnCallSchedule {
	return fact.NewOnCallSchedule("primary", fact.TimeSpan{Start: now.Add(-28 * day), End: now.Add(56 * day)}, shifts, now)
}

func TestSchedule(t *testing.T) {
	with := func(s fact.OnCallSchedule, edit func(*fact.OnCallSchedule)) fact.OnCallSchedule {
		edit(&s)
		return s
	}
	for _, c := range []struct {
		name     string
		schedule fact.OnCallSchedule
		want     []checktest.Finding
	}{
		{"two who take turns pass", schedule(shift("Ann", -3, 4), shift("Bob", 4, 11)), nil},
		{"turns of two weeks pass", schedule(shift("Ann", -14, 0), shift("Bob", 0, 14), shift("Ann", 14, 28)), nil},
		{"a minute between two turns is none", schedule(shift("Ann", -3, 4-1./1440), shift("Bob", 4, 11)), nil},
		{"two who overlap pass", schedule(shift("Ann", -28, 6), shift("Bob", -28, 56), shift("Ann", 8, 56)), nil},
		{"what begins when the time is over is no gap", schedule(shift("Ann", -3, 0), shift("Bob", 0, 7)), nil},
		{"nobody at all fails", schedule(), checktest.One("nobody_on_call", check.Fail, "Nobody is on call now, and nobody is later.")},
		{"nobody now fails", schedule(shift("Ann", -3, -1), shift("Bob", 1, 8)), checktest.One("nobody_on_call", check.Fail, "Nobody is on call now, until 2026-06-16 12:00 UTC.")},
		{"a gap fails", schedule(shift("Ann", -3, 2), shift("Bob", 2.5, 9)), checktest.One("on_call_gap", check.Fail, "Nobody is on call from 2026-06-17 12:00 UTC until 2026-06-18 00:00 UTC, for 12 h.")},
		{"so does an end that is near", schedule(shift("Ann", -3, 2), shift("Bob", 2, 6)), checktest.One("on_call_gap", check.Fail, "Nobody is on call from 2026-06-21 12:00 UTC on, for at least 50 d.")},
		{
			"of several gaps the first is named", schedule(shift("Ann", -0.5, 0.5), shift("Bob", 1, 1.5), shift("Ann", 2, 2.5), shift("Bob", 3, 9)),
			checktest.One("on_call_gap", check.Fail, "Nobody is on call from 2026-06-16 00:00 UTC until 2026-06-16 12:00 UTC, for 12 h, and 2 times more in the next 7d."),
		},
		{
			"what is no shift is named", with(schedule(shift("Ann", -3, 2)), func(s *fact.OnCallSchedule) { s.Unnamed, s.Tentative = 1, 2 }),
			checktest.One("on_call_gap", check.Fail, "Nobody is on call from 2026-06-17 12:00 UTC on, for at least 54 d. Of its events 1 names nobody. Of its events 2 are not confirmed."),
		},
		{"a rota of one fails", schedule(shift("Ann", -28, 56)), checktest.One("same_person", check.Fail, "Only Ann is on call since before 2026-05-18 12:00 UTC on, for at least 84 d (limit 14d).")},
		{"so does one turn after the other", schedule(shift("Ann", -7, 0), shift("Ann", 0, 7), shift("Ann", 7, 14.5), shift("Bob", 14.5, 16)), checktest.One("same_person", check.Fail, "Only Ann is on call from 2026-06-08 12:00 UTC until 2026-06-30 00:00 UTC, for 21 d 12 h (limit 14d).")},
		{"what was too long and is over passes", schedule(shift("Ann", -28, -1), shift("Bob", -1, 8)), nil},
		{"a schedule that is disabled fails", with(schedule(shift("Ann", -3, 9)), func(s *fact.OnCallSchedule) { s.Disabled = true }), checktest.One("schedule_disabled", check.Fail, "The schedule is disabled, and notifies nobody.")},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := checktest.Case{Kind: oncall.Schedule(), Now: now, Sets: []fact.AnySet{checktest.Facts(fact.OnCallSchedules(), c.schedule)}}
			require.Equal(t, c.want, asked.Judge(t))
		})
	}
}

func TestParameters(t *testing.T) {
	days := func(n int) quantity.Duration { return quantity.Duration(time.Duration(n) * day) }
	require.NoError(t, oncall.Parameters{MinimumCoverage: days(55), MaximumTurn: days(28)}.Validate())
	for _, p := range []oncall.Parameters{{MinimumCoverage: days(56), MaximumTurn: days(1)}, {MinimumCoverage: days(1), MaximumTurn: days(29)}, {MinimumCoverage: days(1)}, {MaximumTurn: days(1)}} {
		require.Error(t, p.Validate())
	}
}
