package system

import (
	"net"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// A Domain is a name by which the system is reached, and what the DNS is to answer for it.
type Domain struct {
	Name string `yaml:"name"` // shop.example.com
	// Addresses are all IP addresses that the name must have, and no other; default: any.
	Addresses []string `yaml:"addresses,omitempty"`
	// Varies: its addresses depend on who asks, as those of a content delivery network do, so that answers are not compared.
	Varies bool `yaml:"varies,omitempty"`
	// Resolvers are IP addresses of resolvers, with a port where it is not 53, that users ask and that must all know the name; default:
	// 1.1.1.1, 8.8.8.8 and 9.9.9.9, and none for a name that is in no public domain. The first that answers is asked for the name
	// servers of the zone, too; by default the resolver of this machine is.
	Resolvers []string `yaml:"resolvers,omitempty"`
	// NameServers are IP addresses of the name servers of its zone, with a port where it is not 53; default: those to which the
	// zone is delegated.
	NameServers []string `yaml:"name_servers,omitempty"`
	// RDAP is the server that knows the registration of the domain: https://rdap.denic.de; default: the one that the list names.
	RDAP string `yaml:"rdap,omitempty"`
	// WHOIS is the server of WHOIS that knows the registration of the domain, with a port where it is not 43: whois.nic.example; default:
	// the one that IANA names, where the list names no RDAP server.
	WHOIS string `yaml:"whois,omitempty"`
	// LocalOnly: it is not collected from vantage points, since its resolvers or name servers cannot be reached from there.
	LocalOnly bool `yaml:"local_only,omitempty"`
	// RDAPBootstrap is the list of RDAP servers (RFC 9224); default: https://data.iana.org/rdap/dns.json.
	RDAPBootstrap string `yaml:"rdap_bootstrap,omitempty"`
}

// ASCIIName is the name as the DNS has it: in ASCII and lower case, without a dot at its end.
func (d Domain) ASCIIName() string {
	name := strings.TrimSuffix(d.Name, ".")
	if ascii, err := idna.Lookup.ToASCII(name); err == nil {
		return ascii
	}
	return strings.ToLower(name) // One with an underscore, which is no name of a host.
}

// MaximumServers is how many resolvers, name servers or addresses can be declared for a name.
const MaximumServers = 32

func (d Domain) identity() (string, string) { return "name", d.ASCIIName() }

func (d Domain) validate(list *mistake.List, path []any) {
	if _, err := netip.ParseAddr(d.Name); err == nil || !isHost(d.Name) || !strings.Contains(strings.TrimSuffix(d.Name, "."), ".") {
		list.Add(mistake.At(path, "name"), "name %q: expected a full name such as shop.example.com", d.Name)
	}
	checkEach(list, mistake.At(path, "addresses"), "addresses", d.Addresses, "an IP address", func(text string) bool {
		address, err := netip.ParseAddr(text)
		return err == nil && address.Zone() == "" && !address.Is4In6()
	})
	const server = "an IP address, with a port where it is not 53, such as 192.0.2.53 or [2001:db8::53]:5353"
	checkEach(list, mistake.At(path, "resolvers"), "resolvers", d.Resolvers, server, isServer)
	checkEach(list, mistake.At(path, "name_servers"), "name_servers", d.NameServers, server, isServer)
	CheckLink(list, mistake.At(path, "rdap"), "rdap", d.RDAP)
	CheckLink(list, mistake.At(path, "rdap_bootstrap"), "rdap_bootstrap", d.RDAPBootstrap)
	switch {
	case d.WHOIS == "":
	case !isHost(d.WHOIS) && !isAddress(d.WHOIS):
		list.Add(mistake.At(path, "whois"), "whois %q: expected a host, with a port where it is not 43, such as whois.nic.example", d.WHOIS)
	case d.RDAP != "" || d.RDAPBootstrap != "":
		list.Add(mistake.At(path, "whois"), "whois: expected either whois, or rdap and rdap_bootstrap")
	}
}

// checkEach notes values that are not what is expected, that stand twice, and those that are too many.
func checkEach(list *mistake.List, path []any, what string, values []string, expected string, right func(string) bool) {
	if len(values) > MaximumServers {
		list.Add(path, "%s: expected %d at most", what, MaximumServers)
		return
	}
	first := make(map[string]bool, len(values))
	for i, value := range values {
		at := mistake.At(path, i)
		switch {
		case !right(value):
			list.Add(at, "%s %q: expected %s", what, value, expected)
		case first[value]:
			list.Add(at, "%s %q stands twice", what, value)
		}
		first[value] = true
	}
}

// isServer tells whether a text is an IP address, alone or with a port.
func isServer(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return false
	}
	_, err = netip.ParseAddr(host)
	return err == nil && isPort(port)
}
