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
	// changeInterval is the least time between two looks at a target that changes again and again.
	changeInterval = time.Second
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
	ctx     context.Context // of Run; nil before and after. Jobs that Apply adds later run under it.
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
	schedule   schedule
	collector  collector.Description
	state      *systemState
	entry      cron.EntryID
	tick       func()             // looks once
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
	e.mu.Lock()
	e.ctx = nil
	e.mu.Unlock()
	e.waitForLooks(e.cron.Stop())
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, running := range e.jobs {
		running.retire()
	}
}

// waitForLooks waits, for a bounded time, for the first looks of jobs and for those that are scheduled.
func (e *Engine) waitForLooks(scheduled context.Context) {
	returned := make(chan struct{})
	go func() {
		e.looks.Wait()
		<-scheduled.Done()
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

// Apply makes the engine do what the plans ask, from now on. Targets that stay as they were keep their facts, and their
// rhythm too unless that is what changes; the others begin anew.
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
			if old := e.jobs[running.key]; old != nil && reflect.DeepEqual(old.Value, running.Value) {
				old.state = state
				state.jobs[i] = old
				e.retime(old, running)
			}
			jobs[running.key] = state.jobs[i]
		}
	}
	old := e.jobs
	e.systems, e.jobs = wanted, jobs
	for key, running := range old {
		if jobs[key] != running {
			e.stop(running)
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
	schedules := make(map[string]schedule)
	for _, plan := range plans {
		state, needs := &systemState{plan: plan, dirty: true}, plan.Needs()
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
			parsed, known := schedules[expression]
			if !known {
				var err error
				if parsed, err = parseSchedule(expression, now); err != nil {
					return nil, err
				}
				schedules[expression] = parsed
			}
			for _, target := range each.Jobs(plan.System, needs) {
				key := jobKey{plan.System.ID(), description.Name, target.Target}
				state.jobs = append(state.jobs, &runningJob{
					job:        newJob(key, target, description.Kind, parsed.interval, timeout),
					expression: expression, schedule: parsed, collector: description, state: state,
				})
			}
		}
		states = append(states, state)
	}
	return states, nil
}

// start has a job look soon, and then on its schedule. The caller holds e.mu.
func (e *Engine) start(running *runningJob) {
	ctx, cancel := context.WithCancel(e.ctx)
	running.stop = cancel
	running.tick = func() { e.look(ctx, running) }
	e.schedule(running)
	e.looks.Go(func() {
		first := time.NewTimer(offsetWithin(running.key, e.options.Spread))
		defer first.Stop()
		select {
		case <-first.C:
			e.look(ctx, running)
			e.follow(ctx, running)
		case <-ctx.Done():
		}
	})
}

// follow has a job look whenever its target has changed, until ctx ends. What changes in the meantime waits.
func (e *Engine) follow(ctx context.Context, running *runningJob) {
	if running.Changes == nil {
		return
	}
	changes := running.Changes()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for missed := false; ; pause.Reset(changeInterval) {
		select {
		case <-pause.C:
		case <-ctx.Done():
			return
		}
		if !missed {
			select {
			case <-changes:
			case <-ctx.Done():
				return
			}
		}
		// A look that was under way may have begun before the change.
		missed = !e.look(ctx, running)
	}
}

// schedule has a job that is started look on its schedule. The caller holds e.mu.
func (e *Engine) schedule(running *runningJob) {
	offset := offsetWithin(running.key, min(running.schedule.interval/10, maxJitter))
	running.entry = e.cron.Schedule(jittered{running.schedule, offset}, cron.FuncJob(running.tick))
}

// retime gives a job the schedule and the timeout of another. The caller holds e.mu.
func (e *Engine) retime(running, as *runningJob) {
	running.retime(as.schedule.interval, as.timeout)
	if running.expression == as.expression {
		return
	}
	running.expression, running.schedule = as.expression, as.schedule
	if running.stop != nil {
		e.cron.Remove(running.entry)
		e.schedule(running)
	}
}

// stop ends a job for good. The caller holds e.mu.
func (e *Engine) stop(running *runningJob) {
	if running.stop != nil {
		e.cron.Remove(running.entry)
		running.stop()
	}
	running.retire()
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
			select {
			case <-e.dirty: // what came since is judged now
			default:
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
