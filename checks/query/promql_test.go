package query_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/query"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

var now = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

const (
	wrong    = "errors > 0.01"
	required = "errors"
)

func sample(value float64, labels ...string) fact.QuerySample {
	s := fact.QuerySample{Value: fact.Number(value), Labels: map[string]string{}}
	for i := 0; i < len(labels); i += 2 {
		s.Labels[labels[i]] = labels[i+1]
	}
	return s
}

// run is one that collected the result of an expression.
func run(expression string, samples ...fact.QuerySample) *fact.Run {
	set := &fact.Set[fact.QueryResult]{}
	set.Add(fact.QueryResult{Prometheus: "main", Expression: expression, Samples: samples})
	return collected(expression, set)
}

// gap is a run in which the result of an expression was unavailable, in whole or, with samples, in part.
func gap(expression string, samples ...fact.QuerySample) *fact.Run {
	set := &fact.Set[fact.QueryResult]{Unavailable: []fact.Unavailable[fact.QueryResult]{{
		Known: fact.QueryResult{Prometheus: "main", Expression: expression}, Reason: fact.ReasonFailed, Detail: "in part",
	}}}
	if samples != nil {
		set.Add(fact.QueryResult{Prometheus: "main", Expression: expression, Samples: samples})
	}
	return collected(expression, set)
}

func collected(target string, set *fact.Set[fact.QueryResult]) *fact.Run {
	return &fact.Run{
		Collector: "prometheus", Target: target, Interval: time.Minute, CollectedAt: now,
		Sets: []fact.AnySet{fact.QueryResults().Set(set)},
	}
}

func judge(s *system.System, p query.PromQLParameters, runs ...*fact.Run) check.Result {
	bound := query.PromQL().Bind(&p)
	rule := check.Rule{ID: "x", Clause: check.Clause{Bound: bound}}
	return rule.Judge(fact.NewView(runs, now), s, now)
}

func TestPromQL(t *testing.T) {
	declared := &system.System{Prometheus: []system.Prometheus{{Name: "main"}}}
	measured := run(required, sample(0.001, "job", "shop"))
	type problem struct{ reason, subject, detail string }
	name := func(expression string) string { return fact.Query{Prometheus: "main", Expression: expression}.Name() }
	for _, c := range []struct {
		name     string
		system   *system.System
		message  string
		runs     []*fact.Run
		status   check.Status
		problems []problem
	}{
		{"nothing wrong and something measured passes", declared, "", []*fact.Run{run(wrong), measured}, check.Pass, nil},
		{
			"each series that is returned is a problem", declared, "",
			[]*fact.Run{run(wrong, sample(0.5, "job", "shop"), sample(math.Inf(1), "__name__", "errors")), measured}, check.Fail,
			[]problem{
				{"returned", "errors", "The expression errors > 0.01 returns the value +Inf."},
				{"returned", `{job="shop"}`, "The expression errors > 0.01 returns the value 0.5."},
			},
		},
		{
			"a series without labels is found on the query, with the item's own message", declared, "More than 1 % of requests fail.",
			[]*fact.Run{run(wrong, sample(0.5)), measured}, check.Fail,
			[]problem{{"returned", name(wrong), "More than 1 % of requests fail. The value is 0.5."}},
		},
		{
			"nothing measured is unknown", declared, "", []*fact.Run{run(wrong), run(required)}, check.Unknown,
			[]problem{{"not_measured", name(required), "The expression errors returns nothing at main."}},
		},
		{
			"what is wrong fails though nothing is measured", declared, "",
			[]*fact.Run{run(wrong, sample(1, "job", "shop")), run(required)}, check.Fail,
			[]problem{
				{"returned", `{job="shop"}`, "The expression errors > 0.01 returns the value 1."},
				{"not_measured", name(required), "The expression errors returns nothing at main."},
			},
		},
		{
			"an answer in part does not pass", declared, "", []*fact.Run{gap(wrong, []fact.QuerySample{}...), measured}, check.Unknown,
			[]problem{{"not_collected", name(wrong), "in part"}},
		},
		{
			"an answer in part fails by what is in it", declared, "",
			[]*fact.Run{gap(wrong, sample(1, "job", "shop")), measured}, check.Fail,
			[]problem{
				{"returned", `{job="shop"}`, "The expression errors > 0.01 returns the value 1."}, {"not_collected", name(wrong), "in part"},
			},
		},
		{
			"one expression without the other does not pass", declared, "", []*fact.Run{run(wrong), gap(required)}, check.Unknown,
			[]problem{{"not_collected", name(required), "in part"}},
		},
		{
			"results of other items are of no concern", declared, "",
			[]*fact.Run{run(wrong), measured, run("up == 0", sample(0)), gap("down")}, check.Pass, nil,
		},
		{
			"a server that is not declared is undeclared", &system.System{}, "", []*fact.Run{run(wrong), measured}, check.Undeclared,
			[]problem{{"not_declared", "", query.PromQL().Declare}},
		},
		{
			"a query that nobody has made is undeclared", declared, "", []*fact.Run{run("up == 0")}, check.Undeclared,
			[]problem{{"not_asked", "", "Prometheus has not been asked for the expressions of the item."}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := judge(c.system, query.PromQLParameters{
				Prometheus: "main", Expression: wrong, Require: required, Message: c.message,
			}, c.runs...)
			require.Equal(t, c.status, result.Status)
			var problems []problem
			for _, p := range result.Problems {
				problems = append(problems, problem{p.Reason, p.Subject, p.Detail})
				require.NotEmpty(t, p.Remedy)
			}
			require.Equal(t, c.problems, problems)
		})
	}
}

func TestPromQL_asksForBothExpressions(t *testing.T) {
	bound := query.PromQL().Bind(&query.PromQLParameters{Prometheus: "main", Expression: wrong, Require: required})
	require.Equal(t, []fact.Request{
		fact.Query{Prometheus: "main", Expression: wrong}, fact.Query{Prometheus: "main", Expression: required},
	}, bound.Needs.Requests)
	for _, request := range bound.Needs.Requests {
		require.Equal(t, fact.QueryResults().Name, request.FactKind())
	}
}

func TestPromQL_subjectsAreBounded(t *testing.T) {
	long := sample(1, "job", strings.Repeat("é", 1000))
	result := judge(&system.System{Prometheus: []system.Prometheus{{Name: "main"}}},
		query.PromQLParameters{Prometheus: "main", Expression: wrong, Require: required}, run(wrong, long))
	require.Less(t, len(result.Problems[0].Subject), 310)
	require.Equal(t, strings.ToValidUTF8(result.Problems[0].Subject, ""), result.Problems[0].Subject)
}

func TestPromQLParameters_Validate(t *testing.T) {
	require.NoError(t, query.PromQLParameters{Prometheus: "main", Expression: wrong, Require: required}.Validate())
	err := query.PromQLParameters{Require: " "}.Validate()
	require.EqualError(t, err, `prometheus: expected the name of a declared Prometheus
expression: expected an expression that returns what is wrong
require: expected an expression that returns something as long as there is something to measure`)
	var wrongParameter *check.ParameterError
	require.ErrorAs(t, err, &wrongParameter)
	require.ErrorContains(t, query.PromQLParameters{Prometheus: "main", Expression: wrong, Require: wrong}.Validate(),
		"the item could never pass")
}
