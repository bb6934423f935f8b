package metrics

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// Self is what the exporter says of its own work.
type Self struct {
	registry      *prometheus.Registry
	looks         *prometheus.CounterVec
	lookDuration  *prometheus.HistogramVec
	checkDuration *prometheus.HistogramVec
	reloads       *prometheus.CounterVec
	reloadGood    prometheus.Gauge
	reloadTime    prometheus.Gauge
	observed      time.Time // of the newest assessment whose checks were observed
}

// NewSelf makes the metrics of the exporter itself, with those of its process and of Go.
func NewSelf() *Self {
	systemLabels := []string{"system", "environment", "collector"}
	s := &Self{
		registry: prometheus.NewRegistry(),
		looks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "collector_runs_total",
			Help: "Looks of a collector at its targets that have ended, by outcome.",
		}, append(systemLabels[:3:3], "outcome")),
		lookDuration: prometheus.NewHistogramVec(histogram(prefix+"collector_duration_seconds",
			"How long a collector looked at one target.", prometheus.ExponentialBuckets(0.001, 4, 9)), systemLabels),
		checkDuration: prometheus.NewHistogramVec(histogram(prefix+"check_duration_seconds",
			"How long judging one check took, by its kind.", prometheus.ExponentialBuckets(1e-6, 10, 6)), []string{"kind"}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "config_reloads_total", Help: "Times that the configuration was loaded, by outcome.",
		}, []string{"outcome"}),
		reloadGood: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: prefix + "config_last_reload_successful",
			Help: "Whether the configuration was good the last time it was loaded.",
		}),
		reloadTime: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: prefix + "config_last_reload_success_timestamp_seconds",
			Help: "When a good configuration was last loaded.",
		}),
	}
	s.registry.MustRegister(s.looks, s.lookDuration, s.checkDuration, s.reloads, s.reloadGood, s.reloadTime,
		versioncollector.NewCollector("readiness_exporter"), collectors.NewGoCollector(),
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

// ObserveLook counts a look that ended; one that was skipped took no time.
func (s *Self) ObserveLook(described *system.System, collector string, outcome engine.Outcome, took time.Duration) {
	for _, each := range engine.Outcomes() {
		count := s.looks.WithLabelValues(described.Name, described.Environment, collector, string(each))
		if each == outcome {
			count.Inc()
		}
	}
	if outcome != engine.OutcomeSkipped {
		s.lookDuration.WithLabelValues(described.Name, described.Environment, collector).Observe(took.Seconds())
	}
}

// ObserveChecks times the judging of the assessments that are new since the last call.
func (s *Self) ObserveChecks(assessments []*assess.Assessment) {
	for _, assessment := range assessments {
		if !assessment.At.After(s.observed) {
			continue
		}
		for i := range assessment.Results {
			if bound := assessment.Plan.Items[i].Rule.Bound; bound != nil {
				s.checkDuration.WithLabelValues(bound.Name).Observe(assessment.Results[i].Took.Seconds())
			}
		}
	}
	for _, assessment := range assessments {
		if assessment.At.After(s.observed) {
			s.observed = assessment.At
		}
	}
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

// ForgetUnless removes the series of a system, unless one of the plans is still about it.
func (s *Self) ForgetUnless(described *system.System, plans []*assess.Plan) {
	if slices.ContainsFunc(plans, func(plan *assess.Plan) bool { return plan.System.ID() == described.ID() }) {
		return
	}
	labels := prometheus.Labels{"system": described.Name, "environment": described.Environment}
	s.looks.DeletePartialMatch(labels)
	s.lookDuration.DeletePartialMatch(labels)
}
