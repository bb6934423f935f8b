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

// A job looks at one target of one collector for one system, over and over, and never twice at one time.
type job struct {
	collector.Job
	key jobKey

	mu      sync.Mutex
	timeout time.Duration
	phase   phase
	retired bool // no look begins any more
	seen    fact.Look
}

// A phase is where a job is with its look.
type phase int

const (
	idle       phase = iota
	underWay         // it waits for its turn, or looks
	leftBehind       // it looks still, long after its time
)

func newJob(key jobKey, target collector.Job, kind fact.Any, interval, timeout time.Duration) *job {
	return &job{
		Job: target, key: key, timeout: timeout,
		seen: fact.Look{Collector: key.collector, Target: key.target, Kind: kind, Interval: interval},
	}
}

// looked is what one look gave.
type looked struct {
	facts    []any
	missed   []fact.Missed
	err      error
	panicked bool
}

// claim takes the job for one look; run or release gives it back. It is not to be had while the look before is under
// way: the error tells that one was left behind, and is nil while it is within its time.
func (j *job) claim() (claimed bool, stuck error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.retired || j.phase == underWay:
		return false, nil
	case j.phase == leftBehind:
		err := fact.Errorf(fact.ReasonStuck, "an earlier look has not returned")
		j.fail(fact.Miss(j.Target, err))
		return false, err
	default:
		j.phase = underWay
		return true, nil
	}
}

// release ends a claim. What the collector keeps for a target that is looked at no longer is freed with the last one.
func (j *job) release() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.phase = idle
	if j.retired {
		j.Forget()
	}
}

// retire lets no look begin any more, and frees what the collector keeps for the target as soon as none is under way.
func (j *job) retire() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.retired && j.phase == idle {
		j.Forget()
	}
	j.retired = true
}

// run looks once, for whoever has claimed the job, and tells how it ended, with the error where it did not succeed. It
// returns when the look does, at the latest a second after its timeout or the end of ctx.
func (j *job) run(ctx context.Context) (Outcome, error) {
	timeout := j.patience()
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fact.Errorf(fact.ReasonTimeout, "no answer within %s", timeout))
	defer cancel()
	done := make(chan looked, 1)
	go func() { done <- j.lookSafely(ctx) }()
	result, returned := await(ctx, done)
	if !returned {
		return OutcomeTimeout, j.leaveBehind(context.Cause(ctx), done)
	}
	defer j.release()
	return j.record(ctx, result)
}

// await waits for a look to return, for no longer than a grace after ctx.
func await(ctx context.Context, done <-chan looked) (result looked, returned bool) {
	select {
	case result = <-done:
		return result, true
	case <-ctx.Done():
	}
	grace := time.NewTimer(returnGrace)
	defer grace.Stop()
	select {
	case result = <-done:
		return result, true
	case <-grace.C:
		return looked{}, false
	}
}

// leaveBehind goes on without a look that does not return. The claim ends when it does.
func (j *job) leaveBehind(cause error, done <-chan looked) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.phase = leftBehind
	j.fail(fact.Miss(j.Target, cause))
	go func() {
		<-done
		j.release()
	}()
	return cause
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
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case result.err == nil:
		now := time.Now()
		j.seen.SeenAt, j.seen.TriedAt = now, now
		j.seen.Facts, j.seen.Missed, j.seen.Failure = result.facts, result.missed, nil
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

// fail keeps the facts of the last success: they stay good until they are stale. The caller holds j.mu.
func (j *job) fail(missed fact.Missed) {
	j.seen.TriedAt, j.seen.Failure = time.Now(), &missed
}

// look is what the job last saw.
func (j *job) look() fact.Look {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.seen
}

// patience is how long one look may take.
func (j *job) patience() time.Duration {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.timeout
}

// retime changes how often and how long the job looks. What it saw stays.
func (j *job) retime(interval, timeout time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seen.Interval, j.timeout = interval, timeout
}
