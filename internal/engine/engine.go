// Package engine runs collectors on their schedules, keeps what they collected, and has it judged. It owns all that
// crosses collectors: first runs, jitter, timeouts, bounds, panics, overlaps, reloads and shutdown.
package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/schedule"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const (
	// changeInterval is the least time between two runs at a target that changes again and again.
	changeInterval = time.Second
	// shutdownPatience is how long a shutdown waits for runs to return, logPatience for what is still to be logged.
	shutdownPatience = 5 * time.Second
	logPatience      = time.Second
	// maximumSpread bounds the time within which the first runs start, spreadPerTarget what each target adds to it.
	maximumSpread   = 3 * time.Second
	spreadPerTarget = 10 * time.Millisecond
)

// Options are what an engine needs.
type Options struct {
	// Logger may block: nothing waits for it.
	Logger           log.Logger
	Collectors       []collector.Any
	MaxRuns          int // under way at one time, in all; at least 1
	MaxRunsPerServer int // under way at one time, at one server; at least 1
	// Publish is told of every new state: one assessment a system, in order; those that have not changed are the same
	// pointers as before. It must not block.
	Publish func([]*assess.Assessment)
	// Observe is told of every run that ended, of several at once.
	Observe func(s *system.System, collector string, outcome Outcome, took time.Duration)
	// Memory keeps the changes of status; nil: they are kept in this process alone.
	Memory Memory
}

// A Memory keeps the changes of status of each system, by its ID, beyond the life of the process. It must not block.
type Memory interface {
	History(system string) assess.History
	Append(system string, changed []assess.ChangedItem)
}

// An Engine runs the collectors for a set of systems. Make it with New, give it work with Apply, and Run it.
type Engine struct {
	options Options
	limits  *limits
	logging backlog
	runner  *schedule.Runner
	runs    sync.WaitGroup
	dirty   chan struct{} // holds one token when something is to be judged
	ready   atomic.Bool
	current atomic.Pointer[[]*assess.Assessment]

	mu      sync.Mutex
	ctx     context.Context // of Run; nil before and after. Jobs that Apply adds later run under it.
	systems []*systemState
	jobs    map[jobKey]*runningJob
}

// A systemState is one system as one plan describes it, with what was discovered of it. Its plan and its jobs do not change once it is
// laid out.
type systemState struct {
	declared   *assess.Plan
	rhythms    []rhythm // of each collector
	discovered system.Discovered

	plan    *assess.Plan  // as it is declared, with what was discovered
	jobs    []*runningJob // in the order of collectors and targets
	dirty   bool
	began   time.Time // when its jobs were first started; zero before
	history *history
	// assessment is nil until every target was tried, or enough time has passed.
	assessment *assess.Assessment
}

// A history is that of one system across reloads. It is judged by one at a time.
type history struct {
	assess.History
	judging bool // a judgement is under way
	asked   bool // another one was due in the meantime
}

type runningJob struct {
	*job
	expression string
	schedule   schedule.Schedule
	collector  collector.Description
	state      *systemState
	entry      *schedule.Entry
	tick       func()             // runs once
	stop       context.CancelFunc // nil before it is started
	tried      bool
	failing    fact.Reason // the reason last logged; empty while it succeeds
	// discovered is since when its target is known, where that was discovered while the system was judged already; else zero.
	discovered time.Time
	noted      fact.AnySet // of a job that discovers: what was last made targets of
}

// New makes an engine with nothing to do.
func New(options Options) *Engine {
	return &Engine{
		options: options,
		limits:  newLimits(options.MaxRuns, options.MaxRunsPerServer),
		runner:  schedule.NewRunner(),
		dirty:   make(chan struct{}, 1),
		jobs:    make(map[jobKey]*runningJob),
	}
}

// Ready tells whether every target has been tried once or enough time has passed, so that what is published is worth
// reading.
func (e *Engine) Ready() bool { return e.ready.Load() }

// ClockSteps is how often the clock of the machine was set since the engine was made.
func (e *Engine) ClockSteps() int { return e.runner.Steps() }

// Assessments are what is concluded now, one a system, in the order of the plans.
func (e *Engine) Assessments() []*assess.Assessment {
	if current := e.current.Load(); current != nil {
		return *current
	}
	return nil
}

// Run collects and judges until ctx ends, then waits for what is under way, for a bounded time.
func (e *Engine) Run(ctx context.Context) {
	e.mu.Lock()
	e.ctx = ctx
	e.startAll()
	e.mu.Unlock()
	e.runs.Go(func() { e.runner.Run(ctx) })
	e.runs.Go(func() { e.judgeUntil(ctx) })
	<-ctx.Done()
	e.mu.Lock()
	for _, running := range e.jobs {
		e.retire(running)
	}
	e.ctx = nil
	e.mu.Unlock()
	if !waitFor(e.runs.Wait, shutdownPatience) {
		e.logging.add(func() {
			level.Warn(e.options.Logger).Log("msg", "left runs behind that did not return", "waited", shutdownPatience)
		})
	}
	waitFor(e.logging.wait, logPatience)
}

// waitFor tells whether a function returns within a time. One that does not is left behind.
func waitFor(wait func(), patience time.Duration) bool {
	returned := make(chan struct{})
	go func() {
		wait()
		close(returned)
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-returned:
		return true
	case <-timer.C:
		return false
	}
}

// startAll starts the jobs that are not started yet, spread over a time that grows with their number. The caller holds e.mu.
func (e *Engine) startAll() {
	var fresh []*runningJob
	now := time.Now()
	for _, state := range e.systems {
		if state.began.IsZero() {
			state.began = now
		}
		for _, running := range state.jobs {
			if running.stop == nil {
				fresh = append(fresh, running)
			}
		}
	}
	spread := min(maximumSpread, time.Duration(len(fresh))*spreadPerTarget)
	for _, running := range fresh {
		e.start(running, spread)
	}
}

// start has a job run within a time, and then on its schedule. The caller holds e.mu.
func (e *Engine) start(running *runningJob, within time.Duration) {
	ctx, cancel := context.WithCancel(e.ctx)
	running.stop = cancel
	running.tick = func() { e.runs.Go(func() { e.run(ctx, running) }) }
	e.schedule(running)
	e.runs.Go(func() {
		if pause(ctx, running.key.within(within)) {
			e.run(ctx, running)
			e.follow(ctx, running)
		}
	})
}

// follow has a job run whenever its target has changed, or more is asked of it, until ctx ends. What changes in the
// meantime waits.
func (e *Engine) follow(ctx context.Context, running *runningJob) {
	var changes <-chan struct{}
	if running.Changes != nil {
		changes = running.Changes()
	}
	late := false
	for wait := time.Duration(0); pause(ctx, wait); wait = changeInterval {
		if !late {
			select {
			case <-changes:
			case <-running.more:
			case <-ctx.Done():
				return
			}
		}
		// A run that was under way may have begun before the change.
		late = !e.run(ctx, running)
	}
}

// schedule has a job that is started run on its schedule. The caller holds e.mu.
func (e *Engine) schedule(running *runningJob) {
	offset := running.key.within(min(running.schedule.Interval/10, maximumJitter))
	running.entry = e.runner.Add(running.schedule.Moved(offset), running.tick)
}

// retime gives a job the schedule and the timeout of another. The caller holds e.mu.
func (e *Engine) retime(running, as *runningJob) {
	running.retime(as.schedule.Interval, as.timeout)
	if running.expression == as.expression {
		return
	}
	running.expression, running.schedule = as.expression, as.schedule
	if running.stop != nil {
		e.runner.Remove(running.entry)
		e.schedule(running)
	}
}

// stop ends a job for good. The caller holds e.mu.
func (e *Engine) stop(running *runningJob) {
	if running.stop != nil {
		e.runner.Remove(running.entry)
		running.stop()
	}
	e.retire(running)
}

// retire lets no run of a job begin any more, and frees what its collector keeps for it; only a shutdown waits for that.
// The caller holds e.mu.
func (e *Engine) retire(running *runningJob) {
	switch {
	case !running.retire():
	case e.ctx != nil:
		e.runs.Go(running.Forget)
	default:
		go running.Forget() // a shutdown may be waiting already
	}
}

// runs are what was last collected. What has just been discovered is left out until it was tried, for a time: a new host that nobody has
// asked yet is no news of the system.
func (s *systemState) runs() []*fact.Run {
	runs := make([]*fact.Run, 0, len(s.jobs))
	for _, running := range s.jobs {
		last := running.last()
		if last.TriedAt.IsZero() && time.Since(running.discovered) < firstJudgement {
			continue
		}
		runs = append(runs, last)
	}
	return runs
}

// tried tells whether every target of the system was tried.
func (s *systemState) tried() bool {
	for _, running := range s.jobs {
		if !running.tried {
			return false
		}
	}
	return true
}
