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

// TestScrapeCost holds the exporter to its promise: a scrape of the items of 50 systems allocates and works less than a
// tenth of what client_golang's own way does. Ratios are of one run, so that they hold on a slow machine too.
func TestScrapeCost(t *testing.T) {
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
		})
	}
}

// TestRoundCost holds a round in which nothing has changed but the time, judging 50 systems and publishing that, to a tenth
// of what judging alone once allocated, 59 MB, and judging by the facts of real systems to so little too.
func TestRoundCost(t *testing.T) {
	f, err := newFleet(systems)
	require.NoError(t, err)
	exposition, now := f.scraped(), f.now
	round := measure(t, func() {
		now = now.Add(time.Second)
		exposition.Publish(f.assess(now))
	})
	t.Logf("%d bytes and %d allocations for %d items of each of %d systems", round.bytes, round.allocations, len(f.plans[0].Items), len(f.plans))
	require.Less(t, round.bytes, uint64(5_900_000))
	require.Less(t, round.allocations, uint64(18_000))
	w, err := newWorld(systems)
	require.NoError(t, err)
	previous := w.assess(nil, w.now)
	checks := measure(t, func() { w.assess(previous, w.now) })
	t.Logf("%d bytes and %d allocations for judging %d items by facts of each of %d systems",
		checks.bytes, checks.allocations, len(w.plans[0].Items), len(w.plans))
	require.Less(t, checks.bytes, uint64(5_900_000))
	require.Less(t, checks.allocations, uint64(4*len(w.plans[0].Items)*len(w.plans)))
}

// TestPublishCost holds publishing systems in which nothing has changed but the time to so little a system.
func TestPublishCost(t *testing.T) {
	f, err := newFleet(systems)
	require.NoError(t, err)
	exposition := f.scraped()
	rounds := [][]*assess.Assessment{f.assess(f.now.Add(time.Second)), f.assess(f.now.Add(2 * time.Second))}
	i := 0
	publish := measure(t, func() {
		exposition.Publish(rounds[i%2])
		i++
	})
	t.Logf("%d bytes and %d allocations for %d systems", publish.bytes, publish.allocations, systems)
	require.Less(t, publish.bytes, uint64(20_000*systems))
	require.Less(t, publish.allocations, uint64(50*systems))
}

// TestFleetCost holds 500 systems, each with 216 items of which 120 are judged, to 250,000 series beside those of facts,
// 60 MB of text and 4 MB of what is compressed: a fifth of that for a fifth of them.
func TestFleetCost(t *testing.T) {
	const share = 5
	f, err := newFleet(manyFleetSystems / share)
	require.NoError(t, err)
	require.Len(t, append(f.plans[0].Items, f.plans[0].Unsupported...), 216)
	all, ofFacts, err := f.series()
	require.NoError(t, err)
	t.Logf("%d series, %d of facts", all, ofFacts)
	require.LessOrEqual(t, all-ofFacts, 250_000/share)
	exposition := f.scraped()
	for _, form := range forms() {
		limit := 60_000_000
		if form.encoding != "" {
			limit = 4_000_000
		}
		bytes := form.scrape(exposition)
		t.Logf("%d bytes of %s", bytes, form.name)
		require.LessOrEqual(t, bytes, limit/share, form.name)
	}
}

// TestPageCost holds the overview of a large fleet, and the page of one of its systems, to so many bytes of memory for each
// that is answered.
func TestPageCost(t *testing.T) {
	w, err := newWorld(200)
	require.NoError(t, err)
	assessments := w.assess(nil, w.now)
	handler, err := web.Handler(web.Options{
		Metrics: http.NotFoundHandler(), Ready: func() bool { return true }, Assessments: func() []*assess.Assessment { return assessments },
	})
	require.NoError(t, err)
	for _, path := range []string{"/", "/systems/system-100/production", "/api/v1/systems", "/api/v1/systems/system-100/production"} {
		t.Run(path, func(t *testing.T) {
			answered := 0
			page := measure(t, func() {
				answer := httptest.NewRecorder()
				handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, http.NoBody))
				require.Equal(t, http.StatusOK, answer.Code)
				answered = answer.Body.Len()
			})
			t.Logf("%v, %d bytes and %d allocations for %d bytes", page.processor, page.bytes, page.allocations, answered)
			require.Less(t, page.bytes, uint64(60*answered))
		})
	}
}

// A cost is what some work took. The time is that of the processor, which a busy machine does not change much.
type cost struct {
	processor   time.Duration
	allocations uint64
	bytes       uint64 // allocated
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
	least := cost{processor: time.Hour, allocations: 1 << 62, bytes: 1 << 62}
	for range 2 {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		started := used(tb)
		work()
		took := used(tb) - started
		runtime.ReadMemStats(&after)
		least = cost{
			min(least.processor, took), min(least.allocations, after.Mallocs-before.Mallocs),
			min(least.bytes, after.TotalAlloc-before.TotalAlloc),
		}
	}
	return least
}

func used(tb testing.TB) time.Duration {
	tb.Helper()
	var usage syscall.Rusage
	require.NoError(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
