// Package conformance is what every collector must hold, whatever it collects from: that it ends with its context, that
// its facts are sound, that a second run gives the same, that faults of the server are reported with a reason, and that no
// secret is in anything that it gives.
package conformance

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/schedule"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const (
	// hanging is the time of a run whose server never answers.
	hanging = 500 * time.Millisecond
	// slack is by how much a run may exceed its time on a busy machine.
	slack = 20
	// recovery is for how long a collector may take to find that its server is well again.
	recovery = 2 * time.Minute
)

// A Case is a collector with the server that it collects from.
type Case struct {
	// New makes the collector; what it keeps running ends with the test.
	New func(t *testing.T) collector.Any
	// System describes what is collected; each of its targets is behind the faults.
	System *system.System
	// Needs are what is asked for; the zero value: everything, and no request.
	Needs fact.Needs
	// Secrets may be in nothing that a run gives.
	Secrets []string
	// Faults are what can happen to the server; none where there is no server.
	Faults []Fault

	described collector.Description
}

// A Fault is something wrong with a server.
type Fault struct {
	Name string // what the server does: "refuses"
	// Break makes it so until Fix.
	Break func(t *testing.T)
	Fix   func(t *testing.T)
	// Hangs: only the end of its context ends a run.
	Hangs bool
	// Unnoticed: nobody could tell that it lies. What comes of it must still be sound.
	Unnoticed bool
	// Reasons are those with which the fault may be reported; none: any.
	Reasons []fact.Reason
}

// Test runs a collector through its case.
func Test(t *testing.T, c Case) {
	c.described = c.New(t).Describe()
	t.Run("it is described", func(t *testing.T) { c.testDescription(t) })
	t.Run("its targets are named", func(t *testing.T) { c.testTargets(t) })
	t.Run("what is there is collected, and a second run is alike", func(t *testing.T) {
		jobs := c.jobs(t)
		first := c.collectAll(t, jobs)
		facts := 0
		for _, sets := range first {
			for _, set := range sets {
				facts += set.Len()
			}
		}
		require.NotZero(t, facts, "nothing was collected, so that nothing is tested")
		require.Empty(t, differences(first, c.collectAll(t, jobs)))
	})
	t.Run("a run that was called off before it began ends", func(t *testing.T) {
		for _, job := range c.jobs(t) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), hanging, errors.New("the test's own limit"))
			cancel()
			_, _ = c.run(ctx, t, job, hanging) // What it reports is of no concern.
		}
	})
	for _, fault := range c.Faults {
		t.Run("a server that "+fault.Name, func(t *testing.T) { c.testFault(t, fault) })
	}
}

func (c Case) jobs(t *testing.T) []collector.Job {
	t.Helper()
	jobs := c.New(t).Jobs(c.System, c.Needs)
	require.NotEmpty(t, jobs, "the description has no target for the collector")
	for _, job := range jobs {
		t.Cleanup(job.Forget)
	}
	return jobs
}

func (c Case) testDescription(t *testing.T) {
	described := c.described
	require.Regexp(t, `^[a-z][a-z0-9]*(_[a-z0-9]+)*$`, described.Name)
	require.Regexp(t, `^[A-Z].*\.$`, described.Summary, "a sentence")
	require.NoError(t, schedule.Check(described.Schedule))
	require.Positive(t, described.Timeout)
	require.NotEmpty(t, described.Yields)
	kinds := make(map[string]bool)
	for _, kind := range described.Yields {
		require.False(t, kinds[kind.KindName()], "%s is yielded twice", kind.KindName())
		kinds[kind.KindName()] = true
	}
}

func (c Case) testTargets(t *testing.T) {
	yields := c.described.Yields
	names := make(map[string]bool)
	for _, job := range c.jobs(t) {
		requireName(t, job.Target)
		require.False(t, names[job.Target], "two targets are named %s", job.Target)
		names[job.Target] = true
		require.Len(t, job.Declared, len(yields))
		for i, set := range job.Declared {
			require.Equal(t, yields[i].KindName(), set.Kind().KindName())
			require.Zero(t, set.Len(), "a declaration is no fact")
			subjects := make(map[string]bool)
			for _, gap := range set.Gaps() {
				requireName(t, gap.Subject)
				require.False(t, subjects[gap.Subject], "%s is declared twice", gap.Subject)
				subjects[gap.Subject] = true
			}
		}
	}
}

// testFault collects while the server is broken, by a collector that has known it before and by one that has not,
// and once more when it is well again.
func (c Case) testFault(t *testing.T, fault Fault) {
	connected := c.jobs(t)
	healthy := c.collectAll(t, connected)
	fault.Break(t)
	fix := sync.OnceFunc(func() { fault.Fix(t) })
	t.Cleanup(fix)
	for _, job := range connected {
		// What it had connected to before may serve it still.
		_, _ = c.run(t.Context(), t, job, c.limit(fault))
	}
	jobs := c.jobs(t)
	for _, job := range jobs {
		c.requireReported(t, job, fault)
	}
	if fault.Hangs {
		c.testCallingOff(t, jobs[0])
	}
	fix()
	c.requireRecovery(t, jobs, healthy)
}

// requireRecovery wants what there was before to be collected again, sooner or later.
func (c Case) requireRecovery(t *testing.T, jobs []collector.Job, healthy [][]fact.AnySet) {
	t.Helper()
	var changed []string
	for begun := time.Now(); time.Since(begun) < recovery; time.Sleep(100 * time.Millisecond) {
		again := make([][]fact.AnySet, len(jobs))
		var err error
		for i := 0; i < len(jobs) && err == nil; i++ {
			again[i], err = c.run(t.Context(), t, jobs[i], c.described.Timeout)
		}
		if err != nil {
			changed = []string{err.Error()}
			continue
		}
		if changed = differences(healthy, again); changed == nil {
			return
		}
	}
	require.Empty(t, changed, "it does not recover")
}

// requireReported wants a run to end in time, and to say that something could not be collected.
func (c Case) requireReported(t *testing.T, job collector.Job, fault Fault) {
	t.Helper()
	sets, err := c.run(t.Context(), t, job, c.limit(fault))
	var reasons []fact.Reason
	if err != nil {
		reasons = append(reasons, fact.ReasonOf(err))
	}
	for _, set := range sets {
		for _, gap := range set.Gaps() {
			reasons = append(reasons, gap.Reason)
		}
	}
	if fault.Unnoticed {
		return
	}
	require.NotEmpty(t, reasons, "the fault is not reported")
	for _, reason := range reasons {
		if len(fault.Reasons) > 0 {
			require.Contains(t, fault.Reasons, reason, "error %v, unavailable %v", err, gapsOf(sets))
		}
	}
}

// testCallingOff ends a run that would go on for long.
func (c Case) testCallingOff(t *testing.T, job collector.Job) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begun := time.Now()
	var after time.Duration
	time.AfterFunc(hanging/2, func() {
		after = time.Since(begun)
		cancel()
	})
	_, _ = c.run(ctx, t, job, c.described.Timeout) // What it reports is of no concern.
	require.Error(t, ctx.Err(), "it ended before it was called off")
	require.Less(t, time.Since(begun), slack*2*after, "it went on after it was called off")
}

// limit is the time of a run against a broken server: little where it is meant to run out.
func (c Case) limit(fault Fault) time.Duration {
	if fault.Hangs {
		return hanging
	}
	return c.described.Timeout
}

// collectAll collects from a server that is well.
func (c Case) collectAll(t *testing.T, jobs []collector.Job) [][]fact.AnySet {
	t.Helper()
	all := make([][]fact.AnySet, len(jobs))
	for i, job := range jobs {
		sets, err := c.run(t.Context(), t, job, c.described.Timeout)
		require.NoError(t, err)
		require.Empty(t, gapsOf(sets), "a server that is well leaves nothing unavailable")
		all[i] = sets
	}
	return all
}

// run collects once, within a limit, and wants what it gives to be sound.
func (c Case) run(ctx context.Context, t *testing.T, job collector.Job, limit time.Duration) ([]fact.AnySet, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	begun := time.Now()
	sets, err := job.Collect(ctx, job.Asked)
	require.Less(t, time.Since(begun), slack*limit, "the run went on after its context had ended")
	if err != nil {
		require.Empty(t, sets, "a run that fails gives nothing")
		requireText(t, err.Error())
		require.Contains(t, fact.Reasons(), fact.ReasonOf(err))
		c.requireNoSecret(t, err.Error())
		return nil, err
	}
	require.Len(t, sets, len(job.Declared))
	for i, set := range sets {
		require.Equal(t, job.Declared[i].Kind().KindName(), set.Kind().KindName())
		c.requireSound(t, set)
	}
	return sets, nil
}

// differences names the kinds of which two runs give something else.
func differences(before, after [][]fact.AnySet) (kinds []string) {
	for i := range before {
		for k, set := range before[i] {
			if !set.Equal(after[i][k]) {
				kinds = append(kinds, set.Kind().KindName()+": "+encoded(set)+" became "+encoded(after[i][k]))
			}
		}
	}
	return kinds
}
