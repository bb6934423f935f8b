package endpoint_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/endpoint"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestRoutes(t *testing.T) {
	led := func(host string, paths ...string) fact.DiscoveredHost {
		return fact.DiscoveredHost{Cluster: "main", Namespace: "shop", Kind: "Ingress", Name: "web", Host: host, Paths: paths}
	}
	at := func(url, purpose string, status int) fact.Endpoint {
		return answered(purpose, func(e *fact.Endpoint) { e.URL, e.Answers[0].Steps[0].Status = url, status })
	}
	for name, c := range map[string]struct {
		hosts []fact.DiscoveredHost
		asked []fact.Endpoint
		want  []found
	}{
		"a login that is wanted, a path that is not there and a redirect are answers": {
			hosts: []fact.DiscoveredHost{led("shop.example.com", "/", "/api", "/v1")},
			asked: []fact.Endpoint{at(address, "ingress", 302), at(address+"api", "ingress", 401), at(address+"v1", "ingress", 404)},
		},
		"an error of the server is none": {
			hosts: []fact.DiscoveredHost{led("shop.example.com", "/", "/api")},
			asked: []fact.Endpoint{at(address, "ingress", 200), at(address+"api", "ingress", 502)},
			want:  []found{{"wrong_status", "Over IPv4 the answer is 502 (Bad Gateway), and less than 500 is expected."}},
		},
		"what else is wanted of a declared endpoint is not judged here": {
			hosts: []fact.DiscoveredHost{led("shop.example.com", "/")}, asked: []fact.Endpoint{at(address, "api", 404)},
		},
		"an error of it is": {
			hosts: []fact.DiscoveredHost{led("shop.example.com", "/")}, asked: []fact.Endpoint{at(address, "api", 500)},
			want: []found{{"wrong_status", "Over IPv4 the answer is 500 (Internal Server Error), and less than 500 is expected."}},
		},
		"a declared address asks the path by which it is led, and no other": {
			hosts: []fact.DiscoveredHost{led("shop.example.com", "/", "/api", "/apix")}, asked: []fact.Endpoint{at(address+"api/health", "health", 200)},
			want: []found{
				{"not_asked", "No endpoint requests the path / of shop.example.com, which the Ingress shop/web routes."},
				{"not_asked", "No endpoint requests the path /apix of shop.example.com, which the Ingress shop/web routes."},
			},
		},
		"another port of the host is not the way of the Ingress": {
			hosts: []fact.DiscoveredHost{led("shop.example.com", "/")}, asked: []fact.Endpoint{at("https://shop.example.com:9090/", "metrics", 500)},
			want: []found{{"not_asked", "No endpoint requests the path / of shop.example.com, which the Ingress shop/web routes."}},
		},
		"unless it is declared to be": {
			hosts: []fact.DiscoveredHost{led("shop.example.com", "/")}, asked: []fact.Endpoint{at("https://shop.example.com:8443/", "ingress", 200)},
		},
		"a wildcard wants an address of it, and one that has a rule of its own is none": {
			hosts: []fact.DiscoveredHost{led("*.example.com", "/"), led("shop.example.com", "/")}, asked: []fact.Endpoint{at(address, "ingress", 200)},
			want: []found{{"not_asked", "No declared endpoint requests the path / of a host of *.example.com, which the Ingress shop/web routes."}},
		},
		"an address of a wildcard is led by the longest": {
			hosts: []fact.DiscoveredHost{led("*.example.com", "/"), led("*.shop.example.com", "/")},
			asked: []fact.Endpoint{at("https://a.shop.example.com/", "ingress", 200), at("https://a.example.com/", "ingress", 200)},
		},
		"what is for any host is asked where that is said": {
			hosts: []fact.DiscoveredHost{led("*", "/")}, asked: []fact.Endpoint{at("https://203.0.113.10/", "ingress", 200)},
		},
		"and by nothing else": {
			hosts: []fact.DiscoveredHost{led("*", "/")}, asked: []fact.Endpoint{at("https://203.0.113.10/", "front", 200)},
			want: []found{{"not_asked", "No declared endpoint with the purpose ingress requests the path / of the Ingress shop/web, which routes any host."}},
		},
		"one that only redirects has no path to ask": {hosts: []fact.DiscoveredHost{led("shop.example.com")}},
	} {
		t.Run(name, func(t *testing.T) {
			described := &system.System{}
			for _, h := range c.hosts {
				if h.Host[0] != '*' {
					described.DiscoveredNames = append(described.DiscoveredNames, system.DiscoveredName{Name: h.Host})
				}
			}
			for _, e := range c.asked {
				described.Endpoints = append(described.Endpoints, system.Endpoint{URL: e.URL, Purpose: e.Purpose})
			}
			var got []found
			for _, each := range (checktest.Case{
				Kind: endpoint.Routes(), System: described, Now: checktest.Now(),
				Sets: []fact.AnySet{checktest.Facts(fact.Endpoints(), c.asked...), checktest.Facts(fact.DiscoveredHosts(), c.hosts...)},
			}).Judge(t) {
				got = append(got, found{each.Reason, each.Detail})
			}
			require.Equal(t, c.want, got)
		})
	}
	nothing := checktest.Case{Kind: endpoint.Routes(), Now: checktest.Now(), Sets: []fact.AnySet{
		checktest.Facts[fact.DiscoveredHost](fact.DiscoveredHosts()), checktest.Facts[fact.Endpoint](fact.Endpoints()),
	}}.Result(t)
	require.Equal(t, check.Undeclared, nothing.Status)
}
