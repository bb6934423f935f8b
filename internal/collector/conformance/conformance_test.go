package conformance

import (
	"context"
	"math"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

type thing struct {
	Name, Text string
	Level      float64
}

func things() *fact.Kind[thing] {
	return &fact.Kind[thing]{
		Name: "thing", Help: "A thing.", Subject: func(f *thing) string { return f.Name },
		Labels: []fact.Label[thing]{{Name: "text", Value: func(f *thing) string {
			if f.Text == "panic" {
				panic("a mistake")
			}
			return f.Text
		}}},
		Gauges: []fact.Gauge[thing]{{Name: "thing_level", Help: "Level.", Value: func(f *thing) (float64, bool) { return f.Level, true }}},
	}
}

// recorder is a test that notes whether it has failed.
type recorder struct {
	testing.TB
	failed atomic.Bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed.Store(true) }
func (r *recorder) FailNow()              { r.failed.Store(true); runtime.Goexit() }

// fails tells whether a test does.
func fails(t *testing.T, test func(testing.TB)) bool {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if recover() != nil {
				r.failed.Store(true)
			}
		}()
		test(r)
	}()
	<-done
	return r.failed.Load()
}

func TestUnsoundSetsAreFound(t *testing.T) {
	of := func(facts ...thing) *fact.Set[thing] {
		set := &fact.Set[thing]{}
		set.Add(facts...)
		return set
	}
	lacking := func(u fact.Unavailable[thing]) *fact.Set[thing] {
		return &fact.Set[thing]{Unavailable: []fact.Unavailable[thing]{u}}
	}
	for _, c := range []struct {
		name    string
		set     *fact.Set[thing]
		unsound bool
	}{
		{"different things are sound", of(thing{Name: "a", Text: "x"}, thing{Name: "b"}), false},
		{"nothing is sound", of(), false},
		{"what is unavailable with a reason is sound", lacking(fact.Unavailable[thing]{Subject: "a", Reason: fact.ReasonTimeout, Detail: "no answer"}), false},
		{"a fact about nothing is not", of(thing{}), true},
		{"two facts about one thing are not", of(thing{Name: "a", Text: "x"}, thing{Name: "a", Text: "y"}), true},
		{"two facts with the same series are not", of(thing{Name: "a"}, thing{Name: "b"}), true},
		{"a name of two lines is not", of(thing{Name: "a\nb"}), true},
		{"a number that is none is not", of(thing{Name: "a", Level: math.NaN()}), true},
		{"a number without end is not", of(thing{Name: "a", Level: math.Inf(1)}), true},
		{"a label that is no UTF-8 is not", of(thing{Name: "a", Text: "\xff"}), true},
		{"a label as long as a book is not", of(thing{Name: "a", Text: strings.Repeat("x", 1<<20)}), true},
		{"a label that panics is not", of(thing{Name: "a", Text: "panic"}), true},
		{"a secret in a fact is not", of(thing{Name: "a", Text: "a canary sings"}), true},
		{"a secret in a detail is not", lacking(fact.Unavailable[thing]{Subject: "a", Reason: fact.ReasonTimeout, Detail: "canary"}), true},
		{"what is unavailable without a reason is not", lacking(fact.Unavailable[thing]{Subject: "a", Detail: "no answer"}), true},
		{"what is unavailable without a detail is not", lacking(fact.Unavailable[thing]{Subject: "a", Reason: fact.ReasonTimeout}), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			suite := Case{Secrets: []string{"canary"}}
			require.Equal(t, c.unsound, fails(t, func(t testing.TB) { suite.requireSound(t, things().Set(c.set)) }))
		})
	}
}

func TestASoundCollectorConforms(t *testing.T) {
	var hangs, fails atomic.Bool
	Test(t, Case{
		New: func(*testing.T) collector.Any {
			return collector.Collector[string]{
				Name: "thing", Summary: "Things.", Yields: []fact.Any{things()}, Schedule: "@every 1m", Timeout: time.Minute,
				Targets: func(s *system.System) []string { return []string{s.Name} },
				Target:  func(target string) string { return target },
				Collect: func(ctx context.Context, target string, _ fact.Topics) ([]fact.AnySet, error) {
					if hangs.Load() {
						<-ctx.Done()
					}
					if ctx.Err() != nil {
						return nil, context.Cause(ctx)
					}
					if fails.Load() {
						return nil, fact.Errorf(fact.ReasonDenied, "not today")
					}
					set := &fact.Set[thing]{}
					set.Add(thing{Name: target})
					return []fact.AnySet{things().Set(set)}, nil
				},
			}
		},
		System: &system.System{Name: "shop"},
		Faults: []Fault{
			{
				Name: "hangs", Hangs: true, Reasons: []fact.Reason{fact.ReasonTimeout},
				Break: func(*testing.T) { hangs.Store(true) }, Fix: func(*testing.T) { hangs.Store(false) },
			},
			{
				Name: "sends away", Reasons: []fact.Reason{fact.ReasonDenied},
				Break: func(*testing.T) { fails.Store(true) }, Fix: func(*testing.T) { fails.Store(false) },
			},
		},
	})
}
