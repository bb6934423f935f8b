package metrics_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
)

func TestEachOddFactCostsOnlyItsOwnSeries(t *testing.T) {
	for _, c := range []struct {
		name    string
		tanks   []tank
		want    int // series that are left
		invalid float64
	}{
		{"a duplicate is left out", []tank{{Name: "a", Level: 1}, {Name: "a", Level: 2}}, 1, 1},
		{"what is the same once it is valid is a duplicate", []tank{{Name: "a\xff"}, {Name: "a\xfe"}}, 1, 1},
		{"what is the same once it is cut is a duplicate", []tank{{Name: strings.Repeat("x", 2000)}, {Name: strings.Repeat("x", 3000)}}, 1, 1},
		{"a gauge that panics is left out", []tank{{Name: "a", Rusty: true}, {Name: "b"}}, 1, 1},
		{"what is no number is left out", []tank{{Name: "a", Level: math.NaN()}, {Name: "b", Level: math.Inf(1)}}, 1, 1},
		{"what is sound is left alone", []tank{{Name: "a"}, {Name: "b"}}, 2, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := exposed(t, assessed(planOf("shop"), now, found(c.tanks...)), assessed(planOf("blog"), now, found(tank{Name: "a"})))
			families := parse(t, scrape(t, e, asText, "gzip"))
			require.Len(t, families["readiness_tank_level_ratio"].GetMetric(), c.want+1, "with that of the other system")
			require.Equal(t, c.invalid, values(families["readiness_collector_invalid_series"], "collector")["tank"])
		})
	}
}

func TestASeriesOfTwoCollectorsIsTheErrorOfTheSecond(t *testing.T) {
	first, second := found(tank{Name: "a", Level: 1}), found(tank{Name: "a", Level: 2}, tank{Name: "b", Level: 3})
	second.Collector = "waiver"
	e := exposed(t, assessed(planOf("shop"), now, first, second))
	families := parse(t, scrape(t, e, asText, ""))
	require.Equal(t, map[string]float64{"a": 1, "b": 3}, values(families["readiness_tank_level_ratio"], "tank"))
	require.Equal(t, map[string]float64{"waiver": 1}, values(families["readiness_collector_invalid_series"], "collector"))
	e.Publish([]*assess.Assessment{assessed(planOf("shop"), now, first)})
	require.NotContains(t, scrape(t, e, asText, ""), "readiness_collector_invalid_series")
}

// A liar is a kind whose samples are not those that it declares.
type liar struct {
	*fact.Kind[tank]
	name string
}

func (l liar) KindName() string { return l.name }

func (l liar) Samples(_ any, emit func(int, []string, float64)) {
	emit(-1, []string{"a"}, 1)
	emit(2, []string{"a"}, 1)
	emit(0, nil, 1)
	emit(0, []string{"a", "b"}, 1)
	emit(0, []string{"sound"}, 1)
}

// A lyingSet is a set of such a kind.
type lyingSet struct {
	fact.AnySet
	kind liar
}

func (l lyingSet) Kind() fact.Any { return l.kind }

func TestWhatIsNotDeclaredIsLeftOut(t *testing.T) {
	for name, want := range map[string]struct {
		series  int
		invalid float64
	}{"tank": {1, 4}, "unknown": {0, 1}} {
		t.Run(name, func(t *testing.T) {
			run := found(tank{Name: "a"})
			run.Sets[0] = lyingSet{run.Sets[0], liar{tanks(), name}}
			families := parse(t, scrape(t, exposed(t, assessed(planOf("shop"), now, run)), asText, ""))
			require.Len(t, families["readiness_tank_level_ratio"].GetMetric(), want.series)
			require.Equal(t, map[string]float64{"tank": want.invalid}, values(families["readiness_collector_invalid_series"], "collector"))
		})
	}
}

func TestHostileLabelsSurvive(t *testing.T) {
	names := []string{"a\nb", `quote " backslash \`, "\x00\x1b[31m", "ünï", "", `",evil="1`, "a\xff\xfeb", strings.Repeat("é", 500)}
	var facts []tank
	for _, name := range names {
		facts = append(facts, tank{Name: name, Level: 1})
	}
	long := strings.Repeat("é", 501)
	e := exposed(t, assessed(planOf("shop"), now, found(append(facts, tank{Name: long})...)))
	got := values(parse(t, scrape(t, e, asText, ""))["readiness_tank_level_ratio"], "tank")
	for _, name := range names {
		require.Contains(t, got, strings.ToValidUTF8(name, "\uFFFD"))
	}
	require.Contains(t, got, strings.Repeat("é", 498)+"…", "what is too long is cut at a character")
}

// everyKind are collectors of every kind of fact, each named after it, and of tanks.
func everyKind() []collector.Any {
	all := tankCollectors()[:1]
	for _, kind := range fact.Kinds() {
		all = append(all, collector.Collector[string]{Name: kind.KindName(), Yields: []fact.Any{kind}})
	}
	return all
}

// TestNothingThatAFactContainsSpoilsAScrape fills facts of every kind at random, and parses what comes of them.
func TestNothingThatAFactContainsSpoilsAScrape(t *testing.T) {
	e := metrics.NewExposition(everyKind(), prometheus.NewRegistry())
	sound := found(tank{Name: "sound", Level: 0.5, FilledAt: now})
	plan := planOf("shop")
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		runs := []*fact.Run{sound}
		for _, kind := range fact.Kinds() {
			run := runOf(kind.KindName(), hostile(r), randomSet(r, kind))
			run.Declared = []fact.AnySet{randomSet(r, kind)}
			if r.IntN(5) == 0 {
				run.CollectedAt = now.Add(-time.Hour)
			}
			runs = append(runs, run)
		}
		e.Publish([]*assess.Assessment{assessed(plan, now, runs...)})
		requireSound(t, e)
		require.Equal(t, map[string]float64{"sound": 0.5},
			values(parse(t, scrape(t, e, asText, ""))["readiness_tank_level_ratio"], "tank"))
	})
}

// requireSound has every format parsed, and compared with what client_golang makes of the same families.
func requireSound(t *rapid.T, e http.Handler) {
	families := decoded(t, scrape(t, e, asProtobuf, ""))
	var plain, open bytes.Buffer
	known := make(map[string]bool)
	for _, family := range families {
		_, err := expfmt.MetricFamilyToText(&plain, family)
		require.NoError(t, err)
		_, err = expfmt.MetricFamilyToOpenMetrics(&open, family)
		require.NoError(t, err)
		for _, metric := range family.GetMetric() {
			series := family.GetName()
			for _, pair := range metric.GetLabel() {
				series += "\xff" + pair.GetName() + "\xff" + pair.GetValue()
			}
			require.False(t, known[series], "twice: %s", series)
			known[series] = true
			require.False(t, math.IsNaN(metric.GetGauge().GetValue()), series)
			for _, pair := range metric.GetLabel() {
				require.True(t, utf8.ValidString(pair.GetValue()) && len(pair.GetValue()) <= 1000, series)
			}
		}
	}
	require.Equal(t, plain.String(), scrape(t, e, asText, ""))
	require.Equal(t, open.String()+"# EOF\n", scrape(t, e, asOpenMetrics, ""))
	total := 0
	for _, family := range parse(t, scrape(t, e, asText, "gzip")) {
		total += len(family.GetMetric())
	}
	require.Len(t, known, total)
}

// randomSet makes a set of a few facts, of which some are nil, and of what is unavailable.
func randomSet(r *rand.Rand, kind fact.Any) fact.AnySet {
	hide := reflect.ValueOf(kind).MethodByName("Set")
	set := reflect.New(hide.Type().In(0).Elem())
	fill(r, set.Elem(), 4)
	return hide.Call([]reflect.Value{set})[0].Interface().(fact.AnySet)
}

// fill sets everything within a value at random, to so many pointers and lists deep.
func fill(r *rand.Rand, value reflect.Value, depth int) {
	if !value.CanSet() {
		return
	}
	switch value.Interface().(type) {
	case time.Time:
		value.Set(reflect.ValueOf(oneOf(r, []time.Time{
			{}, now, time.Unix(math.MaxInt64/2, 0), time.Unix(math.MinInt64/2, 999), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Unix(0, 0),
		})))
		return
	}
	switch value.Kind() {
	case reflect.String:
		value.SetString(hostile(r))
	case reflect.Bool:
		value.SetBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		value.SetInt(oneOf(r, []int64{0, 1, -1, math.MaxInt64, math.MinInt64}))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		value.SetUint(oneOf(r, []uint64{0, 1, math.MaxUint64}))
	case reflect.Float32, reflect.Float64:
		value.SetFloat(oneOf(r, []float64{
			0, math.Copysign(0, -1), 1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64,
		}))
	case reflect.Struct:
		for i := range value.NumField() {
			fill(r, value.Field(i), depth)
		}
	case reflect.Pointer:
		if depth > 0 && r.IntN(5) > 0 {
			value.Set(reflect.New(value.Type().Elem()))
			fill(r, value.Elem(), depth-1)
		}
	case reflect.Slice:
		if depth > 0 {
			number := r.IntN(4)
			value.Set(reflect.MakeSlice(value.Type(), number, number))
			for i := range number {
				fill(r, value.Index(i), depth-1)
			}
		}
	case reflect.Map:
		if depth > 0 && r.IntN(2) == 0 {
			key, element := reflect.New(value.Type().Key()).Elem(), reflect.New(value.Type().Elem()).Elem()
			fill(r, key, depth-1)
			fill(r, element, depth-1)
			value.Set(reflect.MakeMap(value.Type()))
			value.SetMapIndex(key, element)
		}
	default: // such as any: it stays nil
	}
}

func oneOf[T any](r *rand.Rand, values []T) T { return values[r.IntN(len(values))] }

func hostile(r *rand.Rand) string {
	return oneOf(r, []string{
		"", "a", "a", "b", "\"", "\\", "\n", "a\nb 1", "\x00", "\xff", "\xc3", "\u2028", "{", "} 1", "# EOF", strings.Repeat("long", 1000), "…",
		`",x="1`, "system", string([]byte{0xed, 0xa0, 0x80}),
	})
}
