package fact_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestAnEndpointIsUpWhereItAnswersAsExpected(t *testing.T) {
	answer := func(version fact.IPVersion, status int) fact.EndpointAnswer {
		return fact.EndpointAnswer{IPVersion: version, Steps: []fact.EndpointStep{{Status: 302}, {Status: status}}}
	}
	failed := answer(fact.IPv6, 302)
	failed.Failure = &fact.Failure{Reason: fact.ReasonRefused}
	unmet := answer(fact.IPv4, 200)
	unmet.Unmet = []fact.EndpointExpectation{{Pattern: "ok"}}
	for _, c := range []struct {
		name     string
		endpoint fact.Endpoint
		up       bool
		statuses map[string]float64
	}{
		{"nothing was answered", fact.Endpoint{}, false, map[string]float64{}},
		{"both answered", fact.Endpoint{Answers: []fact.EndpointAnswer{answer(fact.IPv4, 200), answer(fact.IPv6, 200)}}, true, map[string]float64{"4": 200, "6": 200}},
		{"one did not answer", fact.Endpoint{Answers: []fact.EndpointAnswer{answer(fact.IPv4, 200), failed}}, false, map[string]float64{"4": 200}},
		{"one expectation is not met", fact.Endpoint{Answers: []fact.EndpointAnswer{unmet}}, false, map[string]float64{"4": 200}},
		{"what is declared decides", fact.Endpoint{ExpectedStatus: []int{404}, Answers: []fact.EndpointAnswer{answer(fact.IPv4, 404)}}, true, map[string]float64{"4": 404}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.up, c.endpoint.Up())
			statuses := map[string]float64{}
			kind := fact.Endpoints()
			kind.Samples(&c.endpoint, func(family int, values []string, value float64) {
				if kind.Families()[family].Name == "endpoint_status_code" {
					statuses[values[len(values)-1]] = value
				}
			})
			require.Equal(t, c.statuses, statuses)
		})
	}
}
