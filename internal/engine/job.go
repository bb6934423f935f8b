package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// An Outcome says how a look ended, from a closed set.
type Outcome string

// The outcomes. Outcomes lists them all.
const (
	OutcomeSuccess Outcome = "success" // it saw its target, if not all of it
	OutcomeFailure Outcome = "failure" // it could not see its target
	OutcomeTimeout Outcome = "timeout" // it did not return in time
	OutcomePanic   Outcome = "panic"   // a mistake of this program
	OutcomeSkipped Outcome = "skipped" // the look before had not returned
)

// Outcomes lists every outcome.
func Outcomes() []Outcome {
	return []Outcome{OutcomeSuccess, OutcomeFailure, OutcomeTimeout, OutcomePanic, OutcomeSkipped}
}

// returnGrace is how long after its timeout a look may take to return before it is left behind.
const returnGrace = time.Second

// jobKey identifies a job across reloads.
type jobKey struct{ system, collector, target string }

// A job looks at one target of one collector for one system, over and over.
type job struct {
	collector.Job
	key      jobKey
	schedule schedule
	timeout  time.Duration

	mu      sync.Mutex
	busy    bool // a look is under way, or was left behind and has not returned
	retired bool // no look begins any more
	forget  bool // free what the collector keeps for the target when no look is under way
	state   fact.Look
}

func newJob(key jobKey, target collector.Job, kind fact.Any, when schedule, timeout time.Duration) *job {
	return &job{
		Job: target, key: key, schedule: when, timeout: timeout,
		state: fact.Look{Collector: key.collector, Target: key.target, Kind: kind, Interval: when.interval},
	}
}

// looked is what one look gave.
type looked struct {
	facts    []any
	missed   []fact.Missed
	err      error
	panicked bool
}

// run looks once, and tells how it ended, with the error where it did not succeed. It returns when the look does, at the
// latest a second after its timeout.
func (j *job) run(ctx context.Context) (Outcome, error) {
	if !j.begin() {
		err := fact.Errorf(fact.ReasonStuck, "an earlier look has not returned")
		j.fail(fact.Miss(j.Target, err))
		return OutcomeSkipped, err
	}
	cause := fact.Errorf(fact.ReasonTimeout, "no answer within %s", j.timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, j.timeout, cause)
	defer cancel()
	done := make(chan looked, 1)
	go func() {
		result := j.lookSafely(ctx)
		j.end()
		done <- result
	}()
	patience := time.NewTimer(j.timeout + returnGrace)
	defer patience.Stop()
	select {
	case result := <-done:
		return j.record(ctx, result)
	case <-patience.C:
		j.fail(fact.Miss(j.Target, cause))
		return OutcomeTimeout, cause
	}
}

// lookSafely turns a panic of the collector into its error.
func (j *job) lookSafely(ctx context.Context) (result looked) {
	defer func() {
		if cause := recover(); cause != nil {
			result = looked{
				err:      fact.Errorf(fact.ReasonPanic, "panic: %v\n%s", cause, debug.Stack()),
				panicked: true,
			}
		}
	}()
	result.facts, result.missed, result.err = j.Look(ctx)
	return result
}

func (j *job) record(ctx context.Context, result looked) (Outcome, error) {
	switch {
	case result.err == nil:
		j.succeed(result)
		return OutcomeSuccess, nil
	case result.panicked:
		// The stack is for the log; a page would show it to whoever looks.
		j.fail(fact.Missed{Subject: j.Target, Reason: fact.ReasonPanic, Detail: "the collector panicked; the log has the stack"})
		return OutcomePanic, result.err
	case ctx.Err() != nil:
		err := fmt.Errorf("%w: %w", context.Cause(ctx), result.err)
		j.fail(fact.Miss(j.Target, err))
		return OutcomeTimeout, err
	default:
		j.fail(fact.Miss(j.Target, result.err))
		return OutcomeFailure, result.err
	}
}

func (j *job) begin() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.busy || j.retired {
		return false
	}
	j.busy = true
	return true
}

func (j *job) end() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.busy = false
	j.forgetIdle()
}

// retire lets no look begin any more, and frees what the collector keeps for the target if forget says so.
func (j *job) retire(forget bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.retired, j.forget = true, forget
	j.forgetIdle()
}

func (j *job) forgetIdle() {
	if j.retired && j.forget && !j.busy {
		j.forget = false
		j.Forget()
	}
}

func (j *job) succeed(result looked) {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := time.Now()
	j.state.SeenAt, j.state.TriedAt = now, now
	j.state.Facts, j.state.Missed, j.state.Failure = result.facts, result.missed, nil
}

// fail keeps the facts of the last success: they stay good until they are stale.
func (j *job) fail(missed fact.Missed) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.state.TriedAt, j.state.Failure = time.Now(), &missed
}

// look is what the job last saw.
func (j *job) look() fact.Look {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.state
}
