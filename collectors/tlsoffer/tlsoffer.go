// Package tlsoffer collects which versions of TLS and which broken cipher suites the servers of declared endpoints accept.
package tlsoffer

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// New makes the collector of what servers accept.
//
// A handshake is begun for each version, one after the other, over each version of IP: four of them where nothing old is accepted.
// They are never finished, so that nobody logs in, and no certificate is judged. It is done rarely, since what a server accepts
// changes with its configuration only.
func New() collector.Collector[Target] {
	return prober{
		lookup: net.DefaultResolver.LookupNetIP,
		dial:   new(net.Dialer).DialContext,
		proxy:  http.ProxyFromEnvironment,
	}.collector()
}

// A Target is the server of one or more endpoints.
type Target struct {
	Host string // a name or an address
	Port string
	// Proxied: it is asked through a proxy that is declared.
	Proxied bool
}

// A prober has what a run needs of the world around.
type prober struct {
	lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	proxy  func(*http.Request) (*url.URL, error)
}

func (p prober) collector() collector.Collector[Target] {
	return collector.Collector[Target]{
		Name:     "tls_offer",
		Summary:  "Which versions of TLS and which broken cipher suites the servers of declared endpoints accept.",
		Yields:   []fact.Any{fact.TLSOffers()},
		Schedule: "@every 1h",
		Timeout:  time.Minute,
		Targets:  targets,
		Target:   Target.address,
		Server:   Target.address,
		Known: func(t Target) []fact.AnySet {
			return []fact.AnySet{fact.TLSOffers().Missing(known(t))}
		},
		Collect: func(ctx context.Context, t Target, _ fact.Topics) ([]fact.AnySet, error) {
			offer, err := p.collect(ctx, t)
			if err != nil {
				return nil, err
			}
			return []fact.AnySet{fact.TLSOffers().Found(offer)}, nil
		},
	}
}

// targets are the servers of declared endpoints, each once.
func targets(s *system.System) (all []Target) {
	for _, declared := range s.Endpoints {
		address, err := url.Parse(declared.URL)
		if err != nil || address.Scheme != "https" {
			continue
		}
		target := Target{Host: address.Hostname(), Port: address.Port(), Proxied: declared.ProxyURL != ""}
		if target.Port == "" {
			target.Port = "443"
		}
		same := func(other Target) bool { return other.address() == target.address() }
		if !slices.ContainsFunc(all, same) {
			all = append(all, target)
		}
	}
	return all
}

func (t Target) address() string { return net.JoinHostPort(t.Host, t.Port) }

func known(t Target) fact.TLSOffer { return fact.TLSOffer{Address: t.address(), ServerName: t.Host} }

// collect asks over each version of IP. What cannot be reached over one is part of the fact; where this machine cannot ask, the
// fact is unavailable.
func (p prober) collect(ctx context.Context, t Target) (fact.TLSOffer, error) {
	offer := known(t)
	request := &http.Request{URL: &url.URL{Scheme: "https", Host: t.address()}}
	if proxy, err := p.proxy(request); err != nil || proxy != nil || t.Proxied {
		return offer, fact.Errorf(fact.ReasonUnsupported,
			"a proxy is between this machine and %s, and what it accepts is not collected through one", t.address())
	}
	addresses, err := p.resolve(ctx, t.Host)
	if err != nil {
		return offer, err
	}
	errs := make([]error, len(addresses))
	all := make([]fact.TLSOfferOver, len(addresses))
	var asking sync.WaitGroup
	for i, address := range addresses {
		asking.Go(func() {
			errs[i] = collector.Guard("ask "+t.address(), func() (err error) {
				all[i], err = p.ask(ctx, t, address)
				return err
			})
		})
	}
	asking.Wait()
	if ctx.Err() != nil {
		return offer, context.Cause(ctx)
	}
	reached := slices.Contains(errs, nil)
	for i, err := range errs {
		if reach.NoRoute(err) || reached && reach.UnusedLoopback(err) {
			continue
		}
		all[i].IPVersion = versionOf(addresses[i])
		if err != nil {
			all[i].Failure = fact.FailureOf(err)
		}
		offer.Over = append(offer.Over, all[i])
	}
	if !reached {
		return offer, errs[0]
	}
	return offer, nil
}

// resolve gives an address of each version of IP: the first in numerical order.
func (p prober) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if address, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{address.Unmap()}, nil
	}
	found, err := p.lookup(ctx, "ip", pki.ASCIIName(host))
	if err != nil {
		return nil, fmt.Errorf("resolve the name %s: %w", host, err)
	}
	for i := range found {
		found[i] = found[i].Unmap()
	}
	slices.SortFunc(found, netip.Addr.Compare)
	found = slices.CompactFunc(found, func(a, b netip.Addr) bool { return a.Is4() == b.Is4() })
	if len(found) == 0 {
		return nil, fact.Errorf(fact.ReasonUnresolved, "resolve the name %s: it has no address", host)
	}
	return found, nil
}

func versionOf(address netip.Addr) fact.IPVersion {
	if address.Is4() {
		return fact.IPv4
	}
	return fact.IPv6
}
