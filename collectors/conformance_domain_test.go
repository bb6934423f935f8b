package collectors_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/readiness-exporter/readiness-exporter/internal/collector/conformance"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// nameServerCase is that of a name server, which hangs or is away. What it can lie is tested beside the collector.
func nameServerCase(t *testing.T) conformance.Case {
	t.Helper()
	const text = "$TTL 60\n@ SOA ns1 admin 1 3600 600 86400 60\n@ NS ns1\nns1 A 127.0.0.1\nwww A 192.0.2.10\n"
	server := servers.NameServer(t, world.NameServerSpec{Zones: []world.Zone{{Name: "shop.test.", Text: text}}})
	declared := &system.System{Domains: []system.Domain{{Name: "www.shop.test", NameServers: []string{server.Addr}, Resolvers: []string{server.Addr}}}}
	return conformance.Case{
		System: declared,
		Faults: []conformance.Fault{
			{Name: "hangs", Break: func(t *testing.T) { server.Pause(t) }, Fix: func(t *testing.T) { server.Resume(t) }, Hangs: true, Reasons: []fact.Reason{fact.ReasonTimeout}},
			{Name: "refuses", Break: func(t *testing.T) { server.Kill(t) }, Fix: func(t *testing.T) { server.Restart(t) }, Reasons: []fact.Reason{fact.ReasonRefused}},
		},
	}
}

// clusterDNSCase is that of a DNS of a cluster: what it does not answer is the fact.
func clusterDNSCase(t *testing.T) conformance.Case {
	t.Helper()
	const text = "$TTL 60\n@ SOA ns1 admin 1 3600 600 86400 60\n@ NS ns1\nns1 A 127.0.0.1\nkubernetes.default.svc A 10.96.0.1\n"
	server := servers.NameServer(t, world.NameServerSpec{Zones: []world.Zone{{Name: "cluster.local.", Text: text}}})
	return conformance.Case{
		System: &system.System{Kubernetes: []system.Cluster{{Name: "main", DNS: &system.ClusterDNS{
			Address: server.Addr, Outside: []string{"ns1.cluster.local"},
		}}}},
		Faults: []conformance.Fault{
			{Name: "hangs", Break: func(t *testing.T) { server.Pause(t) }, Fix: func(t *testing.T) { server.Resume(t) }, Hangs: true, Reasons: []fact.Reason{fact.ReasonTimeout}},
			{Name: "refuses", Break: func(t *testing.T) { server.Kill(t) }, Fix: func(t *testing.T) { server.Restart(t) }, Unnoticed: true},
		},
	}
}

// registryCase is that of a registry that knows one domain.
func registryCase(t *testing.T) conformance.Case {
	t.Helper()
	proxy := world.NewProxy(t, answering(t, httptest.NewServer, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/domain/example.com" {
			t.Errorf("unexpected path %s", r.URL.Path)
		}
		w.Header().Set("Content-Type", "application/rdap+json")
		_, _ = io.WriteString(w, `{"objectClassName": "domain", "ldhName": "example.com", "events": [{"eventAction": "expiration", "eventDate": "2030-01-01T00:00:00Z"}]}`)
	}))
	return conformance.Case{
		System: &system.System{Domains: []system.Domain{{Name: "shop.example.com", RDAP: "http://" + proxy.Addr}}},
		Faults: httpFaults(t, proxy, httptest.NewServer),
	}
}
