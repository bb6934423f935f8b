package check_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestJudgingAllocatesNothingPerFactThatHolds(t *testing.T) {
	reads := levels(each())
	reads.With = []check.Input{check.Reading(tanks(), "pipes")}
	for name, kind := range map[string]check.Kind[parameters]{
		"each":           levels(each().Needs("pipes")),
		"at least one":   levels(check.AtLeastOne(tanks(), judgeLevel).Where(inUse)),
		"of any kind":    levels(check.EachAny(tanks(), func(c check.Context, f any, p parameters) []check.Problem { return judgeLevel(c, f.(*tank), p) })),
		"reading others": reads,
	} {
		t.Run(name, func(t *testing.T) {
			rule := check.Rule{ID: "x", Clause: bind(kind)}
			allocations := func(facts int) float64 {
				all := make([]tank, facts)
				for i := range all {
					all[i] = tank{Name: "a", Level: 20}
				}
				view := viewOf(set(tanks(), all), set(fact.Waivers(), []fact.Waiver{}))
				return testing.AllocsPerRun(100, func() { rule.Judge(view, &system.System{}, now) })
			}
			few, many := allocations(10), allocations(1000)
			require.Equal(t, few, many)
			require.Less(t, many, 20.0)
		})
	}
}
