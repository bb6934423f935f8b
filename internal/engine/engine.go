// Package engine makes collectors look on their schedules, keeps what they saw, and judges it. It owns all that crosses
// collectors: first runs, jitter, timeouts, bounds, panics, overlaps, reloads and shutdown.
package engine

import (
	"context"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/robfig/cron/v3"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const (
	// judgeDelay gathers looks that end close together into one judgement.
	judgeDelay = 200 * time.Millisecond
	// judgeInterval is how often time alone is given the chance to change a status.
	judgeInterval = 10 * time.Second
	// shutdownPatience is how long a shutdown waits for looks to return.
	shutdownPatience = 5 * time.Second
)

// Options are what an engine needs.
type Options struct {
	Logger            log.Logger
	Collectors        []collector.Any
	MaxLooks          int           // under way at one time, in all
	MaxLooksPerServer int           // under way at one time, at one server
	Spread            time.Duration // the first looks start within this time
	// Publish is told of every new state: one assessment a system, in order; those that have not changed are the same
	// pointers as before. It must not block.
	Publish func([]*assess.Assessment)
	// Observe is told of every look that ended.
	Observe func(s *system.System, collector string, outcome Outcome, took time.Duration)
}

// An Engine runs the collectors for a set of systems. Make it with New, give it work with Apply, and Run it.
type Engine struct {
	options Options
	limits  *limits
	cron    *cron.Cron
	looks   sync.WaitGroup
	dirty   chan struct{} // holds one token when something is to be judged
	ready   atomic.Bool
	current atomic.Pointer[[]*assess.Assessment]

	mu      sync.Mutex
	ctx     context.Context // of Run; nil before. Jobs that Apply adds later run under it.
	systems []*systemState
	jobs    map[jobKey]*runningJob
	untried int // jobs that have not been tried yet
}

type systemState struct {
	plan       *assess.Plan
	jobs       []*runningJob // in the order of collectors and targets
	dirty      bool
	assessment *assess.Assessment
}

type runningJob struct {
	*job
	expression string
	collector  collector.Description
	state      *systemState
	entry      cron.EntryID
	stop       context.CancelFunc // nil before it is started
	tried      bool
	failing    fact.Reason // the reason last logged; empty while it succeeds
}

// New makes an engine with nothing to do.
func New(options Options) *Engine {
	return &Engine{
		options: options,
		limits:  newLimits(options.MaxLooks, options.MaxLooksPerServer),
		cron:    cron.New(cron.WithLocation(time.UTC), cron.WithLogger(cron.DiscardLogger)),
		dirty:   make(chan struct{}, 1),
		jobs:    make(map[jobKey]*runningJob),
	}
}

// Ready tells whether every target has been looked at once, so that what is published is worth reading.
func (e *Engine) Ready() bool { return e.ready.Load() }

// Assessments are what is concluded now, one a system, in the order of the plans.
func (e *Engine) Assessments() []*assess.Assessment {
	if current := e.current.Load(); current != nil {
		return *current
	}
	return nil
}

// Run looks and judges until ctx ends, then waits for looks to return, for a bounded time.
func (e *Engine) Run(ctx context.Context) {
	e.mu.Lock()
	e.ctx = ctx
	for _, running := range e.jobs {
		e.start(running)
	}
	e.mu.Unlock()
	e.cron.Start()
	e.judgeUntil(ctx)
	e.cron.Stop()
	e.waitForLooks()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, running := range e.jobs {
		running.retire(true)
	}
}

func (e *Engine) waitForLooks() {
	returned := make(chan struct{})
	go func() {
		e.looks.Wait()
		close(returned)
	}()
	patience := time.NewTimer(shutdownPatience)
	defer patience.Stop()
	select {
	case <-returned:
	case <-patience.C:
		level.Warn(e.options.Logger).Log("msg", "left looks behind that did not return", "waited", shutdownPatience)
	}
}

// Apply makes the engine do what the plans ask, from now on. Targets that stay as they were keep their facts and their
// rhythm; the others begin anew.
func (e *Engine) Apply(plans []*assess.Plan) error {
	wanted, err := e.plan(plans)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	previous := make(map[string]*assess.Assessment, len(e.systems))
	for _, state := range e.systems {
		previous[state.plan.System.ID()] = state.assessment
	}
	jobs := make(map[jobKey]*runningJob)
	for _, state := range wanted {
		state.assessment = previous[state.plan.System.ID()]
		for i, running := range state.jobs {
			if old := e.jobs[running.key]; old != nil && old.sameAs(running) {
				old.state = state
				state.jobs[i] = old
			}
			jobs[running.key] = state.jobs[i]
		}
	}
	old := e.jobs
	e.systems, e.jobs = wanted, jobs
	for key, running := range old {
		if jobs[key] != running {
			e.stop(running, jobs[key])
		}
	}
	e.untried = 0
	for key, running := range jobs {
		if old[key] != running && e.ctx != nil {
			e.start(running)
		}
		if !running.tried {
			e.untried++
		}
	}
	e.wakeJudge()
	return nil
}

// plan lays out the jobs that plans ask for, without starting any.
func (e *Engine) plan(plans []*assess.Plan) ([]*systemState, error) {
	states := make([]*systemState, 0, len(plans))
	now := time.Now()
	for _, plan := range plans {
		state := &systemState{plan: plan, dirty: true}
		for _, each := range e.options.Collectors {
			description := each.Describe()
			expression, timeout := description.Schedule, description.Timeout
			if collection, tuned := plan.System.Collectors[description.Name]; tuned {
				if collection.Schedule != "" {
					expression = collection.Schedule
				}
				if collection.Timeout > 0 {
					timeout = collection.Timeout.Std()
				}
			}
			parsed, err := parseSchedule(expression, now)
			if err != nil {
				return nil, err
			}
			for _, target := range each.Jobs(plan.System) {
				key := jobKey{plan.System.ID(), description.Name, target.Target}
				state.jobs = append(state.jobs, &runningJob{
					job: newJob(key, target, description.Kind, parsed, timeout), expression: expression,
					collector: description, state: state,
				})
			}
		}
		states = append(states, state)
	}
	return states, nil
}

// sameAs tells whether a job would do what another does, so that it can go on in its place.
func (r *runningJob) sameAs(other *runningJob) bool {
	return r.expression == other.expression && r.timeout == other.timeout && reflect.DeepEqual(r.Value, other.Value)
}

// start has a job look soon, and then on its schedule. The caller holds e.mu.
func (e *Engine) start(running *runningJob) {
	ctx, cancel := context.WithCancel(e.ctx)
	running.stop = cancel
	offset := offsetWithin(running.key, min(running.schedule.interval/10, maxJitter))
	running.entry = e.cron.Schedule(jittered{running.schedule, offset}, cron.FuncJob(func() { e.look(ctx, running) }))
	e.looks.Go(func() {
		first := time.NewTimer(offsetWithin(running.key, e.options.Spread))
		defer first.Stop()
		select {
		case <-first.C:
			e.look(ctx, running)
		case <-ctx.Done():
		}
	})
}

// stop ends a job for good. What its collector kept for the target is freed, unless the successor, nil for none, looks at
// the very same target. The caller holds e.mu.
func (e *Engine) stop(running, successor *runningJob) {
	if running.stop != nil {
		e.cron.Remove(running.entry)
		running.stop()
	}
	running.retire(successor == nil || !reflect.DeepEqual(successor.Value, running.Value))
}

// judgeUntil judges what has changed, until ctx ends.
func (e *Engine) judgeUntil(ctx context.Context) {
	ticker := time.NewTicker(judgeInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			e.judge(true)
		case <-e.dirty:
			delay := time.NewTimer(judgeDelay)
			select {
			case <-delay.C:
			case <-ctx.Done():
				delay.Stop()
				return
			}
			e.judge(false)
		}
	}
}

func (e *Engine) wakeJudge() {
	select {
	case e.dirty <- struct{}{}:
	default:
	}
}

// judge assesses the systems of which something new was seen, or all, and publishes. Only one judge runs at a time.
func (e *Engine) judge(all bool) {
	e.mu.Lock()
	states, ready := e.systems, e.untried == 0
	var due []*systemState
	for _, state := range states {
		if state.dirty || all {
			state.dirty = false
			due = append(due, state)
		}
	}
	e.mu.Unlock()
	for _, state := range due {
		assessment := state.plan.Assess(state.looks(), time.Now(), state.assessment)
		e.mu.Lock()
		state.assessment = assessment
		e.mu.Unlock()
	}
	assessments := make([]*assess.Assessment, len(states))
	for i, state := range states {
		assessments[i] = state.assessment
	}
	e.current.Store(&assessments)
	e.options.Publish(assessments)
	if ready {
		e.ready.Store(true)
	}
}

func (s *systemState) looks() []fact.Look {
	looks := make([]fact.Look, len(s.jobs))
	for i, running := range s.jobs {
		looks[i] = running.look()
	}
	return looks
}

// look runs a job once, within the bounds.
func (e *Engine) look(ctx context.Context, running *runningJob) {
	release, err := e.limits.acquire(ctx, running.Server)
	if err != nil {
		return // the job is being stopped
	}
	started := time.Now()
	outcome, err := running.run(ctx)
	release()
	took := time.Since(started)
	e.mu.Lock()
	defer e.mu.Unlock()
	if ctx.Err() != nil {
		return // what a look says that was cut short is no news
	}
	e.options.Observe(running.state.plan.System, running.collector.Name, outcome, took)
	e.logChange(running, err)
	if !running.tried {
		running.tried = true
		e.untried--
	}
	running.state.dirty = true
	e.wakeJudge()
}

// logChange logs a look that begins or ceases to fail, not each failure. The caller holds e.mu.
func (e *Engine) logChange(running *runningJob, err error) {
	logger := log.With(e.options.Logger,
		"system", running.key.system, "collector", running.key.collector, "target", running.key.target)
	switch {
	case err == nil && running.failing != "":
		level.Info(logger).Log("msg", "can be seen again")
		running.failing = ""
	case err != nil && running.failing != fact.ReasonOf(err):
		level.Warn(logger).Log("msg", "cannot be seen", "reason", fact.ReasonOf(err), "err", err)
		running.failing = fact.ReasonOf(err)
	case err != nil:
		level.Debug(logger).Log("msg", "still cannot be seen", "reason", fact.ReasonOf(err), "err", err)
	}
}
