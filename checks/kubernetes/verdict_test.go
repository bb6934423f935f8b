package kubernetes_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// now is when everything is judged.
var now = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

// A finding is what a table expects of a problem.
type finding struct {
	reason string
	level  check.Status
	detail string
}

// A verdictOn is a fact, and what is wanted to be found wrong with it.
type verdictOn[F any] struct {
	name string
	fact F
	want []finding
}

type verdict = verdictOn[fact.Workload]

// leftOut is what is found when nothing is left to judge.
func leftOut(detail string) []finding {
	return []finding{{"nothing_seen", check.Undeclared, detail}}
}

const noWorkload = "no workload is known: add the cluster to kubernetes in the system description, with namespaces and a selector"

// verdicts judges each case as the engine does, and sees to it that the kind keeps to its own reasons and uses each.
func verdicts[F, P any](t *testing.T, kind check.Kind[F, P], cases []verdictOn[F]) {
	t.Helper()
	used := reasonsOf(t, kind)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { used.judge(t, kind.Bind(kind.Parameters()), kind.About, c.want, true, c.fact) })
	}
	used.each(t, kind.Reasons)
}

// verdictsOfAll does so for a kind that judges all facts together, and may find fault with the item as a whole.
func verdictsOfAll[F, P any](t *testing.T, kind check.Kind[F, P], cases []verdictOn[F]) {
	t.Helper()
	var together []verdictOnAll
	for _, c := range cases {
		together = append(together, verdictOnAll{c.name, []any{c.fact}, c.want})
	}
	verdictsOnAll(t, kind, together)
}

// A verdictOnAll is facts of one kind, and what is wanted to be found wrong with them together.
type verdictOnAll struct {
	name  string
	facts []any
	want  []finding
}

func verdictsOnAll[F, P any](t *testing.T, kind check.Kind[F, P], cases []verdictOnAll) {
	t.Helper()
	used := reasonsOf(t, kind)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			used.judge(t, kind.Bind(kind.Parameters()), kind.About, c.want, false, c.facts...)
		})
	}
	used.each(t, kind.Reasons)
}

// usage notes which reasons of a kind were given.
type usage struct {
	levels map[string]check.Status
	used   map[string]bool
}

func reasonsOf(t *testing.T, kind check.Any) usage {
	t.Helper()
	u := usage{make(map[string]check.Status), make(map[string]bool)}
	for _, reason := range kind.Describe().AllReasons() {
		u.levels[reason.Name] = reason.Level
		require.NotEmpty(t, reason.Sentence)
	}
	return u
}

func (u usage) judge(t *testing.T, bound check.Bound, about fact.Any, want []finding, each bool, facts ...any) {
	t.Helper()
	view := fact.NewView([]fact.Look{{Kind: about, Interval: time.Minute, SeenAt: now, Facts: facts}}, now)
	var found []finding
	for _, problem := range (check.Rule{ID: "x", Bound: &bound}).Judge(view, now).Problems {
		found = append(found, finding{problem.Reason, problem.Level, problem.Detail})
		require.NotEmpty(t, problem.Remedy)
		require.Equal(t, u.levels[problem.Reason], problem.Level)
		if each && problem.Reason != "nothing_seen" {
			require.Equal(t, about.SubjectOf(facts[0]), problem.Subject)
		}
		u.used[problem.Reason] = true
	}
	require.Equal(t, want, found)
}

func (u usage) each(t *testing.T, reasons []check.Reason) {
	t.Helper()
	for _, reason := range reasons {
		require.True(t, u.used[reason.Name], "no case gives the reason %s", reason.Name)
	}
}
