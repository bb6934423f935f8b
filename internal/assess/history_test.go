package assess_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestAStatusKeepsSinceWhenItHolds(t *testing.T) {
	plan := planOf(rule("a"), rule("b"))
	first := plan.Assess(shown(now, map[string]check.Status{"a": check.Warn, "b": check.Pass}), now, nil)
	require.Equal(t, []assess.ChangedItem{
		{Check: "a", Change: assess.Change{At: now, Status: check.Warn}}, {Check: "b", Change: assess.Change{At: now, Status: check.Pass}},
	}, first.Changed)

	later := now.Add(time.Hour)
	second := planOf(rule("new"), rule("b"), rule("a")).Assess(
		shown(later, map[string]check.Status{"a": check.Warn, "b": check.Pass}), later, first.History)
	require.Equal(t, later, second.Results[0].ChangedAt, "an item that is new has changed")
	require.Equal(t, now, second.Results[1].ChangedAt, "an item is known by its id")
	require.Equal(t, now, second.Results[2].ChangedAt)
	require.Len(t, first.History, 2, "a history does not change")

	last := later.Add(time.Hour)
	third := plan.Assess(shown(last, map[string]check.Status{"a": check.Fail, "b": check.Pass}), last, second.History)
	require.Equal(t, last, third.Results[0].ChangedAt)
	require.Equal(t, now, third.Results[1].ChangedAt)
	require.Equal(t, []assess.ChangedItem{{Check: "a", Change: assess.Change{At: last, Status: check.Fail}}}, third.Changed)
	require.Equal(t, assess.History{
		"a":   {{At: now, Status: check.Warn}, {At: last, Status: check.Fail}},
		"b":   {{At: now, Status: check.Pass}},
		"new": {{At: later, Status: check.Undeclared}},
	}, third.History)
}

func TestThatSomethingIsPendingIsNoChange(t *testing.T) {
	plan := planOf(rule("a"))
	pending := []*fact.Run{{Collector: "lamp", Target: "lamps", Interval: time.Hour, Declared: []fact.AnySet{lamps().NoFacts()}}}
	a := plan.Assess(pending, now, nil)
	require.Equal(t, check.Unknown, a.Results[0].Status)
	require.Empty(t, a.Changed)

	failed := []*fact.Run{{
		Collector: "lamp", Target: "lamps", Interval: time.Hour, Declared: []fact.AnySet{lamps().NoFacts()},
		TriedAt: now, Failure: &fact.Failure{Reason: fact.ReasonTimeout},
	}}
	require.Len(t, plan.Assess(failed, now, nil).Changed, 1, "that it could not be collected is one")
}

func TestTheHistoryOfAnItemThatFlapsIsBounded(t *testing.T) {
	plan := planOf(rule("a"))
	var history assess.History
	for i := range 250 {
		at := now.Add(time.Duration(i) * time.Second)
		statuses := map[string]check.Status{}
		if i%2 == 0 {
			statuses["a"] = check.Pass
		}
		history = plan.Assess(shown(at, statuses), at, history).History
	}
	require.Len(t, history["a"], 100)
	require.Equal(t, assess.Change{At: now.Add(249 * time.Second), Status: check.Undeclared}, history["a"][99])
	require.Equal(t, assess.Change{At: now.Add(150 * time.Second), Status: check.Pass}, history["a"][0])
}

func TestFlappingDoesNotMakeARegressionForgotten(t *testing.T) {
	lost := now.Add(30 * 24 * time.Hour)
	for _, c := range []struct {
		name  string
		first []assess.Change
		flaps [2]check.Status
		last  check.Status
		want  time.Time
	}{
		{
			"flapping after the loss",
			[]assess.Change{{At: now, Status: check.Pass}, {At: lost, Status: check.Fail}},
			[2]check.Status{check.Pass, check.Fail}, check.Fail, lost,
		},
		{
			"flapping while it is ready",
			[]assess.Change{{At: now.Add(-time.Hour), Status: check.Fail}, {At: now, Status: check.Pass}},
			[2]check.Status{check.Warn, check.Pass}, check.Fail, lost.Add(300 * time.Second),
		},
		{
			"flapping that was never steady",
			[]assess.Change{{At: lost, Status: check.Pass}},
			[2]check.Status{check.Fail, check.Pass}, check.Fail, time.Time{},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			history := assess.History{"a": c.first}
			for i := range 300 {
				change := assess.Change{At: lost.Add(time.Duration(i) * time.Second), Status: c.flaps[i%2]}
				history = history.With([]assess.ChangedItem{{Check: "a", Change: change}})
			}
			history = history.With([]assess.ChangedItem{{Check: "a", Change: assess.Change{At: lost.Add(300 * time.Second), Status: c.last}}})
			require.Len(t, history["a"], 100)
			require.Equal(t, c.want, history.Regressed("a"))
		})
	}
}

func TestRegressions(t *testing.T) {
	hour := func(n int) time.Time { return now.Add(time.Duration(n) * time.Hour) }
	for _, c := range []struct {
		name    string
		changes []assess.Change
		want    time.Time
	}{
		{"what was never ready is none", []assess.Change{{At: hour(0), Status: check.Fail}}, time.Time{}},
		{"what is ready is none", []assess.Change{{At: hour(0), Status: check.Pass}}, time.Time{}},
		{
			"what was ready for a day and fails is one", []assess.Change{{At: hour(0), Status: check.Pass}, {At: hour(24), Status: check.Fail}},
			hour(24),
		},
		{
			"what was ready for less than a day is none",
			[]assess.Change{{At: hour(0), Status: check.Pass}, {At: hour(23), Status: check.Fail}}, time.Time{},
		},
		{
			"it is one since it was lost, and not since it changed last", []assess.Change{
				{At: hour(0), Status: check.Warn}, {At: hour(30), Status: check.Unknown}, {At: hour(31), Status: check.Fail},
			}, hour(30),
		},
		{
			"it stays one through a short recovery", []assess.Change{
				{At: hour(0), Status: check.Pass}, {At: hour(30), Status: check.Fail}, {At: hour(31), Status: check.Pass},
				{At: hour(32), Status: check.Fail},
			}, hour(30),
		},
		{
			"what was repaired is none", []assess.Change{
				{At: hour(0), Status: check.Pass}, {At: hour(30), Status: check.Fail}, {At: hour(31), Status: check.Pass},
			}, time.Time{},
		},
		{
			"a declaration that went is none",
			[]assess.Change{{At: hour(0), Status: check.Pass}, {At: hour(30), Status: check.Undeclared}}, time.Time{},
		},
		{"nothing is known of an item", nil, time.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, assess.History{"a": c.changes}.Regressed("a"))
		})
	}
}

func TestCompositesAndNewerItemsDoNotRegress(t *testing.T) {
	plan := planOf(rule("a"), composite("b", "a"), rule("c"))
	plan.Items[2].Newer = true
	yesterday := []assess.Change{{At: now.Add(-48 * time.Hour), Status: check.Pass}}
	a := plan.Assess(shown(now, map[string]check.Status{"a": check.Fail, "c": check.Fail}), now,
		assess.History{"a": yesterday, "b": yesterday, "c": yesterday})
	for i := range plan.Items {
		require.Equal(t, check.Fail, a.Results[i].Status)
		require.Equal(t, now, a.Results[i].ChangedAt)
	}
	require.Equal(t, now, a.Regressed(0))
	require.Zero(t, a.Regressed(1), "its members are reported")
	require.Zero(t, a.Regressed(2))
}
