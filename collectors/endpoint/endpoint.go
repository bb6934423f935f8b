// Package endpoint collects how addresses of the web answer.
package endpoint

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/httpclient"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Target is a declared endpoint, or one that was discovered.
type Target struct {
	system.Endpoint
	// System and Environment are those that it belongs to.
	System, Environment string
	// Certificate: what it shows is collected too, as no other target of the system does so.
	Certificate bool
}

// New makes the collector of endpoints.
//
// An endpoint is asked as a browser asks it: over each version of IP that its name has addresses of, with cookies, following
// redirects. One that cannot be reached is a fact, and what is thought of it is for the checks; where this machine cannot
// ask (a resolver that does not answer, no route, a secret that cannot be read) it is unavailable. One that was discovered
// is asked as discovered.go has it.
//
// How long phases of it took goes to durations, if there are any: it differs with each run, and a fact that does is judged anew.
func New(durations Durations) collector.Collector[Target] {
	p := newProber()
	p.durations = durations
	return p.collector()
}

func newProber() prober {
	return prober{
		lookup:      net.DefaultResolver.LookupNetIP,
		dial:        dial,
		proxy:       http.ProxyFromEnvironment,
		authorities: pki.NewAuthorities(pki.PublicRoots),
		now:         time.Now,
		fenced:      fenced,
		known:       new(acquaintances),
	}
}

// A prober has what a run needs of the world around.
type prober struct {
	lookup      func(ctx context.Context, network, host string) ([]netip.Addr, error)
	dial        func(ctx context.Context, network, address string, declared bool) (net.Conn, error)
	proxy       func(*http.Request) (*url.URL, error)
	authorities *pki.Authorities
	now         func() time.Time
	fenced      func(reach.Fence) func(ctx context.Context, network, address string) (net.Conn, error)
	known       *acquaintances
	// durations takes how long it took; nil: nobody does.
	durations Durations
}

func (p prober) collector() collector.Collector[Target] {
	return collector.Collector[Target]{
		Name:     "endpoint",
		Summary:  "How addresses of the web answer over IPv4 and IPv6: redirects, status, expectations, the certificate that they show.",
		Yields:   []fact.Any{fact.Endpoints(), fact.Certificates()},
		Schedule: "@every 1m",
		Timeout:  20 * time.Second,
		Targets:  targets,
		Target:   func(t Target) string { return t.URL },
		Server:   server,
		Known:    declared,
		Collect: func(ctx context.Context, t Target, _ fact.Topics) ([]fact.AnySet, error) {
			sets, err := p.collect(ctx, t)
			if err != nil && t.Found != nil && ctx.Err() == nil {
				return unavailable(t, err), nil
			}
			return sets, err
		},
		Forget: func(t Target) {
			p.known.forget(t)
			if p.durations != nil {
				p.durations.ForgetEndpoint(t.System, t.Environment, t.URL)
			}
		},
	}
}

// targets has the certificate of each address collected once: by what is declared for it, or by its first endpoint.
func targets(s *system.System) (all []Target) {
	collected := make(map[fact.CertificatePlace]bool)
	for _, declared := range s.Certificates {
		if declared.Path == "" {
			collected[fact.CertificatePlace{Source: fact.CertificateAtAddress, Name: declared.Address, ServerName: declared.VerifiedName()}] = true
		}
	}
	for _, declared := range s.Endpoints {
		target := Target{Endpoint: declared, System: s.Name, Environment: s.Environment}
		if declared.Found != nil {
			all = append(all, discovered(s, declared))
			continue
		}
		if address, err := url.Parse(declared.URL); err == nil && address.Scheme == "https" && !collected[place(target)] {
			target.Certificate = true
			collected[place(target)] = true
		}
		all = append(all, target)
	}
	return all
}

// server is host:port of an endpoint.
func server(t Target) string {
	address, err := url.Parse(t.URL)
	if err != nil {
		return ""
	}
	return net.JoinHostPort(address.Hostname(), portOf(address))
}

func portOf(address *url.URL) string {
	switch {
	case address.Port() != "":
		return address.Port()
	case address.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}

// place is where the certificate of an endpoint is seen.
func place(t Target) fact.CertificatePlace {
	host, _, _ := net.SplitHostPort(server(t)) // Without a URL that can be read there is neither.
	return fact.CertificatePlace{Source: fact.CertificateAtAddress, Name: server(t), ServerName: host}
}

func known(t Target) fact.Endpoint {
	return fact.Endpoint{
		EndpointPlace:  fact.EndpointPlace{URL: t.URL, Purpose: t.DeclaredPurpose(), PlainUnasked: t.Found != nil && !t.Found.Plain},
		ExpectedStatus: t.Expect.Status,
	}
}

// declared is what is known of a target before it is asked.
func declared(t Target) []fact.AnySet {
	sets := []fact.AnySet{fact.Endpoints().Missing(known(t))}
	if t.Certificate {
		sets = append(sets, fact.Certificates().Missing(fact.Certificate{CertificatePlace: place(t)}))
	}
	return sets
}

func (p prober) collect(ctx context.Context, t Target) ([]fact.AnySet, error) {
	if err := t.Found.OverLimit(); err != nil {
		return nil, err
	}
	if t.Found != nil {
		p = p.within(t)
	}
	client, err := p.client(t)
	if err != nil {
		return nil, err
	}
	found, err := client.ask(ctx)
	if err == nil {
		err = p.known.meet(t, found)
	}
	if err != nil {
		return nil, err
	}
	endpoints := &fact.Set[fact.Endpoint]{}
	endpoint := known(t)
	endpoint.Answers, endpoint.NotTried, endpoint.Plain, endpoint.HTTP3 = found.answers, found.notTried, found.plain, found.http3
	endpoints.Add(endpoint)
	if len(endpoint.Lacks()) > 0 {
		endpoints.Unavailable = append(endpoints.Unavailable, fact.Unavailable[fact.Endpoint]{
			Known: known(t), Topic: fact.TopicBody, Reason: fact.ReasonUnsupported,
			Detail: fmt.Sprintf("the answer is longer than the %d bytes that are read", client.maximumBody()),
		})
	}
	sets := []fact.AnySet{fact.Endpoints().Set(endpoints)}
	if t.Certificate {
		sets = append(sets, fact.Certificates().Set(p.certificates(t, found.shown)))
	}
	return sets, nil
}

// client has what is asked with: authorities and logins are read anew for each run, since they are replaced.
func (p prober) client(t Target) (*client, error) {
	address, err := url.Parse(t.URL)
	if err != nil {
		return nil, fact.Errorf(fact.ReasonInvalid, "read the URL: %w", err)
	}
	login, err := httpclient.ReadLogin(t.BearerTokenFile, t.BasicAuth)
	if err != nil {
		return nil, err
	}
	transport, err := httpclient.Trusting(p.authorities, t.CAFile)
	if err != nil {
		return nil, err
	}
	if t.ProxyURL != "" {
		proxy, err := url.Parse(t.ProxyURL)
		if err != nil {
			return nil, fact.Errorf(fact.ReasonInvalid, "read the URL of the proxy: %w", err)
		}
		p.proxy = http.ProxyURL(proxy)
	}
	transport.Proxy, transport.MaxResponseHeaderBytes = p.proxy, maximumHeader
	if err := httpclient.ShowCertificate(transport, t.ClientCertificate); err != nil {
		return nil, err
	}
	expected, err := compile(t.Expect)
	if err != nil {
		return nil, err
	}
	return &client{prober: p, target: t, address: address, transport: transport, login: login, expected: expected}, nil
}
