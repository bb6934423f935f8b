package assess_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// planOf makes a plan whose items, one a rule, are critical, warning, info in turn and stand in the category "all".
func planOf(rules ...check.Rule) *assess.Plan {
	list := &checklist.Checklist{Categories: []checklist.Category{{ID: "all"}, {ID: "none"}}}
	plan := &assess.Plan{System: &system.System{Name: "shop"}, Checklist: list, Categories: list.Categories}
	for i, rule := range rules {
		plan.Items = append(plan.Items, assess.Item{
			Entry:    checklist.Entry{Category: &list.Categories[0], Section: &checklist.Section{}, Item: &checklist.Item{ID: rule.ID}},
			Severity: checklist.Severities()[i%3], Rule: rule,
		})
	}
	return plan
}

func signed(id string) check.Rule {
	return check.Rule{ID: id, Attested: true, AttestationAge: 100 * 24 * time.Hour}
}

func excluded(id string) check.Rule { return check.Rule{ID: id, NotApplicable: "no such thing"} }

// signatures is a look at attestations of items that were signed so long ago.
func signatures(ages map[string]time.Duration) []fact.Look {
	look := fact.Look{Collector: "attestation", Kind: fact.Attestations(), Interval: time.Hour, SeenAt: now}
	for id, age := range ages {
		look.Facts = append(look.Facts, fact.Attestation{Check: id, By: "ann", At: now.Add(-age)})
	}
	return []fact.Look{look}
}

func TestScoresWeighBySeverity(t *testing.T) {
	plan := planOf(signed("a"), signed("b"), signed("c"), excluded("d"), check.Rule{ID: "e"})
	a := plan.Assess(signatures(map[string]time.Duration{"a": 0, "c": 0}), now, nil)
	require.Equal(t, []assess.Score{{Category: "all", Ready: 11, Applicable: 17}, {Category: "none"}}, a.Scores)
	ratio, known := a.Total().Ratio()
	require.True(t, known)
	require.InDelta(t, 11.0/17, ratio, 1e-9)
	_, known = a.Scores[1].Ratio()
	require.False(t, known, "where nothing applies there is no score")
	require.Equal(t, map[check.Status]int{
		check.Pass: 2, check.Undeclared: 1, check.NotApplicable: 1, check.Unknown: 1,
	}, a.Counts())
}

func TestGates(t *testing.T) {
	plan := planOf(signed("a"), signed("b"), excluded("c"))
	for _, c := range []struct {
		name     string
		items    []int
		signed   map[string]time.Duration
		ready    bool
		blocking []int
	}{
		{"a gate is open when every item is ready", []int{0, 1}, map[string]time.Duration{"a": 0, "b": 0}, true, nil},
		{"a gate names what blocks it", []int{0, 1}, map[string]time.Duration{"a": 0}, false, []int{1}},
		{"what is not applicable does not block", []int{0, 2}, map[string]time.Duration{"a": 0}, true, nil},
		{"a gate without an applicable item stays closed", []int{2}, nil, false, nil},
		{"a gate without an item stays closed", nil, nil, false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan.Gates = []assess.Gate{{ID: "go", Items: c.items}}
			a := plan.Assess(signatures(c.signed), now, nil)
			require.Equal(t, []assess.GateResult{{Gate: &plan.Gates[0], Ready: c.ready, Blocking: c.blocking}}, a.Gates)
		})
	}
}

func TestAStatusKeepsSinceWhenItHolds(t *testing.T) {
	plan := planOf(signed("a"), signed("b"))
	looks := signatures(map[string]time.Duration{"a": 99 * 24 * time.Hour, "b": 0})
	first := plan.Assess(looks, now, nil)
	later := now.Add(time.Hour)
	second := planOf(signed("new"), signed("b"), signed("a")).Assess(looks, later, first)
	require.Equal(t, later, second.Results[0].ChangedAt, "an item that is new has changed")
	require.Equal(t, now, second.Results[1].ChangedAt, "an item is known by its id")
	require.Equal(t, now, second.Results[2].ChangedAt)
	expired := now.Add(25 * time.Hour)
	looks[0].SeenAt = expired
	third := plan.Assess(looks, expired, second)
	require.Equal(t, check.Fail, third.Results[0].Status, "time alone changes it")
	require.Equal(t, expired, third.Results[0].ChangedAt)
	require.Equal(t, now, third.Results[1].ChangedAt)
	require.Equal(t, [][]assess.Change{{{At: later, Status: check.Undeclared}}, {{At: now, Status: check.Pass}}, {{At: now, Status: check.Warn}}}, second.History)
	require.Equal(t, []assess.Change{{At: now, Status: check.Warn}, {At: expired, Status: check.Fail}}, third.History[0])
	require.Equal(t, []assess.Change{{At: now, Status: check.Pass}}, third.History[1])
}

func TestTheHistoryOfAnItemThatFlapsIsBounded(t *testing.T) {
	plan := planOf(signed("a"))
	var a *assess.Assessment
	for i := range 250 {
		at := now.Add(time.Duration(i) * time.Second)
		ages := map[string]time.Duration{}
		if i%2 == 0 {
			ages["a"] = time.Hour
		}
		looks := signatures(ages)
		looks[0].SeenAt = at
		a = plan.Assess(looks, at, a)
	}
	require.Len(t, a.History[0], 100)
	require.Equal(t, assess.Change{At: now.Add(249 * time.Second), Status: check.Undeclared}, a.History[0][99])
	require.Equal(t, assess.Change{At: now.Add(150 * time.Second), Status: check.Pass}, a.History[0][0])
}

func TestHowCollectorsDo(t *testing.T) {
	at := func(ago time.Duration) time.Time { return now.Add(-ago) }
	failure := &fact.Missed{Subject: "t", Reason: fact.ReasonTimeout}
	look := func(collector string, seen, tried time.Time, failure *fact.Missed) fact.Look {
		return fact.Look{
			Collector: collector, Kind: fact.Waivers(), Interval: time.Minute, SeenAt: seen, TriedAt: tried, Failure: failure,
			Facts: []any{fact.Waiver{}, fact.Waiver{}}, Missed: []fact.Missed{{Reason: fact.ReasonDenied}},
		}
	}
	never := fact.Look{Collector: "new", Kind: fact.Waivers(), Interval: time.Minute}
	a := planOf().Assess([]fact.Look{
		never,
		look("good", at(time.Minute), at(time.Minute), nil),
		look("good", at(2*time.Minute), at(2*time.Minute), nil),
		look("bad", at(time.Minute), at(time.Minute), nil),
		look("bad", at(2*time.Minute), at(0), failure),
		look("bad", at(time.Hour), at(0), failure),
	}, now, nil)
	require.Equal(t, []assess.CollectorState{
		{
			Name: "bad", Up: false, LastSuccess: at(time.Hour), Facts: 4,
			Missed: map[fact.Reason]int{fact.ReasonTimeout: 2, fact.ReasonDenied: 2},
		},
		{Name: "good", Up: true, LastSuccess: at(2 * time.Minute), Facts: 4, Missed: map[fact.Reason]int{fact.ReasonDenied: 2}},
		{Name: "new", Up: false, Missed: map[fact.Reason]int{fact.ReasonPending: 1}},
	}, a.Collectors())
}
