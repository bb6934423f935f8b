package bench

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
)

func served50(b testing.TB) (*world, *served) {
	b.Helper()
	w, err := newWorld()
	require.NoError(b, err)
	s, err := serve(w)
	require.NoError(b, err)
	return w, s
}

func BenchmarkScrape(b *testing.B) {
	_, s := served50(b)
	for _, f := range forms() {
		b.Run("exporter/"+f.name, func(b *testing.B) {
			b.ReportAllocs()
			f.scrape(s.exposition)
			for b.Loop() {
				f.scrape(s.exposition)
			}
		})
		b.Run("GaugeVecs/"+f.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.scrape(s.gaugeVecs)
			}
		})
	}
}

func BenchmarkJudge(b *testing.B) {
	w, err := newWorld()
	require.NoError(b, err)
	previous := w.assess(nil, w.now)
	b.ReportAllocs()
	for b.Loop() {
		w.assess(previous, w.now)
	}
}

// BenchmarkPublish encodes for a scraper that asks for compressed protobuf, as Prometheus does for native histograms.
func BenchmarkPublish(b *testing.B) {
	w, err := newWorld()
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
