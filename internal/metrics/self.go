package metrics

import (
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// Self is what the exporter says of its own work, and what it counts as it works. Its own work names no system: that would be a series
// for each that says nothing.
type Self struct {
	registry           *prometheus.Registry
	runs               *prometheus.CounterVec
	runDuration        *prometheus.HistogramVec
	endpointDuration   *prometheus.HistogramVec
	assessmentDuration prometheus.Histogram
	reloads            *prometheus.CounterVec
	reloadGood         prometheus.Gauge
	reloadTime         prometheus.Gauge

	mu       sync.Mutex
	observed map[*assess.Assessment]bool // those of the last call
}

// NewSelf makes the metrics of the exporter itself, with those of its process and of Go.
func NewSelf() *Self { return NewSelfFrom("") }

// NewSelfFrom is NewSelf of an exporter that is a vantage point; empty: it is none.
func NewSelfFrom(vantage string) *Self {
	var from prometheus.Labels
	if vantage != "" {
		from = prometheus.Labels{fact.LabelVantage: vantage}
	}
	s := &Self{
		registry: prometheus.NewRegistry(),
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "collector_runs_total",
			Help: "Runs of a collector at its targets that have ended, by outcome.",
		}, []string{"collector", "outcome"}),
		runDuration: prometheus.NewHistogramVec(histogram(prefix+"collector_duration_seconds",
			"How long a collector took to collect from one target.", prometheus.ExponentialBuckets(0.001, 4, 9)), []string{"collector"}),
		endpointDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: prefix + "endpoint_duration_seconds",
			Help: "How long the phases of an answer of an endpoint took, over redirects: resolve, connect, tls, processing (until its " +
				"first byte) and transfer. Answers that were not whole are left out. It has native buckets alone.",
			NativeHistogramBucketFactor: 1.2, NativeHistogramMaxBucketNumber: 60, NativeHistogramMinResetDuration: time.Hour,
			ConstLabels: from,
		}, []string{"system", "environment", "url", "phase"}),
		assessmentDuration: prometheus.NewHistogram(histogram(prefix+"assessment_duration_seconds",
			"How long it took to judge every item of one system.", prometheus.ExponentialBuckets(1e-4, 10, 5))),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "config_reloads_total", Help: "Times that the configuration was loaded, by outcome.",
		}, []string{"outcome"}),
		reloadGood: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: prefix + "config_last_reload_successful",
			Help: "Whether the configuration was valid the last time it was loaded.",
		}),
		reloadTime: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: prefix + "config_last_reload_success_timestamp_seconds",
			Help: "When a valid configuration was last loaded.",
		}),
	}
	s.registry.MustRegister(s.runs, s.runDuration, s.endpointDuration, s.assessmentDuration, s.reloads, s.reloadGood, s.reloadTime,
		versioncollector.NewCollector("readiness"), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.reloads.WithLabelValues("success")
	s.reloads.WithLabelValues("failure")
	return s
}

// histogram has native buckets, and classic ones for those who cannot read them.
func histogram(name, help string, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  100,
		NativeHistogramMinResetDuration: time.Hour,
	}
}

// Registry gathers these metrics; whoever has more to say of the exporter registers it here.
func (s *Self) Registry() *prometheus.Registry { return s.registry }

// ObserveRun counts a run that ended; one that was skipped took no time.
func (s *Self) ObserveRun(_ *system.System, collector string, outcome engine.Outcome, took time.Duration) {
	for _, each := range engine.Outcomes() { // from zero on, so that rules see the first of each
		count := s.runs.WithLabelValues(collector, string(each))
		if each == outcome {
			count.Inc()
		}
	}
	if outcome != engine.OutcomeSkipped {
		s.runDuration.WithLabelValues(collector).Observe(took.Seconds())
	}
}

// ObserveEndpoint adds how long one phase of an answer of an endpoint took.
func (s *Self) ObserveEndpoint(system, environment, url, phase string, took time.Duration) {
	s.endpointDuration.WithLabelValues(system, environment, url, phase).Observe(took.Seconds())
}

// ForgetEndpoint ends the series of an endpoint that is not asked any more.
func (s *Self) ForgetEndpoint(system, environment, url string) {
	s.endpointDuration.DeletePartialMatch(prometheus.Labels{"system": system, "environment": environment, "url": url})
}

// ObserveAssessments times the assessments that were not there at the last call.
func (s *Self) ObserveAssessments(assessments []*assess.Assessment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	observed := make(map[*assess.Assessment]bool, len(assessments))
	for _, assessment := range assessments {
		if !s.observed[assessment] {
			s.assessmentDuration.Observe(assessment.Took.Seconds())
		}
		observed[assessment] = true
	}
	s.observed = observed
}

// ObserveReload counts an attempt to load the configuration.
func (s *Self) ObserveReload(err error) {
	if err != nil {
		s.reloads.WithLabelValues("failure").Inc()
		s.reloadGood.Set(0)
		return
	}
	s.reloads.WithLabelValues("success").Inc()
	s.reloadGood.Set(1)
	s.reloadTime.SetToCurrentTime()
}

// NameAddress exports where browsers reach the exporter, for links in alerts: its scheme, host and path. It must be called once
// at most.
func (s *Self) NameAddress(external *url.URL) {
	address := url.URL{Scheme: external.Scheme, Host: external.Host, Path: strings.TrimSuffix(external.Path, "/")}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: prefix + "exporter_info", Help: "Where browsers reach the exporter (--web.external-url, --shard.address); always 1.",
		ConstLabels: prometheus.Labels{"external_url": address.String()},
	})
	info.Set(1)
	s.registry.MustRegister(info)
}

// CountClockSteps exports how often the clock of the machine was set. It must be called once at most.
func (s *Self) CountClockSteps(steps func() int) {
	s.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: prefix + "clock_steps_total", Help: "How often the clock of the machine was set while the exporter ran.",
	}, func() float64 { return float64(steps()) }))
}

// WatchStorage exports whether what must outlive the process can be stored. It must be called once at most.
func (s *Self) WatchStorage(writable func() bool) {
	s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: prefix + "storage_writable", Help: "Whether what must outlive the process can be stored.",
	}, func() float64 { return fact.Bool(writable()) }))
}

// NameShard exports which of how many exporters that share the systems this one is, so that one which is missing is noticed. It
// must be called once at most.
func (s *Self) NameShard(index, count int) {
	shards := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: prefix + "shards", Help: "How many exporters share the systems; the label is which of them this one is, from 0.",
		ConstLabels: prometheus.Labels{"shard": strconv.Itoa(index)},
	})
	shards.Set(float64(count))
	s.registry.MustRegister(shards)
}
