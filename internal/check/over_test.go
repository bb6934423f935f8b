package check_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func compareResult(t *testing.T, status check.Status, problems []check.Problem, result check.Result) {
	t.Helper()
	require.Equal(t, status.String(), result.Status.String())
	require.Equal(t, problems, result.Problems)
}

func TestEach(t *testing.T) {
	kind := levels(each())
	full, drained, gauge := tank{Name: "a", Level: 20}, tank{Name: "b", Level: 9}, tank{Name: "c", Level: -2}
	for _, v := range []verdict{
		{"what is right passes", kind, []fact.AnySet{tanksOf(full)}, check.Pass, nil},
		{
			"what is near its limit warns, with the kind's remedy", kind, []fact.AnySet{tanksOf(tank{Name: "a", Level: 19})},
			check.Warn, []check.Problem{problem(low(), "a", "low")},
		},
		{
			"what is wrong fails, with the reason's remedy", kind, []fact.AnySet{tanksOf(drained, full)},
			check.Fail, []check.Problem{problem(empty(), "b", "empty")},
		},
		{
			"what is unavailable is unknown", kind, []fact.AnySet{set(tanks(), []tank{full}, gone(tank{Name: "z"}))},
			check.Unknown, []check.Problem{notCollected()},
		},
		{
			"what fails outweighs what is unavailable", kind, []fact.AnySet{set(tanks(), []tank{drained}, gone(tank{}))},
			check.Fail, []check.Problem{problem(empty(), "b", "empty"), notCollected()},
		},
		{
			"what fails outweighs what cannot be told of another", kind, []fact.AnySet{tanksOf(gauge, drained)},
			check.Fail, []check.Problem{problem(empty(), "b", "empty"), problem(broken(), "c", "broken")},
		},
		{
			"the facts of several runs are judged alike", kind, []fact.AnySet{tanksOf(full), tanksOf(drained)},
			check.Fail, []check.Problem{problem(empty(), "b", "empty")},
		},
		{
			"without a target it is undeclared", kind, nil, check.Undeclared,
			[]check.Problem{{
				Reason: "no_target", Level: check.Undeclared, Detail: "Nothing is declared from which it could be judged.",
				Remedy: "Declare it in the system description, or list the item under not_applicable with a reason.",
			}},
		},
		{
			"with a target where nothing is it is as the kind says", kind, []fact.AnySet{tanksOf()},
			check.Undeclared, []check.Problem{problem(noTank(), "", "There is no tank.")},
		},
		{
			"nothing that is selected is nothing", kind, []fact.AnySet{tanksOf(tank{Name: "a", Unused: true})},
			check.Undeclared, []check.Problem{problem(noTank(), "", "There is no tank.")},
		},
		{
			"a check that panics is unknown", kind, []fact.AnySet{tanksOf(drained, tank{Name: "a", Level: -1})}, check.Unknown,
			[]check.Problem{{
				Reason: "not_collected", Level: check.Unknown, Cause: fact.ReasonPanic,
				Detail: "the check level panicked: negative", Remedy: notCollected().Remedy,
			}},
		},
	} {
		v.run(t)
	}
}

func TestAtLeastOne(t *testing.T) {
	kind := levels(check.AtLeastOne(tanks(), judgeLevel).Where(inUse))
	full, drained, gauge := tank{Name: "a", Level: 20}, tank{Name: "b", Level: 9}, tank{Name: "c", Level: -2}
	for _, v := range []verdict{
		{
			"one that holds is enough, whatever else is wrong or unavailable", kind,
			[]fact.AnySet{set(tanks(), []tank{drained, full, gauge}, gone(tank{}))}, check.Pass, nil,
		},
		{
			"where the best warns, it warns", kind,
			[]fact.AnySet{tanksOf(drained, tank{Name: "e", Level: 15}, tank{Name: "d", Level: 15})},
			check.Warn, []check.Problem{problem(low(), "d", "low")},
		},
		{
			"one that passes is better than one that warns", kind, []fact.AnySet{tanksOf(tank{Name: "d", Level: 15}, full)},
			check.Pass, nil,
		},
		{
			"where none holds each says why", kind, []fact.AnySet{tanksOf(drained, tank{Name: "a", Level: 1})},
			check.Fail, []check.Problem{problem(empty(), "a", "empty"), problem(empty(), "b", "empty")},
		},
		{
			"where none holds what is unavailable might", kind, []fact.AnySet{set(tanks(), []tank{drained}, gone(tank{}))},
			check.Unknown, []check.Problem{notCollected()},
		},
		{
			"where none holds one that cannot be told might", kind, []fact.AnySet{tanksOf(drained, gauge)},
			check.Unknown, []check.Problem{problem(broken(), "c", "broken")},
		},
		{
			"of nothing none holds", kind, []fact.AnySet{tanksOf()},
			check.Undeclared, []check.Problem{problem(noTank(), "", "There is no tank.")},
		},
	} {
		v.run(t)
	}
}

func TestPerGroup(t *testing.T) {
	a, b := tank{Name: "a", Yard: "north", Level: 20}, tank{Name: "b", Yard: "north", Level: 20}
	c, drained := tank{Name: "c", Yard: "south", Level: 20}, tank{Name: "d", Yard: "south", Level: 1}
	inSouth, inNorth, anywhere := gone(tank{Yard: "south"}), gone(tank{Yard: "north"}), gone(tank{})
	few := func(yard string) check.Problem { return problem(tooFew(), yard, "too few in "+yard) }
	for _, v := range []verdict{
		{"every group that holds passes", levels(perYard("north")), []fact.AnySet{tanksOf(a, b)}, check.Pass, nil},
		{
			"one group of two fails, and is named", levels(perYard()), []fact.AnySet{tanksOf(a, b, c)},
			check.Fail, []check.Problem{few("south")},
		},
		{
			"what is spread over two groups is not in one", levels(perYard()), []fact.AnySet{tanksOf(a, c)},
			check.Fail, []check.Problem{few("north"), few("south")},
		},
		{
			"a group that is expected and empty fails", levels(perYard("north", "south")), []fact.AnySet{tanksOf(a, b)},
			check.Fail, []check.Problem{few("south")},
		},
		{
			"a group that is expected fails even where nothing is found", levels(perYard("north")), []fact.AnySet{tanksOf()},
			check.Fail, []check.Problem{few("north")},
		},
		{
			"without an expected group nothing is found", levels(perYard()), []fact.AnySet{tanksOf()},
			check.Undeclared, []check.Problem{problem(noTank(), "", "There is no tank.")},
		},
		{
			"an absence is unknown where something of its group is unavailable", levels(perYard("north", "south")),
			[]fact.AnySet{set(tanks(), []tank{a, b}, inSouth)}, check.Unknown, []check.Problem{notCollected()},
		},
		{
			"an absence is known where only another group is unavailable", levels(perYard("north", "south")),
			[]fact.AnySet{set(tanks(), []tank{a, b}, inNorth)}, check.Fail, []check.Problem{few("south"), notCollected()},
		},
		{
			"what is unavailable and in no known group may be in any", levels(perYard("north", "south")),
			[]fact.AnySet{set(tanks(), []tank{a, b}, anywhere)}, check.Unknown, []check.Problem{notCollected()},
		},
		{
			"a failure that is no absence stays one", levels(perYard()), []fact.AnySet{set(tanks(), []tank{c, drained}, inSouth)},
			check.Fail, []check.Problem{problem(empty(), "d", "empty"), notCollected()},
		},
	} {
		v.run(t)
	}
}

func TestAllOf(t *testing.T) {
	kind := levels(check.AllOf(tanks(), func(_ check.Context, all []*tank, _ parameters) []check.Problem {
		if len(all) < 2 {
			return []check.Problem{tooFew().Problem("too few")}
		}
		return nil
	}))
	two := []tank{{Name: "a", Yard: "north"}, {Name: "b", Yard: "south"}}
	for _, v := range []verdict{
		{"all facts are one group", kind, []fact.AnySet{tanksOf(two...)}, check.Pass, nil},
		{"that is judged even if it is empty", kind, []fact.AnySet{tanksOf()}, check.Fail, []check.Problem{problem(tooFew(), "", "too few")}},
		{
			"an absence is unknown where anything is unavailable", kind,
			[]fact.AnySet{set(tanks(), two[:1], gone(tank{Yard: "north"}))}, check.Unknown, []check.Problem{notCollected()},
		},
	} {
		v.run(t)
	}
}

func TestNothingPassesWithoutAFact(t *testing.T) {
	careless := check.AllOf(tanks(), func(check.Context, []*tank, parameters) []check.Problem { return nil })
	require.Equal(t, check.Undeclared, judge(levels(careless), tanksOf()).Status)
	kind := levels(careless)
	kind.WhenEmpty = check.Reason{}
	require.Equal(t, check.Unknown, judge(kind, tanksOf()).Status, "a kind that says nothing of it")
}

func TestWhatIsUnavailableCountsByWhatIsKnownOfIt(t *testing.T) {
	kind := levels(each().Known(func(known *tank, _ parameters) bool { return known.Yard == "north" }))
	full := tank{Name: "a", Level: 20}
	for _, v := range []verdict{
		{
			"what the item is about counts", kind, []fact.AnySet{set(tanks(), []tank{full}, gone(tank{Yard: "north"}))},
			check.Unknown, []check.Problem{notCollected()},
		},
		{
			"what the item is not about does not", kind, []fact.AnySet{set(tanks(), []tank{full}, gone(tank{Yard: "south"}))},
			check.Pass, nil,
		},
		{
			"that of which nothing is known does", kind, []fact.AnySet{set(tanks(), []tank{full}, gone(tank{}))},
			check.Unknown, []check.Problem{notCollected()},
		},
	} {
		v.run(t)
	}
}

func TestTopics(t *testing.T) {
	kind := levels(each().Needs("pipes", "roof").Known(func(known *tank, _ parameters) bool { return known.Yard != "south" }))
	partial := tank{Name: "a", Yard: "north", Level: 1, Missing: []string{"paint", "pipes"}}
	full := tank{Name: "b", Yard: "north", Level: 20, Missing: []string{"paint"}}
	of := func(topic string, known tank) fact.Unavailable[tank] {
		unavailable := gone(known)
		unavailable.Topic = topic
		return unavailable
	}
	lacking := check.Problem{
		Subject: "a", Reason: "not_collected", Level: check.Unknown, Cause: fact.ReasonFailed,
		Detail: "its pipes could not be collected", Remedy: notCollected().Remedy,
	}
	for _, v := range []verdict{
		{"a fact is judged though a topic is missing that is not needed", kind, []fact.AnySet{tanksOf(full)}, check.Pass, nil},
		{
			"a fact is unknown, and not judged, where a topic is missing that is needed", kind, []fact.AnySet{tanksOf(partial, full)},
			check.Unknown, []check.Problem{lacking},
		},
		{
			"that a topic is unavailable is said once", kind,
			[]fact.AnySet{set(tanks(), []tank{partial, partial, full}, of("pipes", tank{}))}, check.Unknown, []check.Problem{notCollected()},
		},
		{
			"that another topic is unavailable does not say it", kind,
			[]fact.AnySet{set(tanks(), []tank{partial}, of("roof", tank{}))}, check.Unknown, []check.Problem{lacking, notCollected()},
		},
		{
			"that something else is unavailable does not say it", kind,
			[]fact.AnySet{set(tanks(), []tank{partial}, gone(tank{Yard: "south"}))}, check.Unknown, []check.Problem{lacking},
		},
		{
			"what is unavailable of a topic that is not needed does not count", kind,
			[]fact.AnySet{set(tanks(), []tank{full}, of("paint", tank{}))}, check.Pass, nil,
		},
		{
			"of a fact that the item is not about nothing is needed", kind,
			[]fact.AnySet{tanksOf(full, tank{Name: "c", Yard: "south", Missing: []string{"pipes"}})}, check.Pass, nil,
		},
		{
			"without topics all are needed", levels(each()), []fact.AnySet{tanksOf(tank{Name: "a", Level: 1, Missing: []string{"pipes"}})},
			check.Unknown, []check.Problem{lacking},
		},
		{
			"an absence is unknown where a fact of the group lacks something, wherever that is said", levels(perYard("north", "south")),
			[]fact.AnySet{set(tanks(), []tank{{Name: "a", Yard: "north", Missing: []string{"pipes"}}}, of("pipes", tank{Yard: "south"}))},
			check.Unknown, []check.Problem{notCollected()},
		},
	} {
		v.run(t)
	}
	require.Equal(t, fact.Topics{"tank": {"pipes", "roof"}}, kind.Bind(kind.Parameters()).Needs.Topics)
	all := levels(each())
	require.Equal(t, fact.Topics{"tank": nil}, all.Bind(all.Parameters()).Needs.Topics)
}

func TestATopicThatWasNotAskedForYetIsPending(t *testing.T) {
	kind := levels(each().Needs("pipes", "roof"))
	for _, c := range []struct {
		name  string
		asked fact.Topics
		topic string
		want  check.Status
	}{
		{"everything was asked for", nil, "", check.Pass},
		{"what is needed was asked for", fact.Topics{"tank": {"paint", "pipes", "roof"}}, "", check.Pass},
		{"all topics were asked for", fact.Topics{"tank": nil}, "", check.Pass},
		{"a topic was not", fact.Topics{"tank": {"pipes"}}, "roof", check.Unknown},
		{"the kind was not", fact.Topics{"valve": nil}, "", check.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := run(tanksOf(tank{Name: "a", Level: 20}))
			asked.Asked = c.asked
			rule := check.Rule{ID: "x", Clause: bind(kind)}
			result := rule.Judge(fact.NewView([]*fact.Run{asked}, now), &system.System{}, now)
			require.Equal(t, c.want, result.Status)
			for _, problem := range result.Problems {
				require.Equal(t, fact.ReasonPending, problem.Cause)
			}
		})
	}
}

func TestFactsOfAnyKindAreJudgedAlike(t *testing.T) {
	judgeAny := func(c check.Context, f any, p parameters) []check.Problem { return judgeLevel(c, f.(*tank), p) }
	inUseAny := func(c check.Context, f any, p parameters) bool { return inUse(c, f.(*tank), p) }
	full, drained := tank{Name: "a", Level: 20}, tank{Name: "b", Level: 9}
	lacking := tank{Name: "c", Missing: []string{"pipes"}}
	for _, sets := range [][]fact.AnySet{
		nil, {tanksOf()}, {tanksOf(full, tank{Name: "u", Unused: true})}, {tanksOf(full, drained)}, {tanksOf(drained)},
		{tanksOf(full, lacking)}, {tanksOf(drained, lacking)}, {set(tanks(), []tank{full}, gone(tank{}))},
		{set(tanks(), []tank{drained}, gone(tank{}))},
	} {
		require.Equal(t, judge(levels(each()), sets...), judge(levels(check.EachAny(tanks(), judgeAny).Where(inUseAny)), sets...))
		require.Equal(t,
			judge(levels(check.AtLeastOne(tanks(), judgeLevel).Where(inUse)), sets...),
			judge(levels(check.AtLeastOneAny(tanks(), judgeAny).Where(inUseAny)), sets...))
	}
}
