package engine_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestAskingForLessKeepsTheFactsAndTheRhythm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a"})
		s.narrows, s.schedule = true, "@every 1h"
		s.checks = []*check.Bound{leveled(), trend()}
		s.play(t)
		s.wait(settled)
		before := s.runOf(t, "a")
		require.Equal(t, fact.Topics{"gauge": {"trend"}}, s.askedOf("a"))

		s.checks = s.checks[:1]
		s.apply(t)
		s.wait(20 * time.Minute)
		require.Same(t, before, s.runOf(t, "a"))
		require.Equal(t, check.Pass, s.status("level"))
		require.Len(t, s.runsAt("a"), 1)
		require.Empty(t, s.allForgotten())

		s.until(time.Hour)
		require.Equal(t, fact.Topics{"gauge": {}}, s.askedOf("a"), "the next run collects less")
	})
}

func TestAskingForMoreKeepsTheFactsAndHasARunSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a"})
		s.narrows, s.schedule = true, "@every 1h"
		s.collect = func(_ context.Context, target target) (gauge, error) {
			time.Sleep(900 * time.Millisecond)
			return gauge{Name: target.Name, Level: -1, Trend: -1}, nil
		}
		s.play(t)
		s.wait(time.Second + settled)
		require.Equal(t, check.Fail, s.status("level"))
		before := s.runOf(t, "a")

		s.checks = []*check.Bound{leveled(), trend()}
		s.apply(t)
		s.wait(settled)
		require.Same(t, before, s.runOf(t, "a"))
		require.Equal(t, check.Fail, s.status("level"), "what was collected stays")
		result := s.Assessments()[0].Results[1]
		require.Equal(t, check.Unknown, result.Status, "that it was not collected is not that there is none")
		require.Equal(t, fact.ReasonPending, result.Problems[0].Cause)
		s.wait(4 * time.Second)
		require.Equal(t, check.Fail, s.status("trend"))
		require.Len(t, s.runsAt("a"), 2)
		require.Equal(t, fact.Topics{"gauge": {"trend"}}, s.askedOf("a"))

		s.until(50 * time.Minute)
		require.Len(t, s.runsAt("a"), 2, "once is enough")
	})
}

func TestAskingForMoreWhileARunIsUnderWayHasAnotherAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a"})
		s.narrows, s.schedule = true, "@every 1h"
		s.collect = func(_ context.Context, target target) (gauge, error) {
			time.Sleep(900 * time.Millisecond)
			return gauge{Name: target.Name}, nil
		}
		s.play(t)
		s.wait(500 * time.Millisecond)
		s.checks = []*check.Bound{leveled(), trend()}
		s.apply(t)
		s.wait(20 * time.Minute)
		require.Len(t, s.runsAt("a"), 2)
		require.Equal(t, check.Pass, s.status("trend"))
	})
}

func TestACollectorOfWhichNothingIsNeededDoesNotRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "b"})
		s.narrows, s.checks = true, nil
		s.play(t)
		s.until(10 * time.Minute)
		require.Empty(t, s.runsAt("b"))
		s.checks = []*check.Bound{heard()}
		s.apply(t)
		s.wait(settled)
		require.Equal(t, fact.Topics{"echo": {}}, s.askedOf("b"))
		require.Equal(t, check.Pass, s.status("heard"))
	})
}

func TestOneRunGivesFactsOfSeveralKinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a"})
		s.checks = []*check.Bound{leveled(), heard()}
		s.collect = func(_ context.Context, target target) (gauge, error) { return gauge{Name: target.Name, Level: -1}, nil }
		s.play(t)
		s.until(beforeMinute)
		require.Len(t, s.runsAt("a"), 1)
		require.Equal(t, check.Fail, s.status("level"))
		require.Equal(t, check.Pass, s.status("heard"))
		run := s.runOf(t, "a")
		require.Equal(t, []string{"gauge", "echo"}, []string{run.Sets[0].Kind().KindName(), run.Sets[1].Kind().KindName()})
	})
}

func TestAFailedRunMakesEveryKindUnavailable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a"})
		s.checks = []*check.Bound{leveled(), heard()}
		s.collect = func(context.Context, target) (gauge, error) {
			return gauge{}, fact.Errorf(fact.ReasonDenied, "log in: denied")
		}
		s.play(t)
		s.wait(settled)
		for _, result := range s.Assessments()[0].Results {
			require.Equal(t, check.Unknown, result.Status)
			require.Equal(t, fact.ReasonDenied, result.Problems[0].Cause)
		}
	})
}

func TestARequestIsATargetAsAnyOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a"})
		s.play(t)
		s.until(beforeMinute)
		before := s.runOf(t, "a")

		s.checks = []*check.Bound{leveled(), wants("b"), wants("b"), wants("c")}
		s.apply(t)
		s.wait(settled)
		require.Len(t, s.runsAt("b"), 1, "whoever asks for the same asks once")
		require.Len(t, s.runsAt("c"), 1)
		require.Same(t, before, s.runOf(t, "a"))
		s.until(beforeMinute + 70*time.Second)
		require.Greater(t, len(s.runsAt("b")), 1, "it has a schedule of its own")

		s.checks = s.checks[:2]
		s.apply(t)
		s.wait(settled)
		require.Equal(t, []target{{Name: "c"}}, s.allForgotten())
	})
}
