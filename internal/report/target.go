package report

import (
	"bufio"
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A DiscoveredTarget is one that nobody has declared.
type DiscoveredTarget struct {
	Sort   string `json:"sort"`   // the kind of fact that is collected from it: endpoint, certificate, image
	Target string `json:"target"` // its URL, address or reference
	Source string `json:"source"` // Ingress shop/web in main, Deployment shop/api in main
	// Beyond is how many more there are than are collected, of which this is the first. Zero: it is collected.
	Beyond int `json:"beyond,omitempty"`
}

// targetsOf are the targets of a system that were discovered, in the order in which they were.
func targetsOf(s *system.System) (all []DiscoveredTarget) {
	add := func(sort, target string, found *system.Found) {
		if found != nil {
			all = append(all, DiscoveredTarget{sort, target, found.Source, found.Beyond})
		}
	}
	for _, e := range s.Endpoints {
		add(fact.Endpoints().Name, e.URL, e.Found)
	}
	for _, c := range s.Certificates {
		add(fact.Certificates().Name, c.Address, c.Found)
	}
	for _, i := range s.Images {
		add(fact.Images().Name, i.Reference, i.Found)
	}
	return all
}

// sourcesOf tells by the subject of a fact where its target was discovered.
func sourcesOf(s *system.System) map[string]string {
	sources := make(map[string]string)
	for _, target := range targetsOf(s) {
		sources[target.Target] = target.Source
	}
	return sources
}

// mostTargets is how many discovered targets a terminal shows.
const mostTargets = 20

// tableTargets lists what was discovered.
func tableTargets(out *bufio.Writer, targets []DiscoveredTarget) {
	if len(targets) == 0 {
		return
	}
	fmt.Fprintf(out, "\n%s discovered:\n", counted(len(targets), "target"))
	for i, target := range targets {
		if i == mostTargets {
			fmt.Fprintf(out, "  and %d more\n", len(targets)-i)
			break
		}
		fmt.Fprintf(out, "  %-12s %s from %s\n", target.Sort, Printable(target.Target), Printable(target.Source))
	}
}
