// Package collector is the contract between things that look and the engine that makes them look: what to look at, how
// often, and one look. A collector has no opinion of what it sees.
package collector

import (
	"context"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Collector looks at one kind of thing. T describes one target; it is compared by value, so that a target that a
// reload leaves as it was keeps its facts and its rhythm. The engine schedules each target by itself, with a timeout,
// bounds and recovery of panics: a target that hangs costs only its own facts.
type Collector[T, F any] struct {
	Name     string // snake_case, unique: "certificate"
	Summary  string // one sentence: what it looks at
	Kind     fact.Kind[F]
	Schedule string        // default: cron expression, or "@every 1m"
	Timeout  time.Duration // default, for one look at one target
	// Targets are what a system's description asks to look at; without any the collector does not run.
	Targets func(*system.System) []T
	// Narrow leaves out of a target what no item of the system's checklist needs: topics of the facts, nil for all. Where
	// it is set, a collector whose facts nobody needs does not look at all; it is for looks that take permissions.
	Narrow func(target T, topics []string) T
	// Target names one of them, uniquely within the system: the subject when it cannot be looked at.
	Target func(T) string
	// Server names what a look puts load on, "db.example.com:5432", to bound the looks at it at one time; nil: no bound.
	Server func(T) string
	// Look sees one target. An error means that nothing could be seen of it; what is missed in part is in the batch.
	Look func(ctx context.Context, target T) (fact.Batch[F], error)
	// Changes tells when a target has changed since it was last looked at, so that it is looked at soon and not only on
	// schedule; nil: nobody can tell. It is asked once, before the first look.
	Changes func(T) <-chan struct{}
	// Permissions are what a look at a target takes; nil: none that could be named.
	Permissions func(T) []Permission
	// Forget frees what Look kept for a target that is looked at no longer; nil: nothing is kept.
	Forget func(T)
}

// Description is what documents, metrics and pages say of a collector.
type Description struct {
	Name, Summary string
	Kind          fact.Any
	Schedule      string
	Timeout       time.Duration
}

// Any is a Collector whose types are hidden.
type Any interface {
	// Describe says what the collector is.
	Describe() Description
	// Jobs are the looks that a system asks for, one a target, as far as somebody needs what they see.
	Jobs(s *system.System, needs fact.Needs) []Job
}

// A Job is one target of one collector.
type Job struct {
	Target string // its name
	Server string // what a look puts load on; empty: no bound
	Value  any    // the target itself, to compare with another time's by reflect.DeepEqual
	Look   func(ctx context.Context) (facts []any, missed []fact.Missed, err error)
	// Changes tells when the target has changed; nil where nobody can tell.
	Changes     func() <-chan struct{}
	Permissions []Permission // that a look takes
	Forget      func()
}

// Describe says what the collector is.
func (c Collector[T, F]) Describe() Description {
	return Description{Name: c.Name, Summary: c.Summary, Kind: c.Kind, Schedule: c.Schedule, Timeout: c.Timeout}
}

// Jobs are the looks that a system asks for, as far as somebody needs what they see.
func (c Collector[T, F]) Jobs(s *system.System, needs fact.Needs) []Job {
	topics, needed := needs[c.Kind.Name]
	if c.Narrow != nil && !needed {
		return nil
	}
	targets := c.Targets(s)
	jobs := make([]Job, len(targets))
	for i, target := range targets {
		if c.Narrow != nil {
			target = c.Narrow(target, topics)
		}
		jobs[i] = Job{
			Target: c.Target(target),
			Value:  target,
			Look: func(ctx context.Context) ([]any, []fact.Missed, error) {
				batch, err := c.Look(ctx, target)
				facts := make([]any, len(batch.Facts))
				for i, f := range batch.Facts {
					facts[i] = f
				}
				return facts, batch.Missed, err
			},
			Forget: func() {
				if c.Forget != nil {
					c.Forget(target)
				}
			},
		}
		if c.Changes != nil {
			jobs[i].Changes = func() <-chan struct{} { return c.Changes(target) }
		}
		if c.Permissions != nil {
			jobs[i].Permissions = c.Permissions(target)
		}
		if c.Server != nil {
			jobs[i].Server = c.Server(target)
		}
	}
	return jobs
}
