// Package dns collects what name servers and resolvers answer for the names of a system.
package dns

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// usualPort is that of the DNS.
const usualPort = 53

// New makes the collector of declared names.
//
// A name is asked for at each address of the name servers of its zone, at the resolvers that users ask, and at that of this machine.
// What a server does not answer is part of the fact; only where nothing at all is answered, the name is unavailable.
func New() collector.Collector[system.Domain] {
	return prober{dial: new(net.Dialer).DialContext, own: ownResolvers, port: usualPort, now: time.Now}.collector()
}

// A prober has what a run needs of the world around.
type prober struct {
	dial dialer
	own  func() ([]netip.AddrPort, error)
	port uint16 // of name servers that are found
	now  func() time.Time
}

func (p prober) collector() collector.Collector[system.Domain] {
	return collector.Collector[system.Domain]{
		Name:     "dns",
		Summary:  "What name servers and resolvers answer for names: addresses, versions of the zone, CAA, DNSSEC.",
		Yields:   []fact.Any{fact.DomainNames()},
		Schedule: "@every 5m",
		Timeout:  30 * time.Second,
		Targets:  func(s *system.System) []system.Domain { return s.Domains },
		Target:   system.Domain.ASCIIName,
		Known: func(d system.Domain) []fact.AnySet {
			return []fact.AnySet{fact.DomainNames().Missing(fact.DomainName{DomainNamePlace: place(d)})}
		},
		Collect: func(ctx context.Context, d system.Domain, _ fact.Topics) ([]fact.AnySet, error) {
			found, err := p.collect(ctx, d)
			if err != nil {
				return nil, err
			}
			return []fact.AnySet{fact.DomainNames().Found(*found)}, nil
		},
	}
}

// place is what is declared of a name.
func place(d system.Domain) fact.DomainNamePlace {
	declared := fact.DomainNamePlace{Domain: d.ASCIIName(), Varies: d.Varies}
	if d.Name != declared.Domain {
		declared.Declared = d.Name
	}
	for _, each := range d.Addresses {
		if address, err := netip.ParseAddr(each); err == nil {
			declared.Expected = append(declared.Expected, address.String())
		}
	}
	sortAddresses(&declared.Expected)
	return declared
}

// A run is one collection for one name.
type run struct {
	prober
	target    system.Domain
	name      string           // with a dot at its end
	zone      string           // the same; empty as long as it is not known
	guides    []netip.AddrPort // resolvers that lead to the name servers
	unguided  error            // why there are none
	resolvers []netip.AddrPort // that users ask
	ownFirst  bool             // guides are those of this machine
}

func (p prober) run(d system.Domain) *run {
	r := &run{prober: p, target: d, name: dns.Fqdn(d.ASCIIName())}
	for _, each := range d.Resolvers {
		r.resolvers = append(r.resolvers, serverOf(each))
	}
	r.guides = r.resolvers
	if len(d.Resolvers) > 0 {
		return r
	}
	r.ownFirst = true
	r.guides, r.unguided = p.own()
	if isPublic(r.name) {
		for _, each := range []string{"1.1.1.1", "8.8.8.8", "9.9.9.9"} {
			r.resolvers = append(r.resolvers, serverOf(each))
		}
	}
	return r
}

// collect asks for one name. What is left of the time is for telling of servers that hang.
func (p prober) collect(ctx context.Context, d system.Domain) (*fact.DomainName, error) {
	within := ctx
	if deadline, limited := ctx.Deadline(); limited {
		var end context.CancelFunc
		limit := time.Until(deadline) * 9 / 10
		within, end = context.WithTimeoutCause(ctx, limit, fact.Errorf(fact.ReasonTimeout, "no answer within %s", quantity.InWords(limit)))
		defer end()
	}
	r := p.run(d)
	found := &fact.DomainName{DomainNamePlace: place(d)}
	servers, err := r.find(within)
	if err != nil {
		found.Unfound = fact.FailureOf(err)
	}
	found.Zone, found.Delegation = text(r.zone), namesOf(servers)
	replies, resolved, own := r.everywhere(within, servers)
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, context.Cause(ctx)
	}
	for _, each := range replies {
		found.NameServers = append(found.NameServers, each.answer)
	}
	for _, each := range resolved {
		found.Resolvers = append(found.Resolvers, each.answer)
	}
	if own != nil {
		found.Own = &own.answer
	}
	if err := unanswered(found); err != nil {
		return nil, err
	}
	r.authorities(within, found, servers)
	r.signatures(within, found, servers, replies)
	return found, nil
}

// everywhere asks all servers at one time. An address of a version of IP by which this machine has no route says nothing of the
// name server behind it, as long as it has another.
func (r *run) everywhere(ctx context.Context, servers []nameServer) (served, resolved []*reply, own *reply) {
	served, resolved = make([]*reply, len(servers)), make([]*reply, len(r.resolvers))
	var asking sync.WaitGroup
	for i, server := range servers {
		asking.Go(func() { served[i] = r.serve(ctx, server) })
	}
	for i, resolver := range r.resolvers {
		asking.Go(func() { resolved[i] = r.resolve(ctx, resolver) })
	}
	if r.ownFirst && len(r.guides) > 0 {
		asking.Go(func() { own = r.resolve(ctx, r.guides[0]) })
	}
	asking.Wait()
	routed := func(all []*reply) []*reply {
		left := slices.DeleteFunc(slices.Clone(all), func(g *reply) bool { return g.noRoute })
		if len(left) == 0 {
			return all
		}
		return left
	}
	return routed(served), routed(resolved), own
}

// namesOf are the names of name servers, sorted.
func namesOf(servers []nameServer) (names []string) {
	for _, server := range servers {
		if server.name != "" {
			names = append(names, text(server.name))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// unanswered is why there is nothing to tell of a name; nil: some server said something.
func unanswered(d *fact.DomainName) error {
	var first *fact.Failure
	all := slices.Concat(d.NameServers, d.Resolvers)
	if d.Own != nil {
		all = append(all, *d.Own)
	}
	for i := range all {
		if all[i].Answered() {
			return nil
		}
		if first == nil {
			first = all[i].Failure
		}
	}
	if first == nil {
		first = d.Unfound
	}
	if first == nil {
		return fact.Errorf(fact.ReasonUnsupported, "there is nobody to ask: declare resolvers or name_servers")
	}
	return fact.Errorf(first.Reason, "%s", first.Detail)
}

// ownResolvers are those that programs of this machine ask.
func ownResolvers() ([]netip.AddrPort, error) {
	const file, limit = "/etc/resolv.conf", 1 << 16
	content, err := readfile.Read(file, limit)
	if err != nil {
		return nil, err
	}
	read, err := dns.ClientConfigFromReader(bytes.NewReader(content))
	if err != nil {
		return nil, fact.Errorf(fact.ReasonInvalid, "read %s: %w", file, err)
	}
	var all []netip.AddrPort
	for _, server := range read.Servers {
		if address, err := netip.ParseAddr(server); err == nil {
			all = append(all, netip.AddrPortFrom(address, usualPort))
		}
	}
	if len(all) == 0 {
		return nil, fact.Errorf(fact.ReasonUnsupported, "%s names no resolver", file)
	}
	return all, nil
}
