package check_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestWaivers(t *testing.T) {
	rule := check.Rule{ID: "x", Clause: bind(levels(each()))}
	drained := []check.Problem{problem(empty(), "a", "empty")}
	waiver := func(item string, left time.Duration) fact.Waiver {
		return fact.Waiver{Check: item, By: "bob", Reason: "moving", Until: now.Add(left)}
	}
	longer := waiver("x", day)
	for _, c := range []struct {
		name     string
		tanks    fact.AnySet
		waivers  []fact.Waiver
		status   check.Status
		problems []check.Problem
		waiver   *fact.Waiver
	}{
		{
			"a failure is waived, by the waiver that expires last", tanksOf(tank{Name: "a"}),
			[]fact.Waiver{waiver("x", time.Hour), longer, waiver("x", time.Minute)}, check.Waived, drained, &longer,
		},
		{"a waiver expires on the second", tanksOf(tank{Name: "a"}), []fact.Waiver{waiver("x", 0)}, check.Fail, drained, nil},
		{"a waiver of another item excuses nothing", tanksOf(tank{Name: "a"}), []fact.Waiver{waiver("y", day)}, check.Fail, drained, nil},
		{
			"a waiver does not excuse what is unknown", set(tanks(), nil, gone(tank{})), []fact.Waiver{longer},
			check.Unknown, []check.Problem{notCollected()}, nil,
		},
		{
			"a waiver does not excuse what is undeclared", tanksOf(), []fact.Waiver{longer},
			check.Undeclared, []check.Problem{problem(noTank(), "", "There is no tank.")}, nil,
		},
		{"what passes needs none", tanksOf(tank{Name: "a", Level: 20}), []fact.Waiver{longer}, check.Pass, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := rule.Judge(viewOf(c.tanks, set(fact.Waivers(), c.waivers)), &system.System{}, now)
			compareResult(t, c.status, c.problems, result)
			require.Equal(t, c.waiver, result.Waiver)
		})
	}
}

func TestAWaiverThatWasNotAskedForYetExcusesNothing(t *testing.T) {
	rule := check.Rule{ID: "x", Clause: bind(levels(each()))}
	asked := run(tanksOf(tank{Name: "a"}), set(fact.Waivers(), []fact.Waiver{{Check: "x", Until: now.Add(day)}}))
	asked.Asked = fact.Topics{"tank": nil}
	require.Equal(t, check.Fail, rule.Judge(fact.NewView([]*fact.Run{asked}, now), &system.System{}, now).Status)
}

func TestAResultSaysOfWhatAndWhenItIs(t *testing.T) {
	result := judge(levels(each()), tanksOf(tank{Name: "a", Level: 90}, tank{Name: "b", Unused: true}, tank{Name: "c", Level: 90}))
	require.Equal(t, check.Result{Check: "x", Status: check.Pass, Facts: 2, EvaluatedAt: now, ChangedAt: now}, result)
	require.Zero(t, judge(levels(each()), tanksOf(tank{Level: 90}, tank{Level: -1})).Facts, "a panic has judged nothing")
}

func TestWhatDoesNotApplyIsNotJudged(t *testing.T) {
	rule := check.Rule{ID: "x", Clause: bind(levels(each())), NotApplicable: "no such thing here"}
	require.Equal(t, check.Result{
		Check: "x", Status: check.NotApplicable, NotApplicable: "no such thing here", EvaluatedAt: now, ChangedAt: now,
	}, rule.Judge(viewOf(tanksOf(tank{Name: "a", Level: -1})), &system.System{}, now))
	var needs fact.Needs
	rule.Needs(&needs)
	require.Empty(t, needs, "nothing is collected for it")
}

func TestARuleNeedsWhatItsClausesNeed(t *testing.T) {
	type question struct{ fact.Request }
	first, second := levels(each().Needs("pipes")), levels(each().Needs("roof"))
	first.With = []check.Input{check.Reading(valves(), "seal")}
	first.Requests = func(parameters) []fact.Request { return []fact.Request{question{}} }
	second.Requests = first.Requests
	second.After = func(p parameters) []string { return []string{"a.b", "c.d"} }
	rule := check.Rule{ID: "x", Clause: check.Clause{Operator: check.AllOfClauses, Clauses: []check.Clause{
		bind(first), {Operator: check.AnyOfClauses, Clauses: []check.Clause{bind(second)}},
	}}}
	var needs fact.Needs
	rule.Needs(&needs)
	require.Equal(t, fact.Needs{
		Topics: fact.Topics{"tank": {"pipes", "roof"}, "valve": {"seal"}}, Requests: []fact.Request{question{}},
	}, needs)
	require.Equal(t, []string{"a.b", "c.d"}, rule.After())
	for bound := range rule.Clause.Bounds() {
		require.Equal(t, "level", bound.Name)
		break // Whoever has found what it wants may stop.
	}
	for _, reason := range []check.Reason{empty(), low(), noTank()} {
		require.Contains(t, rule.Reasons(), reason)
	}
}

func TestTheOrderOfProblemsDoesNotDependOnThatOfFacts(t *testing.T) {
	kind := levels(check.Each(tanks(), func(_ check.Context, t *tank, _ parameters) []check.Problem {
		return []check.Problem{low().Problem(t.Yard), empty().Problem(t.Yard)}
	}))
	all := []tank{{Name: "a", Yard: "2"}, {Name: "b", Yard: "1"}, {Name: "a", Yard: "1"}}
	want := []check.Problem{
		problem(empty(), "a", "1"), problem(empty(), "a", "2"), problem(empty(), "b", "1"), notCollected(),
		problem(low(), "a", "1"), problem(low(), "a", "2"), problem(low(), "b", "1"),
	}
	for range all {
		all = append(all[1:], all[0])
		require.Equal(t, want, judge(kind, set(tanks(), all, gone(tank{}))).Problems)
	}
}

func TestTheWorstLevelDecides(t *testing.T) {
	order := []check.Status{check.Pass, check.Warn, check.Undeclared, check.Unknown, check.Fail}
	for i, worse := range order {
		for _, better := range order[:i+1] {
			for _, problems := range [][]check.Problem{{{Level: better}, {Level: worse}}, {{Level: worse}, {Level: better}}} {
				require.Equal(t, worse, check.Worst(problems))
			}
		}
	}
	require.Equal(t, check.Pass, check.Worst(nil))
}

func TestStatuses(t *testing.T) {
	require.Equal(t, check.Unknown, *new(check.Status), "nothing passes by being forgotten")
	for _, status := range check.Statuses() {
		text, err := status.MarshalText()
		require.NoError(t, err)
		var read check.Status
		require.NoError(t, read.UnmarshalText(text))
		require.Equal(t, status, read)
	}
	require.EqualError(t, new(check.Status).UnmarshalText([]byte("good")), `"good" is no status`)
	require.Equal(t, "status(99)", check.Status(99).String())
	for _, status := range []check.Status{check.Pass, check.Warn, check.Waived} {
		require.True(t, status.Ready() && status.Judged() && status.Applicable(), status)
	}
	for _, status := range []check.Status{check.Fail, check.Unknown} {
		require.True(t, !status.Ready() && status.Judged() && status.Applicable(), status)
	}
	require.True(t, !check.Undeclared.Ready() && !check.Undeclared.Judged() && check.Undeclared.Applicable())
	require.True(t, !check.NotApplicable.Ready() && !check.NotApplicable.Judged() && !check.NotApplicable.Applicable())
}
