package bench

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

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
	for _, each := range w.collectors {
		self.ObserveRun(nil, each.Describe().Name, engine.OutcomeSuccess, time.Second)
	}
	s := &served{exposition: metrics.NewExposition(w.collectors, self.Registry())}
	s.exposition.Publish(w.assess(nil, w.now))
	families, err := parsed(s.exposition)
	if err != nil {
		return nil, err
	}
	vecs := prometheus.NewRegistry()
	for _, family := range families {
		if ofSystems(family) {
			register(vecs, family)
			s.series += len(family.GetMetric())
		}
	}
	s.gaugeVecs = promhttp.HandlerFor(prometheus.Gatherers{self.Registry(), vecs}, promhttp.HandlerOpts{
		EnableOpenMetrics: true,
	})
	return s, nil
}

// parsed gives the families that are served.
func parsed(handler http.Handler) (map[string]*dto.MetricFamily, error) {
	answer := &kept{}
	forms()[0].ask(handler, answer)
	parser := expfmt.NewTextParser(model.LegacyValidation)
	return parser.TextToMetricFamilies(&answer.Buffer)
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
	answer := &discarded{}
	f.ask(handler, answer)
	return answer.bytes
}

func (f form) ask(handler http.Handler, answer http.ResponseWriter) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "/metrics", http.NoBody)
	if err != nil {
		panic(err) // the request is always the same
	}
	request.Header.Set("Accept", f.accept)
	request.Header.Set("Accept-Encoding", f.encoding)
	handler.ServeHTTP(answer, request)
}

// discarded is an answer that is only counted.
type discarded struct {
	header http.Header
	bytes  int
}

func (d *discarded) Header() http.Header {
	if d.header == nil {
		d.header = make(http.Header)
	}
	return d.header
}

func (d *discarded) WriteHeader(int) {}

func (d *discarded) Write(content []byte) (int, error) {
	d.bytes += len(content)
	return len(content), nil
}

// kept is an answer that is kept.
type kept struct {
	discarded
	bytes.Buffer
}

func (k *kept) Write(content []byte) (int, error) { return k.Buffer.Write(content) }
