package host_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// now is when everything is judged.
var now = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// judged runs the kind as the engine does.
func judged[P any](t *testing.T, kind check.Kind[P], p P, sets ...fact.AnySet) []checktest.Finding {
	t.Helper()
	result := checktest.Case{Kind: kind, Parameters: &p, Now: now, Sets: sets}.Result(t)
	var found []checktest.Finding
	for _, problem := range result.Problems {
		found = append(found, checktest.Finding{Reason: problem.Reason, Level: problem.Level, Detail: problem.Detail})
		require.Equal(t, problem.Reason != kind.WhenEmpty.Name, problem.Subject != "", "what is wrong with a machine names it")
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
