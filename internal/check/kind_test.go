package check_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestAKindJudgesSeveralKindsOfFact(t *testing.T) {
	kind := levels(each())
	kind.Over = append(kind.Over, check.Each(valves(), func(_ check.Context, v *valve, _ parameters) []check.Problem {
		if v.Name == "" {
			return []check.Problem{empty().On("valve", "no name")}
		}
		return nil
	}))
	full := tanksOf(tank{Name: "a", Level: 20})
	for _, v := range []verdict{
		{"both hold", kind, []fact.AnySet{full, set(valves(), []valve{{Name: "v"}})}, check.Pass, nil},
		{"the second fails", kind, []fact.AnySet{full, set(valves(), []valve{{}})}, check.Fail, []check.Problem{problem(empty(), "valve", "no name")}},
		{"the first fails", kind, []fact.AnySet{tanksOf(tank{Name: "a"}), set(valves(), []valve{{Name: "v"}})}, check.Fail, []check.Problem{problem(empty(), "a", "empty")}},
		{"one of them has a target and holds", kind, []fact.AnySet{full}, check.Pass, nil},
		{"of one of them nothing is found", kind, []fact.AnySet{tanksOf(), set(valves(), []valve{{Name: "v"}})}, check.Pass, nil},
		{
			"of both nothing is found", kind, []fact.AnySet{tanksOf(), set(valves(), []valve{})},
			check.Undeclared, []check.Problem{problem(noTank(), "", "There is no tank.")},
		},
		{
			"one of them is unavailable", kind, []fact.AnySet{set(tanks(), nil, gone(tank{})), set(valves(), []valve{{Name: "v"}})},
			check.Unknown, []check.Problem{notCollected()},
		},
	} {
		v.run(t)
	}
	require.Equal(t, []string{"tank", "valve"}, kind.Describe().FactKinds)
}

// connected wants a valve for every tank, which it only reads.
func connected() check.Kind[parameters] {
	kind := levels(check.Each(tanks(), func(c check.Context, t *tank, _ parameters) []check.Problem {
		for _, v := range check.Read(c, valves()) {
			if v.Name == t.Name {
				return nil
			}
		}
		return []check.Problem{empty().Problem("no valve")}
	}))
	kind.With = []check.Input{check.Reading(valves())}
	return kind
}

func TestAKindReadsFurtherFacts(t *testing.T) {
	kind, a := connected(), tanksOf(tank{Name: "a"})
	goneValve := fact.Unavailable[valve]{Subject: "gone", Reason: fact.ReasonRefused, Detail: "nothing listens"}
	for _, v := range []verdict{
		{"what is read is found", kind, []fact.AnySet{a, set(valves(), []valve{{Name: "a"}})}, check.Pass, nil},
		{"what is read is of every run", kind, []fact.AnySet{a, set(valves(), []valve{{Name: "b"}}), set(valves(), []valve{{Name: "a"}})}, check.Pass, nil},
		{"what is read is not there", kind, []fact.AnySet{a}, check.Fail, []check.Problem{problem(empty(), "a", "no valve")}},
		{
			"what is read is unavailable in part", kind, []fact.AnySet{a, set(valves(), []valve{{Name: "a"}}, goneValve)},
			check.Unknown, []check.Problem{notCollected()},
		},
		{
			"what is read alone is no target", kind, []fact.AnySet{set(valves(), []valve{{Name: "a"}})},
			check.Undeclared, judge(kind).Problems,
		},
	} {
		v.run(t)
	}
	require.Equal(t, []string{"valve"}, kind.Describe().Inputs)

	kind.With = nil
	result := judge(kind, a)
	require.Equal(t, check.Unknown, result.Status)
	require.Equal(t, "the check level panicked: the check does not name valve in With", result.Problems[0].Detail)
}

func TestWhatIsReadIsPendingAndPartialToo(t *testing.T) {
	kind := levels(check.Each(valves(), func(check.Context, *valve, parameters) []check.Problem { return nil }))
	kind.With = []check.Input{check.Reading(tanks(), "pipes")}
	v := set(valves(), []valve{{Name: "v"}})
	require.Equal(t, check.Pass, judge(kind, v, tanksOf(tank{Name: "a", Missing: []string{"paint"}})).Status)
	require.Equal(t, check.Unknown, judge(kind, v, tanksOf(tank{Name: "a", Missing: []string{"pipes"}})).Status)
	asked := run(v, tanksOf(tank{Name: "a"}))
	asked.Asked = fact.Topics{"valve": nil, "tank": {"paint"}}
	rule := check.Rule{ID: "x", Clause: bind(kind)}
	require.Equal(t, check.Unknown, rule.Judge(fact.NewView([]*fact.Run{asked}, now), &system.System{}, now).Status)
}

func TestWhatMustBeDeclared(t *testing.T) {
	kind := levels(each())
	kind.Declare = "Declare the team."
	kind.Declared = func(s *system.System, p parameters) bool { return s.Owner != "" && p.Minimum == 10 }
	rule := check.Rule{ID: "x", Clause: bind(kind)}
	for _, c := range []struct {
		name     string
		owner    string
		set      fact.AnySet
		status   check.Status
		problems []check.Problem
	}{
		{"is undeclared until it is, whatever is found", "", tanksOf(tank{Name: "a"}), check.Undeclared, []check.Problem{{
			Reason: "not_declared", Level: check.Undeclared, Detail: "Declare the team.", Remedy: "Declare the team.",
		}}},
		{"is judged once it is", "ops", tanksOf(tank{Name: "a"}), check.Fail, []check.Problem{problem(empty(), "a", "empty")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := rule.Judge(viewOf(c.set), &system.System{Owner: c.owner}, now)
			compareResult(t, c.status, c.problems, result)
			require.Equal(t, c.status == check.Undeclared, result.Facts == 0)
		})
	}
	names := make(map[string]check.Status)
	for _, reason := range kind.Describe().AllReasons() {
		names[reason.Name] = reason.Level
	}
	require.Equal(t, map[string]check.Status{
		"empty": check.Fail, "low": check.Warn, "broken": check.Unknown, "too_few": check.Fail, "no_tank": check.Undeclared,
		"not_declared": check.Undeclared, "not_collected": check.Unknown, "no_target": check.Undeclared,
	}, names)
}

func TestParametersAreCopiedForEachItem(t *testing.T) {
	kind := levels(each())
	p := kind.Parameters().(*parameters)
	p.Minimum = 100
	rule := check.Rule{ID: "x", Clause: check.Clause{Bound: kind.Bind(p)}}
	p.Minimum = 0
	require.Equal(t, 10, kind.Defaults.Minimum)
	require.Equal(t, check.Fail, rule.Judge(viewOf(tanksOf(tank{Name: "a", Level: 20})), &system.System{}, now).Status)
}

func TestAnItemShowsTheFactsThatItIsAbout(t *testing.T) {
	kind := levels(each().Needs("pipes"))
	kind.Over = append(kind.Over, check.Each(valves(), func(check.Context, *valve, parameters) []check.Problem { return nil }))
	view := viewOf(
		tanksOf(tank{Name: "a"}, tank{Name: "b", Unused: true}, tank{Name: "c", Missing: []string{"pipes"}}), set(valves(), []valve{{Name: "v"}}))
	bound := kind.Bind(kind.Parameters())
	require.Equal(t, []any{&tank{Name: "a"}, &valve{Name: "v"}}, bound.Facts(check.NewContext(view, &system.System{}, "x", now)))

	odd := levels(check.Each(tanks(), judgeLevel).Where(func(check.Context, *tank, parameters) bool { panic("odd") }))
	require.Empty(t, odd.Bind(odd.Parameters()).Facts(check.NewContext(view, &system.System{}, "x", now)), "a defect shows nothing")
}

func TestTheContextNamesTheItemAndTheSystem(t *testing.T) {
	s := &system.System{Name: "shop"}
	kind := levels(check.Each(tanks(), func(c check.Context, _ *tank, _ parameters) []check.Problem {
		require.Equal(t, "x", c.Item)
		require.Same(t, s, c.System)
		require.Equal(t, now, c.Now)
		return nil
	}))
	rule := check.Rule{ID: "x", Clause: bind(kind)}
	require.Equal(t, check.Pass, rule.Judge(viewOf(tanksOf(tank{Name: "a"})), s, now).Status)
}

func TestResultsAreFactsOfOtherItems(t *testing.T) {
	kind := levels(check.Each(check.Results(), func(_ check.Context, r *check.Result, _ parameters) []check.Problem {
		if r.Status != check.Pass {
			return []check.Problem{empty().Problem("not ready")}
		}
		return nil
	}))
	rule := check.Rule{ID: "x", Clause: bind(kind)}
	view := fact.NewView(nil, now).Extended(set(check.Results(), []check.Result{{Check: "a.b", Status: check.Pass}, {Check: "c.d"}}))
	require.Equal(t, []check.Problem{problem(empty(), "c.d", "not ready")}, rule.Judge(view, &system.System{}, now).Problems)
}
