package fact

import (
	"net/netip"
	"slices"
)

// IsPublic tells addresses that are reached over the Internet, as the registries of IANA for special purposes have them.
func IsPublic(address netip.Addr) bool {
	if address.Is6() {
		return netip.MustParsePrefix("2000::/3").Contains(address) && !inAny(address,
			"2001::/23",     // of protocols
			"2001:db8::/32", // of documentation
			"3fff::/20",     // of documentation
		)
	}
	return !inAny(address,
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
		"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	)
}

func inAny(address netip.Addr, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return netip.MustParsePrefix(prefix).Contains(address) })
}

// PublicOf are the public addresses among texts, of which some may be none.
func PublicOf(texts []string) (public []string) {
	for _, text := range texts {
		if address, err := netip.ParseAddr(text); err == nil && IsPublic(address.Unmap()) {
			public = append(public, text)
		}
	}
	return public
}
