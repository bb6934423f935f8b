// Package bench measures what the exporter costs: a scrape against client_golang's own way, judging, publishing, and the
// memory that it holds at rest.
package bench

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// systems is how many systems the measured world has: each with the production checklist and its 216 items.
const systems = 50

// A world is many systems as they were at one time.
type world struct {
	collectors []collector.Any
	plans      []*assess.Plan
	runs       [][]*fact.Run // of each plan
	now        time.Time
}

// newWorld makes plans as the configuration does, and facts as a middling system has them: some of them wrong.
func newWorld(systems int) (*world, error) {
	all, closeAll := collectors.All(collectors.Options{RootFS: "/"})
	closeAll() // only their kinds of fact are of use here
	w := &world{collectors: all, now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
	described := make([]*system.System, systems)
	for i := range described {
		described[i] = &system.System{Name: fmt.Sprintf("system-%03d", i), Environment: "production", Owner: "platform"}
	}
	loaded, err := config.For(described, config.Options{
		Kinds: checks.All(), Collectors: all,
	})
	if err != nil {
		return nil, err
	}
	w.plans = loaded.Plans
	for range w.plans {
		w.runs = append(w.runs, w.collect())
	}
	return w, nil
}

// collect gives what every collector collected from one system.
func (w *world) collect() []*fact.Run {
	known := map[string]fact.AnySet{
		fact.Hosts().Name: fact.Hosts().Set(setOf(hosts(w.now))), fact.Filesystems().Name: fact.Filesystems().Set(setOf(filesystems(w.now))),
		fact.Certificates().Name: fact.Certificates().Set(setOf(certificates(w.now))),
		fact.Workloads().Name:    fact.Workloads().Set(setOf(workloads(w.now))), fact.Backups().Name: fact.Backups().Set(setOf(backups(w.now))),
	}
	var runs []*fact.Run
	for _, each := range w.collectors {
		described := each.Describe()
		run := &fact.Run{
			Collector: described.Name, Target: described.Name, Interval: time.Minute, CollectedAt: w.now, TriedAt: w.now,
		}
		for _, kind := range described.Yields {
			set := kind.NoFacts()
			run.Declared = append(run.Declared, set)
			if there, some := known[kind.KindName()]; some {
				set = there
				delete(known, kind.KindName()) // another collector of the same kind collects from other things
			}
			run.Sets = append(run.Sets, set)
		}
		runs = append(runs, run)
	}
	return runs
}

// assess judges every system at a time.
func (w *world) assess(previous []*assess.Assessment, now time.Time) []*assess.Assessment {
	assessments := make([]*assess.Assessment, len(w.plans))
	for i := range w.plans {
		assessments[i] = w.assessOne(i, previous, now)
	}
	return assessments
}

// assessOne judges one system at a time.
func (w *world) assessOne(i int, previous []*assess.Assessment, now time.Time) *assess.Assessment {
	var history assess.History
	if previous != nil {
		history = previous[i].History
	}
	return w.plans[i].Assess(w.runs[i], now, history)
}
