package report

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Discovered says of one system where its description comes from, and what was found by looking at it.
type Discovered struct {
	Name        string  `json:"system"`
	Environment string  `json:"environment"`
	Source      string  `json:"source"`
	Pieces      []Piece `json:"pieces"`
	YAML        string  `json:"yaml"` // a configuration file that declares the same, so that nothing has to be found again
}

// A Piece is what one collector found at one target.
type Piece struct {
	Collector string    `json:"collector"`
	Target    string    `json:"target"`
	Kind      string    `json:"kind"`
	SeenAt    time.Time `json:"seen_at,omitzero"`
	Subjects  []string  `json:"subjects"`
	Missed    []Missed  `json:"missed,omitempty"`
}

// DiscoveredOf makes the report of what was found of a system.
func DiscoveredOf(a *assess.Assessment) Discovered {
	described := a.Plan.System
	discovered := Discovered{
		Name: described.Name, Environment: described.Environment, Source: described.Origin.String(), Pieces: []Piece{},
		YAML: pinned(withHosts(described, a.Looks)),
	}
	for _, look := range FactsOf(a).Looks {
		piece := Piece{
			Collector: look.Collector, Target: look.Target, Kind: look.Kind, Subjects: []string{}, Missed: look.Missed,
		}
		if look.SeenAt != nil {
			piece.SeenAt = *look.SeenAt
		}
		if look.Failure != nil {
			piece.Missed = append(piece.Missed[:len(piece.Missed):len(piece.Missed)], *look.Failure)
		}
		for _, f := range look.Facts {
			piece.Subjects = append(piece.Subjects, f.Subject)
		}
		discovered.Pieces = append(discovered.Pieces, piece)
	}
	return discovered
}

// withHosts adds to a description the hosts that ingresses lead, so that their certificates are looked at as they are served.
func withHosts(described *system.System, looks []fact.Look) *system.System {
	all := *described
	all.Certificates = slices.Clone(described.Certificates)
	for _, look := range looks {
		for _, f := range look.Facts {
			ingress, _ := f.(fact.Ingress)
			for _, host := range ingress.Hosts {
				address := host.Name + ":443"
				known := slices.ContainsFunc(all.Certificates, func(c system.Certificate) bool { return c.Address == address })
				if !known && host.Trouble != fact.HostNotCovered && !strings.HasPrefix(host.Name, "*.") {
					all.Certificates = append(all.Certificates, system.Certificate{Address: address})
				}
			}
		}
	}
	return &all
}

// pinned writes a description as a configuration file. It holds no secret, since descriptions only name where those are.
func pinned(described *system.System) string {
	written, err := yaml.Dump(map[string][]*system.System{"systems": {described}}, yaml.WithIndent(2))
	if err != nil {
		return "# The description cannot be written: " + err.Error() + "\n"
	}
	return string(written)
}
