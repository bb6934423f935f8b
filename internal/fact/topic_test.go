package fact_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestNeedsAreAddedUp(t *testing.T) {
	needs := fact.Needs{}
	needs.Add("workload", []string{})
	require.Equal(t, fact.Needs{"workload": {}}, needs, "the fact, and no topic of it")
	needs.Add("workload", []string{"pods", "budgets"})
	needs.Add("workload", []string{"pods"})
	require.Equal(t, fact.Needs{"workload": {"budgets", "pods"}}, needs)
	needs.Add("workload", nil)
	needs.Add("workload", []string{"pods"})
	require.Equal(t, fact.Needs{"workload": nil}, needs, "all there are")
}
