package fact

import "iter"

// A Firewall is what the rules of a host do with packets from strangers, whoever made the rules: ufw, firewalld, iptables or
// nftables.
type Firewall struct {
	Host string `json:"host"`
	// Managers are what loads rules when the host starts: ufw, firewalld, nftables, iptables.
	Managers []string `json:"managers"`
	// Families are "ipv4", and "ipv6" where the host has an address by which strangers reach it.
	Families []FirewallFamily `json:"families"`
}

// A FirewallFamily is what becomes of packets of one family.
type FirewallFamily struct {
	Name    string          `json:"name"`
	Default FirewallDefault `json:"default"`
	Open    []PortRange     `json:"open"` // to strangers, for certain or perhaps, where the default is not to accept
}

// A FirewallDefault is what becomes of a packet to a port that no rule names.
type FirewallDefault string

// The defaults.
const (
	FirewallAccepts FirewallDefault = "accept"
	FirewallDrops   FirewallDefault = "drop"    // or reject
	FirewallUnclear FirewallDefault = "unclear" // it depends on what cannot be read from the rules
)

// A PortRange is ports of a protocol.
type PortRange struct {
	Protocol string `json:"protocol"` // tcp or udp
	First    int    `json:"first"`
	Last     int    `json:"last"`
}

// Firewalls describes the facts of firewalls.
func Firewalls() *Kind[Firewall] {
	return &Kind[Firewall]{
		Name:    "firewall",
		Help:    "What the rules of a host do with packets from strangers.",
		Subject: func(f *Firewall) string { return f.Host },
		Labels:  []Label[Firewall]{{Name: "host", Value: func(f *Firewall) string { return f.Host }}},
		Gauges: []Gauge[Firewall]{{
			Name:   "firewall_default_deny",
			Help:   "Whether packets from strangers to ports that no rule names are dropped or rejected, by family, where that is clear.",
			By:     "family",
			Values: defaultDenies,
		}},
	}
}

func defaultDenies(f *Firewall) iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		seen := make(map[string]bool)
		for _, family := range f.Families {
			if family.Default == FirewallUnclear || seen[family.Name] {
				continue
			}
			seen[family.Name] = true
			if !yield(family.Name, Bool(family.Default == FirewallDrops)) {
				return
			}
		}
	}
}
