package checktest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// Now is when Verdicts judge.
func Now() time.Time { return time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC) }

// Verdicts are the cases of one kind that judges facts of one kind, a line each.
type Verdicts[F any] struct {
	System *system.System // one with the Kubernetes cluster main, unless a test says otherwise
	// With are the facts that the kind reads beside those that it judges.
	With []fact.AnySet

	t     *testing.T
	kind  check.Any
	facts *fact.Kind[F]
	found map[string]bool
}

// Some begins cases of a kind, with its default parameters.
func Some[F, P any](t *testing.T, kind check.Kind[P], facts *fact.Kind[F]) *Verdicts[F] {
	t.Helper()
	return &Verdicts[F]{
		System: &system.System{Kubernetes: []system.Cluster{{Name: "main"}}},
		t:      t, kind: kind, facts: facts, found: make(map[string]bool),
	}
}

// Of is Some where every reason of the kind must have been found in one of the cases when the test ends.
func Of[F, P any](t *testing.T, kind check.Kind[P], facts *fact.Kind[F]) *Verdicts[F] {
	t.Helper()
	v := Some(t, kind, facts)
	t.Cleanup(func() {
		for _, reason := range kind.Reasons {
			require.NotEmpty(t, reason.Sentence, reason.Name)
			require.True(t, v.found[reason.Name], "no case gives the reason %s", reason.Name)
		}
	})
	return v
}

// Finds runs a case with one fact.
func (v *Verdicts[F]) Finds(name string, f F, want ...string) {
	v.t.Helper()
	v.FindsOn(name, []F{f}, want...)
}

// FindsOn runs a case with any number of facts. What is wanted is written as "fail too_old on nightly: It is 3 d old.";
// without a subject where that is the case's only fact.
func (v *Verdicts[F]) FindsOn(name string, facts []F, want ...string) {
	v.t.Helper()
	var set fact.Set[F]
	set.Add(facts...)
	v.FindsIn(name, set, want...)
}

// FindsIn is FindsOn with a set that may also have what is unavailable.
func (v *Verdicts[F]) FindsIn(name string, set fact.Set[F], want ...string) {
	v.t.Helper()
	v.t.Run(name, func(t *testing.T) {
		own := ""
		if len(set.Facts) == 1 {
			own = v.facts.SubjectOf(set.Facts[0])
		}
		judged := Case{Kind: v.kind, System: v.System, Now: Now(), Sets: append([]fact.AnySet{v.facts.Set(&set)}, v.With...)}
		var found []string
		for _, problem := range judged.Result(t).Problems {
			v.found[problem.Reason] = true
			if problem.Cause == "" {
				require.Regexp(t, `^[A-Z0-9].*\.$`, problem.Detail, "the detail is a sentence")
			}
			found = append(found, written(problem, own))
		}
		require.Equal(t, want, found)
	})
}

func written(problem check.Problem, own string) string {
	on := ""
	switch problem.Subject {
	case "":
		on = " on the item"
	case own:
	default:
		on = " on " + problem.Subject
	}
	return fmt.Sprintf("%s %s%s: %s", problem.Level, problem.Reason, on, problem.Detail)
}
