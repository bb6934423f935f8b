package host

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// PublicAddress judges whether a machine has an address at which the Internet reaches it: the declared one, where one is.
func PublicAddress() check.Kind[struct{}] {
	none := check.Reason{
		Name: "no_public_address", Level: check.Fail, Sentence: "No interface of the machine has a public address.",
		Remedy: "Assign one. Where a translation of addresses before the machine has it, as clouds do, nothing on the machine tells: " +
			"declare the address under addresses of the host, and list the item under not_applicable with that reason.",
	}
	other := check.Reason{
		Name: "other_address", Level: check.Fail, Sentence: "The public address of the machine is none of the declared ones.",
		Remedy: "Correct addresses of the host in the system description and the DNS, or assign the declared address; see those that " +
			"there are with: ip address.",
	}
	return check.Kind[struct{}]{
		Name:    "public_address",
		Summary: "An interface of a declared host has a public address: the declared one, where one is.",
		Remedy:  "Assign a public address to the machine.",
		Reasons: []check.Reason{none, other},
		Over: []check.Quantified[struct{}]{
			check.AtLeastOne(fact.AllHostAddresses(), func(c check.Context, h *fact.HostAddresses, _ struct{}) []check.Problem {
				public, declared := h.PublicAddresses(), declaredAddresses(c.System, h.Host)
				switch {
				case len(public) == 0:
					return []check.Problem{none.Problem(onlyOthers(h))}
				case len(declared) > 0 && !slices.ContainsFunc(declared, func(a string) bool { return slices.Contains(h.Addresses, a) }):
					return []check.Problem{other.Problem(fmt.Sprintf("The machine is at %s, and declared at %s.",
						words.List(public), words.List(declared)))}
				default:
					return nil
				}
			}),
		},
		WhenEmpty: check.Reason{
			Name: "no_host", Level: check.Undeclared, Sentence: "No host is declared of which the addresses are known.",
			Remedy: "Run an exporter on the machine, and declare it under hosts with its addresses.",
		},
	}
}

func onlyOthers(h *fact.HostAddresses) string {
	const mostNamed = 5
	switch all := h.Addresses; {
	case len(all) == 0:
		return "No interface of the machine has an address."
	case len(all) > mostNamed:
		return fmt.Sprintf("None of the %d addresses of the machine is public.", len(all))
	default:
		return fmt.Sprintf("None of its addresses is public: %s.", words.List(all))
	}
}

// declaredAddresses are those of a host by which it may be reached over the Internet.
func declaredAddresses(s *system.System, name string) (all []string) {
	for _, host := range s.Hosts {
		if host.Name != name {
			continue
		}
		for _, text := range host.Addresses {
			if address, err := netip.ParseAddr(text); err == nil && address.IsGlobalUnicast() && !address.IsPrivate() {
				all = append(all, address.Unmap().String())
			}
		}
	}
	return all
}
