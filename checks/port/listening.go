package port

import (
	"fmt"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// ListeningParameters tune listening_ports.
type ListeningParameters struct {
	// Allowed are the ports of TCP at which something may listen for strangers.
	Allowed []int `yaml:"allowed"`
}

// Validate tells what makes no sense.
func (p ListeningParameters) Validate() error { return arePorts("allowed", p.Allowed) }

// AllowedPorts are those that strangers may reach.
func (p ListeningParameters) AllowedPorts() []int { return p.Allowed }

// Listening judges what listens on hosts for strangers, and whether what is seen from outside agrees.
func Listening() check.Kind[ListeningParameters] {
	listens := check.Reason{
		Name: "listens", Level: check.Fail, Sentence: "Something listens on a public address at a port that is not allowed.",
		Remedy: "Bind it to the loopback address or to an address of a private network, or stop it. Where strangers are meant to reach it, " +
			"add the port to the parameter allowed of the item.",
	}
	return check.Kind[ListeningParameters]{
		Name:     "listening_ports",
		Summary:  "On public addresses of every host, something listens for TCP at allowed ports alone, and no other port is open from outside.",
		Remedy:   "Stop what need not run, and bind the rest to addresses that only those reach who need it.",
		Reasons:  []check.Reason{listens, portOpen()},
		Defaults: ListeningParameters{Allowed: ports()},
		Over: []check.Quantified[ListeningParameters]{
			check.Each(fact.AllListeningSockets(), func(
				_ check.Context, l *fact.ListeningSockets, p ListeningParameters,
			) (problems []check.Problem) {
				for _, each := range exposed(l.Sockets, p.Allowed) {
					problems = append(problems, listens.Problem(each))
				}
				return problems
			}),
			check.Each(fact.PortProbes(), func(_ check.Context, probe *fact.PortProbe, p ListeningParameters) []check.Problem {
				return judgeOpen(probe, p.Allowed)
			}),
		},
		WhenEmpty: check.Reason{
			Name: "no_host", Level: check.Undeclared, Sentence: "No host is declared.",
			Remedy: "Declare the machine that the exporter runs on under hosts, or addresses and ports of another one.",
		},
	}
}

// exposed has a sentence for each port that is not allowed, however many addresses it is listened on at.
func exposed(sockets []fact.ListeningSocket, allowed []int) (sentences []string) {
	for i := 0; i < len(sockets); {
		number := sockets[i].Port
		var addresses, processes []string
		for ; i < len(sockets) && sockets[i].Port == number; i++ {
			s := sockets[i]
			if !s.Public || slices.Contains(allowed, number) {
				continue
			}
			if !slices.Contains(addresses, s.Address) {
				addresses = append(addresses, s.Address)
			}
			if s.Process != "" && !slices.Contains(processes, s.Process) {
				processes = append(processes, s.Process)
			}
		}
		if len(addresses) == 0 {
			continue
		}
		if len(processes) == 0 {
			processes = []string{"a process whose name the exporter may not know"}
		}
		sentences = append(sentences, fmt.Sprintf("Port %d is listened on at %s by %s.", number, words.List(addresses), words.List(processes)))
	}
	return sentences
}
