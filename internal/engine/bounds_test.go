package engine_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/engine"
)

func TestBoundsHoldInAllAndForEachServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var targets []target
		for i := range 30 {
			targets = append(targets, target{Name: fmt.Sprint(i), Server: fmt.Sprint(i % 3)})
		}
		for i := range 30 {
			targets = append(targets, target{Name: fmt.Sprint("local ", i)})
		}
		s := newScene(targets...)
		s.collect = func(_ context.Context, target target) (gauge, error) {
			time.Sleep(time.Second)
			return gauge{Name: target.Name}, nil
		}
		s.play(t, func(o *engine.Options) { o.MaxRuns, o.MaxRunsPerServer = 5, 2 })
		s.until(25 * time.Second)
		require.LessOrEqual(t, s.mostOf("all"), 5)
		s.until(80 * time.Second)
		require.Equal(t, 120, s.outcome(engine.OutcomeSuccess))
		require.Equal(t, 5, s.mostOf("all"))
		for i := range 3 {
			require.LessOrEqual(t, s.mostOf(fmt.Sprint("server ", i)), 2)
		}
	})
}

func TestAServerThatHangsStarvesNobodyAndPilesNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		targets := []target{{Name: "other", Server: "other"}, {Name: "local"}}
		for i := range 50 {
			targets = append(targets, target{Name: fmt.Sprint(i), Server: "hangs"})
		}
		s := newScene(targets...)
		s.timeout = 50 * time.Second
		s.collect = func(ctx context.Context, target target) (gauge, error) {
			if target.Server == "hangs" {
				<-ctx.Done()
				return gauge{}, context.Cause(ctx)
			}
			return gauge{Name: target.Name}, nil
		}
		s.play(t, func(o *engine.Options) { o.MaxRuns, o.MaxRunsPerServer = 3, 2 })
		s.until(10*time.Minute - time.Second)
		require.Len(t, s.runsAt("other"), 11)
		require.Len(t, s.runsAt("local"), 11)
		s.until(60 * time.Minute)
		goroutines := runtime.NumGoroutine()
		s.until(120 * time.Minute)
		require.Less(t, runtime.NumGoroutine(), goroutines+10, "who waits for a turn does not queue again") // hundreds would
		require.False(t, s.runOf(t, "0").TriedAt.IsZero())
		require.True(t, s.Ready())
	})
}

func manyTargets(count int) (targets []target) {
	for i := range count {
		targets = append(targets, target{Name: fmt.Sprint(i)})
	}
	return targets
}

func TestTargetsThatHangNeverKeepThoseThatAnswerFromTheirTurn(t *testing.T) {
	for _, c := range []struct {
		name            string
		server          string
		runs, perServer int
	}{
		{"over all", "", 16, 100},
		{"at one server", "one", 100, 16},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var targets []target
				for i := range 400 {
					targets = append(targets, target{Name: fmt.Sprint(i), Server: c.server, Revision: i % 2})
				}
				s := newScene(targets...)
				s.timeout = 30 * time.Second
				s.collect = func(ctx context.Context, target target) (gauge, error) {
					if target.Revision == 1 {
						<-ctx.Done()
					}
					return gauge{Name: target.Name}, context.Cause(ctx)
				}
				s.play(t, func(o *engine.Options) { o.MaxRuns, o.MaxRunsPerServer = c.runs, c.perServer })
				const length, jitter = time.Hour, 6 * time.Second
				s.until(length)
				for _, target := range targets {
					runs := s.runsAt(target.Name)
					require.NotEmpty(t, runs, "the first run of everything comes")
					if target.Revision == 1 {
						continue
					}
					// The first may have had to wait for those that hang, since nobody knew yet who does.
					for i := 2; i < len(runs); i++ {
						require.Equal(t, time.Minute, runs[i]-runs[i-1])
						require.Less(t, (runs[i]+beforeMinute)%time.Minute, jitter, "it is on time")
					}
					require.Greater(t, runs[len(runs)-1], length-time.Minute)
				}
				require.LessOrEqual(t, s.mostOf("all"), 16)
			})
		})
	}
}

func TestATargetThatAnswersAgainHasItsRhythmAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(manyTargets(20)...)
		var hang atomic.Bool
		hang.Store(true)
		s.collect = func(ctx context.Context, target target) (gauge, error) {
			if hang.Load() {
				<-ctx.Done()
			}
			return gauge{Name: target.Name}, context.Cause(ctx)
		}
		s.play(t, func(o *engine.Options) { o.MaxRuns = 4 })
		s.until(10 * time.Minute)
		require.Zero(t, s.outcome(engine.OutcomeSuccess))
		hang.Store(false)
		s.until(12 * time.Minute)
		before := s.outcome(engine.OutcomeSuccess)
		s.until(22 * time.Minute)
		require.Equal(t, 200, s.outcome(engine.OutcomeSuccess)-before)
	})
}

func TestBoundsBelowOneAreOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a", Server: "x"}, target{Name: "b", Server: "x"})
		s.collect = func(_ context.Context, target target) (gauge, error) {
			time.Sleep(time.Second)
			return gauge{Name: target.Name}, nil
		}
		s.play(t, func(o *engine.Options) { o.MaxRuns, o.MaxRunsPerServer = -1, 0 })
		s.until(10 * time.Second)
		require.Equal(t, 2, s.outcome(engine.OutcomeSuccess))
		require.Equal(t, 1, s.mostOf("all"))
	})
}
