package checks_test

import (
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// answeredFor is a name for which two name servers answered.
func answeredFor(edits ...func(*fact.DomainName)) fact.AnySet {
	answer := func(server string) fact.DNSAnswer {
		return fact.DNSAnswer{Server: server, Addresses: []string{"192.0.2.10"}, Serial: 7}
	}
	d := fact.DomainName{
		DomainNamePlace: fact.DomainNamePlace{Domain: "api.example.com", Expected: []string{"192.0.2.10"}}, Zone: "example.com",
		NameServers: []fact.DNSAnswer{answer("ns1"), answer("ns2")}, Resolvers: []fact.DNSAnswer{answer("192.0.2.53")},
		DNSSEC: &fact.DNSSEC{Inception: now.Add(-time.Hour), Expiration: now.Add(30 * day)},
	}
	for _, edit := range edits {
		edit(&d)
	}
	return facts(fact.DomainNames(), d)
}

func domainWorlds() map[string]world {
	declared := &system.System{Domains: []system.Domain{{Name: "api.example.com", Addresses: []string{"192.0.2.10"}}}}
	row := func(bad func(*fact.DomainName)) world {
		return world{declared: declared, good: []fact.AnySet{answeredFor()}, bad: []fact.AnySet{answeredFor(bad)}}
	}
	registered := func(left time.Duration) []fact.AnySet {
		return []fact.AnySet{facts(fact.Registrations(), fact.Registration{
			Domain: "example.com", Registered: true, ExpiresAt: now.Add(left), Statuses: []string{"client transfer prohibited"},
		})}
	}
	return map[string]world{
		"domain_registration": {declared: declared, good: registered(200 * day), bad: registered(29 * day)},
		"dns_records":         row(func(d *fact.DomainName) { d.DNSSEC.Faults = []string{"nothing is signed"} }),
		"dns_address":         row(func(d *fact.DomainName) { d.NameServers[0].Addresses = []string{"192.0.2.99"} }),
		"dns_propagation":     row(func(d *fact.DomainName) { d.NameServers[0].Serial = 6 }),
	}
}
