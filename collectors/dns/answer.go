package dns

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	// longestChain is how many aliases are followed, and mostAddresses how many addresses of a name are kept.
	longestChain, mostAddresses = 16, 64
	// longestText is how much of a name or value that a server gives is kept, in bytes.
	longestText = 255
)

// A reply is what one server answered, as a fact and as it was.
type reply struct {
	answer   fact.DNSAnswer
	messages []*dns.Msg // what was answered with signatures; only of name servers
	noRoute  bool       // this machine reaches no such address
}

// resolve asks a resolver for the addresses of a name.
func (r *run) resolve(ctx context.Context, at netip.AddrPort) *reply {
	given := &reply{answer: fact.DNSAnswer{Server: withoutUsualPort(at)}}
	given.fill(r, func() error {
		for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
			message, err := r.dial.ask(ctx, at, question{name: r.name, kind: kind, recursive: true})
			if err == nil {
				err = refusal(message)
			}
			if err != nil {
				return err
			}
			given.read(r.name, message)
		}
		return nil
	})
	return given
}

// serve asks a name server for the addresses of a name, and for the version of the zone.
func (r *run) serve(ctx context.Context, at nameServer) *reply {
	given := &reply{answer: fact.DNSAnswer{Server: at.String()}}
	given.fill(r, func() error {
		if !at.address.IsValid() {
			return fact.Errorf(fact.ReasonUnresolved, "its name has no address")
		}
		for _, q := range []question{{name: r.name, kind: dns.TypeA}, {name: r.name, kind: dns.TypeAAAA}, {name: r.zone, kind: dns.TypeSOA}} {
			message, err := r.dial.ask(ctx, at.address, q)
			if err == nil {
				err = refusal(message)
			}
			if err == nil && !message.Authoritative {
				err = fact.Errorf(fact.ReasonNotFound, "the zone %s is delegated to it, and it does not serve that", shown(r.zone))
			}
			if err != nil {
				return err
			}
			given.messages = append(given.messages, message)
			if q.kind != dns.TypeSOA {
				given.read(r.name, message)
				continue
			}
			given.answer.Serial = serialOf(message, r.zone)
		}
		return nil
	})
	return given
}

// fill runs what asks, and notes how that failed; a panic, too.
func (g *reply) fill(r *run, ask func() error) {
	if err := collector.Guard("read answers for "+shown(r.name), ask); err != nil {
		g.answer = fact.DNSAnswer{Server: g.answer.Server, Failure: fact.FailureOf(err)}
		g.messages, g.noRoute = nil, reach.NoRoute(err)
		return
	}
	sortAddresses(&g.answer.Addresses)
}

// refusal is why an answer is none.
func refusal(message *dns.Msg) error {
	switch message.Rcode {
	case dns.RcodeSuccess, dns.RcodeNameError:
		return nil
	case dns.RcodeRefused, dns.RcodeNotAuth:
		return fact.Errorf(fact.ReasonDenied, "it refuses to answer (%s)", codeOf(message))
	default:
		return fact.Errorf(fact.ReasonFailed, "it answers with an error (%s)", codeOf(message))
	}
}

func codeOf(message *dns.Msg) string {
	if name, known := dns.RcodeToString[message.Rcode]; known {
		return name
	}
	return "code of another sort"
}

// read follows the aliases of a name in an answer, and adds what it finds.
func (g *reply) read(name string, message *dns.Msg) {
	aliases, at := []string(nil), name
	for range longestChain {
		next := aliasOf(message, at)
		if next == "" {
			break
		}
		aliases, at = append(aliases, text(next)), next
	}
	if len(aliases) > len(g.answer.Aliases) {
		g.answer.Aliases = aliases
	}
	// A name that there is without addresses of one version is known all the same.
	g.answer.Unknown = message.Rcode == dns.RcodeNameError
	for _, record := range message.Answer {
		if !strings.EqualFold(record.Header().Name, at) || len(g.answer.Addresses) >= mostAddresses {
			continue
		}
		switch record := record.(type) {
		case *dns.A:
			g.add(record.A)
		case *dns.AAAA:
			g.add(record.AAAA)
		}
	}
}

// add adds an address, once; a record can have none.
func (g *reply) add(ip net.IP) {
	address, ok := addressOf(ip)
	if text := address.String(); ok && !slices.Contains(g.answer.Addresses, text) {
		g.answer.Addresses = append(g.answer.Addresses, text)
	}
}

func addressOf(ip net.IP) (netip.Addr, bool) {
	address, ok := netip.AddrFromSlice(ip)
	return address.Unmap(), ok
}

// aliasOf is where a name leads to in an answer; empty: it is no alias.
func aliasOf(message *dns.Msg, name string) string {
	for _, record := range message.Answer {
		if alias, is := record.(*dns.CNAME); is && strings.EqualFold(alias.Hdr.Name, name) {
			return strings.ToLower(alias.Target)
		}
	}
	return ""
}

// serialOf is the version of a zone in an answer; zero: it has none.
func serialOf(message *dns.Msg, zone string) int64 {
	for _, record := range message.Answer {
		if authority, is := record.(*dns.SOA); is && strings.EqualFold(authority.Hdr.Name, zone) {
			return int64(authority.Serial)
		}
	}
	return 0
}

// sortAddresses puts addresses in order, IPv4 first: servers rotate them.
func sortAddresses(addresses *[]string) {
	slices.SortFunc(*addresses, func(a, b string) int {
		one, _ := netip.ParseAddr(a) // They were written by one.
		other, _ := netip.ParseAddr(b)
		return one.Compare(other)
	})
}

// text is a name or value that a server gave, to be shown.
func text(given string) string { return words.Printable(strings.ToLower(shown(given)), longestText) }

// withoutUsualPort is the address of a server, with its port where that is not the one of the DNS.
func withoutUsualPort(server netip.AddrPort) string {
	if server.Port() == usualPort {
		return server.Addr().String()
	}
	return server.String()
}
