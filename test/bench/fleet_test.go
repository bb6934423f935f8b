package bench

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
)

// BenchmarkFleetInPrometheus prints what fleets cost a Prometheus that scrapes them and evaluates the rules that are loaded
// always, and wants that to grow no faster than the fleet.
func BenchmarkFleetInPrometheus(b *testing.B) {
	rules := shippedRules(b)
	table := new(strings.Builder)
	measured := func(name string, systems int, omitted ...string) (m inUse) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				m = measureInUse(b, exposed(b, systems, omitted...), rules)
			}
			table.WriteString(m.row(name))
		})
		return m
	}
	one := measured("1", 1)
	for _, systems := range []int{50, 200, manyFleetSystems} {
		many, times := measured(strconv.Itoa(systems), systems), float64(systems)
		require.LessOrEqual(b, many.series, times*one.series)
		require.LessOrEqual(b, many.headSeries, times*one.headSeries)
		require.LessOrEqual(b, float64(many.bytes), times*float64(one.bytes))
		require.LessOrEqual(b, many.resident, times*one.resident)
		require.LessOrEqual(b, many.roundCPU, time.Duration(systems)*one.roundCPU)
	}
	measured(fmt.Sprint(manyFleetSystems, ", no gauges of facts"), manyFleetSystems, "host", "filesystem", "certificate", "workload", "backup")
	fmt.Print(tableHead, table, "\n")
}

// exposed is a fleet as it is now.
func exposed(b *testing.B, systems int, omitted ...string) *metrics.Exposition {
	b.Helper()
	f, err := newFleetAt(systems, time.Now())
	require.NoError(b, err)
	exposition := metrics.NewExposition(f.collectors, metrics.NewSelf().Registry(), omitted...)
	exposition.Publish(f.assess(f.now))
	return exposition
}
