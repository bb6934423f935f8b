package reach

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A Fence says which addresses may be contacted for a name that nobody has declared, whoever has chosen it: public ones, and those that
// are known to be its own. Addresses of this machine, of its network segment and of the services by which clouds give out credentials
// are never contacted.
type Fence struct {
	Own   []netip.Addr // may be private
	Ports []int        // may be connected to
}

// Dialer gives one that contacts nothing beyond the fence. That is checked when a connection is made, for the address that it is made to,
// so that a name whose answer changes leads no further than one that does not.
func (f Fence) Dialer() *net.Dialer {
	return &net.Dialer{ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error { return f.check(address) }}
}

// Refused tells whether an error is that of a connection that a fence did not let be made: nothing is said of the server.
func Refused(err error) bool {
	var refused *refusal
	return errors.As(err, &refused)
}

// check gives the reason why an address, with its port, is not contacted.
func (f Fence) check(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return &refusal{fact.Errorf(fact.ReasonDenied, "%s is not contacted: it is no address", address)}
	}
	if !slices.Contains(f.Ports, int(at.Port())) {
		return &refusal{fact.Errorf(fact.ReasonDenied, "port %d is not contacted: nothing is known to listen there", at.Port())}
	}
	if why := f.refuses(at.Addr()); why != "" {
		return &refusal{fact.Errorf(fact.ReasonDenied,
			"%s is not contacted, since the host was discovered and not declared: it is %s; declare the host to have it asked", at.Addr(), why)}
	}
	return nil
}

// refuses says what an address is that is not contacted; empty where it may be.
func (f Fence) refuses(address netip.Addr) string {
	if address.Zone() != "" {
		return "an address of this network segment"
	}
	inner, plain := within(address)
	switch {
	case !plain:
		return "an address of a tunnel"
	case isMetadata(inner):
		return "an address by which clouds give out credentials"
	case inner.IsLoopback(), inner.IsUnspecified():
		return "an address of this machine"
	case inner.IsLinkLocalUnicast():
		return "an address of this network segment"
	case inner.IsMulticast(), inner == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return "an address of many machines"
	case slices.Contains(f.Own, inner), fact.IsPublic(inner):
		return ""
	case len(f.Own) == 0:
		return "no public address"
	default:
		return "no public address, and none that the status of its Ingress or Gateway reports"
	}
}

// within gives the IPv4 address that is in one of IPv6, or the address itself. It tells false of tunnels whose end cannot be told.
func within(address netip.Addr) (inner netip.Addr, plain bool) {
	address = address.Unmap()
	if address.Is4() {
		return address, true
	}
	bytes := address.As16()
	embedded := func(at int) netip.Addr { return netip.AddrFrom4([4]byte(bytes[at : at+4])) }
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(address): // NAT64 (RFC 6052)
		return embedded(12), true
	case netip.MustParsePrefix("2002::/16").Contains(address): // 6to4 (RFC 3056)
		return embedded(2), true
	case netip.MustParsePrefix("::/96").Contains(address) && binary.BigEndian.Uint32(bytes[12:]) > 1: // IPv4-compatible (RFC 4291, 2.5.5.1)
		return embedded(12), true
	case netip.MustParsePrefix("64:ff9b:1::/48").Contains(address), // NAT64 of a network of its own (RFC 8215)
		netip.MustParsePrefix("2001::/32").Contains(address): // Teredo (RFC 4380)
		return address, false
	default:
		return address, true
	}
}

// isMetadata tells the addresses at which clouds give out credentials to whoever asks, where they are not link-local anyway.
func isMetadata(address netip.Addr) bool {
	return slices.Contains([]string{
		"169.254.169.254", // most of them
		"fd00:ec2::254",   // AWS
		"fd20:ce::254",    // Google
		"fd00:42::42",     // Scaleway
		"100.100.100.200", // Alibaba
		"192.0.0.192",     // Oracle
		"168.63.129.16",   // Azure
	}, address.String())
}

// A refusal is the error of a connection that was not made.
type refusal struct{ error }

// Unwrap gives the error beneath.
func (r *refusal) Unwrap() error { return r.error }
