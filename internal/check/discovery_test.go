package check_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestNothingIsUndeclaredWhileItIsNotKnownWhatThereIs(t *testing.T) {
	now := time.Unix(1e9, 0)
	failure := &fact.Failure{Reason: fact.ReasonRefused, Detail: "connect: connection refused"}
	none := check.Reason{Name: "no_endpoint", Level: check.Undeclared, Sentence: "There is none.", Remedy: "Declare one."}
	ought := check.Reason{Name: "no_endpoint", Level: check.Fail, Sentence: "There is none.", Remedy: "Make one."}
	awaited := fact.Endpoints().Set(&fact.Set[fact.Endpoint]{Unavailable: []fact.Unavailable[fact.Endpoint]{
		{Known: fact.Endpoint{EndpointPlace: fact.EndpointPlace{Purpose: "front"}}},
	}})
	discovery := func(complete bool) *fact.Run {
		run := &fact.Run{Collector: "discovery", Target: "main", Interval: time.Minute, Discovers: []fact.AnySet{awaited}, Complete: complete}
		if !complete {
			run.TriedAt, run.Failure = now, failure
		}
		return run
	}
	endpoints := func(purposes ...string) *fact.Run {
		set := &fact.Set[fact.Endpoint]{}
		for _, purpose := range purposes {
			set.Add(fact.Endpoint{EndpointPlace: fact.EndpointPlace{URL: "https://" + purpose + ".test/", Purpose: purpose}})
		}
		run := &fact.Run{Collector: "endpoint", Interval: time.Minute, Declared: []fact.AnySet{fact.Endpoints().NoFacts()}}
		run.Succeed(nil, []fact.AnySet{fact.Endpoints().Set(set)}, now)
		return run
	}
	no := false
	off := system.Discovery{Endpoints: &no}
	for _, c := range []struct {
		name      string
		about     string
		whenEmpty check.Reason
		discovery system.Discovery
		runs      []*fact.Run
		want      check.Status
	}{
		{"nothing is declared, and discovery has failed", "front", none, system.Discovery{}, []*fact.Run{discovery(false)}, check.Unknown},
		{"nothing is declared, and discovery found none", "front", none, system.Discovery{}, []*fact.Run{discovery(true)}, check.Undeclared},
		{"nothing is declared, and discovery is turned off", "front", none, off, []*fact.Run{discovery(false)}, check.Undeclared},
		{"there is no discovery", "front", none, system.Discovery{}, nil, check.Undeclared},
		{"of two discoveries one has failed", "front", none, system.Discovery{}, []*fact.Run{discovery(true), discovery(false)}, check.Unknown},
		{"what is declared is none that the item is about", "front", none, system.Discovery{}, []*fact.Run{endpoints("api"), discovery(false)}, check.Unknown},
		{"and discovery found none", "front", none, system.Discovery{}, []*fact.Run{endpoints("api"), discovery(true)}, check.Undeclared},
		{"what is declared is judged, whatever becomes of discovery", "front", none, system.Discovery{}, []*fact.Run{endpoints("front"), discovery(false)}, check.Pass},
		{"nothing of what the item is about can be discovered", "health", none, system.Discovery{}, []*fact.Run{discovery(false)}, check.Undeclared},
		{"what ought to be there is not", "front", ought, system.Discovery{}, []*fact.Run{endpoints("api"), discovery(false)}, check.Fail},
	} {
		t.Run(c.name, func(t *testing.T) {
			kind := check.Kind[struct{}]{
				Name: "front", Summary: "It is there.", Remedy: "Declare it.", WhenEmpty: c.whenEmpty,
				Over: []check.Quantified[struct{}]{check.Each(fact.Endpoints(), func(check.Context, *fact.Endpoint, struct{}) []check.Problem { return nil }).
					Where(func(_ check.Context, e *fact.Endpoint, _ struct{}) bool { return e.Purpose == c.about }).
					Known(func(e *fact.Endpoint, _ struct{}) bool { return e.Purpose == c.about })},
			}
			rule := check.Rule{ID: "domain.front", Clause: check.Clause{Bound: kind.Bind(&struct{}{})}}
			result := rule.Judge(fact.NewView(c.runs, now), &system.System{Discovery: c.discovery}, now)
			require.Equal(t, c.want, result.Status, "%+v", result.Problems)
			if c.want == check.Unknown {
				require.Equal(t, fact.ReasonRefused, result.Problems[0].Cause)
				require.Equal(t, "what there is to collect could not be discovered: connect: connection refused", result.Problems[0].Detail)
			}
		})
	}
}
