package engine

import (
	"reflect"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/schedule"
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
		previous[state.plan.System.ID()] = state
	}
	jobs := make(map[jobKey]*runningJob)
	for _, state := range wanted {
		if old := previous[state.plan.System.ID()]; old != nil {
			state.assessment, state.history, state.began = old.assessment, old.history, old.began
		} else {
			state.history = e.remembered(state.plan.System.ID())
		}
		for i, running := range state.jobs {
			if old := e.jobs[running.key]; old != nil && reflect.DeepEqual(old.Value, running.Value) {
				old.state = state
				state.jobs[i] = old
				old.ask(running.asked)
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
	if e.ctx != nil {
		e.startAll()
	}
	e.wakeJudge()
	return nil
}

// remembered is the history of a system that is new to this process.
func (e *Engine) remembered(id string) *history {
	if e.options.Memory == nil {
		return &history{}
	}
	return &history{History: e.options.Memory.History(id)}
}

// plan lays out the jobs that plans ask for, without starting any.
func (e *Engine) plan(plans []*assess.Plan) ([]*systemState, error) {
	states := make([]*systemState, 0, len(plans))
	schedules := parsedSchedules{now: time.Now(), known: make(map[string]schedule.Schedule)}
	for _, plan := range plans {
		state, needs := &systemState{plan: plan, dirty: true}, plan.Needs()
		for _, each := range e.options.Collectors {
			if err := state.add(each, needs, &schedules); err != nil {
				return nil, err
			}
		}
		states = append(states, state)
	}
	return states, nil
}

// add lays out the jobs of one collector.
func (s *systemState) add(from collector.Any, needs fact.Needs, schedules *parsedSchedules) error {
	description := from.Describe()
	expression, timeout := description.Schedule, description.Timeout
	if collection, tuned := s.plan.System.Collectors[description.Name]; tuned {
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
	for _, target := range from.Jobs(s.plan.System, needs) {
		key := jobKey{s.plan.System.ID(), description.Name, target.Target}
		s.jobs = append(s.jobs, &runningJob{
			job:        newJob(key, target, parsed.Interval, timeout),
			expression: expression, schedule: parsed, collector: description, state: s,
		})
	}
	return nil
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
