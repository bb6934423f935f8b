package system

import (
	"cmp"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// hostName is a name that can be looked up: labels of 63 characters at most, with underscores as some internal names have
// them. The last is no number: what looks like an address, and is none, is a slip.
var hostName = regexp.MustCompile(`^(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*` +
	`[A-Za-z_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?$`)

// longestHostName is how long a name can be that the DNS holds.
const longestHostName = 253

// isHost tells whether a text is an IP address, with its zone where it has one, or a name that can be looked up.
func isHost(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	if foreign := strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }); foreign || strings.Contains(text, "xn--") {
		ascii, err := idna.Lookup.ToASCII(text)
		if err != nil {
			return false
		}
		text = ascii
	}
	return len(text) <= longestHostName && hostName.MatchString(text)
}

// isPort tells whether a text is the number of a port.
func isPort(text string) bool {
	number, err := strconv.ParseUint(text, 10, 16)
	return err == nil && number > 0
}

// isAddress tells whether a text is host:port, with the port in figures.
func isAddress(text string) bool {
	host, port, err := net.SplitHostPort(text)
	return err == nil && isHost(host) && isPort(port)
}

// isWebAddress tells whether an address is one of the web, at a host and a port that there can be.
func isWebAddress(address *url.URL) bool {
	return (address.Scheme == "https" || address.Scheme == "http") && isHost(address.Hostname()) &&
		(isPort(address.Port()) || address.Port() == "" && !strings.HasSuffix(address.Host, ":"))
}

// HostPort is host:port of a URL of HTTP, whose scheme has a port of its own.
func HostPort(address *url.URL) string {
	port := map[string]string{"https": "443", "http": "80"}[address.Scheme]
	return net.JoinHostPort(address.Hostname(), cmp.Or(address.Port(), port))
}
