package main

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/alecthomas/kingpin/v2"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/shard"
	"github.com/readiness-exporter/readiness-exporter/internal/web"
)

// shardFlags say that several exporters share the systems, and which of them this one is.
type shardFlags struct {
	index     int
	named     bool // the index was given
	count     int
	addresses []string
}

func (f *shardFlags) register(clause *kingpin.CmdClause) {
	clause.Flag("shards", "How many exporters share the systems of the configuration. Each collects only for its own, which follow "+
		"from their names; all are given the same configuration.").Default("1").IntVar(&f.count)
	clause.Flag("shard", "Which of them this one is, from 0. Default: the number at the end of the host name, as pods of a StatefulSet "+
		"have it; one beyond the last shard is a further replica: with 5 shards, 7 is another 2.").PlaceHolder("NUMBER").
		IsSetByUser(&f.named).IntVar(&f.index)
	clause.Flag("shard.address", "Where browsers reach a shard, for links to the systems of others, and in alerts unless --web.external-url "+
		"is given: once for each in their order, or once with {shard} for the number.").PlaceHolder("URL").StringsVar(&f.addresses)
}

// shard is the one that the flags name; nil where one exporter has all systems.
func (f *shardFlags) shard(hostname func() (string, error), configFile string) (*shard.Shard, error) {
	switch {
	case f.count < 1:
		return nil, fmt.Errorf("--shards %d: expected 1 or more", f.count)
	case f.named && (f.index < 0 || f.index >= f.count):
		return nil, fmt.Errorf("--shard %d: expected a number from 0 to %d, since --shards is %d", f.index, f.count-1, f.count)
	case f.count == 1 && len(f.addresses) > 0:
		return nil, errors.New("--shard.address: expected --shards with more than 1")
	case f.count == 1:
		return nil, nil //nolint:nilnil // One exporter is no shard.
	case configFile == "":
		return nil, errors.New("--shards: expected --config.file too, since without it each exporter describes its own machine")
	}
	one := &shard.Shard{Index: f.index, Count: f.count}
	if !f.named {
		name, err := hostname()
		if err != nil {
			return nil, fmt.Errorf("--shards: find the host name: %w", err)
		}
		if one.Index, err = shard.Ordinal(name, f.count); err != nil {
			return nil, fmt.Errorf("--shards: the host name is %q: %w: expected --shard", name, err)
		}
	}
	one, err := one.Addressed(f.addresses)
	if err != nil {
		return nil, fmt.Errorf("--shard.address %w", err)
	}
	return one, nil
}

// split gives the plans of a shard's own systems, and where the others are. Without shards, all are its own.
func split(of *shard.Shard, plans []*assess.Plan) (own []*assess.Plan, remote []web.Remote) {
	if of == nil {
		return plans, nil
	}
	for _, plan := range plans {
		if of.Has(plan.System.ID()) {
			own = append(own, plan)
			continue
		}
		index := shard.Of(plan.System.ID(), of.Count)
		remote = append(remote, web.Remote{
			Name: plan.System.Name, Environment: plan.System.Environment, Owner: plan.System.Owner,
			Shard: index, Address: of.Address(index),
		})
	}
	return own, remote
}

// A share is what one exporter has of the systems of the configuration.
type share struct {
	of     *shard.Shard // nil: it has all
	own    int
	remote []web.Remote // those that other shards have
}

// address is where browsers reach this exporter: its external address, or else that of its shard; nil where nobody said.
func (s share) address(external *url.URL) *url.URL {
	if external != nil || s.of == nil || s.of.Address(s.of.Index) == "" {
		return external
	}
	own, err := url.Parse(s.of.Address(s.of.Index))
	if err != nil {
		return nil // The flag was refused then.
	}
	return own
}

// systems is how many systems the exporter has itself.
func (e *exporter) systems() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.share.own
}

// elsewhere are the systems that other shards have.
func (e *exporter) elsewhere() []web.Remote {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.share.remote
}

// apply has the engine do what a configuration asks of this shard: it is read and checked as a whole, and followed in part.
func (e *exporter) apply(plans []*assess.Plan) error {
	own, remote := split(e.share.of, plans)
	if err := e.engine.Apply(own); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.share.own, e.share.remote = len(own), remote
	return nil
}
