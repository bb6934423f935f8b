package metrics

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func smallPlan(name string) *assess.Plan {
	list := &checklist.Checklist{Categories: []checklist.Category{{ID: "all"}}}
	plan := &assess.Plan{
		System: &system.System{Name: name}, Checklist: list, Categories: list.Categories,
		Items: []assess.Item{{
			Entry:    checklist.Entry{Category: &list.Categories[0], Section: &checklist.Section{}, Item: &checklist.Item{ID: "a.b"}},
			Severity: checklist.Critical, Rule: check.Rule{ID: "a.b"},
		}},
	}
	plan.Order()
	return plan
}

func waiverRun(at time.Time, by ...string) *fact.Run {
	set := new(fact.Set[fact.Waiver])
	for _, who := range by {
		set.Add(fact.Waiver{Check: "c", By: who, Until: at})
	}
	return &fact.Run{Collector: "waiver", Interval: time.Minute, CollectedAt: at, TriedAt: at, Sets: []fact.AnySet{fact.Waivers().Set(set)}}
}

func waiverCollectors() []collector.Any {
	return []collector.Any{collector.Collector[string]{Name: "waiver", Yields: []fact.Any{fact.Waivers()}}}
}

func TestOnlyWhatChangedIsEncodedAgain(t *testing.T) {
	at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	e := NewExposition(waiverCollectors(), prometheus.NewRegistry())
	first, second := waiverRun(at, "ann"), waiverRun(at, "joe")
	plan := smallPlan("a")
	a := plan.Assess([]*fact.Run{first, second}, at, nil)
	b := smallPlan("b").Assess(nil, at, nil)
	e.Publish([]*assess.Assessment{a, b})
	require.Nil(t, e.current.Load().pages[0].parts[0], "nothing is encoded for nobody")
	for _, each := range encodings() {
		e.activate(each)
	}

	// publish publishes an assessment of other runs at a later time, and names the families that are encoded again.
	publish := func(runs ...*fact.Run) map[string]bool {
		at = at.Add(time.Second)
		before := e.current.Load()
		e.Publish([]*assess.Assessment{plan.Assess(runs, at, before.pages[0].assessment.History), b})
		after := e.current.Load()
		require.Same(t, before.pages[1], after.pages[1], "the assessment is the same")
		again := make(map[string]bool)
		for _, each := range encodings() {
			for family, part := range after.pages[0].parts[each.index()] {
				was := before.pages[0].parts[each.index()][family]
				if len(part.content) != len(was.content) || len(was.content) > 0 && &part.content[0] != &was.content[0] {
					again[e.layouts[family].Name] = true
				}
			}
		}
		return again
	}
	require.Empty(t, publish(first, second), "nothing is another")
	later := *first
	later.CollectedAt, later.TriedAt = at.Add(-time.Hour), at
	later.Interval = 2 * time.Hour
	require.Equal(t, map[string]bool{
		"readiness_collector_last_success_timestamp_seconds": true, "readiness_collector_interval_seconds": true,
	}, publish(&later, second), "the same was collected at another time")

	blocks := e.current.Load().pages[0].blocks
	require.Equal(t, map[string]bool{
		"readiness_waiver_expiry_timestamp_seconds": true, "readiness_collector_last_success_timestamp_seconds": true,
		"readiness_collector_interval_seconds": true,
	}, publish(waiverRun(at, "eve"), second))
	require.Same(t, blocks[1], e.current.Load().pages[0].blocks[1], "the same set is not read again")
	publish(second)
	require.Equal(t, []*block{blocks[1]}, e.current.Load().pages[0].blocks, "nor when it has another place")
}

func TestAnEncodingThatNobodyAsksForIsDropped(t *testing.T) {
	e := NewExposition(nil, prometheus.NewRegistry())
	plan := smallPlan("a")
	e.Publish([]*assess.Assessment{plan.Assess(nil, time.Unix(1, 0), nil)})
	kept := encodings()[1]
	for _, each := range encodings() {
		e.activate(each)
		if each != kept {
			e.asked[each.index()].Add(-int64(encodedFor / time.Second))
		}
	}
	e.Publish([]*assess.Assessment{plan.Assess(nil, time.Unix(2, 0), nil)})
	book := e.current.Load()
	for _, each := range encodings() {
		for _, page := range append(book.pages[:1], book.shared()) {
			require.Equal(t, each == kept, page.parts[each.index()] != nil)
		}
	}
}

// TestWhatIsAsItWasCostsNothing counts what publishing allocates when nothing has changed but the time.
func TestWhatIsAsItWasCostsNothing(t *testing.T) {
	at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	e := NewExposition(waiverCollectors(), prometheus.NewRegistry())
	plan := smallPlan("a")
	runs := []*fact.Run{waiverRun(at, make([]string, 1000)...)}
	first := plan.Assess(runs, at, nil)
	e.Publish([]*assess.Assessment{first})
	e.activate(encodings()[0])
	assessments := [][]*assess.Assessment{{plan.Assess(runs, at, first.History)}, {plan.Assess(runs, at, first.History)}}
	i := 0
	require.Less(t, testing.AllocsPerRun(10, func() {
		i++
		e.Publish(assessments[i%2])
	}), 50.0)
}

// TestAReaderHoldsNothingOfItsOwn holds what a scrape allocates to a small share of what it answers: what is encoded is shared
// by all readers, however slow.
func TestAReaderHoldsNothingOfItsOwn(t *testing.T) {
	at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	e := NewExposition(waiverCollectors(), prometheus.NewRegistry())
	var by []string
	for i := range 20_000 {
		by = append(by, fmt.Sprint("person ", i))
	}
	e.Publish([]*assess.Assessment{smallPlan("a").Assess([]*fact.Run{waiverRun(at, by...)}, at, nil)})
	for _, encoding := range []string{"", "gzip"} {
		answer := &counted{header: make(http.Header)}
		request := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
		request.Header.Set("Accept-Encoding", encoding)
		e.ServeHTTP(answer, request)
		answer.bytes = 0
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		e.ServeHTTP(answer, request)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(answer.bytes/3), "%q", encoding)
	}
}

// counted is an answer that is only counted.
type counted struct {
	header http.Header
	bytes  int
}

func (c *counted) Header() http.Header { return c.header }

func (c *counted) WriteHeader(int) {}

func (c *counted) Write(content []byte) (int, error) {
	c.bytes += len(content)
	return len(content), nil
}
