package engine

import (
	"context"
	"fmt"
	"hash/fnv"
	"runtime/debug"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// An Outcome says how a run ended, from a closed set.
type Outcome string

// The outcomes. Outcomes lists them all.
const (
	OutcomeSuccess Outcome = "success" // it collected from its target, if not everything
	OutcomeFailure Outcome = "failure" // it could collect nothing
	OutcomeTimeout Outcome = "timeout" // it did not return in time
	OutcomePanic   Outcome = "panic"   // a defect of this program
	OutcomeSkipped Outcome = "skipped" // the run before had not returned
)

// Outcomes lists every outcome.
func Outcomes() []Outcome {
	return []Outcome{OutcomeSuccess, OutcomeFailure, OutcomeTimeout, OutcomePanic, OutcomeSkipped}
}

// returnGrace is how long after its timeout a run may take to return before it is left behind.
const returnGrace = time.Second

// maximumJitter bounds how far a run is moved from its scheduled time.
const maximumJitter = 30 * time.Second

// jobKey identifies a job across reloads.
type jobKey struct{ system, collector, target string }

// within picks a time from [0, limit) that is always the same for a job.
func (k jobKey) within(limit time.Duration) time.Duration {
	if limit <= 0 {
		return 0
	}
	hash := fnv.New64a()
	for _, part := range []string{k.system, k.collector, k.target} {
		hash.Write([]byte(part))
		hash.Write([]byte{0})
	}
	return time.Duration(hash.Sum64() % uint64(limit))
}

// A job collects from one target of one collector for one system, over and over, and never twice at one time.
type job struct {
	collector.Job
	key  jobKey
	more chan struct{} // holds a token when more is asked for than was collected

	mu       sync.Mutex
	interval time.Duration
	timeout  time.Duration
	asked    fact.Topics
	phase    phase
	retired  bool // no run begins any more
	newest   *fact.Run
}

// A phase is where a job is with its run.
type phase int

const (
	idle       phase = iota
	underWay         // it waits for its turn, or runs
	leftBehind       // it runs still, long after its time
)

func newJob(key jobKey, target collector.Job, interval, timeout time.Duration) *job {
	return &job{
		Job: target, key: key, interval: interval, timeout: timeout, asked: target.Asked, more: make(chan struct{}, 1),
		newest: &fact.Run{
			Collector: key.collector, Target: key.target, Declared: target.Declared, Discovers: target.Discovers, Interval: interval,
			Described: target.Described,
		},
	}
}

// collected is what one run gave.
type collected struct {
	asked    fact.Topics
	sets     []fact.AnySet
	err      error
	panicked bool
}

// claim takes the job for one run; run or release gives it back. It is not to be had while the run before is under
// way: the error tells that one was left behind, and is nil while it is within its time.
func (j *job) claim() (claimed bool, stuck error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.retired || j.phase == underWay:
		return false, nil
	case j.phase == leftBehind:
		err := fact.Errorf(fact.ReasonStuck, "an earlier run has not returned")
		j.fail(fact.FailureOf(err))
		return false, err
	default:
		j.phase = underWay
		return true, nil
	}
}

// release ends a claim. What the collector keeps for a target from which nothing is collected any more is freed with the
// last one.
func (j *job) release() {
	j.mu.Lock()
	j.phase = idle
	retired := j.retired
	j.mu.Unlock()
	if retired {
		j.Forget()
	}
}

// retire lets no run begin any more. It tells whether what the collector keeps for the target is to be freed now, since
// none is under way.
func (j *job) retire() (forget bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	forget = !j.retired && j.phase == idle
	j.retired = true
	return forget
}

// run collects once, for whoever has claimed the job, and tells how it ended, with the error where it did not succeed. It
// returns when the collector does, at the latest a second after its timeout or the end of ctx.
func (j *job) run(ctx context.Context) (Outcome, error) {
	timeout := j.patience()
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fact.Errorf(fact.ReasonTimeout, "no answer within %s", timeout))
	defer cancel()
	done := make(chan collected, 1)
	go func() { done <- j.collectSafely(ctx) }()
	result, returned := await(ctx, done)
	if !returned {
		return OutcomeTimeout, j.leaveBehind(context.Cause(ctx), done)
	}
	defer j.release()
	return j.record(ctx, result)
}

// await waits for a run to return, for no longer than a grace after ctx.
func await(ctx context.Context, done <-chan collected) (result collected, returned bool) {
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
		return collected{}, false
	}
}

// leaveBehind goes on without a run that does not return. The claim ends when it does.
func (j *job) leaveBehind(cause error, done <-chan collected) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.phase = leftBehind
	j.fail(fact.FailureOf(cause))
	go func() {
		<-done
		j.release()
	}()
	return cause
}

// collectSafely turns a panic of the collector into its error.
func (j *job) collectSafely(ctx context.Context) (result collected) {
	asked := j.topics()
	defer func() {
		if cause := recover(); cause != nil {
			result = collected{
				err:      fact.Errorf(fact.ReasonPanic, "panic: %v\n%s", cause, debug.Stack()),
				panicked: true,
			}
		}
	}()
	sets, err := j.Collect(ctx, asked)
	return collected{asked: asked, sets: sets, err: err}
}

func (j *job) record(ctx context.Context, result collected) (Outcome, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case result.err == nil:
		j.succeed(result)
		return OutcomeSuccess, nil
	case result.panicked:
		// The stack is for the log; a page would show it to every reader.
		j.fail(&fact.Failure{Reason: fact.ReasonPanic, Detail: "the collector panicked; the log has the stack"})
		return OutcomePanic, result.err
	case ctx.Err() != nil:
		err := fmt.Errorf("%w: %w", context.Cause(ctx), result.err)
		j.fail(fact.FailureOf(err))
		return OutcomeTimeout, err
	default:
		j.fail(fact.FailureOf(result.err))
		return OutcomeFailure, result.err
	}
}

// succeed keeps what was collected. The caller holds j.mu.
func (j *job) succeed(result collected) {
	next := *j.newest
	next.Interval = j.interval
	next.Succeed(result.asked, result.sets, time.Now())
	j.newest = &next
}

// fail keeps the facts of the last success: they stay good until they are stale. The caller holds j.mu.
func (j *job) fail(failure *fact.Failure) {
	next := *j.newest
	next.TriedAt, next.Failure, next.Interval = time.Now(), failure, j.interval
	j.newest = &next
}

// last is the job's newest run.
func (j *job) last() *fact.Run {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.newest
}

// topics are what is asked for now: what a run that begins now collects.
func (j *job) topics() fact.Topics {
	j.mu.Lock()
	defer j.mu.Unlock()
	select {
	case <-j.more:
	default:
	}
	return j.asked
}

// standing is how the job takes its place among others.
func (j *job) standing() standing {
	last := j.last()
	switch {
	case last.TriedAt.IsZero():
		return untried
	case last.Failure != nil && (last.Failure.Reason == fact.ReasonTimeout || last.Failure.Reason == fact.ReasonStuck):
		return slow
	default:
		return prompt
	}
}

// ask changes what is to be collected. What was collected stays; where it is less than what is asked for, a run is due.
func (j *job) ask(asked fact.Topics) {
	j.mu.Lock()
	defer j.mu.Unlock()
	covered := j.asked.Covers(asked)
	j.asked = asked
	if covered {
		return
	}
	select {
	case j.more <- struct{}{}:
	default:
	}
}

// patience is how long one run may take.
func (j *job) patience() time.Duration {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.timeout
}

// retime changes how often and how long the job runs. What it collected stays good for as long as it would have, and at
// least until the next run: an interval that has become shorter counts from then on.
func (j *job) retime(interval, timeout time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.interval, j.timeout = interval, timeout
	if j.newest.Interval >= interval {
		return
	}
	next := *j.newest
	next.Interval = interval
	j.newest = &next
}
