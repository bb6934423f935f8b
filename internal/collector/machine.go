package collector

import (
	"context"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Machine is the machine that the exporter runs on, as a host of a system.
type Machine struct {
	System string // its ID, since two systems can share a machine
	Host   string
}

// OfMachine makes a collector of one kind of fact about the machine that the exporter runs on, for each host that a system
// declares. Known is what the name of the host tells of such a fact.
func OfMachine[F any](
	name, summary string, kind *fact.Kind[F], known func(host string) F,
	collect func(ctx context.Context, host string) (*fact.Set[F], error),
) Collector[Machine] {
	return Collector[Machine]{
		Name:     name,
		Summary:  summary,
		Yields:   []fact.Any{kind},
		Schedule: "@every 1m",
		Timeout:  10 * time.Second,
		Targets: func(s *system.System) []Machine {
			machines := s.Machines()
			all := make([]Machine, len(machines))
			for i, host := range machines {
				all[i] = Machine{System: s.ID(), Host: host.Name}
			}
			return all
		},
		Target: func(m Machine) string { return m.Host },
		Known: func(m Machine) []fact.AnySet {
			return []fact.AnySet{kind.Missing(known(m.Host))}
		},
		Collect: func(ctx context.Context, m Machine, _ fact.Topics) ([]fact.AnySet, error) {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			set, err := collect(ctx, m.Host)
			if err != nil {
				return nil, err
			}
			return []fact.AnySet{kind.Set(set)}, nil
		},
	}
}
