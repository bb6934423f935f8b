package engine_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestItIsReadyWhenEveryTargetWasTried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "quick"}, target{Name: "hangs"})
		s.collect = func(ctx context.Context, target target) (gauge, error) {
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
		s.play(t)
		s.until(100 * time.Second)
		s.apply(t) // what is the same is published once a minute, and at a reload
		s.wait(settled)
		collected := s.runOf(t, "stays").CollectedAt
		before := s.runsAt("stays")

		s.targets["shop"] = []target{{Name: "stays"}, {Name: "changes", Revision: 1}, {Name: "comes"}}
		s.apply(t)
		s.wait(settled)
		require.ElementsMatch(t, []target{{Name: "changes"}, {Name: "goes"}}, s.allForgotten())
		require.Equal(t, collected, s.runOf(t, "stays").CollectedAt)
		s.wait(3 * time.Second)
		require.Len(t, s.runsAt("changes"), 4, "what changed begins anew")
		require.Len(t, s.runsAt("comes"), 1)
		require.Equal(t, before, s.runsAt("stays"))

		s.until(160 * time.Second)
		after := s.runsAt("stays")
		require.Equal(t, time.Minute, after[len(after)-1]-before[len(before)-1], "its rhythm is as it was")
		require.Len(t, s.runsAt("goes"), 3)
		require.Len(t, s.allForgotten(), 2)
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
		collected := s.runOf(t, "a").CollectedAt
		s.apply(t, every("*/10 * * * *"))
		s.wait(settled)
		require.Equal(t, collected, s.runOf(t, "a").CollectedAt)
		require.Equal(t, 10*time.Minute, s.runOf(t, "a").Interval)
		s.until(9 * time.Minute)
		require.Len(t, s.runsAt("a"), 1)
		s.until(11 * time.Minute)
		require.Len(t, s.runsAt("a"), 2)
		require.Empty(t, s.allForgotten())
	})
}

func TestAShorterIntervalDoesNotMakeFactsStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a"})
		s.schedule = "@every 1h"
		s.play(t)
		s.until(50 * time.Minute)
		s.apply(t, every("*/5 * * * *"))
		s.wait(settled)
		require.Equal(t, check.Pass, s.result().Status)
		s.until(56 * time.Minute)
		require.Len(t, s.runsAt("a"), 2)
		s.apply(t, every("*/5 * * * *"))
		s.wait(settled)
		require.Equal(t, 5*time.Minute, s.runOf(t, "a").Interval)
	})
}

func TestAnotherTimeoutHoldsFromTheNextRunOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a"})
		s.collect = func(ctx context.Context, target target) (gauge, error) {
			time.Sleep(3 * time.Second)
			return gauge{Name: target.Name}, ctx.Err()
		}
		s.play(t)
		s.wait(time.Second)
		s.apply(t, within(2*time.Second))
		s.until(20 * time.Second)
		require.Equal(t, 1, s.outcome(engine.OutcomeSuccess))
		s.until(time.Minute)
		require.Equal(t, 1, s.outcome(engine.OutcomeTimeout))
	})
}

func TestWhatIsRemovedWhileItIsCollectedIsForgottenOnceAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		s := newScene(target{Name: "deaf"})
		s.collect = func(context.Context, target) (gauge, error) {
			<-let
			return gauge{Name: "deaf"}, nil
		}
		s.play(t)
		s.wait(time.Second)
		s.targets["shop"] = nil
		s.apply(t)
		s.until(time.Minute)
		require.Empty(t, s.allForgotten())
		require.Empty(t, s.Assessments()[0].Runs)
		close(let)
		s.until(2 * time.Minute)
		require.Equal(t, []target{{Name: "deaf"}}, s.allForgotten())
		require.Empty(t, s.allOutcomes(), "what a run says that was cut short is no news")
	})
}

func TestABadScheduleChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a"})
		s.play(t)
		require.EqualError(t, s.Apply(s.plans(every("0 0 30 2 *"))), `schedule "0 0 30 2 *" never fires`)
		s.until(time.Minute)
		require.Len(t, s.runsAt("a"), 2)
	})
}

func TestOnlyWhatIsNewIsJudgedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene()
		s.targets = map[string][]target{"busy": {{Name: "a"}}, "idle": {{Name: "b"}}}
		s.collect = func(_ context.Context, target target) (gauge, error) {
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
		require.Equal(t, []string{"idle/test"}, ids(first), "the other has not been tried yet")
		require.Same(t, first[0], second[1])
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
		require.Equal(t, []target{{Name: "1"}}, s.allForgotten())
	})
}

func TestAShutdownWaitsForRunsAndForgetsEverything(t *testing.T) {
	for _, c := range []struct {
		name  string
		after time.Duration // of the start
	}{
		{"when a first run is under way", time.Second},
		{"when a scheduled run is under way", 40 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(target{Name: "slow"})
				s.collect = func(ctx context.Context, _ target) (gauge, error) {
					<-ctx.Done()
					time.Sleep(500 * time.Millisecond)
					return gauge{}, ctx.Err()
				}
				s.timeout = 30 * time.Second
				took := shutDown(t, s, c.after)
				require.Equal(t, 500*time.Millisecond, took)
				require.Equal(t, []target{{Name: "slow"}}, s.allForgotten())
				require.NotContains(t, s.log(), "left runs behind")
			})
		})
	}
}

func TestAShutdownIsBoundedWhenARunNeverReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		defer close(let)
		s := newScene(target{Name: "deaf"})
		s.collect = func(context.Context, target) (gauge, error) {
			<-let
			return gauge{}, nil
		}
		require.LessOrEqual(t, shutDown(t, s, time.Second), 5*time.Second)
		require.Empty(t, s.allForgotten(), "it is in use")
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

func TestOnceCollectsEverythingOneTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a"}, target{Name: "b"}, target{Name: "panics"})
		s.collect = func(_ context.Context, target target) (gauge, error) {
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
		require.Equal(t, []*gauge{{Name: "a"}}, gaugesOf(assessments[0].Runs[0]))
		require.Equal(t, map[engine.Outcome]int{engine.OutcomeSuccess: 2, engine.OutcomePanic: 1}, s.allOutcomes())
		require.Len(t, s.allForgotten(), 3)
	})
}

func TestOnceEndsEarlyWithWhatWasCollected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a"}, target{Name: "hangs", Server: "x"}, target{Name: "waits", Server: "x"})
		s.timeout = time.Hour
		let := make(chan struct{})
		defer close(let)
		s.collect = func(_ context.Context, target target) (gauge, error) {
			if target.Server == "x" {
				<-let
			}
			return gauge{Name: target.Name}, nil
		}
		options := s.options()
		options.MaxRunsPerServer = 1
		s.Engine = engine.New(options)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		started := time.Now()
		assessments, err := s.Once(ctx, s.plans(), func(int, int) {})
		require.NoError(t, err)
		require.Equal(t, 11*time.Second, time.Since(started))
		runs := assessments[0].Runs
		require.Len(t, gaugesOf(runs[0]), 1)
		tried := slices.DeleteFunc(runs, func(run *fact.Run) bool { return run.TriedAt.IsZero() })
		require.Len(t, tried, 2)
	})
}

func TestOnceRefusesABadSchedule(t *testing.T) {
	s := newScene(target{Name: "a"})
	s.Engine = engine.New(s.options())
	_, err := s.Once(t.Context(), s.plans(every("nonsense")), nil)
	require.ErrorContains(t, err, `schedule "nonsense"`)
}

// A stalled writer takes nothing until it is let go.
type stalled struct{ let chan struct{} }

func (s stalled) Write(p []byte) (int, error) {
	<-s.let
	return len(p), nil
}

func TestALogThatIsNotReadStopsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		s := newScene(target{Name: "a"}, target{Name: "flaps"})
		flaps := 0
		s.changes = make(chan struct{}, 1)
		s.collect = func(_ context.Context, target target) (gauge, error) {
			if target.Name == "flaps" {
				if flaps++; flaps%2 == 0 {
					return gauge{}, errors.New("gone")
				}
			}
			return gauge{Name: target.Name}, nil
		}
		options := s.options()
		options.Logger = log.NewLogfmtLogger(stalled{let})
		s.begin(t, options)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.Run(ctx)
		}()
		s.until(24 * time.Hour)
		require.Greater(t, len(s.runsAt("a")), 24*60-2)
		require.Greater(t, len(s.runsAt("flaps")), 24*60-2)
		s.apply(t)
		s.wait(settled)
		require.True(t, s.Assessments()[0].At.After(time.Now().Add(-time.Second)))
		stopped := time.Now()
		cancel()
		<-done
		require.Less(t, time.Since(stopped), 10*time.Second)
		close(let)
	})
}

func TestAShutdownIsBoundedWhateverHangs(t *testing.T) {
	for _, c := range []struct {
		name  string
		hangs func(s *scene, o *engine.Options, hang func())
	}{
		{"publishing", func(_ *scene, o *engine.Options, hang func()) { o.Publish = func([]*assess.Assessment) { hang() } }},
		{"observing", func(_ *scene, o *engine.Options, hang func()) {
			o.Observe = func(*system.System, string, engine.Outcome, time.Duration) { hang() }
		}},
		{"forgetting", func(s *scene, _ *engine.Options, hang func()) { s.forget = hang }},
		{"a run", func(s *scene, _ *engine.Options, hang func()) {
			s.collect = func(context.Context, target) (gauge, error) {
				hang()
				return gauge{}, nil
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				let := make(chan struct{})
				defer close(let)
				s := newScene(target{Name: "a"})
				options := s.options()
				c.hangs(s, &options, func() { <-let })
				s.begin(t, options)
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				s.Run(ctx)
				require.Less(t, time.Since(s.started), 20*time.Second)
			})
		})
	}
}

func TestAReloadDoesNotWaitForWhatIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		defer close(let)
		s := newScene(target{Name: "goes"}, target{Name: "stays"})
		s.forget = func() { <-let }
		s.play(t)
		s.wait(time.Second)
		s.targets["shop"] = []target{{Name: "stays"}}
		s.apply(t)
		s.until(10 * time.Minute)
		require.Len(t, s.runsAt("stays"), 11)
		require.Len(t, s.Assessments()[0].Runs, 1)
	})
}
