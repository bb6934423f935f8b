package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestWhoIsOnCallNowIsReported(t *testing.T) {
	at := time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)
	loaded, err := config.For([]*system.System{{Name: "shop", Environment: "production"}}, config.Options{Kinds: checks.All()})
	require.NoError(t, err)
	shift := func(person string, from, until int) fact.OnCallShift {
		return fact.OnCallShift{Person: person, Start: at.Add(time.Duration(from) * time.Hour), End: at.Add(time.Duration(until) * time.Hour)}
	}
	kind, set := fact.OnCallSchedules(), &fact.Set[fact.OnCallSchedule]{}
	set.Add(
		fact.OnCallSchedule{Schedule: "primary", Shifts: []fact.OnCallShift{shift("Ann", -5, 3), shift("B<b>ob", -1, 2), shift("Cy", 3, 9)}},
		fact.OnCallSchedule{Schedule: "secondary", Shifts: []fact.OnCallShift{shift("Ann", -5, -3), shift("Bob", 1, 2)}},
	)
	set.Lack(fact.OnCallSchedule{Schedule: "third"}, "", fact.Errorf(fact.ReasonTimeout, "no answer"))
	runs := []*fact.Run{{
		Collector: "on_call", Target: "primary", Interval: time.Hour, CollectedAt: at, TriedAt: at, Declared: []fact.AnySet{kind.NoFacts()}, Sets: []fact.AnySet{kind.Set(set)},
	}}
	got := report.Of(loaded.Plans[0].Assess(runs, at, nil))
	require.Equal(t, []report.OnCall{
		{Schedule: "primary", People: []string{"Ann", "B<b>ob"}, Until: at.Add(2 * time.Hour)},
		{Schedule: "secondary", People: []string{}, Until: at.Add(time.Hour)},
		{Schedule: "third", People: []string{}, Unknown: true},
	}, got.OnCall)
	require.Equal(t, got.OnCall, got.Detailed(false).OnCall, "how they can be reached is not in it")

	var page strings.Builder
	require.NoError(t, report.HTML(&page, []report.System{got}))
	require.Contains(t, page.String(), "primary, now: Ann, B&lt;b&gt;ob, until <time")
	require.Contains(t, page.String(), "secondary, now: nobody, until <time")
	require.Contains(t, page.String(), "third, now: not known, the schedule could not be collected")
}
