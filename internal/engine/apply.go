package engine

import (
	"reflect"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/schedule"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// Apply makes the engine do what the plans ask, from now on. Targets that stay as they were keep their facts, whatever is
// asked of them, and their rhythm too unless that is what changes; the others begin anew.
func (e *Engine) Apply(plans []*assess.Plan) error {
	wanted, err := e.plan(plans)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	previous := make(map[string]*systemState, len(e.systems))
	for _, state := range e.systems {
		previous[state.declared.System.ID()] = state
	}
	jobs := make(map[jobKey]*runningJob)
	for _, state := range wanted {
		if old := previous[state.declared.System.ID()]; old != nil {
			state.succeed(old)
		} else {
			state.history = e.remembered(state.declared.System.ID())
		}
		state.layOut()
		e.keep(state)
		for _, running := range state.jobs {
			jobs[running.key] = running
		}
	}
	old := e.jobs
	e.systems, e.jobs = wanted, jobs
	for key, running := range old {
		if jobs[key] != running {
			e.stop(running)
		}
	}
	if e.ctx != nil {
		e.startAll()
	}
	e.wakeJudge()
	return nil
}

// succeed takes over what is known of the same system from before.
func (s *systemState) succeed(old *systemState) {
	s.discovered = old.discovered.Of(s.declared.System)
	s.assessment, s.history, s.began = old.assessment, old.history, old.began
}

// keep has the jobs that there are already go on, where their targets are as they were. The caller holds e.mu.
func (e *Engine) keep(state *systemState) {
	for i, running := range state.jobs {
		if old := e.jobs[running.key]; old != nil && reflect.DeepEqual(old.Value, running.Value) {
			old.state = state
			state.jobs[i] = old
			old.ask(running.asked)
			e.retime(old, running)
		}
	}
}

// remembered is the history of a system that is new to this process.
func (e *Engine) remembered(id string) *history {
	if e.options.Memory == nil {
		return &history{}
	}
	return &history{History: e.options.Memory.History(id)}
}

// A rhythm is how often a collector runs for a system, and for how long.
type rhythm struct {
	collector.Any
	expression string
	schedule   schedule.Schedule
	timeout    time.Duration
}

// plan makes the states of systems, without laying out their jobs.
func (e *Engine) plan(plans []*assess.Plan) ([]*systemState, error) {
	states := make([]*systemState, 0, len(plans))
	schedules := parsedSchedules{now: time.Now(), known: make(map[string]schedule.Schedule)}
	for _, plan := range plans {
		state := &systemState{declared: plan, dirty: true}
		for _, each := range e.options.Collectors {
			if err := state.add(each, &schedules); err != nil {
				return nil, err
			}
		}
		states = append(states, state)
	}
	return states, nil
}

// add notes when a collector runs.
func (s *systemState) add(from collector.Any, schedules *parsedSchedules) error {
	description := from.Describe()
	expression, timeout := description.Schedule, description.Timeout
	if collection, tuned := s.declared.System.Collectors[description.Name]; tuned {
		if collection.Schedule != "" {
			expression = collection.Schedule
		}
		if collection.Timeout > 0 {
			timeout = collection.Timeout.Std()
		}
	}
	parsed, err := schedules.parse(expression)
	if err != nil {
		return err
	}
	s.rhythms = append(s.rhythms, rhythm{from, expression, parsed, timeout})
	return nil
}

// layOut lays out the jobs for what is declared and what was discovered, without starting any.
func (s *systemState) layOut() {
	s.plan = s.declared.For(system.Effective(s.declared.System, s.discovered))
	needs := s.plan.Needs()
	for _, each := range s.rhythms {
		description := each.Describe()
		for _, target := range each.Jobs(s.plan.System, needs) {
			key := jobKey{s.plan.System.ID(), description.Name, target.Target}
			s.jobs = append(s.jobs, &runningJob{
				job:        newJob(key, target, each.schedule.Interval, each.timeout),
				expression: each.expression, schedule: each.schedule, collector: description, state: s,
			})
		}
	}
}

// parsedSchedules parses each expression once: to find the longest gap of one takes a while.
type parsedSchedules struct {
	now   time.Time
	known map[string]schedule.Schedule
}

func (s *parsedSchedules) parse(expression string) (schedule.Schedule, error) {
	if parsed, known := s.known[expression]; known {
		return parsed, nil
	}
	parsed, err := schedule.Parse(expression, s.now)
	if err == nil {
		s.known[expression] = parsed
	}
	return parsed, err
}
