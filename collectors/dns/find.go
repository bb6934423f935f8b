package dns

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
	"golang.org/x/net/publicsuffix"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A nameServer is one address of a name server.
type nameServer struct {
	name    string // as the zone is delegated to it; empty where its address is declared
	address netip.AddrPort
}

func (s nameServer) String() string {
	switch {
	case s.name == "":
		return withoutUsualPort(s.address)
	case !s.address.IsValid():
		return text(s.name)
	}
	return text(s.name) + " (" + withoutUsualPort(s.address) + ")"
}

// guide asks the resolvers that lead to the name servers, one after the other until one answers.
func (r *run) guide(ctx context.Context, name string, kind uint16) (answer *dns.Msg, err error) {
	if len(r.guides) == 0 {
		return nil, r.unguided
	}
	for _, resolver := range r.guides {
		answer, err = r.dial.ask(ctx, resolver, question{name: name, kind: kind, recursive: true, unchecked: true})
		if err == nil {
			if err = refusal(answer); err == nil {
				return answer, nil
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, err
}

// find finds the zone of the name, and its name servers.
func (r *run) find(ctx context.Context) (servers []nameServer, err error) {
	for _, each := range r.target.NameServers {
		servers = append(servers, nameServer{address: serverOf(each)})
	}
	if r.zone, err = r.zoneOf(ctx, servers); err != nil || r.zone == "" || len(servers) > 0 {
		return servers, err
	}
	delegation, err := r.guide(ctx, r.zone, dns.TypeNS)
	if err != nil {
		return nil, err
	}
	for _, record := range delegation.Answer {
		if server, is := record.(*dns.NS); is && strings.EqualFold(server.Hdr.Name, r.zone) {
			if servers, err = r.addressesOf(ctx, strings.ToLower(server.Ns), servers); err != nil {
				return nil, err
			}
		}
	}
	if len(servers) == 0 {
		return nil, fact.Errorf(fact.ReasonNotFound, "the zone %s has no NS records", shown(r.zone))
	}
	// Resolvers rotate them.
	slices.SortFunc(servers, func(a, b nameServer) int {
		return cmp.Or(strings.Compare(a.name, b.name), a.address.Compare(b.address))
	})
	return servers, nil
}

// addressesOf adds the addresses of a name server, or one that is none where its name leads nowhere.
func (r *run) addressesOf(ctx context.Context, name string, servers []nameServer) ([]nameServer, error) {
	before := len(servers)
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		found, err := r.guide(ctx, name, kind)
		if err != nil {
			return nil, err
		}
		given := &reply{}
		given.read(name, found)
		for _, each := range given.answer.Addresses {
			address := netip.AddrPortFrom(netip.MustParseAddr(each), r.port)
			server := nameServer{name: name, address: address}
			if len(servers) >= system.MaximumServers {
				return nil, fact.Errorf(fact.ReasonUnsupported, "the zone %s has more than %d addresses of name servers",
					shown(r.zone), system.MaximumServers)
			}
			if !slices.ContainsFunc(servers, func(s nameServer) bool { return s.address == address }) {
				servers = append(servers, server)
			}
		}
	}
	if len(servers) == before {
		servers = append(servers, nameServer{name: name})
	}
	return servers, nil
}

// zoneOf finds the zone that the name is in: the nearest ancestor, or itself, that has a SOA record. It is empty where that is a
// public suffix, in which names are registered.
func (r *run) zoneOf(ctx context.Context, servers []nameServer) (string, error) {
	var last error
	for name := r.name; strings.Count(name, ".") > 1; name = parentOf(name) {
		authority, err := r.authority(ctx, name, servers)
		switch {
		case err != nil:
			last = err
		case authority == "" || !dns.IsSubDomain(authority, r.name):
			continue // The SOA is that of the zone in which an alias ends.
		case isSuffix(authority):
			return "", nil
		default:
			return authority, nil
		}
	}
	return "", last
}

// authority is the owner of the SOA record in an answer about a name; empty: it has none.
func (r *run) authority(ctx context.Context, name string, servers []nameServer) (string, error) {
	answer, err := r.authorityFrom(ctx, name, servers)
	if err != nil {
		return "", err
	}
	for _, section := range [][]dns.RR{answer.Answer, answer.Ns} {
		for _, record := range section {
			if authority, is := record.(*dns.SOA); is && dns.IsSubDomain(authority.Hdr.Name, name) {
				return strings.ToLower(authority.Hdr.Name), nil
			}
		}
	}
	return "", nil
}

func (r *run) authorityFrom(ctx context.Context, name string, servers []nameServer) (answer *dns.Msg, err error) {
	if len(servers) == 0 {
		return r.guide(ctx, name, dns.TypeSOA)
	}
	for _, server := range servers {
		if answer, err = r.dial.ask(ctx, server.address, question{name: name, kind: dns.TypeSOA}); err == nil {
			if err = refusal(answer); err == nil {
				return answer, nil
			}
		}
	}
	return nil, err
}

// parentOf is a name without its first label; the root of one label.
func parentOf(name string) string {
	_, parent, _ := strings.Cut(name, ".")
	if parent == "" {
		return "."
	}
	return parent
}

// isSuffix tells whether names are registered in a zone, so that it is nobody's own.
func isSuffix(zone string) bool {
	suffix, listed := publicsuffix.PublicSuffix(shown(zone))
	return zone == "." || listed && suffix == shown(zone)
}

// isPublic tells whether a name is in a domain that the whole world can look up.
func isPublic(name string) bool {
	suffix, listed := publicsuffix.PublicSuffix(shown(name))
	return listed || strings.Contains(suffix, ".") // A suffix of its own below one that is listed.
}

// serverOf reads the address of a server, which may have a port.
func serverOf(text string) netip.AddrPort {
	if server, err := netip.ParseAddrPort(text); err == nil {
		return server
	}
	address, _ := netip.ParseAddr(text) // The description was checked.
	return netip.AddrPortFrom(address, usualPort)
}
