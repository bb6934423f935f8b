package expression_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/expression"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// rule makes a rule of parameters, which must be valid.
func rule(t *testing.T, p expression.CELParameters) *check.Rule {
	t.Helper()
	kind := expression.CEL(fact.Kinds())
	parameters := kind.Parameters().(*expression.CELParameters)
	parameters.Fact, parameters.Where, parameters.Expression = p.Fact, p.Where, p.Expression
	parameters.Warning, parameters.Message = p.Warning, p.Message
	if p.Quantifier != "" {
		parameters.Quantifier = p.Quantifier
	}
	require.NoError(t, parameters.Validate())
	return &check.Rule{ID: "own.item", Clause: check.Clause{Bound: kind.Bind(parameters)}}
}

func viewOf(sets ...fact.AnySet) fact.View {
	return fact.NewView([]*fact.Run{{Interval: time.Hour, CollectedAt: now, Sets: sets}}, now)
}

func viewWith[F any](kind *fact.Kind[F], facts ...F) fact.View {
	return viewOf(checktest.Facts(kind, facts...))
}

func workload(name string, replicas int, containers ...fact.Container) fact.Workload {
	return fact.Workload{
		Cluster: "k3s", Namespace: "shop", Kind: fact.KindDeployment, Name: name,
		Replicas: fact.Replicas{Desired: replicas}, Containers: containers,
	}
}

func widget(size int64) fact.Object {
	return fact.Object{
		Cluster: "k3s", Namespace: "shop", Kind: "Widget", Name: fmt.Sprintf("size-%d", size),
		Object: map[string]any{"spec": map[string]any{"size": size, "colour": "red"}},
	}
}

func TestExpressions(t *testing.T) {
	web, job := workload("web", 3), workload("job", 1)
	small := int64(10)
	subject := func(w fact.Workload) string { return w.Subject() }
	lacking := checktest.Lacking(fact.Workloads(), fact.Workload{Name: "gone"})
	for _, c := range []struct {
		name       string
		parameters expression.CELParameters
		view       fact.View
		status     check.Status
		problems   []check.Problem
	}{
		{
			"what holds for every fact passes",
			expression.CELParameters{Fact: "workload", Expression: `fact.replicas.desired >= 1 && fact.kind == "Deployment"`},
			viewWith(fact.Workloads(), web, job), check.Pass, nil,
		},
		{
			"any field of an object of Kubernetes can be asked for",
			expression.CELParameters{
				Fact: "object", Where: "fact.kind == 'Widget'", Expression: "fact.object.spec.size >= 3 && has(fact.object.spec.colour)",
			},
			viewWith(fact.Objects(), widget(3), widget(2)), check.Fail,
			[]check.Problem{{
				Subject: "k3s/shop/Widget/size-2", Reason: "does_not_hold", Level: check.Fail,
				Detail: "This does not hold: fact.object.spec.size >= 3 && has(fact.object.spec.colour)",
			}},
		},
		{
			"what does not hold fails, with the expression in one line",
			expression.CELParameters{Fact: "workload", Expression: "fact.replicas.desired >= 2 &&\n  fact.namespace == 'shop'"},
			viewWith(fact.Workloads(), web, job), check.Fail,
			[]check.Problem{{Subject: subject(job), Reason: "does_not_hold", Level: check.Fail, Detail: "This does not hold: fact.replicas.desired >= 2 && fact.namespace == 'shop'"}},
		},
		{
			"the message says it in the user's words",
			expression.CELParameters{
				Fact: "workload", Expression: `fact.replicas.desired >= 2`, Message: `"%s wants %d pods".format([fact.name, fact.replicas.desired])`,
			},
			viewWith(fact.Workloads(), job), check.Fail,
			[]check.Problem{{Subject: subject(job), Reason: "does_not_hold", Level: check.Fail, Detail: "job wants 1 pods"}},
		},
		{
			"what is not taken is not judged",
			expression.CELParameters{Fact: "workload", Where: `fact.name == "web"`, Expression: `fact.replicas.desired >= 2`},
			viewWith(fact.Workloads(), web, job), check.Pass, nil,
		},
		{
			"when nothing is taken, there is nothing to judge",
			expression.CELParameters{Fact: "workload", Where: `fact.name == "other"`, Expression: `true`},
			viewWith(fact.Workloads(), web, job), check.Undeclared,
			[]check.Problem{{Reason: "no_fact", Level: check.Undeclared, Detail: "There is no fact that the expression is about."}},
		},
		{
			"a warning is not a failure",
			expression.CELParameters{Fact: "workload", Expression: `true`, Warning: `fact.replicas.desired >= 2`},
			viewWith(fact.Workloads(), job), check.Warn,
			[]check.Problem{{Subject: subject(job), Reason: "warning_does_not_hold", Level: check.Warn, Detail: "This does not hold: fact.replicas.desired >= 2"}},
		},
		{
			"a failure is not a warning too",
			expression.CELParameters{Fact: "workload", Expression: `false`, Warning: `false`},
			viewWith(fact.Workloads(), job), check.Fail,
			[]check.Problem{{Subject: subject(job), Reason: "does_not_hold", Level: check.Fail, Detail: "This does not hold: false"}},
		},
		{
			"times and durations are compared",
			expression.CELParameters{Fact: "backup", Expression: `now - fact.newest < duration("26h")`},
			viewWith(fact.Backups(), fact.Backup{Name: "db", Newest: now.Add(-25 * time.Hour)}), check.Pass, nil,
		},
		{
			"what is not known can be asked for",
			expression.CELParameters{Fact: "backup", Expression: `!has(fact.newest_bytes) || fact.newest_bytes > 10`},
			viewWith(fact.Backups(), fact.Backup{Name: "a"}, fact.Backup{Name: "b", NewestBytes: &small}), check.Fail,
			[]check.Problem{{Subject: "b", Reason: "does_not_hold", Level: check.Fail, Detail: "This does not hold: !has(fact.newest_bytes) || fact.newest_bytes > 10"}},
		},
		{
			"at least one is enough where the quantifier says so",
			expression.CELParameters{Fact: "workload", Expression: `fact.replicas.desired >= 2`, Quantifier: "at_least_one"},
			viewOf(lacking, checktest.Facts(fact.Workloads(), web, job)), check.Pass, nil,
		},
		{
			"where none holds the one that is unavailable might",
			expression.CELParameters{Fact: "workload", Expression: `fact.replicas.desired >= 2`, Quantifier: "at_least_one"},
			viewOf(lacking, checktest.Facts(fact.Workloads(), job)), check.Unknown,
			[]check.Problem{{
				Subject: "unavailable", Reason: "not_collected", Level: check.Unknown, Cause: fact.ReasonTimeout, Detail: "no answer in 10 s",
			}},
		},
		{
			"what is unavailable is unknown",
			expression.CELParameters{Fact: "workload", Expression: `true`},
			viewOf(lacking, checktest.Facts(fact.Workloads(), web)), check.Unknown,
			[]check.Problem{{
				Subject: "unavailable", Reason: "not_collected", Level: check.Unknown, Cause: fact.ReasonTimeout, Detail: "no answer in 10 s",
			}},
		},
		{
			"an expression that cannot be evaluated is unknown",
			expression.CELParameters{Fact: "workload", Expression: `fact.containers[0].name == "app"`},
			viewWith(fact.Workloads(), job), check.Unknown,
			[]check.Problem{{Subject: subject(job), Reason: "not_evaluated", Level: check.Unknown, Detail: "The expression cannot be evaluated: index out of bounds: 0."}},
		},
		{
			"a fact of which it cannot be told whether it is meant is unknown",
			expression.CELParameters{Fact: "workload", Where: `fact.containers[0].name == "app"`, Expression: `true`},
			viewWith(fact.Workloads(), job), check.Unknown,
			[]check.Problem{{Subject: subject(job), Reason: "not_evaluated", Level: check.Unknown, Detail: "The expression cannot be evaluated: index out of bounds: 0."}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := rule(t, c.parameters).Judge(c.view, &system.System{}, now)
			for i := range result.Problems {
				result.Problems[i].Remedy = ""
			}
			require.Equal(t, c.problems, result.Problems)
			require.Equal(t, c.status, result.Status)
		})
	}
}

// costly are expressions that would take minutes, or gigabytes. What they begin with is not known before they are judged.
func costly() map[string]string {
	nested := "[fact.containers]" + strings.Repeat(".map(a, [a, a])", 40)
	return map[string]string{
		"loops in loops":                 `fact.containers.all(a, fact.containers.all(b, fact.containers.all(c, c.name == "")))`,
		"a long list without doubles":    `lists.range(fact.replicas.desired * 99000).distinct().size() == 0`,
		"a list that is sorted":          `lists.range(fact.replicas.desired * 99000).map(i, -i).sort()[0] == 0`,
		"a longer list still":            `lists.range(fact.replicas.desired * 1000000000).size() == 0`,
		"sets of each other":             `sets.equivalent(lists.range(fact.replicas.desired * 50000), lists.range(50000))`,
		"a list that is looked through":  `lists.range(2000).all(i, -i in lists.range(fact.replicas.desired * 20000))`,
		"values that hold themselves":    nested + " == " + nested,
		"a list of such in a list":       nested + " in [" + nested + "]",
		"such a value as a text":         `"%s".format([` + nested + `]) == ""`,
		"such a value made flat":         nested + ".flatten(40).size() == 0",
		"a list that doubles":            "[fact.containers]" + strings.Repeat(".map(a, a + a)", 40) + "[0].distinct().size() == 0",
		"a part of it":                   "[fact.containers]" + strings.Repeat(".map(a, a + a)", 40) + "[0].slice(1, 1000000000).size() == 0",
		"a text that doubles":            "[fact.name]" + strings.Repeat(".map(a, a + a)", 40) + `[0] == ""`,
		"a text that is replaced":        `"` + strings.Repeat("a", 4000) + `".replace("a", "` + strings.Repeat("b", 4000) + `").replace("b", fact.name).size() == 0`,
		"a text that is replaced by far": `[fact.name + "aaaaaaaaaaaaaaaa"]` + strings.Repeat(`.map(a, a.replace("a", a))`, 9) + `[0] == ""`,
		"texts that are joined":          `lists.range(fact.replicas.desired * 50000).map(i, "").join("` + strings.Repeat("b", 5000) + `") == ""`,
		"a pattern that is repeated":     `[fact.name]` + strings.Repeat(".map(a, a + a)", 17) + `.all(a, a.matches("(x{0,20}){0,20}y"))`,
		"a text that is searched":        `[fact.name]` + strings.Repeat(".map(a, a + a)", 17) + `.all(a, a.indexOf(a + "x") == 0)`,
	}
}

func TestAnExpressionThatCostsTooMuchIsStopped(t *testing.T) {
	heavy := workload("web", 1, make([]fact.Container, 300)...)
	for name, text := range costly() {
		t.Run(name, func(t *testing.T) {
			parameters := expression.CEL(fact.Kinds()).Parameters().(*expression.CELParameters)
			parameters.Fact, parameters.Expression = "workload", text
			if err := parameters.Validate(); err != nil {
				require.ErrorContains(t, err, "expected", "it is refused before it is judged")
				return
			}
			result := rule(t, expression.CELParameters{Fact: "workload", Expression: text}).Judge(
				viewWith(fact.Workloads(), heavy), &system.System{}, now)
			require.Equal(t, check.Unknown, result.Status)
			require.Equal(t, "not_evaluated", result.Problems[0].Reason)
			require.Contains(t, result.Problems[0].Detail, "cost limit exceeded")
		})
	}
}

func TestWhatCanNeverBeEvaluatedIsRefused(t *testing.T) {
	parameters := expression.CEL(fact.Kinds()).Parameters().(*expression.CELParameters)
	parameters.Fact, parameters.Expression = "workload", "lists.range(99000).distinct().size() == 0"
	require.ErrorContains(t, parameters.Validate(), "units of work at least: expected at most 100000")
	parameters.Expression = "true" + strings.Repeat(" && true", 2000)
	require.ErrorContains(t, parameters.Validate(), "expression code point size exceeds limit")
}

func TestTheMoreFactsThereAreTheLessEachMayCost(t *testing.T) {
	judged := rule(t, expression.CELParameters{Fact: "workload", Expression: `lists.range(1500).all(i, i >= 0)`})
	for number, want := range map[int]check.Status{1: check.Pass, 100: check.Pass, 10_001: check.Unknown} {
		workloads := make([]fact.Workload, number)
		for i := range workloads {
			workloads[i] = workload(fmt.Sprint("web-", i), 1)
		}
		require.Equal(t, want, judged.Judge(viewWith(fact.Workloads(), workloads...), &system.System{}, now).Status, "%d facts", number)
	}
}

func TestWhatExpressionsGiveIsShortened(t *testing.T) {
	judged := rule(t, expression.CELParameters{
		Fact: "workload", Expression: "false", Message: `lists.range(900).map(i, "ä").join()`,
	})
	detail := judged.Judge(viewWith(fact.Workloads(), workload("web", 1)), &system.System{}, now).Problems[0].Detail
	require.Equal(t, strings.Repeat("ä", 250)+"…", detail)
}

func TestEveryKindOfFactCanBeJudged(t *testing.T) {
	for _, kind := range fact.Kinds() {
		t.Run(kind.KindName(), func(t *testing.T) {
			judged := rule(t, expression.CELParameters{Fact: kind.KindName(), Expression: `now > timestamp("2020-01-01T00:00:00Z") && type(fact) == type(fact)`})
			require.Equal(t, check.Pass, judged.Judge(viewOf(setOfZero(kind)), &system.System{}, now).Status)
		})
	}
}

// setOfZero is a set with one fact of which nothing is known.
func setOfZero(kind fact.Any) fact.AnySet {
	set := kind.NoFacts()
	facts := reflect.ValueOf(set).FieldByName("Set").Elem().FieldByName("Facts")
	facts.Set(reflect.Append(facts, reflect.ValueOf(kind.Zero())))
	return set
}

func TestTheQuantifierIsOneOfTwo(t *testing.T) {
	require.EqualError(t, new(expression.Quantifier).UnmarshalText([]byte("at-least-one")),
		`"at-least-…" is not allowed: expected one of each, at_least_one: did you mean "at_least_one"?`)
}

func FuzzExpression(f *testing.F) {
	for _, seed := range []string{"true", "fact.name == 'x'", "fact.containers.map(c, c.name).join(',') == ''", "(", "fact", "1/0 == 1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		kind := expression.CEL(fact.Kinds())
		parameters := kind.Parameters().(*expression.CELParameters)
		parameters.Fact, parameters.Expression = "workload", text
		if err := parameters.Validate(); err != nil {
			require.NotEmpty(t, strings.TrimSpace(err.Error()))
			return
		}
		own := check.Rule{ID: "x", Clause: check.Clause{Bound: kind.Bind(parameters)}}
		own.Judge(viewWith(fact.Workloads(), workload("web", 1)), &system.System{}, now)
	})
}
