package fact_test

import (
	"fmt"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

type pump struct {
	Name, Version string
	Speed         *float64
	States        []string
}

func pumps() *fact.Kind[pump] {
	return &fact.Kind[pump]{
		Name: "pump", Help: "A pump.", Subject: func(p *pump) string { return "pump " + p.Name },
		Labels: []fact.Label[pump]{{Name: "pump", Value: func(p *pump) string { return p.Name }}},
		Gauges: []fact.Gauge[pump]{
			{
				Name: "pump_info", Help: "What a pump is.",
				Labels: []fact.Label[pump]{{Name: "version", Value: func(p *pump) string { return p.Version }}},
				Value:  func(*pump) (float64, bool) { return 1, true },
			},
			{
				Name: "pump_speed_hertz", Help: "How fast it turns.",
				Value: func(p *pump) (float64, bool) {
					if p.Speed == nil {
						return 0, false
					}
					return *p.Speed, true
				},
			},
			{
				Name: "pump_state", Help: "Its states.", By: "state",
				Values: func(p *pump) iter.Seq2[string, float64] {
					return func(yield func(string, float64) bool) {
						for i, state := range p.States {
							if !yield(state, float64(i)) {
								return
							}
						}
					}
				},
			},
		},
	}
}

func TestAKindTellsItsSeries(t *testing.T) {
	var kind fact.Any = pumps()
	require.Equal(t, "pump", kind.KindName())
	require.Equal(t, "A pump.", kind.KindHelp())
	require.Equal(t, "pump a", kind.SubjectOf(&pump{Name: "a"}))
	require.Equal(t, []fact.Family{
		{Name: "pump_info", Help: "What a pump is.", Labels: []string{"pump", "version"}},
		{Name: "pump_speed_hertz", Help: "How fast it turns.", Labels: []string{"pump"}},
		{Name: "pump_state", Help: "Its states.", Labels: []string{"pump", "state"}},
	}, kind.Families())
	require.Equal(t, &pump{}, kind.Zero())
	first, second := kind.Zero(), kind.Zero()
	require.NotSame(t, first, second)
	require.Zero(t, kind.NoFacts().Len())
	require.Same(t, kind, kind.NoFacts().Kind())
}

func TestAFactGivesItsSamples(t *testing.T) {
	samples := func(p *pump) []string {
		var lines []string
		var kept [][]string
		pumps().Samples(p, func(family int, values []string, value float64) {
			lines = append(lines, fmt.Sprint(family, values, value))
			kept = append(kept, values)
		})
		for i, values := range kept {
			require.Contains(t, lines[i], fmt.Sprint(values), "what was given is the receiver's to keep")
		}
		return lines
	}
	speed := 0.0
	require.Equal(t, []string{"0 [a v1] 1", "1 [a] 0", "2 [a off] 0", "2 [a on] 1"},
		samples(&pump{Name: "a", Version: "v1", Speed: &speed, States: []string{"off", "on"}}))
	require.Equal(t, []string{"0 [a ] 1"}, samples(&pump{Name: "a"}), "a number that is not known is left out, not zero")
}
