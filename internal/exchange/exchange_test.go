package exchange_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/collectors/endpoint"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/exchange"
	"github.com/readiness-exporter/readiness-exporter/internal/exchange/exchangetest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

var at = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)

// fill sets every field of a value to something that is not zero.
func fill(value reflect.Value) {
	switch value.Kind() {
	case reflect.String:
		value.SetString("text")
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Int, reflect.Int64:
		value.SetInt(7)
	case reflect.Float64:
		value.SetFloat(0.1)
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), 2, 2))
		fill(value.Index(0))
		fill(value.Index(1))
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		fill(value.Elem())
	case reflect.Struct:
		if value.Type() == reflect.TypeFor[time.Time]() {
			value.Set(reflect.ValueOf(at))
			return
		}
		for i := range value.NumField() {
			fill(value.Field(i))
		}
	default:
		panic("a fact holds a " + value.Kind().String() + ", which is not known to be handed over as it is")
	}
}

// full is a set of a kind whose fact, and what is unavailable, have something in every field.
func full[F any](kind *fact.Kind[F], vantage string) fact.AnySet {
	var one F
	fill(reflect.ValueOf(&one).Elem())
	return kind.Set(&fact.Set[F]{
		Facts:       []*F{&one},
		Unavailable: []fact.Unavailable[F]{{Known: one, Reason: fact.ReasonTimeout, Topic: "text", Detail: "text"}, {Subject: "text", Reason: fact.ReasonStale}},
	}).From(vantage)
}

func TestFactsAreTheSameAtTheOtherEnd(t *testing.T) {
	all := []fact.AnySet{
		full(fact.Endpoints(), "frankfurt"), full(fact.Certificates(), "frankfurt"), full(fact.DomainNames(), "frankfurt"),
		full(fact.PortProbes(), "frankfurt"), full(fact.SSHServers(), "frankfurt"), full(fact.TLSOffers(), "frankfurt"),
		full(fact.MetricsExposures(), "frankfurt"),
	}
	for i, kind := range exchange.Kinds() {
		t.Run(kind.KindName(), func(t *testing.T) {
			require.Equal(t, kind.KindName(), all[i].Kind().KindName())
			encoded, err := all[i].Encode()
			require.NoError(t, err)
			content, err := json.Marshal(encoded)
			require.NoError(t, err)
			var received fact.Encoded
			require.NoError(t, json.Unmarshal(content, &received))
			got, err := kind.Decode(received, "frankfurt")
			require.NoError(t, err)
			require.True(t, all[i].Equal(got), "%s", content)
			require.Equal(t, "text from frankfurt", all[i].Gaps()[1].Subject)
		})
	}
}

// Where a set stands changes what it says of that, and leaves the set it was made of as it was: others may read it.
func TestASetThatIsMovedLeavesTheOriginal(t *testing.T) {
	original := fact.Endpoints().Found(fact.Endpoint{EndpointPlace: fact.EndpointPlace{URL: "https://shop.example.com/"}})
	moved := original.From("frankfurt")
	require.Equal(t, "https://shop.example.com/", fact.Endpoints().SubjectOf(original.At(0)))
	require.Equal(t, "https://shop.example.com/ from frankfurt", fact.Endpoints().SubjectOf(moved.At(0)))
	require.Zero(t, fact.Clusters().Found(fact.Cluster{Name: "main"}).From("frankfurt").Len(), "nothing of a cluster is of a vantage point")
	_, err := fact.Clusters().Decode(fact.Encoded{Kind: "cluster", Facts: []json.RawMessage{[]byte(`{}`)}}, "frankfurt")
	require.ErrorContains(t, err, "not collected from vantage points")
}

func TestARunThatFailedIsHandedOverAsUnavailable(t *testing.T) {
	declared := fact.Endpoints().Missing(fact.Endpoint{EndpointPlace: fact.EndpointPlace{URL: "https://shop.example.com/"}}).From("frankfurt")
	run := &fact.Run{
		Collector: "endpoint", Target: "https://shop.example.com/", Described: "1", Interval: time.Minute, Declared: []fact.AnySet{declared},
		Failure: &fact.Failure{Reason: fact.ReasonRefused, Detail: "connection refused"},
	}
	answer, err := exchange.Of("shop", "production", "frankfurt", "1.2.3", []*fact.Run{run}, at)
	require.NoError(t, err)
	got := answer.Take([]exchange.Expected{{Collector: "endpoint", Target: run.Target, Described: "1", Declared: run.Declared}})
	require.Equal(t, []fact.Gap{{
		Subject: "https://shop.example.com/ from frankfurt", Reason: fact.ReasonRefused, Detail: "connection refused",
	}}, got[0].Gaps())
}

// Whatever is answered, what comes of it is about what was asked for, from where it was asked.
func FuzzTake(f *testing.F) {
	s := &system.System{Name: "shop", Environment: "production", Endpoints: []system.Endpoint{{URL: "https://shop.example.com/"}}}
	job := collector.From("frankfurt", endpoint.New(nil)).Jobs(s.From("frankfurt"), fact.Needs{})[0]
	expected := []exchange.Expected{{Collector: "endpoint", Target: job.Target, Described: job.Described, Declared: job.Declared}}
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"shape":"` + exchange.Shape() + `","system":"shop","environment":"production","vantage":"frankfurt","at":"2026-06-01T12:00:00Z"}`))
	whole, err := json.Marshal(exchangetest.Answer(f, s, "frankfurt", []collector.Any{endpoint.New(nil)}, at))
	require.NoError(f, err)
	f.Add(whole)
	f.Fuzz(func(t *testing.T, content []byte) {
		answer, err := exchange.Read(content, "shop", "production", "frankfurt")
		if err != nil {
			return
		}
		something := 0
		for _, set := range answer.Take(expected) {
			for i := range set.Len() {
				something++
				require.Contains(t, set.Kind().SubjectOf(set.At(i)), "shop.example.com")
				require.Contains(t, set.Kind().SubjectOf(set.At(i)), " from frankfurt")
			}
			for _, gap := range set.Gaps() {
				something++
				require.Contains(t, gap.Subject, " from frankfurt")
			}
		}
		require.NotZero(t, something, "what is expected is there or unavailable")
	})
}

func TestAnAnswerHasWhatTheOtherEndReads(t *testing.T) {
	s := &system.System{Name: "shop", Environment: "production", Endpoints: []system.Endpoint{{URL: "https://shop.example.com/"}}}
	content, err := json.Marshal(exchangetest.Answer(t, s, "frankfurt", []collector.Any{endpoint.New(nil)}, at))
	require.NoError(t, err)
	_, err = exchange.Read(content, "shop", "production", "frankfurt")
	require.NoError(t, err)
}
