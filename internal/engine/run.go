package engine

import (
	"context"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// An ending is how a run ended.
type ending struct {
	outcome Outcome
	err     error
	took    time.Duration
	news    bool // it gave something else than the run before
}

// attempt has a job run once, within the bounds. It tells false when ctx ended before the job had its turn.
func (e *Engine) attempt(ctx context.Context, running *runningJob, as standing) (end ending, ended bool) {
	if claimed, stuck := running.claim(); !claimed {
		return ending{outcome: OutcomeSkipped, err: stuck, news: stuck != nil}, true
	}
	release, err := e.limits.acquire(ctx, running.Server, as)
	if err != nil {
		running.release()
		return ending{}, false
	}
	defer release()
	started := time.Now()
	before := running.last()
	end.outcome, end.err = running.run(ctx)
	end.news = !sameNews(before, running.last())
	end.took = time.Since(started)
	return end, true
}

// sameNews tells whether two runs of a target say the same, but for the time.
func sameNews(before, after *fact.Run) bool {
	if !before.Fresh(after.TriedAt) && after.Failure == nil {
		return false // what was stale counts again
	}
	if before.TriedAt.IsZero() || (before.Failure == nil) != (after.Failure == nil) || len(before.Sets) != len(after.Sets) {
		return false
	}
	if before.Failure != nil && *before.Failure != *after.Failure || !before.Asked.Covers(after.Asked) {
		return false
	}
	for i := range before.Sets {
		// A run that collected the same keeps the sets of the one before.
		if before.Sets[i] != after.Sets[i] {
			return false
		}
	}
	return true
}

// run has a job run once, and what it collected judged. It tells false when the job could not run now and is to be tried again.
func (e *Engine) run(ctx context.Context, running *runningJob) bool {
	end, ended := e.attempt(ctx, running, running.standing())
	described, ended := e.note(ctx, running, end, ended)
	if !ended {
		return false // what a run says that was cut short is no news
	}
	e.options.Observe(described, running.collector.Name, end.outcome, end.took)
	return end.outcome != OutcomeSkipped || end.err != nil
}

// note has what a run gave judged, and logged. It gives the system as it is described now, and false when the job's time is over.
func (e *Engine) note(ctx context.Context, running *runningJob, end ending, ended bool) (*system.System, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !ended || ctx.Err() != nil {
		return nil, false
	}
	if end.outcome != OutcomeSkipped || end.err != nil {
		e.logChange(running, end.err)
		if len(running.Discovers) > 0 {
			e.discover(running)
		}
		if end.news || !running.tried {
			running.tried = true
			running.state.dirty = true
			e.wakeJudge()
		}
	}
	return running.state.plan.System, true
}

// logChange logs a target that begins or ceases to fail, not each failure. Only one caller at a time may be in it for a job.
func (e *Engine) logChange(running *runningJob, err error) {
	var failing fact.Reason
	if err != nil {
		failing = fact.ReasonOf(err)
	}
	changed := failing != running.failing
	running.failing = failing
	if err == nil && !changed {
		return
	}
	logger := log.With(e.options.Logger,
		"system", running.key.system, "collector", running.key.collector, "target", running.key.target)
	e.logging.add(func() {
		switch {
		case err == nil:
			level.Info(logger).Log("msg", "collected again")
		case changed:
			level.Warn(logger).Log("msg", "could not be collected", "reason", failing, "err", err)
		default:
			level.Debug(logger).Log("msg", "still could not be collected", "reason", failing, "err", err)
		}
	})
}
