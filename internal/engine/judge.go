package engine

import (
	"context"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
)

const (
	// judgeDelay gathers runs that end close together into one judgement.
	judgeDelay = 200 * time.Millisecond
	// judgeTick is how often it is checked which systems are due.
	judgeTick = 10 * time.Second
	// judgeInterval is how often a system is judged in which nothing has changed but the time.
	judgeInterval = time.Minute
	// firstJudgement is how long targets that do not answer hold up the first assessment of a system.
	firstJudgement = time.Minute
)

// judgeUntil judges what has changed, until ctx ends.
func (e *Engine) judgeUntil(ctx context.Context) {
	ticker := time.NewTicker(judgeTick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
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
		}
		e.judge()
	}
}

func (e *Engine) wakeJudge() {
	select {
	case e.dirty <- struct{}{}:
	default:
	}
}

// judge assesses the systems in which something has changed, or that were not judged for a while, and publishes. Only
// one judge runs at a time.
func (e *Engine) judge() {
	states, due, ready := e.due(time.Now())
	for _, state := range due {
		assessment := state.plan.Assess(state.runs(), time.Now(), state.history.History)
		state.history.History = assessment.History
		if e.options.Memory != nil && len(assessment.Changed) > 0 {
			e.options.Memory.Append(state.plan.System.ID(), assessment.Changed)
		}
		e.mu.Lock()
		state.assessment = assessment
		e.mu.Unlock()
	}
	assessments := make([]*assess.Assessment, 0, len(states))
	for _, state := range states {
		if state.assessment != nil {
			assessments = append(assessments, state.assessment)
		}
	}
	e.current.Store(&assessments)
	e.options.Publish(assessments)
	if ready {
		e.ready.Store(true)
	}
}

// due gives all systems, those to be judged now, and whether all are worth reading.
func (e *Engine) due(now time.Time) (states, due []*systemState, ready bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	ready = true
	for _, state := range e.systems {
		switch {
		case state.assessment == nil && now.Sub(state.began) < firstJudgement && !state.tried():
			ready = false
		case state.dirty, state.assessment == nil, now.Sub(state.assessment.At) >= judgeInterval:
			state.dirty = false
			due = append(due, state)
		}
	}
	return e.systems, due, ready
}
