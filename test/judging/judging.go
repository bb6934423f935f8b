// Package judging has what a test describes collected and judged once, as the program does.
package judging

import (
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// Once gives the results of the first system of a configuration, by their items. Those that only follow from others are left out.
func Once(t *testing.T, loaded *config.Config, all []collector.Any) map[string]check.Result {
	t.Helper()
	assessed := Assess(t, loaded.Plans, all)
	results := make(map[string]check.Result)
	for i, result := range assessed[0].Results {
		if !assessed[0].Plan.Items[i].Composite() {
			results[result.Check] = result
		}
	}
	return results
}

// Assess gives all that is concluded of each system.
func Assess(t *testing.T, plans []*assess.Plan, all []collector.Any) []*assess.Assessment {
	t.Helper()
	assessed, err := engine.New(engine.Options{
		Logger: log.NewNopLogger(), Collectors: all, MaxRuns: 64, MaxRunsPerServer: 64, Publish: func([]*assess.Assessment) {},
		Observe: func(*system.System, string, engine.Outcome, time.Duration) {},
	}).Once(t.Context(), plans, func(int, int) {})
	require.NoError(t, err)
	return assessed
}
