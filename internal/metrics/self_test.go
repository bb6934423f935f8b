package metrics_test

import (
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func gathered(t *testing.T, self *metrics.Self) map[string]*dto.MetricFamily {
	t.Helper()
	families, err := self.Registry().Gather()
	require.NoError(t, err)
	byName := make(map[string]*dto.MetricFamily)
	for _, family := range families {
		byName[family.GetName()] = family
	}
	return byName
}

func TestTheExportersOwnMetricsAreLintFree(t *testing.T) {
	self := metrics.NewSelf()
	self.ObserveRun(nil, "tank", engine.OutcomeSuccess, time.Second)
	self.ObserveReload(nil)
	self.NameAddress(&url.URL{Scheme: "https", Host: "readiness.example.com"})
	self.CountClockSteps(func() int { return 3 })
	self.WatchStorage(func() bool { return false })
	problems, err := testutil.GatherAndLint(self.Registry())
	require.NoError(t, err)
	require.Empty(t, problems)
	require.Equal(t, 3.0, gathered(t, self)["readiness_clock_steps_total"].GetMetric()[0].GetCounter().GetValue())
}

func TestAnAssessmentIsTimedOnce(t *testing.T) {
	self := metrics.NewSelf()
	count := func() uint64 {
		return gathered(t, self)["readiness_assessment_duration_seconds"].GetMetric()[0].GetHistogram().GetSampleCount()
	}
	first, second := assessed(planOf("shop"), now), assessed(planOf("blog"), now)
	self.ObserveAssessments([]*assess.Assessment{first})
	self.ObserveAssessments([]*assess.Assessment{first, second})
	self.ObserveAssessments([]*assess.Assessment{first, second})
	require.EqualValues(t, 2, count())
	self.ObserveAssessments([]*assess.Assessment{first, assessed(planOf("blog"), now)})
	require.EqualValues(t, 3, count())
}

func TestRunsOfAllSystemsAreCountedTogether(t *testing.T) {
	self := metrics.NewSelf()
	self.ObserveRun(&system.System{Name: "shop"}, "tank", engine.OutcomeSuccess, time.Second)
	self.ObserveRun(&system.System{Name: "blog"}, "tank", engine.OutcomeSuccess, time.Second)
	self.ObserveRun(&system.System{Name: "blog"}, "tank", engine.OutcomeSkipped, 0)
	families := gathered(t, self)
	got := make(map[string]float64)
	for _, metric := range families["readiness_collector_runs_total"].GetMetric() {
		got[label(metric, "outcome")] = metric.GetCounter().GetValue()
	}
	require.Equal(t, map[string]float64{"success": 2, "failure": 0, "timeout": 0, "panic": 0, "skipped": 1}, got)
	require.EqualValues(t, 2, families["readiness_collector_duration_seconds"].GetMetric()[0].GetHistogram().GetSampleCount(),
		"what was skipped took no time")
}

func TestAFailedReloadIsTold(t *testing.T) {
	self := metrics.NewSelf()
	self.ObserveReload(nil)
	self.ObserveReload(io.EOF)
	families := gathered(t, self)
	require.Zero(t, families["readiness_config_last_reload_successful"].GetMetric()[0].GetGauge().GetValue())
	require.NotZero(t, families["readiness_config_last_reload_success_timestamp_seconds"].GetMetric()[0].GetGauge().GetValue())
}

func TestTheAddressIsToldOnlyWhereThereIsOne(t *testing.T) {
	self := metrics.NewSelf()
	require.NotContains(t, gathered(t, self), "readiness_exporter_info")
	address, err := url.Parse("https://ann:secret@example.com/readiness/?a=b")
	require.NoError(t, err)
	self.NameAddress(address)
	require.Equal(t, "https://example.com/readiness", label(gathered(t, self)["readiness_exporter_info"].GetMetric()[0], "external_url"))
}

func TestStorageIsToldOnlyWhereThereIsSome(t *testing.T) {
	self := metrics.NewSelf()
	require.NotContains(t, gathered(t, self), "readiness_storage_writable")
	var writable bool
	self.WatchStorage(func() bool { return writable })
	for _, writable = range []bool{true, false, true} {
		require.Equal(t, writable, gathered(t, self)["readiness_storage_writable"].GetMetric()[0].GetGauge().GetValue() == 1)
	}
}

func TestPhasesOfEndpointsHaveNativeBucketsAlone(t *testing.T) {
	self := metrics.NewSelf()
	for _, url := range []string{"https://shop.example.com/", "https://blog.example.com/"} {
		self.ObserveEndpoint("shop", "production", url, "tls", 20*time.Millisecond)
		self.ObserveEndpoint("shop", "production", url, "transfer", time.Millisecond)
	}
	self.ForgetEndpoint("shop", "production", "https://blog.example.com/")
	found := gathered(t, self)["readiness_endpoint_duration_seconds"].GetMetric()
	require.Len(t, found, 2, "what is forgotten has no series")
	for _, each := range found {
		require.Empty(t, each.GetHistogram().GetBucket())
		require.EqualValues(t, 1, each.GetHistogram().GetSampleCount())
	}
}

func TestAPartHasNoPhasesOfOtherSystems(t *testing.T) {
	self := metrics.NewSelf()
	for _, name := range []string{"shop", "blog"} {
		self.ObserveEndpoint(name, "production", "https://"+name+".example.com/", "tls", time.Millisecond)
	}
	e := metrics.NewExposition(tankCollectors(), self.Registry())
	for query, want := range map[string][]bool{"": {true, true}, "?system=shop": {true, false}, "?system=blog/production": {false, true}, "?system=blog/test": {false, false}} {
		text := scrapePart(t, e, "/metrics"+query, asText, "")
		require.Equal(t, want, []bool{strings.Contains(text, "https://shop.example.com/"), strings.Contains(text, "https://blog.example.com/")}, query)
	}
}
