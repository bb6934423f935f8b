// Package collector is the contract between what collects facts and the engine that schedules it: targets, how often,
// and one run. A collector never judges what it collects.
package collector

import (
	"context"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Collector collects from one sort of target. T describes one target; it is compared by value, so that a target that a
// reload leaves as it was keeps its facts and its rhythm. The engine schedules each target by itself, with a timeout,
// bounds and recovery of panics: a target that hangs costs only its own facts.
type Collector[T any] struct {
	Name     string     // snake_case, unique: "certificate"
	Summary  string     // one sentence: what it collects
	Yields   []fact.Any // the kinds of fact that one run gives, each once
	Schedule string     // default: cron expression, or "@every 1m"
	Timeout  time.Duration
	// Targets are what a system's description asks to collect from.
	Targets func(*system.System) []T
	// Request makes a target of what an item asks for beyond the description; nil: the collector answers no request. It is
	// called with requests for the kinds that the collector yields.
	Request func(s *system.System, request fact.Request) (T, bool)
	// Target names one of them, uniquely within the system: the subject when it is unavailable.
	Target func(T) string
	// Server names what a run puts load on, "db.example.com:5432", to bound the runs at it at one time; nil: no bound.
	Server func(T) string
	// Known gives what the target's declaration tells of its facts, as unavailable without a reason, one set a kind at
	// most; nil: nothing but the target's name.
	Known func(T) []fact.AnySet
	// Narrows: the collector collects only what is asked for, since it takes permissions. Without a need for any kind that
	// it yields it does not run.
	Narrows bool
	// Collect collects from one target what is asked for. It gives at most one set a kind; a kind without one was sought
	// and there is none. An error means that nothing could be collected; what is unavailable in part is in the sets.
	Collect func(ctx context.Context, target T, asked fact.Topics) ([]fact.AnySet, error)
	// Discovers has a set for every kind of fact that there may be targets of by what the collector yields, in which what is known of such
	// facts is unavailable. Without a need for any of them it does not run. Nil: it discovers nothing.
	Discovers []fact.AnySet
	// Changes tells when a target has changed since the last run, so that the next is soon and not only on schedule; nil:
	// nobody can tell. It is asked once, before the first run.
	Changes func(T) <-chan struct{}
	// Permissions are what it takes to collect what is asked for; nil: none that could be named.
	Permissions func(target T, asked fact.Topics) []Permission
	// Forget frees what Collect kept for a target from which nothing is collected any more; nil: nothing is kept.
	Forget func(T)
}

// Description is what documents, metrics and pages say of a collector.
type Description struct {
	Name, Summary string
	Yields        []fact.Any
	Schedule      string
	Timeout       time.Duration
}

// Any is a Collector whose types are hidden.
type Any interface {
	// Describe says what the collector is.
	Describe() Description
	// Jobs are what there is to collect for a system, one a target, as far as somebody needs it.
	Jobs(s *system.System, needs fact.Needs) []Job
}

// A Job is one target of one collector.
type Job struct {
	Target string // its name
	Server string // what a run puts load on; empty: no bound
	// Described tells one description of the target from another, of whoever compares them; empty: nobody does.
	Described string
	Value     any // the target itself, to compare with another time's by reflect.DeepEqual
	Declared  []fact.AnySet
	// Asked is what is to be collected; nil: everything. It is no part of what the target is.
	Asked fact.Topics
	// Discovers has a set for every kind of fact that there may be targets of by what it yields.
	Discovers []fact.AnySet
	// Collect collects once. It gives one set for each of Declared, in their order.
	Collect func(ctx context.Context, asked fact.Topics) ([]fact.AnySet, error)
	// Changes tells when the target has changed; nil where nobody can tell.
	Changes     func() <-chan struct{}
	Permissions func(asked fact.Topics) []Permission
	Forget      func()
}

// Describe says what the collector is.
func (c Collector[T]) Describe() Description {
	return Description{Name: c.Name, Summary: c.Summary, Yields: c.Yields, Schedule: c.Schedule, Timeout: c.Timeout}
}

// Jobs are what there is to collect for a system, as far as somebody needs it.
func (c Collector[T]) Jobs(s *system.System, needs fact.Needs) []Job {
	var asked fact.Topics
	if c.Narrows {
		if asked = needs.Topics.Only(c.Yields); asked != nil && len(asked) == 0 {
			return nil
		}
	}
	if len(c.Discovers) > 0 && !slices.ContainsFunc(c.Discovers, func(set fact.AnySet) bool {
		return needs.Topics.Needs(set.Kind().KindName(), "")
	}) {
		return nil
	}
	var jobs []Job
	if c.Targets != nil {
		for _, target := range c.Targets(s) {
			jobs = append(jobs, c.job(target, asked))
		}
	}
	if c.Request != nil {
		for _, request := range needs.Requests {
			if target, own := c.Request(s, request); own {
				jobs = append(jobs, c.job(target, asked))
			}
		}
	}
	return jobs
}

func (c Collector[T]) job(target T, asked fact.Topics) Job {
	job := Job{
		Target: c.Target(target), Value: target, Asked: asked, Declared: c.declared(target), Discovers: c.Discovers,
		Collect: func(ctx context.Context, asked fact.Topics) ([]fact.AnySet, error) {
			sets, err := c.Collect(ctx, target, asked)
			if err != nil {
				return nil, err
			}
			return c.whole(sets), nil
		},
		Permissions: func(asked fact.Topics) []Permission {
			if c.Permissions == nil {
				return nil
			}
			return c.Permissions(target, asked)
		},
		Forget: func() {
			if c.Forget != nil {
				c.Forget(target)
			}
		},
	}
	if c.Changes != nil {
		job.Changes = func() <-chan struct{} { return c.Changes(target) }
	}
	if c.Server != nil {
		job.Server = c.Server(target)
	}
	return job
}

// declared gives a set for each kind, with what is known of it.
func (c Collector[T]) declared(target T) []fact.AnySet {
	if c.Known == nil {
		return c.whole(nil)
	}
	return c.whole(c.Known(target))
}

// whole gives a set for each kind that the collector yields: the one there is, or an empty one. Any other set is a defect
// of the collector.
func (c Collector[T]) whole(sets []fact.AnySet) []fact.AnySet {
	all := make([]fact.AnySet, len(c.Yields))
	placed := 0
	for i, kind := range c.Yields {
		all[i] = kind.NoFacts()
		for _, set := range sets {
			if set.Kind().KindName() == kind.KindName() {
				all[i] = set
				placed++
				break
			}
		}
	}
	if placed != len(sets) {
		panic("the collector " + c.Name + " gave a set of a kind that it does not yield, or two of one kind")
	}
	return all
}
