package linkcheck

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
)

// IsExample tells hosts that lead nowhere for everybody, or to whoever reads them (RFC 2606, RFC 6761).
func IsExample(host string) bool {
	labels, name := labelsOf(host)
	if !name {
		return false // The dialer tells which addresses are asked.
	}
	last := labels[len(labels)-1]
	if slices.Contains([]string{"example", "test", "invalid", "localhost"}, last) {
		return true
	}
	return len(labels) > 1 && labels[len(labels)-2] == "example" && slices.Contains([]string{"com", "net", "org"}, last)
}

// IsInternal tells names that are not public: those of one label, and those of networks of their own (RFC 6762, ICANN).
func IsInternal(host string) bool {
	labels, name := labelsOf(host)
	return name && (len(labels) < 2 || slices.Contains([]string{"local", "internal", "lan", "home", "corp", "arpa"}, labels[len(labels)-1]))
}

// labelsOf are those of a name; an address has none.
func labelsOf(host string) (labels []string, name bool) {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if _, err := netip.ParseAddr(host); err == nil {
		return nil, false
	}
	return strings.Split(host, "."), true
}

// Public connects to public addresses, at the ports of the web alone.
func Public(ctx context.Context, network, address string) (net.Conn, error) {
	return reach.Fence{Ports: []int{80, 443}}.Dialer().DialContext(ctx, network, address)
}

// PublicAnd is Public that connects to these hosts too, as host or host:port, wherever they are but on this machine, in its network
// segment, and where clouds give out credentials.
func PublicAnd(hosts []string) Connect {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil || !slices.Contains(hosts, strings.ToLower(host)) && !slices.Contains(hosts, strings.ToLower(address)) {
			return Public(ctx, network, address)
		}
		number, err := strconv.Atoi(port)
		if err != nil {
			return nil, fact.Errorf(fact.ReasonInvalid, "%s is no port", port)
		}
		own, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			return nil, err
		}
		for i := range own {
			own[i] = own[i].Unmap()
		}
		fence := reach.Fence{Own: own, Ports: []int{number}}
		return fence.Dialer().DialContext(ctx, network, address)
	}
}
