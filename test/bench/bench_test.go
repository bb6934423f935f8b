package bench

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
)

func served50(tb testing.TB) (*world, *served) {
	tb.Helper()
	w, err := newWorld(systems)
	require.NoError(tb, err)
	s, err := serve(w)
	require.NoError(tb, err)
	return w, s
}

// BenchmarkScrape prints, beside what a scrape costs, how many times more client_golang's own way does.
func BenchmarkScrape(b *testing.B) {
	_, s := served50(b)
	for _, f := range forms() {
		b.Run(f.name, func(b *testing.B) {
			theirs := measure(b, func() { f.scrape(s.gaugeVecs) })
			f.scrape(s.exposition) // it is encoded from now on
			bytes := f.scrape(s.exposition)
			for b.Loop() {
				f.scrape(s.exposition)
			}
			ours := measure(b, func() { f.scrape(s.exposition) })
			b.ReportMetric(float64(bytes)/1e6, "MB")
			b.ReportMetric(float64(ours.allocations), "allocs")
			b.ReportMetric(float64(theirs.allocations), "GaugeVecs-allocs")
			b.ReportMetric(theirs.processor.Seconds()*1000, "GaugeVecs-cpu-ms")
			b.ReportMetric(ours.timesMore(theirs), "x-cpu")
			b.ReportMetric(ours.timesMoreAllocations(theirs), "x-allocs")
		})
	}
}

func BenchmarkJudge(b *testing.B) {
	w, err := newWorld(systems)
	require.NoError(b, err)
	previous := w.assess(nil, w.now)
	b.ReportAllocs()
	for b.Loop() {
		w.assess(previous, w.now)
	}
}

// BenchmarkPublish encodes for a scraper that asks for compressed protobuf, as Prometheus does for native histograms.
func BenchmarkPublish(b *testing.B) {
	w, err := newWorld(systems)
	require.NoError(b, err)
	for _, c := range []struct {
		name string
		all  bool
	}{{"one of 50 systems", false}, {"50 systems", true}} {
		for _, f := range forms() {
			b.Run(c.name+"/"+f.name, func(b *testing.B) {
				exposition := metrics.NewExposition(w.collectors, metrics.NewSelf().Registry())
				assessments := w.assess(nil, w.now)
				require.NoError(b, exposition.Publish(assessments))
				f.scrape(exposition)
				now := w.now
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					now = now.Add(time.Second)
					assessments = w.assessOne(assessments, now)
					if c.all {
						assessments = w.assess(assessments, now)
					}
					b.StartTimer()
					require.NoError(b, exposition.Publish(assessments))
				}
			})
		}
	}
}
