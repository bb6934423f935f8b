package engine

import (
	"context"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
)

const (
	// judgeDelay gathers runs that end close together into one judgement.
	judgeDelay = 200 * time.Millisecond
	// judgePatience is how long a judgement that takes long is waited for before the others are published.
	judgePatience = 200 * time.Millisecond
	// judgeTick is how often it is checked which systems are due.
	judgeTick = 10 * time.Second
	// judgeInterval is how often a system is judged in which nothing has changed but the time.
	judgeInterval = time.Minute
	// firstJudgement is how long targets that do not answer hold up the first assessment of a system.
	firstJudgement = time.Minute
)

// A judgement is one system that was judged.
type judgement struct {
	state      *systemState
	assessment *assess.Assessment
}

// judgeUntil judges what has changed, until ctx ends.
func (e *Engine) judgeUntil(ctx context.Context) {
	ticker := time.NewTicker(judgeTick)
	defer ticker.Stop()
	finished := make(chan judgement)
	for {
		select {
		case <-ctx.Done():
			return
		case late := <-finished:
			e.conclude(late)
			e.publish()
			continue
		case <-ticker.C:
		case <-e.dirty:
			if !pause(ctx, judgeDelay) {
				return
			}
			select {
			case <-e.dirty: // what came since is judged now
			default:
			}
		}
		e.judge(ctx, finished)
	}
}

// pause tells whether ctx lasted that long.
func pause(ctx context.Context, length time.Duration) bool {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (e *Engine) wakeJudge() {
	select {
	case e.dirty <- struct{}{}:
	default:
	}
}

// judge assesses the systems in which something has changed, or that were not judged for a while, and publishes. One that
// takes long keeps no other waiting: its judgement is published when it is there.
func (e *Engine) judge(ctx context.Context, finished chan judgement) {
	waiting := make(map[*systemState]struct{})
	for _, state := range e.due(time.Now()) {
		waiting[state] = struct{}{}
		history := state.history.History
		e.runs.Go(func() {
			done := judgement{state, state.plan.Assess(state.runs(), time.Now(), history)}
			select {
			case finished <- done:
			case <-ctx.Done():
			}
		})
	}
	patience := time.NewTimer(judgePatience)
	defer patience.Stop()
	for len(waiting) > 0 {
		select {
		case done := <-finished:
			e.conclude(done)
			delete(waiting, done.state)
		case <-patience.C:
			clear(waiting)
		case <-ctx.Done():
			return
		}
	}
	e.publish()
}

// conclude keeps a judgement.
func (e *Engine) conclude(done judgement) {
	state, assessment := done.state, done.assessment
	if e.options.Memory != nil && len(assessment.Changed) > 0 {
		e.options.Memory.Append(state.plan.System.ID(), assessment.Changed)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	state.assessment, state.history.History = assessment, assessment.History
	if state.history.asked {
		e.wakeJudge()
	}
	state.history.judging, state.history.asked = false, false
}

// publish shows what is concluded of every system.
func (e *Engine) publish() {
	e.mu.Lock()
	states := e.systems
	assessments := make([]*assess.Assessment, 0, len(states))
	for _, state := range states {
		if state.assessment != nil {
			assessments = append(assessments, state.assessment)
		}
	}
	e.mu.Unlock()
	e.current.Store(&assessments)
	e.options.Publish(assessments)
	if len(assessments) == len(states) {
		e.ready.Store(true)
	}
}

// due gives the systems to be judged now. One that is judged still comes again after that.
func (e *Engine) due(now time.Time) (due []*systemState) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, state := range e.systems {
		switch {
		case state.assessment == nil && now.Sub(state.began) < firstJudgement && !state.tried():
		case !state.dirty && state.assessment != nil && now.Sub(state.assessment.At) < judgeInterval:
		case state.history.judging:
			state.history.asked = true
		default:
			state.dirty, state.history.judging = false, true
			due = append(due, state)
		}
	}
	return due
}
