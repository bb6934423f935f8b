// Package port judges which ports of hosts are open.
package port

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// ReachableParameters tune reachable_ports.
type ReachableParameters struct {
	// Open are the ports that must take connections; every other port that is tried must not.
	Open []int `yaml:"open"`
}

// Validate tells what makes no sense.
func (p ReachableParameters) Validate() error { return arePorts("open", p.Open) }

// AllowedPorts are those that strangers may reach.
func (p ReachableParameters) AllowedPorts() []int { return p.Open }

func arePorts(parameter string, ports []int) error {
	if len(ports) == 0 {
		return check.Wrong(parameter, "expected at least one port")
	}
	for _, port := range ports {
		if port < 1 || port > 65535 {
			return check.Wrong(parameter, "%d: expected the number of a port", port)
		}
	}
	return nil
}

// ports are those that the checklist allows.
func ports() []int { return []int{22, 80, 443} }

// Reachable judges which ports of declared hosts can be reached from outside.
func Reachable() check.Kind[ReachableParameters] {
	return check.Kind[ReachableParameters]{
		Name:     "reachable_ports",
		Summary:  "From outside, every declared host takes connections at the required ports, and at no other that is tried.",
		Remedy:   "Change the rules of the firewall before the host, and on it.",
		Reasons:  []check.Reason{portOpen(), portNotOpen(), notTried(), notFromOutside()},
		Defaults: ReachableParameters{Open: ports()},
		Over: []check.Quantified[ReachableParameters]{
			check.Each(fact.PortProbes(), judgeReachable),
		},
		WhenEmpty: noHost(),
	}
}

func portOpen() check.Reason {
	return check.Reason{
		Name: "port_open", Level: check.Fail, Sentence: "A port is open that should not be.",
		Remedy: "Find what listens there (ss -ltnp), and bind it to the loopback address, or close the port in the firewall. Rules of ufw " +
			"do not hold for ports that Docker publishes. Where strangers are meant to reach it, add the port to the parameters of the item.",
	}
}

func portNotOpen() check.Reason {
	return check.Reason{
		Name: "port_not_open", Level: check.Fail, Sentence: "A port that must take connections does not.",
		Remedy: "Start what is to listen there, and let the port in by the firewall; where nothing is meant to, remove the port from the " +
			"parameters of the item.",
	}
}

func notTried() check.Reason {
	return check.Reason{
		Name: "port_not_tried", Level: check.Unknown, Sentence: "A required port is not among those that are tried.",
		Remedy: "Add it to ports.also of the host in the system description.",
	}
}

func notFromOutside() check.Reason {
	return check.Reason{
		Name: "not_from_outside", Level: check.Unknown,
		Sentence: "The ports were tried from the host itself, so that no firewall stood between.",
		Remedy:   "Run an exporter on another machine, with this host declared as remote: true.",
	}
}

func noHost() check.Reason {
	return check.Reason{
		Name: "no_host", Level: check.Undeclared, Sentence: "No host is declared whose ports are to be tried.",
		Remedy: "Declare addresses and ports of the host in the system description of an exporter on another machine.",
	}
}

// judgeReachable takes what was tried from the host itself for what it tells of others: what nothing listens on nobody reaches.
func judgeReachable(_ check.Context, probe *fact.PortProbe, p ReachableParameters) (problems []check.Problem) {
	for _, required := range p.Open {
		at := slices.IndexFunc(probe.Ports, func(s fact.PortState) bool { return s.Number == required })
		switch {
		case at < 0:
			problems = append(problems, notTried().Problem(fmt.Sprintf("Port %d is required, and is not tried.", required)))
		case probe.Ports[at].State != fact.PortOpen:
			problems = append(problems, portNotOpen().Problem(fmt.Sprintf("Port %d of %s is %s.", required, probe.Address, probe.Ports[at].State)))
		}
	}
	if probe.FromItself {
		return append(problems, notFromOutside().Problem(fmt.Sprintf(
			"The ports of %s were tried from the host itself, and its firewall does not apply to that.", probe.Address)))
	}
	return append(problems, judgeOpen(probe, p.Open)...)
}

// judgeOpen tells of the ports that are open and not allowed.
func judgeOpen(probe *fact.PortProbe, allowed []int) (problems []check.Problem) {
	var open []string
	for _, port := range probe.Ports {
		if port.State == fact.PortOpen && !slices.Contains(allowed, port.Number) {
			open = append(open, inWords(port.Number, port.Service))
		}
	}
	if len(open) > 0 {
		detail := fmt.Sprintf("Connections are taken at %s of %s.", words.Named("port", open), probe.Address)
		problems = append(problems, portOpen().Problem(detail))
	}
	return problems
}

func inWords(number int, service string) string {
	if service == "" {
		return strconv.Itoa(number)
	}
	return fmt.Sprintf("%d (%s)", number, service)
}
