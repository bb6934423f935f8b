package engine_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestItIsReadyWhenEveryTargetWasTried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "quick"}, target{Name: "hangs"})
		s.look = func(ctx context.Context, target target) (gauge, error) {
			if target.Name == "hangs" {
				<-ctx.Done()
			}
			return gauge{Name: target.Name}, context.Cause(ctx)
		}
		s.play(t)
		s.until(4 * time.Second)
		require.False(t, s.Ready())
		s.until(5*time.Second + settled)
		require.True(t, s.Ready())

		s.targets["shop"] = append(s.targets["shop"], target{Name: "hangs", Revision: 1})
		s.apply(t)
		s.wait(0)
		require.True(t, s.Ready(), "a reload does not take it back")
	})
}

func TestAReloadLeavesWhatStaysTheSameAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "stays"}, target{Name: "changes"}, target{Name: "goes"})
		s.play(t, func(o *engine.Options) { o.Spread = 3 * time.Second })
		s.until(100 * time.Second)
		seen := s.lookOf(t, "stays").SeenAt
		before := s.looksAt("stays")

		s.targets["shop"] = []target{{Name: "stays"}, {Name: "changes", Revision: 1}, {Name: "comes"}}
		s.apply(t)
		s.wait(settled)
		require.ElementsMatch(t, []target{{Name: "changes"}, {Name: "goes"}}, s.forgotten)
		require.Equal(t, seen, s.lookOf(t, "stays").SeenAt)
		s.wait(3 * time.Second)
		require.Len(t, s.looksAt("changes"), 4, "what changed begins anew")
		require.Len(t, s.looksAt("comes"), 1)
		require.Equal(t, before, s.looksAt("stays"))

		s.until(160 * time.Second)
		after := s.looksAt("stays")
		require.Equal(t, time.Minute, after[len(after)-1]-before[len(before)-1], "its rhythm is as it was")
		require.Len(t, s.looksAt("goes"), 3)
		require.Len(t, s.forgotten, 2)
	})
}

func TestAReloadDoesNotChangeSinceWhenAStatusHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a"})
		s.play(t)
		s.until(time.Minute)
		before := s.result()
		s.apply(t)
		s.wait(settled)
		require.True(t, s.result().EvaluatedAt.After(before.EvaluatedAt))
		require.Equal(t, before.ChangedAt, s.result().ChangedAt)
	})
}

func TestAnotherScheduleKeepsTheFacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a"})
		s.play(t)
		s.wait(settled)
		seen := s.lookOf(t, "a").SeenAt
		s.apply(t, every("*/10 * * * *"))
		s.wait(settled)
		require.Equal(t, seen, s.lookOf(t, "a").SeenAt)
		require.Equal(t, 10*time.Minute, s.lookOf(t, "a").Interval)
		s.until(9 * time.Minute)
		require.Len(t, s.looksAt("a"), 1)
		s.until(11 * time.Minute)
		require.Len(t, s.looksAt("a"), 2)
		require.Empty(t, s.forgotten)
	})
}

func TestAnotherTimeoutHoldsFromTheNextLookOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a"})
		s.look = func(ctx context.Context, target target) (gauge, error) {
			time.Sleep(3 * time.Second)
			return gauge{Name: target.Name}, ctx.Err()
		}
		s.play(t)
		s.apply(t, within(2*time.Second))
		s.until(20 * time.Second)
		require.Equal(t, 1, s.outcome(engine.OutcomeSuccess))
		s.until(time.Minute)
		require.Equal(t, 1, s.outcome(engine.OutcomeTimeout))
	})
}

func TestWhatIsRemovedWhileItIsLookedAtIsForgottenOnceAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		s := newScene(target{Name: "deaf"})
		s.look = func(context.Context, target) (gauge, error) {
			<-let
			return gauge{Name: "deaf"}, nil
		}
		s.play(t)
		s.targets["shop"] = nil
		s.apply(t)
		s.until(time.Minute)
		require.Empty(t, s.forgotten)
		require.Empty(t, s.Assessments()[0].Looks)
		close(let)
		s.until(2 * time.Minute)
		require.Equal(t, []target{{Name: "deaf"}}, s.forgotten)
		require.Empty(t, s.outcomes, "what a look says that was cut short is no news")
	})
}

func TestABadScheduleChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a"})
		s.play(t)
		require.EqualError(t, s.Apply(s.plans(every("0 0 30 2 *"))), `schedule "0 0 30 2 *" never fires`)
		s.until(time.Minute)
		require.Len(t, s.looksAt("a"), 2)
	})
}

func TestOnlyWhatIsNewIsJudgedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene()
		s.targets = map[string][]target{"busy": {{Name: "a"}}, "idle": {{Name: "b"}}}
		s.look = func(_ context.Context, target target) (gauge, error) {
			if target.Name == "a" {
				time.Sleep(2 * time.Second)
			}
			return gauge{Name: target.Name}, nil
		}
		s.play(t)
		s.until(4 * time.Second)
		s.mu.Lock()
		defer s.mu.Unlock()
		require.Len(t, s.published, 2)
		first, second := s.published[0], s.published[1]
		require.NotSame(t, first[0], second[0])
		require.Same(t, first[1], second[1])
		require.Equal(t, []string{"busy/test", "idle/test"}, ids(second))
	})
}

func ids(assessments []*assess.Assessment) []string {
	names := make([]string, len(assessments))
	for i, assessment := range assessments {
		names[i] = assessment.Plan.System.ID()
	}
	return names
}

func TestARemovedSystemIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene()
		s.targets = map[string][]target{"a": {{Name: "1"}}, "b": {{Name: "2"}}}
		s.play(t)
		s.wait(settled)
		delete(s.targets, "a")
		s.apply(t)
		s.wait(settled)
		require.Equal(t, []string{"b/test"}, ids(s.Assessments()))
		require.Equal(t, []target{{Name: "1"}}, s.forgotten)
	})
}

func TestAShutdownWaitsForLooksAndForgetsEverything(t *testing.T) {
	for _, c := range []struct {
		name  string
		after time.Duration // of the start
	}{
		{"when a first look is under way", time.Second},
		{"when a scheduled look is under way", 40 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(target{Name: "slow"})
				s.look = func(ctx context.Context, _ target) (gauge, error) {
					<-ctx.Done()
					time.Sleep(500 * time.Millisecond)
					return gauge{}, ctx.Err()
				}
				s.timeout = 30 * time.Second
				took := shutDown(t, s, c.after)
				require.Equal(t, 500*time.Millisecond, took)
				require.Equal(t, []target{{Name: "slow"}}, s.forgotten)
				require.NotContains(t, s.logged.String(), "left looks behind")
			})
		})
	}
}

func TestAShutdownIsBoundedWhenALookNeverReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		defer close(let)
		s := newScene(target{Name: "deaf"})
		s.look = func(context.Context, target) (gauge, error) {
			<-let
			return gauge{}, nil
		}
		require.LessOrEqual(t, shutDown(t, s, time.Second), 5*time.Second)
		require.Empty(t, s.forgotten, "it is in use")
	})
}

// shutDown runs a scene's engine for a time, and tells how long it took to end.
func shutDown(t *testing.T, s *scene, after time.Duration) time.Duration {
	t.Helper()
	s.begin(t, s.options())
	ctx, cancel := context.WithTimeout(t.Context(), after)
	defer cancel()
	s.Run(ctx)
	s.apply(t) // a reload that comes too late starts nothing
	return time.Since(s.started) - after
}

func TestOnceLooksAtEverythingOneTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a"}, target{Name: "b"}, target{Name: "panics"})
		s.look = func(_ context.Context, target target) (gauge, error) {
			if target.Name == "panics" {
				panic("a mistake")
			}
			return gauge{Name: target.Name}, nil
		}
		s.Engine = engine.New(s.options())
		var steps [][2]int
		assessments, err := s.Once(t.Context(), s.plans(), func(done, all int) { steps = append(steps, [2]int{done, all}) })
		require.NoError(t, err)
		require.Equal(t, [][2]int{{0, 3}, {1, 3}, {2, 3}, {3, 3}}, steps)
		require.Len(t, assessments, 1)
		require.Equal(t, []any{gauge{Name: "a"}}, assessments[0].Looks[0].Facts)
		require.Equal(t, map[engine.Outcome]int{engine.OutcomeSuccess: 2, engine.OutcomePanic: 1}, s.outcomes)
		require.Len(t, s.forgotten, 3)
	})
}

func TestOnceEndsEarlyWithWhatWasSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a"}, target{Name: "hangs", Server: "x"}, target{Name: "waits", Server: "x"})
		s.timeout = time.Hour
		let := make(chan struct{})
		defer close(let)
		s.look = func(_ context.Context, target target) (gauge, error) {
			if target.Server == "x" {
				<-let
			}
			return gauge{Name: target.Name}, nil
		}
		options := s.options()
		options.MaxLooksPerServer = 1
		s.Engine = engine.New(options)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		started := time.Now()
		assessments, err := s.Once(ctx, s.plans(), func(int, int) {})
		require.NoError(t, err)
		require.Equal(t, 11*time.Second, time.Since(started))
		looks := assessments[0].Looks
		require.Len(t, looks[0].Facts, 1)
		tried := slices.DeleteFunc(looks, func(look fact.Look) bool { return look.TriedAt.IsZero() })
		require.Len(t, tried, 2)
	})
}

func TestOnceRefusesABadSchedule(t *testing.T) {
	s := newScene(target{Name: "a"})
	s.Engine = engine.New(s.options())
	_, err := s.Once(t.Context(), s.plans(every("nonsense")), nil)
	require.ErrorContains(t, err, `schedule "nonsense"`)
}
