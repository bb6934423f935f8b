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

// A Discovered says of one system where its description comes from, and what was found.
type Discovered struct {
	Name        string  `json:"system"`
	Environment string  `json:"environment"`
	Source      string  `json:"source"`
	Pieces      []Piece `json:"pieces"`
	// Targets are those that were made of what was discovered.
	Targets []DiscoveredTarget `json:"targets"`
	YAML    string             `json:"yaml"` // a configuration file that declares the same, so that nothing has to be found again
}

// A Piece is what one collector found of one kind at one target.
type Piece struct {
	Collector   string        `json:"collector"`
	Target      string        `json:"target"`
	Kind        string        `json:"kind"`
	CollectedAt time.Time     `json:"collected_at,omitzero"`
	Subjects    []string      `json:"subjects"`
	Unavailable []Unavailable `json:"unavailable,omitempty"`
}

// DiscoveredOf makes the report of what was found of a system.
func DiscoveredOf(a *assess.Assessment) Discovered {
	described := a.Plan.System
	discovered := Discovered{
		Name: described.Name, Environment: described.Environment, Source: described.Origin.String(), Pieces: []Piece{},
		Targets: append([]DiscoveredTarget{}, targetsOf(described)...),
		YAML:    configuration(withHosts(described, a.Runs)),
	}
	for _, run := range a.Runs {
		for _, set := range run.Current(a.At) {
			if set.Len() == 0 && len(set.Gaps()) == 0 {
				continue
			}
			shown := setOf(set)
			piece := Piece{
				Collector: run.Collector, Target: run.Target, Kind: shown.Kind, CollectedAt: run.CollectedAt.UTC(),
				Subjects: []string{}, Unavailable: shown.Unavailable,
			}
			for _, f := range shown.Facts {
				piece.Subjects = append(piece.Subjects, f.Subject)
			}
			discovered.Pieces = append(discovered.Pieces, piece)
		}
	}
	return discovered
}

// withHosts adds to a description the hosts of ingresses, so that their certificates are collected as they are served.
func withHosts(described *system.System, runs []*fact.Run) *system.System {
	all := *described
	all.Endpoints = slices.DeleteFunc(slices.Clone(described.Endpoints), func(e system.Endpoint) bool { return e.Found.OverLimit() != nil })
	all.Certificates = slices.DeleteFunc(slices.Clone(described.Certificates), func(c system.Certificate) bool {
		return c.Found.OverLimit() != nil
	})
	// What is released next names other images: they are discovered anew.
	all.Images = slices.DeleteFunc(slices.Clone(described.Images), func(i system.Image) bool { return i.Found != nil })
	for _, run := range runs {
		for _, set := range run.Sets {
			for i := range set.Len() {
				if ingress, is := set.At(i).(*fact.Ingress); is {
					all.Certificates = addHosts(&all, ingress)
				}
			}
		}
	}
	return &all
}

func addHosts(to *system.System, ingress *fact.Ingress) []system.Certificate {
	certificates := to.Certificates
	for _, host := range ingress.Hosts {
		address := host.Name + ":443"
		known := slices.ContainsFunc(certificates, func(c system.Certificate) bool { return c.Address == address }) ||
			slices.ContainsFunc(to.Endpoints, func(e system.Endpoint) bool { return strings.HasPrefix(e.URL, "https://"+host.Name+"/") })
		if !known && host.Trouble != fact.HostNotCovered && host.Trouble != fact.HostNotAttached && !strings.HasPrefix(host.Name, "*.") {
			certificates = append(certificates, system.Certificate{Address: address})
		}
	}
	return certificates
}

// configuration writes a description as a configuration file. It holds no secret, since descriptions only name where those are.
func configuration(described *system.System) string {
	written, err := yaml.Dump(map[string][]*system.System{"systems": {described}}, yaml.WithIndent(2))
	if err != nil {
		return "# The description cannot be written: " + err.Error() + "\n"
	}
	return string(written)
}
