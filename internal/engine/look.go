package engine

import (
	"context"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// An ending is how a look ended.
type ending struct {
	outcome Outcome
	err     error
	took    time.Duration
}

// attempt has a job look once, within the bounds. It tells false when ctx ended before the job had its turn.
func (e *Engine) attempt(ctx context.Context, running *runningJob) (end ending, ended bool) {
	if claimed, stuck := running.claim(); !claimed {
		return ending{outcome: OutcomeSkipped, err: stuck}, true
	}
	release, err := e.limits.acquire(ctx, running.Server)
	if err != nil {
		running.release()
		return ending{}, false
	}
	defer release()
	started := time.Now()
	end.outcome, end.err = running.run(ctx)
	end.took = time.Since(started)
	return end, true
}

// tell observes and logs how a look ended. Only one caller at a time may be in it.
func (e *Engine) tell(running *runningJob, end ending) {
	e.options.Observe(running.state.plan.System, running.collector.Name, end.outcome, end.took)
	if end.outcome != OutcomeSkipped || end.err != nil {
		e.logChange(running, end.err)
	}
}

// look has a job look once, and what it saw judged. It tells whether the job did look.
func (e *Engine) look(ctx context.Context, running *runningJob) bool {
	end, ended := e.attempt(ctx, running)
	e.mu.Lock()
	defer e.mu.Unlock()
	if !ended || ctx.Err() != nil {
		return false // what a look says that was cut short is no news
	}
	e.tell(running, end)
	if end.outcome == OutcomeSkipped && end.err == nil {
		return false
	}
	if !running.tried {
		running.tried = true
		e.untried--
	}
	running.state.dirty = true
	e.wakeJudge()
	return end.outcome != OutcomeSkipped
}

// logChange logs a look that begins or ceases to fail, not each failure.
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
