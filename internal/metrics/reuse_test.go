package metrics

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func smallPlan(name string) *assess.Plan {
	list := &checklist.Checklist{Categories: []checklist.Category{{ID: "all"}}}
	return &assess.Plan{
		System: &system.System{Name: name}, Checklist: list, Categories: list.Categories,
		Items: []assess.Item{{
			Entry:    checklist.Entry{Category: &list.Categories[0], Section: &checklist.Section{}, Item: &checklist.Item{ID: "a.b"}},
			Severity: checklist.Critical, Rule: check.Rule{ID: "a.b", NotBuilt: true},
		}},
	}
}

func TestOnlyWhatChangedIsEncodedAgain(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	e := NewExposition(nil, prometheus.NewRegistry())
	a, b := smallPlan("a").Assess(nil, now, nil), smallPlan("b").Assess(nil, now, nil)
	require.NoError(t, e.Publish([]*assess.Assessment{a, b}))
	require.Empty(t, (*e.pages.Load())[0].parts, "nothing is encoded for nobody")
	for _, each := range encodings() {
		now = now.Add(time.Second)
		before, err := e.activate(each)
		require.NoError(t, err)
		require.NotEmpty(t, before[0].parts[each][checkStatus].content)

		require.NoError(t, e.Publish([]*assess.Assessment{a.Plan.Assess(nil, now, a), b}))
		after := *e.pages.Load()
		require.Same(t, before[1], after[1], "the assessment is the same")
		for family, part := range after[0].parts[each] {
			was := before[0].parts[each][family]
			if part.length == 0 {
				continue
			}
			if family == checkLastEvaluation {
				require.NotEqual(t, was, part)
				continue
			}
			require.Same(t, &was.content[0], &part.content[0], e.layouts[family].name)
		}
	}
}

func TestAnEncodingThatNobodyAsksForIsDropped(t *testing.T) {
	e := NewExposition(nil, prometheus.NewRegistry())
	plan := smallPlan("a")
	assessment := plan.Assess(nil, time.Unix(1, 0), nil)
	require.NoError(t, e.Publish([]*assess.Assessment{assessment}))
	for _, each := range encodings() {
		_, err := e.activate(each)
		require.NoError(t, err)
	}
	kept := encodings()[1]
	for _, each := range encodings() {
		if each != kept {
			e.asked[each].Add(-int64(encodedFor / time.Second))
		}
	}
	require.NoError(t, e.Publish([]*assess.Assessment{plan.Assess(nil, time.Unix(2, 0), assessment)}))
	page := (*e.pages.Load())[0]
	require.Len(t, page.parts, 1)
	require.NotNil(t, page.parts[kept])
}
