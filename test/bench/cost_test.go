package bench

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/web"
)

// TestScrapeCost holds the exporter to its promises: a scrape of 216 checks of 50 systems takes less than 50 ms of a
// processor, and allocates and works less than a tenth of what client_golang's own way does. Ratios are of one run, so
// that they hold on a slow machine too.
func TestScrapeCost(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("it takes seconds, and means nothing under the race detector")
	}
	_, s := served50(t)
	t.Logf("%d series", s.series)
	for _, f := range []form{forms()[0], forms()[len(forms())-1]} {
		t.Run(f.name, func(t *testing.T) {
			require.Positive(t, f.scrape(s.exposition)) // it is encoded from now on
			ours := measure(t, func() { f.scrape(s.exposition) })
			theirs := measure(t, func() { f.scrape(s.gaugeVecs) })
			t.Logf("%v and %d allocations, against %v and %d",
				ours.processor, ours.allocations, theirs.processor, theirs.allocations)
			require.Greater(t, ours.timesMore(theirs), 10.0)
			require.Greater(t, ours.timesMoreAllocations(theirs), 10.0)
			require.Less(t, ours.processor, 50*time.Millisecond)
		})
	}
}

// TestJudgingCost holds judging every item of every system once to 100 ms of a processor.
func TestJudgingCost(t *testing.T) {
	w, err := newWorld(systems)
	require.NoError(t, err)
	previous := w.assess(nil, w.now)
	best := measure(t, func() { w.assess(previous, w.now) }).processor
	t.Logf("%v for %d items of each of %d systems", best, len(w.plans[0].Items), len(w.plans))
	require.Len(t, w.plans[0].Items, 216)
	if !raceDetector {
		require.Less(t, best, 100*time.Millisecond)
	}
}

// manySystems is how many systems a large fleet has.
const manySystems = 200

// TestPageCost holds the overview of a large fleet, and the page of one of its systems, to 200 ms of a processor.
func TestPageCost(t *testing.T) {
	if raceDetector {
		t.Skip("it means nothing under the race detector")
	}
	w, err := newWorld(manySystems)
	require.NoError(t, err)
	assessments := w.assess(nil, w.now)
	handler, err := web.Handler(web.Options{
		Metrics: http.NotFoundHandler(), Ready: func() bool { return true }, Assessments: func() []*assess.Assessment { return assessments },
	})
	require.NoError(t, err)
	for _, path := range []string{"/", "/systems/system-100/production", "/api/v1/systems", "/api/v1/systems/system-100/production"} {
		t.Run(path, func(t *testing.T) {
			bytes := 0
			best := measure(t, func() {
				answer := httptest.NewRecorder()
				handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, http.NoBody))
				require.Equal(t, http.StatusOK, answer.Code)
				bytes = answer.Body.Len()
			}).processor
			t.Logf("%v for %d bytes", best, bytes)
			require.Less(t, best, 200*time.Millisecond)
		})
	}
}

// A cost is what some work took. The time is that of the processor, which a busy machine does not change much.
type cost struct {
	processor   time.Duration
	allocations uint64
}

func (c cost) timesMore(than cost) float64 {
	return float64(than.processor) / float64(max(c.processor, 1))
}

func (c cost) timesMoreAllocations(than cost) float64 {
	return float64(than.allocations) / float64(max(c.allocations, 1))
}

// measure does some work a few times and gives the least that it cost.
func measure(tb testing.TB, work func()) cost {
	tb.Helper()
	least := cost{processor: time.Hour, allocations: 1 << 62}
	for range 2 {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		started := used(tb)
		work()
		took := used(tb) - started
		runtime.ReadMemStats(&after)
		least = cost{min(least.processor, took), min(least.allocations, after.Mallocs-before.Mallocs)}
	}
	return least
}

func used(tb testing.TB) time.Duration {
	tb.Helper()
	var usage syscall.Rusage
	require.NoError(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
