package predeployment_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// now is when everything is judged.
var now = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// A finding is what a table expects of a problem.
type finding struct {
	reason string
	level  check.Status
	detail string
}

func one(reason string, level check.Status, detail string) []finding {
	return []finding{{reason, level, detail}}
}

// judged runs the kind as the engine does, and sees to it that it keeps to its own reasons.
func judged[F, P any](t *testing.T, kind check.Kind[F, P], p P, batch fact.Batch[F]) []finding {
	t.Helper()
	facts := make([]any, len(batch.Facts))
	for i, f := range batch.Facts {
		facts[i] = f
	}
	view := fact.NewView([]fact.Look{{
		Kind: kind.About, Interval: time.Hour, SeenAt: now, Facts: facts, Missed: batch.Missed,
	}}, now)
	bound := kind.Bind(&p)
	var found []finding
	for _, problem := range (check.Rule{ID: "x", Bound: &bound}).Judge(view, now).Problems {
		found = append(found, finding{problem.Reason, problem.Level, problem.Detail})
		require.NotEmpty(t, problem.Remedy)
		require.Equal(t, problem.Reason != "nothing_seen", problem.Subject != "")
		known := false
		for _, reason := range kind.Describe().AllReasons() {
			known = known || reason.Name == problem.Reason && reason.Level == problem.Level
		}
		require.True(t, known, "%s is none of the kind's reasons", problem.Reason)
	}
	return found
}

// edited is a fact changed by each of edit.
func edited[F any](f F, edit ...func(*F)) F {
	for _, change := range edit {
		change(&f)
	}
	return f
}

func facts[F any](all ...F) fact.Batch[F] { return fact.Batch[F]{Facts: all} }

func missed[F any](subject string, all ...F) fact.Batch[F] {
	return fact.Batch[F]{
		Facts: all, Missed: []fact.Missed{{Subject: subject, Reason: fact.ReasonStuck, Detail: "an earlier call has not returned"}},
	}
}

func notSeen() []finding {
	return one("not_seen", check.Unknown, "stuck: an earlier call has not returned")
}
