package bench

import (
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
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
			bytes := 0
			for b.Loop() {
				bytes = f.scrape(s.exposition)
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

// BenchmarkPublish publishes what was judged anew and in which nothing has changed but the time.
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
				exposition.Publish(assessments)
				f.scrape(exposition)
				now := w.now
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					now = now.Add(time.Second)
					if c.all {
						assessments = w.assess(assessments, now)
					} else {
						assessments = slices.Clone(assessments)
						assessments[0] = w.assessOne(0, assessments, now)
					}
					b.StartTimer()
					exposition.Publish(assessments)
				}
			})
		}
	}
}

// BenchmarkFleet is what 500 systems cost, each with 216 items of which 120 are judged: how many series and bytes there
// are, how long a scrape takes, a round in which nothing has changed, and one in which every system has.
func BenchmarkFleet(b *testing.B) {
	f, err := newFleet(manyFleetSystems)
	require.NoError(b, err)
	exposition := metrics.NewExposition(f.collectors, metrics.NewSelf().Registry())
	exposition.Publish(f.assess(f.now))
	for _, form := range forms() {
		b.Run(form.name, func(b *testing.B) {
			begun := time.Now()
			bytes := form.scrape(exposition)
			first := time.Since(begun)
			for b.Loop() {
				form.scrape(exposition)
			}
			b.ReportMetric(first.Seconds(), "s-first-scrape")
			b.ReportMetric(float64(bytes)/1e6, "MB")
		})
	}
	now := f.now
	b.Run("round", func(b *testing.B) {
		exposition := f.scraped()
		b.ReportAllocs()
		for b.Loop() {
			now = now.Add(time.Second)
			exposition.Publish(f.assess(now))
		}
	})
	b.Run("series", func(b *testing.B) {
		var all, ofFacts int
		for b.Loop() {
			all, ofFacts, err = f.series()
		}
		require.NoError(b, err)
		b.ReportMetric(float64(all-ofFacts), "series-beside-facts")
		b.ReportMetric(float64(ofFacts), "series-of-facts")
	})
}

// BenchmarkFleetAtRest is what a process holds that exports the fleet, after rounds and scrapes as Prometheus makes them.
// It runs in a process of its own, since the others hold memory too.
func BenchmarkFleetAtRest(b *testing.B) {
	const alone = "READINESS_BENCH_ALONE"
	if os.Getenv(alone) == "" {
		command := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^$", "-test.bench=^BenchmarkFleetAtRest$", "-test.benchtime=1x")
		command.Env = append(os.Environ(), alone+"=1")
		answer, err := command.CombinedOutput()
		require.NoError(b, err, string(answer))
		b.ReportMetric(float64(number(string(answer), "VmRSS:"))/1024, "MiB-resident")
		return
	}
	debug.SetGCPercent(75) // as the exporter does
	f, err := newFleet(manyFleetSystems)
	require.NoError(b, err)
	exposition, prometheus := f.scraped(), forms()[len(forms())-1]
	for i := range 20 {
		exposition.Publish(f.assess(f.now.Add(time.Duration(i) * time.Minute)))
		prometheus.scrape(exposition)
	}
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(b, err)
	fmt.Println(string(status))
}
