package engine_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// settled is a little longer than it takes until a run is judged and published.
const settled = 300 * time.Millisecond

func TestARunThatHangsCostsOnlyItsOwnFacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "hangs"}, target{Name: "answers"})
		s.collect = func(ctx context.Context, target target) (gauge, error) {
			if target.Name == "hangs" {
				<-ctx.Done()
				return gauge{}, context.Cause(ctx)
			}
			return gauge{Name: target.Name}, nil
		}
		s.play(t)
		s.wait(5*time.Second + settled)
		hangs := s.runOf(t, "hangs")
		require.Equal(t, fact.ReasonTimeout, hangs.Failure.Reason)
		require.Contains(t, hangs.Failure.Detail, "no answer within 5s")
		require.True(t, hangs.CollectedAt.IsZero())
		answers := s.runOf(t, "answers")
		require.Nil(t, answers.Failure)
		require.Equal(t, []*gauge{{Name: "answers"}}, gaugesOf(answers))
		require.Equal(t, map[engine.Outcome]int{engine.OutcomeTimeout: 1, engine.OutcomeSuccess: 1}, s.allOutcomes())
		require.Equal(t, check.Unknown, s.result().Status)
	})
}

func TestARunThatIgnoresItsContextIsLeftBehindUntilItReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		s := newScene(target{Name: "deaf"}, target{Name: "waits"})
		s.collect = func(_ context.Context, target target) (gauge, error) {
			if target.Name == "deaf" {
				<-let
			}
			return gauge{Name: target.Name}, nil
		}
		s.play(t, func(o *engine.Options) { o.MaxRuns = 1 })

		s.wait(5*time.Second + 999*time.Millisecond)
		require.Zero(t, s.outcome(engine.OutcomeTimeout), "the run has a second to return after its timeout")
		s.wait(time.Millisecond + settled)
		require.Equal(t, fact.ReasonTimeout, s.runOf(t, "deaf").Failure.Reason)
		require.Len(t, s.runsAt("waits"), 1, "the place of what was left behind is free again")

		s.until(3 * time.Minute)
		require.Len(t, s.runsAt("deaf"), 1, "no second run begins")
		require.Len(t, s.runsAt("waits"), 4)
		require.Equal(t, fact.Failure{Reason: fact.ReasonStuck, Detail: "an earlier run has not returned"}, *s.runOf(t, "deaf").Failure)
		require.Equal(t, 3, s.outcome(engine.OutcomeSkipped))

		close(let)
		s.until(4*time.Minute + settled)
		require.Nil(t, s.runOf(t, "deaf").Failure, "it is back by itself")
		require.Equal(t, 1, s.mostOf("target deaf"))
	})
}

func TestASlowRunIsNotStuckWithinItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "slow"})
		s.timeout = 5 * time.Minute
		s.collect = func(ctx context.Context, target target) (gauge, error) {
			select {
			case <-time.After(150 * time.Second):
			case <-ctx.Done():
			}
			return gauge{Name: target.Name}, nil
		}
		s.play(t)
		s.until(70 * time.Second) // by then there is an assessment, whatever has been collected
		for range 60 {
			s.wait(10 * time.Second)
			require.Nil(t, s.runOf(t, "slow").Failure)
		}
		require.Equal(t, 1, s.mostOf("target slow"))
		require.Positive(t, s.outcome(engine.OutcomeSkipped))
		require.Empty(t, s.log())
	})
}

func TestAPanicIsAFailureWhoseStackOnlyTheLogHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "broken"}, target{Name: "sound"})
		s.collect = func(_ context.Context, target target) (gauge, error) {
			if target.Name == "broken" {
				panic("a mistake")
			}
			return gauge{Name: target.Name}, nil
		}
		s.play(t)
		s.until(10 * time.Minute)
		require.Equal(t, fact.Failure{
			Reason: fact.ReasonPanic, Detail: "the collector panicked; the log has the stack",
		}, *s.runOf(t, "broken").Failure)
		require.Nil(t, s.runOf(t, "sound").Failure)
		require.Equal(t, s.outcome(engine.OutcomeSuccess), s.outcome(engine.OutcomePanic))
		require.Equal(t, 1, strings.Count(s.log(), "\n"))
		require.Contains(t, s.log(), "panic: a mistake")
		require.Contains(t, s.log(), "run_test.go")
	})
}

func TestAFailingRunKeepsItsFactsForThreeIntervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fails atomic.Bool
		s := newScene(target{Name: "a"})
		s.collect = func(context.Context, target) (gauge, error) {
			if fails.Load() {
				return gauge{}, errors.New("gone")
			}
			return gauge{Name: "a", Level: -1}, nil
		}
		s.play(t)
		s.wait(settled)
		collected := s.runOf(t, "a").CollectedAt
		require.Equal(t, check.Fail, s.result().Status)
		fails.Store(true)

		s.until(3*time.Minute - time.Second)
		require.Equal(t, check.Fail, s.result().Status)
		require.Equal(t, fact.ReasonFailed, s.runOf(t, "a").Failure.Reason)
		require.Equal(t, collected, s.runOf(t, "a").CollectedAt)
		require.Equal(t, s.started, s.result().ChangedAt.Add(-200*time.Millisecond), "it has failed since it was first judged")

		s.until(4*time.Minute + 11*time.Second)
		require.Equal(t, check.Unknown, s.result().Status, "time alone makes it so")

		fails.Store(false)
		s.until(6 * time.Minute)
		require.Equal(t, check.Fail, s.result().Status)
	})
}

func TestTheLogTellsChangesNotRepetitions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cause atomic.Pointer[error]
		say := func(err error) { cause.Store(&err) }
		say(nil)
		s := newScene(target{Name: "a"})
		s.collect = func(context.Context, target) (gauge, error) { return gauge{Name: "a"}, *cause.Load() }
		s.play(t)
		s.until(3 * time.Minute)
		require.Empty(t, s.log())
		say(fact.Errorf(fact.ReasonRefused, "connect to a: refused"))
		s.until(6 * time.Minute)
		say(fact.Errorf(fact.ReasonDenied, "log in to a: denied"))
		s.until(9 * time.Minute)
		say(nil)
		s.until(12 * time.Minute)
		const at = "system=shop/test collector=gauge target=a"
		require.Equal(t, []string{
			"level=warn " + at + ` msg="could not be collected" reason=refused err="connect to a: refused"`,
			"level=warn " + at + ` msg="could not be collected" reason=denied err="log in to a: denied"`,
			"level=info " + at + ` msg="collected again"`,
		}, strings.Split(strings.TrimSpace(s.log()), "\n"))
	})
}
