package fact_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// waiversOf is a set of waivers of these items, with what is unavailable beside them.
func waiversOf(checks []string, unavailable ...fact.Unavailable[fact.Waiver]) fact.AnySet {
	set := fact.Set[fact.Waiver]{Unavailable: unavailable}
	for _, check := range checks {
		set.Add(fact.Waiver{Check: check})
	}
	return fact.Waivers().Set(&set)
}

// known gives what a view has of the waivers, in the order of its runs.
func known(view fact.View, topics ...string) (checks []string, gaps []fact.Gap) {
	for set, pending := range fact.Of(view, fact.Waivers(), topics) {
		if pending != nil {
			gaps = append(gaps, *pending)
			continue
		}
		for _, waiver := range set.Facts {
			checks = append(checks, waiver.Check)
		}
		gaps = append(gaps, fact.Waivers().Set(set).Gaps()...)
	}
	return checks, gaps
}

func TestARunIsWorthWhatItCollectedForThreeIntervals(t *testing.T) {
	const interval = time.Minute
	inPart := fact.Unavailable[fact.Waiver]{Subject: "b", Reason: fact.ReasonDenied, Detail: "no"}
	declared := fact.Unavailable[fact.Waiver]{Subject: "c", Known: fact.Waiver{Check: "c"}}
	failure := &fact.Failure{Reason: fact.ReasonTimeout, Detail: "late"}
	whole := []fact.Gap{{Subject: "b", Reason: fact.ReasonDenied, Detail: "no"}}
	none := func(reason fact.Reason, detail string) []fact.Gap {
		return []fact.Gap{{Subject: "c", Reason: reason, Detail: detail}}
	}
	for _, c := range []struct {
		name    string
		age     time.Duration // of what was collected; negative: nothing was
		failure *fact.Failure
		facts   []string
		gaps    []fact.Gap
	}{
		{"what was just collected counts", 0, nil, []string{"a"}, whole},
		{"what was collected exactly three intervals ago counts", 3 * interval, nil, []string{"a"}, whole},
		{
			"what was collected longer ago is stale", 3*interval + 1, nil, nil,
			none(fact.ReasonStale, "it was last collected 3m0s ago"),
		},
		{"a failed run takes nothing away at first", 3 * interval, failure, []string{"a"}, whole},
		{"a failed run is the reason when the facts are stale", 3*interval + 1, failure, nil, none(fact.ReasonTimeout, "late")},
		{"what was never tried is pending", -1, nil, nil, none(fact.ReasonPending, "it has not been collected yet")},
		{"what never succeeded says why", -1, failure, nil, none(fact.ReasonTimeout, "late")},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := &fact.Run{
				Collector: "waiver", Target: "file", Interval: interval, Failure: c.failure, Declared: []fact.AnySet{waiversOf(nil, declared)},
				Asked: fact.Topics{"waiver": {"links"}},
			}
			if c.age >= 0 {
				run.CollectedAt, run.Sets = now.Add(-c.age), []fact.AnySet{waiversOf([]string{"a"}, inPart)}
			}
			view := fact.NewView([]*fact.Run{run}, now)
			facts, gaps := known(view, "links")
			require.Equal(t, c.facts, facts)
			require.Equal(t, c.gaps, gaps)
			require.True(t, view.HasTarget("waiver"), "whatever became of it")
			require.Equal(t, c.facts != nil, run.Fresh(now))
		})
	}
}

func TestARunThatDeclaresNothingIsUnavailableByItsTarget(t *testing.T) {
	run := &fact.Run{Target: "file", Declared: []fact.AnySet{fact.Waivers().NoFacts()}}
	_, gaps := known(fact.NewView([]*fact.Run{run}, now))
	require.Equal(t, []fact.Gap{{Subject: "file", Reason: fact.ReasonPending, Detail: "it has not been collected yet"}}, gaps)
}

func TestWhatIsLostRemainsUntilItIsKnownAgain(t *testing.T) {
	lacking := func(subject, topic string) fact.Unavailable[fact.Waiver] {
		return fact.Unavailable[fact.Waiver]{Subject: subject, Topic: topic, Reason: fact.ReasonDenied, Detail: "no"}
	}
	run := new(fact.Run)
	collect := func(set fact.AnySet) (remains []string) {
		run.Succeed(nil, []fact.AnySet{set}, now)
		if run.Remains[0] != nil {
			for i := range run.Remains[0].Len() {
				remains = append(remains, run.Remains[0].At(i).(*fact.Waiver).Check)
			}
		}
		return remains
	}
	all := []string{"a/one", "a/two", "ab", "c"}
	require.Empty(t, collect(waiversOf(all)))
	require.Equal(t, []string{"ab"}, collect(waiversOf([]string{"a/one", "a/two"}, lacking("ab by ", ""))), "c is gone")
	before := run.Remains[0]
	require.Equal(t, []string{"ab"}, collect(waiversOf([]string{"a/one", "a/two"}, lacking("ab by ", ""))))
	same := before == run.Remains[0]
	require.True(t, same, "nothing has changed")
	require.Equal(t, []string{"a/one", "a/two", "ab"}, collect(waiversOf(nil, lacking("a", ""), lacking("ab by ", ""))), "a folder")
	require.Equal(t, []string{"a/two"}, collect(waiversOf([]string{"a/one"}, lacking("a", ""))), "ab was removed")
	require.Empty(t, collect(waiversOf([]string{"a/one"}, lacking("a/one", "links"))), "of a topic alone")
	require.Empty(t, collect(waiversOf(nil)))
}

func TestAViewPutsTheRunsTogether(t *testing.T) {
	run := func(sets ...fact.AnySet) *fact.Run {
		return &fact.Run{Interval: time.Minute, CollectedAt: now, Sets: sets}
	}
	view := fact.NewView([]*fact.Run{
		run(waiversOf([]string{"a"}), fact.Attestations().NoFacts()), run(waiversOf(nil)), run(waiversOf([]string{"b", "c"})),
	}, now)
	facts, gaps := known(view)
	require.Equal(t, []string{"a", "b", "c"}, facts)
	require.Empty(t, gaps)
	require.True(t, view.HasTarget("attestation"), "a target that has none is one")
	require.False(t, view.HasTarget("host"))

	sets := 0
	for set, pending := range view.Sets(fact.WaiverKind, nil) {
		require.Nil(t, pending)
		sets += set.Len()
	}
	require.Equal(t, 3, sets)
}

func TestAViewIsExtendedWithoutChange(t *testing.T) {
	view := fact.NewView([]*fact.Run{{Interval: time.Minute, CollectedAt: now, Sets: []fact.AnySet{
		waiversOf([]string{"a"}), waiversOf([]string{"b"}), waiversOf([]string{"c"}),
	}}}, now)
	one, other := view.Extended(waiversOf([]string{"one"})), view.Extended(waiversOf([]string{"other"}))
	for _, c := range []struct {
		view fact.View
		want []string
	}{{view, []string{"a", "b", "c"}}, {one, []string{"a", "b", "c", "one"}}, {other, []string{"a", "b", "c", "other"}}} {
		facts, _ := known(c.view)
		require.Equal(t, c.want, facts)
	}
}

func TestATopicThatARunWasNotAskedForIsPending(t *testing.T) {
	for _, c := range []struct {
		name   string
		asked  fact.Topics
		topics []string
		gap    *fact.Gap
	}{
		{"everything was asked for", nil, []string{"links"}, nil},
		{"the topic was", fact.Topics{"waiver": {"links"}}, []string{"links"}, nil},
		{"all topics were", fact.Topics{"waiver": nil}, []string{"links"}, nil},
		{"no topic is needed", fact.Topics{"waiver": {}}, []string{}, nil},
		{"a topic was not", fact.Topics{"waiver": {"links"}}, []string{"links", "owners"}, &fact.Gap{Topic: "owners"}},
		{"all are needed, and some were asked for", fact.Topics{"waiver": {"links"}}, nil, &fact.Gap{}},
		{"the kind was not asked for", fact.Topics{}, []string{}, &fact.Gap{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			view := fact.NewView([]*fact.Run{{
				Interval: time.Minute, CollectedAt: now, Asked: c.asked, Sets: []fact.AnySet{waiversOf([]string{"a"})},
			}}, now)
			check := func(facts int, pending *fact.Gap) {
				if c.gap == nil {
					require.Nil(t, pending)
					require.Equal(t, 1, facts)
					return
				}
				require.Zero(t, facts, "what there is says nothing of the topic")
				require.Equal(t, &fact.Gap{
					Subject: "waiver", Reason: fact.ReasonPending, Topic: c.gap.Topic, Detail: "it has not been collected yet",
				}, pending)
			}
			for set, pending := range fact.Of(view, fact.Waivers(), c.topics) {
				facts := 0
				if set != nil {
					facts = len(set.Facts)
				}
				check(facts, pending)
			}
			for set, pending := range view.Sets(fact.WaiverKind, c.topics) {
				facts := 0
				if set != nil {
					facts = set.Len()
				}
				check(facts, pending)
			}
		})
	}
}
