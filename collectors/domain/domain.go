// Package domain collects what registries have of domains, by RDAP (RFC 9082, RFC 9083), and by WHOIS (RFC 3912) from those that have none.
package domain

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/httpclient"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// listOfIANA says which server knows which domains.
const listOfIANA = "https://data.iana.org/rdap/dns.json"

// A Target is a domain that is registered, and where its registration is asked for.
type Target struct {
	Domain string // example.com
	Server string // URL; empty: the one that the list names
	List   string // URL
	WHOIS  string // host:port of the server of WHOIS to ask instead; empty: only where the list names none, and then the one that IANA names
}

// New makes the collector of registrations. It keeps the lists of servers for a day, as who publishes them asks for.
func New() collector.Collector[Target] {
	return (&prober{
		now: time.Now, proxy: http.ProxyFromEnvironment, lists: make(map[string]*list),
		root: whoisOfIANA, port: whoisPort, referrals: make(map[string]referral),
	}).collector()
}

// A prober has what a run needs of the world around, and which servers know what.
type prober struct {
	now   func() time.Time
	proxy func(*http.Request) (*url.URL, error)
	root  string // host:port of the server of WHOIS that knows those of registries
	port  string // at which these listen

	mu        sync.Mutex
	lists     map[string]*list    // by their addresses
	referrals map[string]referral // by top-level domains
}

func (p *prober) collector() collector.Collector[Target] {
	return collector.Collector[Target]{
		Name:     "domain",
		Summary:  "The registration of domains as their registries have it, by RDAP, or WHOIS where there is none: expiry, status, name servers.",
		Yields:   []fact.Any{fact.Registrations()},
		Schedule: "@every 6h",
		Timeout:  30 * time.Second,
		Targets:  targets,
		Target:   func(t Target) string { return t.Domain },
		Server:   server,
		Known: func(t Target) []fact.AnySet {
			return []fact.AnySet{fact.Registrations().Missing(fact.Registration{Domain: t.Domain})}
		},
		Collect: func(ctx context.Context, t Target, _ fact.Topics) ([]fact.AnySet, error) {
			found, err := p.collect(ctx, t)
			if err != nil {
				return nil, err
			}
			return []fact.AnySet{fact.Registrations().Found(*found)}, nil
		},
	}
}

// targets has each domain once: of several names in it, the first that says where to ask decides.
func targets(s *system.System) (all []Target) {
	at := make(map[string]int)
	for _, declared := range s.Domains {
		domain, can := registered(declared.ASCIIName())
		if !can {
			continue
		}
		i, known := at[domain]
		if !known {
			i = len(all)
			at[domain] = i
			all = append(all, Target{Domain: domain, List: listOfIANA})
		}
		if target := &all[i]; target.Server == "" && target.List == listOfIANA && target.WHOIS == "" {
			target.Server, target.WHOIS = declared.RDAP, withPort(declared.WHOIS)
			if declared.RDAPBootstrap != "" {
				target.List = declared.RDAPBootstrap
			}
		}
	}
	return all
}

// registered is the domain that somebody registered for a name: below a suffix of a registry, and not one at which somebody else lets
// others have names. A name of no registry is registered nowhere.
func registered(name string) (string, bool) {
	suffix, listed := publicsuffix.PublicSuffix(name)
	for !listed {
		_, above, is := strings.Cut(suffix, ".")
		if !is {
			return "", false
		}
		suffix, listed = publicsuffix.PublicSuffix(above)
	}
	own, is := strings.CutSuffix(name, "."+suffix)
	if !is {
		return "", false // It is a suffix itself.
	}
	return own[strings.LastIndexByte(own, '.')+1:] + "." + suffix, true
}

// server is host:port of where a domain is asked for, as far as that is known before.
func server(t Target) string {
	from := t.List
	switch {
	case t.WHOIS != "":
		return t.WHOIS
	case t.Server != "":
		from = t.Server
	}
	address, err := url.Parse(from)
	if err != nil {
		return ""
	}
	return address.Host
}

// client asks the servers of a target. What is not declared, and only named by a list or redirected to, may be anywhere but on this
// machine and its own network segment, where services listen that trust whoever is near.
func (p *prober) client(t Target) (*http.Client, error) {
	transport, err := httpclient.NewTransport("")
	if err != nil {
		return nil, err
	}
	// Where a proxy is, the environment says.
	var allowed sync.Map
	allow := func(address *url.URL) { allowed.Store(system.HostPort(address), nil) }
	for _, each := range []string{t.Server, t.List} {
		if address, err := url.Parse(each); err == nil {
			allow(address)
		}
	}
	transport.MaxResponseHeaderBytes, transport.DisableKeepAlives = 64<<10, true
	transport.Proxy = func(request *http.Request) (*url.URL, error) {
		between, err := p.proxy(request)
		if between != nil {
			allow(between)
		}
		return between, err
	}
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		dialer := net.Dialer{}
		if _, is := allowed.Load(address); !is {
			dialer.Control = notNear
		}
		return dialer.DialContext(ctx, network, address)
	}
	return &http.Client{Transport: transport, CheckRedirect: func(request *http.Request, earlier []*http.Request) error {
		switch {
		case len(earlier) > maximumRedirects:
			return fact.Errorf(fact.ReasonInvalid, "it redirects more than %d times", maximumRedirects)
		case request.URL.Scheme != "https" && earlier[0].URL.Scheme == "https":
			return fact.Errorf(fact.ReasonInvalid, "it redirects to plain HTTP")
		}
		return nil
	}}, nil
}

// maximumRedirects is how often an answer may lead elsewhere, as from a registry to another server of it.
const maximumRedirects = 5

// notNear refuses to connect to an address of this machine or its own network segment.
func notNear(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || reach.Near(at.Addr()) {
		return fact.Errorf(fact.ReasonDenied, "it leads to %s, which is not asked", address)
	}
	return nil
}
