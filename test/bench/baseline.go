package bench

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
)

// An observed world is served in two ways: as the exporter does it, and as client_golang does it with a GaugeVec for each
// family, which is what most exporters have.
type served struct {
	exposition *metrics.Exposition
	gaugeVecs  http.Handler
	series     int
}

func serve(w *world) (*served, error) {
	self := metrics.NewSelf()
	for _, plan := range w.plans {
		for _, each := range w.collectors {
			self.ObserveLook(plan.System, each.Describe().Name, engine.OutcomeSuccess, time.Second)
		}
	}
	s := &served{exposition: metrics.NewExposition(w.collectors, self.Registry())}
	if err := s.exposition.Publish(w.assess(nil, w.now)); err != nil {
		return nil, err
	}
	families, err := s.exposition.Gather()
	if err != nil {
		return nil, err
	}
	vecs := prometheus.NewRegistry()
	for _, family := range families {
		if family.GetType() == dto.MetricType_GAUGE && strings.HasPrefix(family.GetName(), "readiness_") && ofSystems(family) {
			register(vecs, family)
			s.series += len(family.GetMetric())
		}
	}
	s.gaugeVecs = promhttp.HandlerFor(prometheus.Gatherers{self.Registry(), vecs}, promhttp.HandlerOpts{
		EnableOpenMetrics: true,
	})
	return s, nil
}

// ofSystems tells a family of systems from those of the exporter itself.
func ofSystems(family *dto.MetricFamily) bool {
	for _, pair := range family.GetMetric()[0].GetLabel() {
		if pair.GetName() == "system" {
			return true
		}
	}
	return false
}

func register(registry *prometheus.Registry, family *dto.MetricFamily) {
	var names []string
	for _, pair := range family.GetMetric()[0].GetLabel() {
		names = append(names, pair.GetName())
	}
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: family.GetName(), Help: family.GetHelp()}, names)
	for _, metric := range family.GetMetric() {
		var values []string
		for _, pair := range metric.GetLabel() {
			values = append(values, pair.GetValue())
		}
		vec.WithLabelValues(values...).Set(metric.GetGauge().GetValue())
	}
	registry.MustRegister(vec)
}

// A form is a format and a compression that a scrape can ask for.
type form struct{ name, accept, encoding string }

func forms() []form {
	const (
		text        = "text/plain"
		openMetrics = "application/openmetrics-text; version=1.0.0"
		protobuf    = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
	)
	return []form{
		{"text", text, ""}, {"text gzip", text, "gzip"},
		{"OpenMetrics", openMetrics, ""}, {"OpenMetrics gzip", openMetrics, "gzip"},
		{"protobuf", protobuf, ""}, {"protobuf gzip", protobuf, "gzip"},
	}
}

// scrape asks a handler once, and tells how many bytes it answered.
func (f form) scrape(handler http.Handler) int {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "/metrics", http.NoBody)
	if err != nil {
		panic(err) // the request is always the same
	}
	request.Header.Set("Accept", f.accept)
	request.Header.Set("Accept-Encoding", f.encoding)
	answer := &discard{header: make(http.Header)}
	handler.ServeHTTP(answer, request)
	return answer.bytes
}

// discard is a client that only counts.
type discard struct {
	header http.Header
	bytes  int
}

func (d *discard) Header() http.Header { return d.header }

func (d *discard) WriteHeader(int) {}

func (d *discard) Write(content []byte) (int, error) {
	d.bytes += len(content)
	return len(content), nil
}
