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

// A lamp says what becomes of an item.
type lamp struct {
	Item   string
	Status check.Status
}

func lamps() *fact.Kind[lamp] {
	return &fact.Kind[lamp]{Name: "lamp", Help: "A lamp.", Subject: func(l *lamp) string { return l.Item }}
}

// A rule judges an item by its lamp; without one it is undeclared.
func rule(id string) check.Rule {
	reason := func(status check.Status) check.Reason { return check.Reason{Name: "shown", Level: status} }
	kind := check.Kind[struct{}]{
		Name: "lamp", Remedy: "Change it.", WhenEmpty: reason(check.Undeclared),
		Over: []check.Quantified[struct{}]{
			check.Each(lamps(), func(_ check.Context, l *lamp, _ struct{}) []check.Problem {
				if l.Status == check.Pass {
					return nil
				}
				return []check.Problem{reason(l.Status).Problem("as the lamp shows")}
			}).Where(func(c check.Context, l *lamp, _ struct{}) bool { return l.Item == c.Item }),
		},
	}
	return check.Rule{ID: id, Clause: check.Clause{Bound: kind.Bind(&struct{}{})}}
}

func excluded(id string) check.Rule { return check.Rule{ID: id, NotApplicable: "no such thing"} }

// composite judges whether other items are ready.
func composite(id string, of ...string) check.Rule {
	failing := check.Reason{Name: "failing", Level: check.Fail}
	kind := check.Kind[[]string]{
		Name: "composite", Remedy: "Fix them.", After: func(of []string) []string { return of },
		Over: []check.Quantified[[]string]{
			check.Each(check.Results(), func(_ check.Context, r *check.Result, of []string) []check.Problem {
				for _, id := range of {
					if r.Check == id && !r.Status.Ready() {
						return []check.Problem{failing.Problem("it is " + r.Status.String())}
					}
				}
				return nil
			}),
		},
	}
	return check.Rule{ID: id, Clause: check.Clause{Bound: kind.Bind(&of)}}
}

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
	plan.Order()
	return plan
}

// shown is a run that collected lamps at a time.
func shown(at time.Time, statuses map[string]check.Status) []*fact.Run {
	var set fact.Set[lamp]
	for id, status := range statuses {
		set.Add(lamp{id, status})
	}
	return []*fact.Run{{
		Collector: "lamp", Target: "lamps", Interval: time.Hour, Declared: []fact.AnySet{lamps().NoFacts()},
		CollectedAt: at, TriedAt: at, Sets: []fact.AnySet{lamps().Set(&set)},
	}}
}

func TestScoresWeighBySeverity(t *testing.T) {
	plan := planOf(rule("a"), rule("b"), rule("c"), excluded("d"), check.Rule{ID: "e"}, composite("f", "e"), rule("g"), composite("h"))
	plan.Items[6].Newer = true
	a := plan.Assess(shown(now, map[string]check.Status{"a": check.Pass, "c": check.Warn, "g": check.Fail}), now, nil)
	require.Equal(t, map[check.Status]int{
		check.Pass: 2, check.Warn: 1, check.Undeclared: 1, check.NotApplicable: 1, check.Unknown: 1, check.Fail: 1,
	}, a.Counts(), "what is newer than what is pinned counts nowhere")
	require.Equal(t, []assess.Score{{Category: "all", Ready: 11, Judged: 14, Applicable: 17}, {Category: "none"}}, a.Scores,
		"what is undeclared is not judged, composites and items newer than what is pinned weigh nothing")
	ratio, known := a.Total().Ratio()
	require.True(t, known)
	require.InDelta(t, 11.0/14, ratio, 1e-9)
	coverage, known := a.Total().Coverage()
	require.True(t, known)
	require.InDelta(t, 14.0/17, coverage, 1e-9)
	_, known = a.Scores[1].Ratio()
	require.False(t, known, "where nothing is judged there is no score")
	_, known = a.Scores[1].Coverage()
	require.False(t, known, "where nothing applies there is no coverage")
}

func TestGates(t *testing.T) {
	plan := planOf(rule("a"), rule("b"), excluded("c"))
	for _, c := range []struct {
		name     string
		items    []int
		ready    []string
		open     bool
		blocking []int
	}{
		{"a gate is open when every item is ready", []int{0, 1}, []string{"a", "b"}, true, nil},
		{"a gate names what blocks it", []int{0, 1}, []string{"a"}, false, []int{1}},
		{"what is not applicable does not block", []int{0, 2}, []string{"a"}, true, nil},
		{"a gate without an applicable item stays closed", []int{2}, nil, false, nil},
		{"a gate without an item stays closed", nil, nil, false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan.Gates = []assess.Gate{{ID: "go", Items: c.items}}
			statuses := make(map[string]check.Status)
			for _, id := range c.ready {
				statuses[id] = check.Pass
			}
			a := plan.Assess(shown(now, statuses), now, nil)
			require.Equal(t, []assess.GateResult{{Gate: &plan.Gates[0], Ready: c.open, Blocking: c.blocking}}, a.Gates)
		})
	}
}

func TestObjectives(t *testing.T) {
	plan := planOf(rule("a"), rule("b"), excluded("c"))
	for _, c := range []struct {
		name     string
		items    []int
		statuses map[string]check.Status
		want     check.Status
	}{
		{"an objective is met when every item is ready", []int{0, 1}, map[string]check.Status{"a": check.Pass, "b": check.Warn}, check.Pass},
		{"an item that fails breaks it", []int{0, 1}, map[string]check.Status{"a": check.Pass, "b": check.Fail}, check.Fail},
		{"an item that fails first breaks it", []int{0, 1}, map[string]check.Status{"a": check.Fail, "b": check.Pass}, check.Fail},
		{"an item that is unknown breaks it", []int{0, 1}, map[string]check.Status{"a": check.Pass, "b": check.Unknown}, check.Fail},
		{"what is undeclared is not judged", []int{0, 1}, map[string]check.Status{"a": check.Pass}, check.Pass},
		{"what is not applicable is not judged", []int{0, 2}, map[string]check.Status{"a": check.Pass}, check.Pass},
		{"where nothing is judged it is unknown", []int{0, 1, 2}, nil, check.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan.Objectives = []assess.Objective{{Name: "readiness", Ratio: 0.99, Items: c.items}}
			require.Equal(t, []check.Status{c.want}, plan.Assess(shown(now, c.statuses), now, nil).ObjectivesMet)
		})
	}
}

func TestHowCollectorsDo(t *testing.T) {
	at := func(ago time.Duration) time.Time { return now.Add(-ago) }
	run := func(collector, target string, collected, tried time.Time, failure *fact.Failure) *fact.Run {
		set := fact.Set[lamp]{
			Facts: []*lamp{{}, {}}, Unavailable: []fact.Unavailable[lamp]{{Reason: fact.ReasonDenied}},
		}
		return &fact.Run{
			Collector: collector, Target: target, Interval: time.Minute, Declared: []fact.AnySet{lamps().NoFacts()},
			CollectedAt: collected, TriedAt: tried, Sets: []fact.AnySet{lamps().Set(&set)}, Failure: failure,
		}
	}
	failure := &fact.Failure{Reason: fact.ReasonTimeout}
	never := &fact.Run{Collector: "new", Target: "t", Interval: time.Hour, Declared: []fact.AnySet{lamps().NoFacts()}}
	a := planOf().Assess([]*fact.Run{
		never,
		run("good", "t", at(time.Minute), at(time.Minute), nil),
		run("good", "u", at(2*time.Minute), at(2*time.Minute), nil),
		run("bad", "t", at(time.Minute), at(time.Minute), nil),
		run("bad", "u", at(2*time.Minute), at(0), failure),
		run("bad", "v", at(time.Hour), at(0), failure),
	}, now, nil)
	require.Equal(t, []assess.CollectorState{
		{
			Name: "bad", Up: false, Down: []string{"u", "v"}, LastSuccess: at(time.Hour), Interval: time.Minute, Facts: 4,
			Unavailable: map[fact.Reason]int{fact.ReasonTimeout: 1, fact.ReasonDenied: 2},
		},
		{
			Name: "good", Up: true, LastSuccess: at(2 * time.Minute), Interval: time.Minute, Facts: 4,
			Unavailable: map[fact.Reason]int{fact.ReasonDenied: 2},
		},
		{
			Name: "new", Up: false, Down: []string{"t"}, Interval: time.Hour,
			Unavailable: map[fact.Reason]int{fact.ReasonPending: 1},
		},
	}, a.Collectors())
}
