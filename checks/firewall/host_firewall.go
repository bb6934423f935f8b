// Package firewall judges what hosts do with packets from strangers.
package firewall

import (
	"fmt"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// HostFirewall judges whether each host drops what no rule of its firewall lets in.
func HostFirewall() check.Kind[struct{}] {
	off := check.Reason{
		Name: "accepts_by_default", Level: check.Fail, Sentence: "The host accepts packets that no rule of its firewall is about.",
		Remedy: "Let in what must be reached, then drop the rest: ufw allow OpenSSH && ufw allow 80,443/tcp && ufw enable. With nftables, set " +
			"policy drop on the chain of the hook input, in a table of the family inet, so that it is for IPv6 too.",
	}
	unclear := check.Reason{
		Name: "default_unclear", Level: check.Unknown, Sentence: "Whether the host drops what no rule lets in depends on what cannot be read.",
		Remedy: "See the rules (nft list ruleset; iptables -S) for an accept or a drop whose condition is a set of ipset, a mark, an hour or " +
			"the like. Use a set of nftables in its place, or sign the item with an attestation.",
	}
	lost := check.Reason{
		Name: "not_kept", Level: check.Warn, Sentence: "Nothing was found that loads the rules again when the host starts.",
		Remedy: "Enable what makes them (systemctl enable nftables, or ufw enable), or save them: apt-get install iptables-persistent.",
	}
	return check.Kind[struct{}]{
		Name:    "host_firewall",
		Summary: "Every host drops or rejects packets from strangers that no rule of its firewall lets in, of IPv4 and of IPv6.",
		Remedy:  "See the rules: nft list ruleset; iptables-save; ufw status verbose.",
		Reasons: []check.Reason{off, unclear, lost},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.Firewalls(), func(_ check.Context, f *fact.Firewall, _ struct{}) (problems []check.Problem) {
				for _, family := range f.Families {
					switch family.Default {
					case fact.FirewallDrops:
					case fact.FirewallAccepts:
						problems = append(problems, off.Problem(fmt.Sprintf("Packets of %s to a port that no rule names are accepted.", title(family.Name))))
					default:
						problems = append(problems, unclear.Problem(fmt.Sprintf(
							"What becomes of packets of %s to a port that no rule names is not clear.", title(family.Name))))
					}
				}
				if len(f.Families) == 0 {
					problems = append(problems, unclear.Problem("Of no family is it known what becomes of packets."))
				}
				if len(problems) == 0 && len(f.Managers) == 0 {
					problems = append(problems, lost.Problem("Neither ufw, firewalld, nftables nor iptables is enabled as a service."))
				}
				return problems
			}),
		},
		WhenEmpty: check.Reason{
			Name: "no_host", Level: check.Undeclared, Sentence: "No host is declared.",
			Remedy: "Add the machine to hosts in the system description, or list the item under not_applicable with a reason.",
		},
	}
}

// title names a family as people do.
func title(family string) string { return strings.Replace(family, "ip", "IP", 1) }
