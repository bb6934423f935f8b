package metrics_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
)

func TestWhatIsServedIsInTheReference(t *testing.T) {
	listed, err := metrics.Families(tankCollectors())
	require.NoError(t, err)
	known := make(map[string]metrics.Family)
	for _, family := range listed {
		require.NotContains(t, known, family.Name, "a family is listed once")
		known[family.Name] = family
	}
	for name, want := range map[string]metrics.Family{
		"readiness_gate_ready":                 {Type: "gauge", Source: metrics.SourceSystem, Labels: []string{"system", "environment", "gate"}},
		"readiness_tank_level_ratio":           {Type: "gauge", Source: "tank", Labels: []string{"system", "environment", "tank"}},
		"readiness_collector_unavailable":      {Type: "gauge", Source: metrics.SourceSelf, Labels: []string{"collector", "reason"}},
		"readiness_collector_runs_total":       {Type: "counter", Source: metrics.SourceSelf, Labels: []string{"collector", "outcome"}},
		"readiness_collector_duration_seconds": {Type: "histogram", Source: metrics.SourceSelf, Labels: []string{"collector"}},
	} {
		want.Name, want.Help = name, known[name].Help
		require.NotEmpty(t, want.Help)
		require.Equal(t, want, known[name])
	}
	self := metrics.NewSelf()
	self.ObserveRun(nil, "tank", engine.OutcomeSuccess, 0)
	self.CountClockSteps(func() int { return 0 })
	self.WatchStorage(func() bool { return true })
	e := metrics.NewExposition(tankCollectors(), self.Registry())
	e.Publish([]*assess.Assessment{assessed(planOf("shop"), now, append(smallWorld(), found(tank{Rusty: true}))...)})
	for name := range parse(t, scrape(t, e, asText, "")) {
		if !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") {
			require.Contains(t, known, name)
		}
	}
}
