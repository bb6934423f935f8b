package dns_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/dns"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

const day = 24 * time.Hour

// found is what a problem says.
type found struct{ reason, detail string }

func answer(server string, addresses ...string) fact.DNSAnswer {
	return fact.DNSAnswer{Server: server, Addresses: addresses, Serial: 7}
}

// named is a name that two name servers and a resolver know, as edited.
func named(edit func(*fact.DomainName)) fact.DomainName {
	d := fact.DomainName{
		DomainNamePlace: fact.DomainNamePlace{Domain: "api.example.com", Expected: []string{"192.0.2.10"}}, Zone: "example.com",
		NameServers: []fact.DNSAnswer{answer("ns1", "192.0.2.10"), answer("ns2", "192.0.2.10")},
		Resolvers:   []fact.DNSAnswer{answer("1.1.1.1", "192.0.2.10")},
	}
	if edit != nil {
		edit(&d)
	}
	return d
}

func judge[P any](t *testing.T, kind check.Kind[P], tune func(*P), d fact.DomainName, read ...fact.AnySet) (all []found) {
	t.Helper()
	parameters := kind.Defaults
	if tune != nil {
		tune(&parameters)
	}
	for _, each := range (checktest.Case{
		Kind: kind, Parameters: &parameters, Now: checktest.Now(), Sets: append([]fact.AnySet{checktest.Facts(fact.DomainNames(), d)}, read...),
	}).Judge(t) {
		all = append(all, found{each.Reason, each.Detail})
	}
	return all
}

func failed(reason fact.Reason, detail string) *fact.Failure {
	return &fact.Failure{Reason: reason, Detail: detail}
}

// alike has every server answer the same.
func alike(a fact.DNSAnswer) func(*fact.DomainName) {
	return func(d *fact.DomainName) {
		for _, answers := range [][]fact.DNSAnswer{d.NameServers, d.Resolvers} {
			for i := range answers {
				answers[i].Aliases, answers[i].Addresses, answers[i].Unknown, answers[i].Failure = a.Aliases, a.Addresses, a.Unknown, a.Failure
			}
		}
	}
}

func TestRecords(t *testing.T) {
	signed := func(age, left time.Duration, faults ...string) func(*fact.DomainName) {
		return func(d *fact.DomainName) {
			d.DNSSEC = &fact.DNSSEC{Inception: checktest.Now().Add(-age), Expiration: checktest.Now().Add(left), Faults: faults}
		}
	}
	for name, c := range map[string]struct {
		edit func(*fact.DomainName)
		want []found
	}{
		"an address is enough": {nil, nil},
		"one that does not exist fails": {alike(fact.DNSAnswer{Unknown: true}), []found{
			{"no_name", "The name does not exist: 1.1.1.1 does not know it."},
		}},
		"one without an address fails": {alike(fact.DNSAnswer{}), []found{{"no_address", "The name exists, and has neither an A nor an AAAA record."}}},
		"an alias of nothing fails": {alike(fact.DNSAnswer{Aliases: []string{"a.example.net", "b.example.net"}, Unknown: true}), []found{
			{"dangling_alias", "The name is an alias of b.example.net, which does not exist."},
		}},
		"so does one of a name without an address": {alike(fact.DNSAnswer{Aliases: []string{"a.example.net"}}), []found{
			{"dangling_alias", "The name is an alias of a.example.net, which has no address."},
		}},
		"an alias whose end the name servers do not know is good": {func(d *fact.DomainName) {
			alike(fact.DNSAnswer{Aliases: []string{"a.example.net"}})(d)
			d.Resolvers[0].Addresses = []string{"192.0.2.99"}
		}, nil},
		"what every server answers with an error fails": {alike(fact.DNSAnswer{Failure: failed(fact.ReasonFailed, "it answers with an error (SERVFAIL)")}), []found{
			{"not_resolved", "No server gives an answer that can be used: it answers with an error (SERVFAIL)."},
		}},
		"this machine's resolver is enough where no other can be asked": {func(d *fact.DomainName) {
			alike(fact.DNSAnswer{Failure: failed(fact.ReasonTimeout, "no answer")})(d)
			own := answer("10.0.0.2", "10.0.0.10")
			d.Own = &own
		}, nil},
		"signatures that hold are good": {signed(10*day, 20*day), nil},
		"signatures that do not fail": {signed(10*day, 20*day, "the A records are not signed"), []found{
			{"dnssec_invalid", "Of the zone example.com the A records are not signed."},
		}},
		"a signature that expires soon warns": {signed(28*day, 2*day), []found{
			{"signature_expires_soon", "A signature of the zone example.com expires in 2 d, on 2026-11-24 12:00 UTC (limit 2 d 12 h)."},
		}},
		"one that expires very soon fails": {signed(29*day, day), []found{
			{"signature_expires_very_soon", "A signature of the zone example.com expires in 1 d, on 2026-11-23 12:00 UTC."},
		}},
		"one that has expired since fails": {signed(29*day, -time.Hour), []found{
			{"dnssec_invalid", "A signature of the zone example.com expired 1 h ago, on 2026-11-22 11:00 UTC."},
		}},
		"one that is made for each answer is good": {signed(25*time.Hour, 25*time.Hour), nil},
		"what could not be verified is unknown": {func(d *fact.DomainName) { d.DNSSECFailure = failed(fact.ReasonTimeout, "no answer") }, []found{
			{"dnssec_not_checked", "Whether the zone example.com is signed is not known: no answer."},
		}},
		"an error for CAA fails": {func(d *fact.DomainName) { d.CAAFailure = failed(fact.ReasonFailed, "SERVFAIL") }, []found{
			{"caa_fails", "CAA records cannot be had: SERVFAIL."},
		}},
		"no answer for CAA is unknown": {func(d *fact.DomainName) { d.CAAFailure = failed(fact.ReasonTimeout, "no answer") }, []found{
			{"caa_not_answered", "CAA records could not be asked for: no answer."},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, judge(t, dns.Records(), nil, named(c.edit)))
		})
	}
}

func TestCAA(t *testing.T) {
	signed := func(above, root string, names ...string) fact.AnySet {
		return checktest.Facts(fact.Certificates(), fact.Certificate{
			CertificatePlace: fact.CertificatePlace{Source: fact.CertificateAtAddress, Name: "api.example.com:443", ServerName: "api.example.com"},
			Chain:            []fact.ChainCertificate{{Issuer: "R11"}}, Path: []fact.ChainCertificate{{Issuer: "R11"}, {Subject: root, Issuer: above}},
			Names: names, Trust: fact.TrustPublic,
		})
	}
	certificate := func(root string, names ...string) fact.AnySet { return signed(root, root, names...) }
	issue := func(domain string, issuers ...string) fact.CAASet {
		return fact.CAASet{Domain: domain, HasIssue: true, Issue: issuers}
	}
	const forbids = "caa_forbids_issuer"
	own, whole := certificate("ISRG Root X1", "api.example.com"), certificate("ISRG Root X1", "*.example.com")
	for name, c := range map[string]struct {
		caa         []fact.CAASet
		certificate fact.AnySet
		authorities []string
		want        []found
	}{
		"without records anybody may issue": {nil, own, nil, nil},
		"the authority in use is allowed":   {[]fact.CAASet{issue("example.com", "letsencrypt.org")}, own, nil, nil},
		"one whose root another has signed is allowed by its own name": {
			[]fact.CAASet{issue("example.com", "pki.goog")}, signed("GlobalSign Root CA", "GTS Root R1", "api.example.com"), nil, nil,
		},
		"another is not":                     {[]fact.CAASet{issue("example.com", "pki.goog")}, own, nil, []found{{forbids, "The CAA records of example.com allow pki.goog, and not letsencrypt.org."}}},
		"nobody is":                          {[]fact.CAASet{issue("example.com", "")}, own, nil, []found{{forbids, "The CAA records of example.com allow none, and not letsencrypt.org."}}},
		"the nearest records count":          {[]fact.CAASet{issue("api.example.com", "letsencrypt.org"), issue("example.com", "pki.goog")}, own, nil, nil},
		"of a wildcard those of its domain":  {[]fact.CAASet{issue("api.example.com", "pki.goog"), issue("example.com", "letsencrypt.org")}, whole, nil, nil},
		"and its own property":               {[]fact.CAASet{{Domain: "example.com", HasIssue: true, Issue: []string{"letsencrypt.org"}, IssueWild: []string{"pki.goog"}}}, whole, nil, []found{{forbids, "The CAA records of example.com allow pki.goog, and not letsencrypt.org."}}},
		"that one alone forbids others only": {[]fact.CAASet{{Domain: "example.com", IssueWild: []string{""}}}, own, nil, nil},
		"where to report to forbids nothing": {[]fact.CAASet{{Domain: "example.com"}}, own, nil, nil},
		"what must be understood forbids all": {[]fact.CAASet{{Domain: "example.com", Critical: []string{"tbs"}}}, own, nil, []found{
			{forbids, "The CAA records of example.com have the critical property tbs, which authorities do not know."},
		}},
		"an authority that nobody knows is unknown": {[]fact.CAASet{issue("example.com", "pki.goog")}, certificate("Example Root", "api.example.com"), nil, []found{
			{"caa_issuer_unknown", "The CAA records of example.com allow pki.goog, and the certificate is signed by R11."},
		}},
		"the one that is declared counts": {[]fact.CAASet{issue("example.com", "pki.goog")}, certificate("Example Root", "api.example.com"), []string{"pki.goog"}, nil},
		"and is allowed or not": {[]fact.CAASet{issue("example.com", "pki.goog")}, own, []string{"LetsEncrypt.org"}, []found{
			{forbids, "The CAA records of example.com allow pki.goog, and not letsencrypt.org."},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			tune := func(p *dns.RecordsParameters) { p.Authorities = c.authorities }
			require.Equal(t, c.want, judge(t, dns.Records(), tune, named(func(d *fact.DomainName) { d.CAA = c.caa }), c.certificate))
		})
	}
}

func TestAddress(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*fact.DomainName)
		want []found
	}{
		"the declared addresses are right": {nil, nil},
		"one more is not": {func(d *fact.DomainName) { d.NameServers[1].Addresses = []string{"192.0.2.10", "192.0.2.11"} }, []found{
			{"other_addresses", "The server ns2 answers 192.0.2.10 and 192.0.2.11, and 192.0.2.10 is expected."},
		}},
		"one that is missing is not": {func(d *fact.DomainName) { d.Expected = append(d.Expected, "2001:db8::1") }, []found{
			{"other_addresses", "The server ns1 answers 192.0.2.10, and 192.0.2.10 and 2001:db8::1 are expected."},
		}},
		"none is not":                         {alike(fact.DNSAnswer{Unknown: true}), []found{{"no_name", "The name does not exist: 1.1.1.1 does not know it."}}},
		"without a declaration nobody knows":  {func(d *fact.DomainName) { d.Expected = nil }, []found{{"no_addresses_declared", "The addresses that the name must have are not declared."}}},
		"other names are none of the item's":  {func(d *fact.DomainName) { d.Domain = "grafana.example.com" }, []found{{"no_domain", "No domain that the item is about is declared."}}},
		"nor are those that only begin alike": {func(d *fact.DomainName) { d.Domain = "api2.example.com" }, []found{{"no_domain", "No domain that the item is about is declared."}}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, judge(t, dns.Address(), nil, named(c.edit)))
		})
	}
}

func TestPropagation(t *testing.T) {
	silent := failed(fact.ReasonTimeout, "no answer within 2 s")
	for name, c := range map[string]struct {
		edit func(*fact.DomainName)
		tune func(*dns.PropagationParameters)
		want []found
	}{
		"the same everywhere is good": {nil, nil, nil},
		"two name servers that differ fail": {func(d *fact.DomainName) { d.NameServers[1].Addresses = []string{"192.0.2.99"} }, nil, []found{
			{"answers_differ", "The server ns1 answers 192.0.2.10, and ns2 answers 192.0.2.99."},
		}},
		"a resolver that lies fails": {func(d *fact.DomainName) { d.Resolvers[0].Addresses = nil }, nil, []found{
			{"answers_differ", "The server ns1 answers 192.0.2.10, and 1.1.1.1 answers no address."},
		}},
		"one that still knows nothing fails": {func(d *fact.DomainName) { d.Resolvers[0] = fact.DNSAnswer{Server: "1.1.1.1", Unknown: true} }, nil, []found{
			{"answers_differ", "The server ns1 answers 192.0.2.10, and 1.1.1.1 answers no such name."},
		}},
		"what is meant to vary is not compared": {func(d *fact.DomainName) { d.Varies, d.Resolvers[0].Addresses = true, []string{"192.0.2.99"} }, nil, nil},
		"another alias fails": {func(d *fact.DomainName) {
			alike(fact.DNSAnswer{Aliases: []string{"a.example.net"}})(d)
			d.Resolvers[0].Aliases, d.Resolvers[0].Addresses = []string{"old.example.net"}, []string{"192.0.2.99"}
		}, nil, []found{
			{"answers_differ", "The server ns1 answers the alias a.example.net with no address, and 1.1.1.1 answers the alias old.example.net with 192.0.2.99."},
		}},
		"other versions of the zone fail": {func(d *fact.DomainName) { d.NameServers[1].Serial = 6 }, nil, []found{
			{"serials_differ", "The zone example.com has the versions 7 at ns1 and 6 at ns2."},
		}},
		"unless they are not compared": {func(d *fact.DomainName) { d.NameServers[1].Serial = 6 }, func(p *dns.PropagationParameters) { p.CompareSerials = false }, nil},
		"a name server that is silent fails": {func(d *fact.DomainName) { d.NameServers[1].Failure = silent }, nil, []found{
			{"name_server_fails", "The name server ns2 does not answer: no answer within 2 s."},
		}},
		"where all are, nothing is known": {func(d *fact.DomainName) { d.NameServers[0].Failure, d.NameServers[1].Failure = silent, silent }, nil, []found{
			{"not_reached", "No name server could be reached: no answer within 2 s."},
		}},
		"where all refuse, they fail": {func(d *fact.DomainName) {
			d.NameServers = d.NameServers[:1]
			d.NameServers[0].Failure = failed(fact.ReasonDenied, "it refuses to answer (REFUSED)")
		}, nil, []found{
			{"name_server_fails", "The name server ns1 does not answer: it refuses to answer (REFUSED)."},
		}},
		"a resolver that is silent is unknown": {func(d *fact.DomainName) { d.Resolvers[0].Failure = silent }, nil, []found{
			{"not_reached", "The resolver 1.1.1.1 could not be asked: no answer within 2 s."},
		}},
		"one that cannot resolve fails": {func(d *fact.DomainName) { d.Resolvers[0].Failure = failed(fact.ReasonFailed, "SERVFAIL") }, nil, []found{
			{"resolver_fails", "The resolver 1.1.1.1 cannot resolve the name: SERVFAIL."},
		}},
		"what differs fails, whoever is silent": {func(d *fact.DomainName) {
			d.NameServers[1].Addresses, d.Resolvers[0].Failure = nil, silent
		}, nil, []found{
			{"answers_differ", "The server ns1 answers 192.0.2.10, and ns2 answers no address."},
			{"not_reached", "The resolver 1.1.1.1 could not be asked: no answer within 2 s."},
		}},
		"a name of no zone fails": {func(d *fact.DomainName) {
			alike(fact.DNSAnswer{Unknown: true})(d)
			d.Zone, d.NameServers = "", nil
		}, nil, []found{{"not_delegated", "No zone of its own has the name."}}},
		"name servers that are not known are unknown": {func(d *fact.DomainName) { d.NameServers, d.Unfound = nil, silent }, nil, []found{
			{"name_servers_unknown", "The name servers could not be found: no answer within 2 s."},
		}},
		"one server says nothing": {func(d *fact.DomainName) { d.NameServers, d.Resolvers = d.NameServers[:1], nil }, nil, []found{
			{"nothing_compared", "One server only was asked for the name."},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, judge(t, dns.Propagation(), c.tune, named(c.edit)))
		})
	}
}
