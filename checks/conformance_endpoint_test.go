package checks_test

import (
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// asked is an endpoint that answered with a status, as its purpose has it.
func asked(purpose string, status int, edits ...func(*fact.Endpoint)) fact.AnySet {
	const url = "https://shop.example.com/"
	e := fact.Endpoint{
		EndpointPlace: fact.EndpointPlace{URL: url, Purpose: purpose},
		Answers:       []fact.EndpointAnswer{{IPVersion: fact.IPv4, Steps: []fact.EndpointStep{{URL: url, Status: status}}}},
		Plain: &fact.EndpointAnswer{Steps: []fact.EndpointStep{
			{URL: "http://shop.example.com/", Status: 301, RedirectsTo: url}, {URL: url, Status: 200},
		}},
	}
	for _, edit := range edits {
		edit(&e)
	}
	return facts(fact.Endpoints(), e)
}

func endpointWorlds() map[string]world {
	published := func(e *fact.Endpoint) { e.Answers[0].Page = &fact.EndpointPage{Characters: 2000} }
	exposing := func(e *fact.Endpoint) { e.Answers[0].Exposition = &fact.EndpointExposition{Families: 1} }
	plain := func(e *fact.Endpoint) {
		e.Plain.Steps = []fact.EndpointStep{{URL: "http://shop.example.com/", Status: 200}}
	}
	declared := func(purpose string) *system.System {
		return &system.System{Endpoints: []system.Endpoint{{URL: "https://shop.example.com/", Purpose: purpose}}}
	}
	row := func(purpose string, good, bad fact.AnySet) world {
		return world{declared: declared(purpose), good: []fact.AnySet{good}, bad: []fact.AnySet{bad}}
	}
	offered := func(versions ...fact.TLSVersion) fact.AnySet {
		return facts(fact.TLSOffers(), fact.TLSOffer{
			Address: "shop.example.com:443", Over: []fact.TLSOfferOver{{IPVersion: fact.IPv4, Versions: versions}},
		})
	}
	ended := func(status int) fact.EndpointAnswer {
		return fact.EndpointAnswer{Steps: []fact.EndpointStep{{URL: "https://shop.example.com/", Status: status}}}
	}
	login := func(without int) fact.AnySet {
		return facts(fact.EndpointLogins(), fact.EndpointLogin{URL: "https://shop.example.com/", Without: ended(without), Wrong: ended(403), With: ended(200)})
	}
	tried := func(found fact.DefaultLogin) fact.AnySet {
		found.DefaultLoginPlace = fact.DefaultLoginPlace{Name: "grafana", Type: fact.LoginGrafana, Server: "grafana.example.com:443", Username: "admin"}
		return facts(fact.DefaultLogins(), found)
	}
	led := facts(fact.DiscoveredHosts(), fact.DiscoveredHost{
		Cluster: "main", Namespace: "shop", Kind: "Ingress", Name: "web", Host: "shop.example.com", Paths: []string{"/"},
	})
	frankfurt := func(e *fact.Endpoint) { e.Vantage = "frankfurt" }
	watched := declared("front")
	watched.VantagePoints = []system.VantagePoint{{Name: "frankfurt"}}
	point := facts(fact.VantagePoints(), fact.VantagePoint{Name: "frankfurt", Version: "1.0.0"})
	scraped := declared("metrics")
	scraped.VantagePoints = watched.VantagePoints
	shown := func(exposed *fact.EndpointExposition) fact.AnySet {
		return facts(fact.MetricsExposures(), fact.MetricsExposure{
			Standpoint: fact.Standpoint{Vantage: "frankfurt"}, URL: "https://shop.example.com/",
			Answers: []fact.MetricsAnswer{{Connected: true, EndpointAnswer: fact.EndpointAnswer{
				IPVersion: fact.IPv4, Exposition: exposed, Steps: []fact.EndpointStep{{URL: "https://shop.example.com/", Status: 200}},
			}}},
		})
	}
	rolledOut := declared("front")
	rolledOut.Kubernetes = []system.Cluster{{Name: "main"}}
	return map[string]world{
		"rollout_access": {
			declared: rolledOut,
			good:     []fact.AnySet{facts(fact.Workloads(), goodWorkload()), asked("front", 200)},
			bad:      []fact.AnySet{facts(fact.Workloads(), goodWorkload()), asked("front", 503)},
		},
		"private_metrics_endpoint": {
			declared: scraped,
			good:     []fact.AnySet{asked("metrics", 200, exposing), shown(nil), point},
			bad:      []fact.AnySet{asked("metrics", 200, exposing), shown(&fact.EndpointExposition{Families: 1}), point},
		},
		"vantage_point_access": {
			declared: watched,
			good:     []fact.AnySet{asked("front", 200, frankfurt), point},
			bad:      []fact.AnySet{asked("front", 503, frankfurt), point},
		},
		"ingress_routes": {
			declared: &system.System{
				Endpoints:       []system.Endpoint{{URL: "https://shop.example.com/", Purpose: "ingress"}},
				DiscoveredNames: []system.DiscoveredName{{Name: "shop.example.com"}},
			},
			good: []fact.AnySet{led, asked("ingress", 404)},
			bad:  []fact.AnySet{led, asked("ingress", 503)},
		},
		"endpoint_authentication": row("protected", login(401), login(200)),
		"default_credentials": {
			declared: &system.System{Logins: []system.DefaultLogin{{Name: "grafana", Type: fact.LoginGrafana}}},
			good:     []fact.AnySet{tried(fact.DefaultLogin{Refusal: "it answers 401"})},
			bad:      []fact.AnySet{tried(fact.DefaultLogin{Accepted: true})},
		},
		"encryption_in_transit": {
			declared: declared("front"),
			good:     []fact.AnySet{offered(fact.TLS12, fact.TLS13), asked("front", 200)},
			bad:      []fact.AnySet{offered(fact.TLS11, fact.TLS12), asked("front", 200, plain)},
		},
		"domain_access":      row("front", asked("front", 200), asked("front", 503)),
		"endpoint_responses": row("api", asked("api", 200), asked("api", 404)),
		"health_endpoints":   row("health", asked("health", 200), asked("health", 204)),
		"metrics_endpoint":   row("metrics", asked("metrics", 200, exposing), asked("metrics", 200, func(e *fact.Endpoint) { e.Answers[0].Exposition = &fact.EndpointExposition{} })),
		"published_page":     row("privacy-policy", asked("privacy-policy", 200, published), asked("privacy-policy", 404)),
		"https_redirect":     row("front", asked("front", 200), asked("front", 200, plain)),
	}
}
