package collectors_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/collector/conformance"
	"github.com/readiness-exporter/readiness-exporter/internal/exchange/exchangetest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// vantageCase is of another exporter, which has collected all that can be declared.
func vantageCase(t *testing.T) conformance.Case {
	t.Helper()
	const token = "token-of-the-vantage-point"
	s := &system.System{
		Name: "shop", Environment: "production",
		Endpoints: []system.Endpoint{{URL: "https://shop.example.com/"}, {URL: "https://shop.example.com/metrics", Purpose: fact.EndpointMetrics}},
		Domains:   []system.Domain{{Name: "shop.example.com"}},
		Hosts: []system.Host{{
			Name: "web-1", Addresses: []string{"203.0.113.7"}, SSH: &system.SSH{}, Ports: &system.Ports{},
		}},
	}
	proxy := world.NewProxy(t, answering(t, httptest.NewServer, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/api/v1/systems/shop/production/vantage", r.URL.Path)
		if r.Header.Get("Authorization") != "Bearer "+token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_ = json.NewEncoder(w).Encode(exchangetest.Answer(t, s, "frankfurt", collectors.Outside(collectors.Options{}), time.Now()))
	}))
	tokenFile := file(t, token)
	s.VantagePoints = []system.VantagePoint{{Name: "frankfurt", URL: "http://" + proxy.Addr, BearerTokenFile: tokenFile}}
	return conformance.Case{
		System:  s,
		Secrets: []string{token},
		Faults: append(httpFaults(t, proxy, httptest.NewServer),
			moved("whose token is gone", tokenFile, fact.ReasonNotFound),
			rewritten("that gets another token", tokenFile, "another", false)),
	}
}
