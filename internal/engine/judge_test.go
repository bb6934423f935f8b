package engine_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
)

func TestTheFirstAssessmentWaitsUntilEveryTargetWasTried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "quick"}, target{Name: "slow"})
		s.timeout = 50 * time.Second
		s.collect = func(_ context.Context, target target) (gauge, error) {
			if target.Name == "slow" {
				time.Sleep(40 * time.Second)
			}
			return gauge{Name: target.Name}, nil
		}
		s.play(t)
		s.until(40 * time.Second)
		require.Empty(t, s.Assessments())
		require.False(t, s.Ready())
		s.until(40*time.Second + settled)
		require.Equal(t, check.Pass, s.result().Status)
		require.True(t, s.Ready())
	})
}

func TestTheFirstAssessmentWaitsForNoMoreThanAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "quick"}, target{Name: "slow"})
		s.timeout = 10 * time.Minute
		s.collect = func(ctx context.Context, target target) (gauge, error) {
			if target.Name == "slow" {
				<-ctx.Done()
			}
			return gauge{Name: target.Name}, nil
		}
		s.play(t)
		s.until(59 * time.Second)
		require.Empty(t, s.Assessments())
		s.until(70 * time.Second)
		require.Equal(t, check.Unknown, s.result().Status)
		require.True(t, s.Ready())
		require.Empty(t, s.Assessments()[0].History, "what was not collected yet is no news of the system")

		s.targets["shop"] = s.targets["shop"][:1]
		s.targets["blog"] = []target{{Name: "slow"}}
		s.apply(t)
		s.wait(30 * time.Second)
		require.Equal(t, []string{"shop/test"}, ids(s.Assessments()), "a system that comes later has a minute of its own")
		s.wait(40 * time.Second)
		require.Equal(t, []string{"blog/test", "shop/test"}, ids(s.Assessments()))
	})
}

func TestASystemInWhichNothingChangedIsJudgedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var level atomic.Int64
		s := newScene(target{Name: "a"}, target{Name: "b"})
		s.schedule = "@every 5s"
		s.collect = func(_ context.Context, target target) (gauge, error) {
			return gauge{Name: target.Name, Level: float64(level.Load())}, nil
		}
		s.play(t)
		s.until(5 * time.Second)
		judged := func(during time.Duration) (different int) {
			s.mu.Lock()
			s.published = s.published[len(s.published)-1:]
			s.mu.Unlock()
			s.wait(during)
			s.mu.Lock()
			defer s.mu.Unlock()
			for i := 1; i < len(s.published); i++ {
				if s.published[i][0] != s.published[i-1][0] {
					different++
				}
			}
			return different
		}
		times := judged(10 * time.Minute)
		require.LessOrEqual(t, times, 10)
		require.GreaterOrEqual(t, times, 8)
		level.Add(1)
		require.Equal(t, 2, judged(10*time.Second), "once for each target that has changed")
		last := s.Assessments()[0].Runs[0]
		s.wait(time.Minute)
		require.NotSame(t, last, s.Assessments()[0].Runs[0])
		same := s.Assessments()[0].Runs[0].Sets[0] == last.Sets[0]
		require.True(t, same, "sets that are equal stay the same")
	})
}

func TestASystemThatTakesLongToJudgeKeepsNoOtherWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const long = 20 * time.Second
		var level, underWay, most atomic.Int64
		s := newScene()
		s.targets = map[string][]target{"quick": {{Name: "quick"}}, "slow": {{Name: "slow"}}}
		s.schedule = "@every 1s"
		s.collect = func(_ context.Context, target target) (gauge, error) {
			return gauge{Name: target.Name, Level: float64(level.Load())}, nil
		}
		s.checks = []*check.Bound{bind(gauges(), "level", "", func(g *gauge) bool {
			if g.Name == "slow" {
				most.Store(max(most.Load(), underWay.Add(1)))
				time.Sleep(long)
				underWay.Add(-1)
			}
			return g.Level >= 0
		})}
		statuses := func() (all []check.Status) {
			for _, each := range s.Assessments() {
				all = append(all, each.Results[0].Status)
			}
			return all
		}
		s.play(t)
		s.wait(2 * time.Second)
		require.Equal(t, []string{"quick/test"}, ids(s.Assessments()))
		require.False(t, s.Ready(), "not all is known yet")
		s.wait(long)
		require.Equal(t, []check.Status{check.Pass, check.Pass}, statuses())
		require.True(t, s.Ready())

		level.Store(-1)
		s.wait(2 * time.Second)
		require.Equal(t, []check.Status{check.Fail, check.Pass}, statuses())
		level.Store(1) // while the other one is judged
		s.wait(2 * time.Second)
		require.Equal(t, []check.Status{check.Pass, check.Pass}, statuses())
		s.wait(long - 2*time.Second)
		require.Equal(t, []check.Status{check.Pass, check.Fail}, statuses())
		s.apply(t) // what is judged just now is not by the new plan
		s.wait(2 * long)
		require.Equal(t, []check.Status{check.Pass, check.Pass}, statuses(), "what changed in the meantime is judged too")
		require.EqualValues(t, 1, most.Load(), "one at a time")
		s.wait(long) // so that none is under way when the test ends
	})
}

func TestWhatWasStaleIsJudgedAtOnceWhenItIsCollectedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hangs atomic.Bool
		let := make(chan struct{})
		s := newScene(target{Name: "a"})
		s.timeout = 30 * time.Minute
		s.collect = func(_ context.Context, target target) (gauge, error) {
			if hangs.Load() {
				<-let
			}
			return gauge{Name: target.Name}, nil
		}
		s.play(t)
		s.until(10 * time.Second)
		hangs.Store(true)
		s.until(20 * time.Minute)
		require.Equal(t, check.Unknown, s.result().Status)
		hangs.Store(false)
		close(let)
		s.wait(settled)
		require.Equal(t, check.Pass, s.result().Status)
	})
}

// A memory keeps what it is given.
type memory struct {
	history  map[string]assess.History
	appended []assess.ChangedItem
	reads    int
}

func (m *memory) History(system string) assess.History {
	m.reads++
	return m.history[system]
}

func (m *memory) Append(system string, changed []assess.ChangedItem) {
	m.history[system] = m.history[system].With(changed)
	m.appended = append(m.appended, changed...)
}

func TestTheMemoryTellsSinceWhenAndIsToldOfChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var level atomic.Int64
		long := time.Now().Add(-40 * 24 * time.Hour)
		remembered := &memory{history: map[string]assess.History{
			"shop/test": {"gauge.level": {{At: long, Status: check.Pass}}},
		}}
		s := newScene(target{Name: "a"})
		s.collect = func(_ context.Context, target target) (gauge, error) {
			return gauge{Name: target.Name, Level: float64(level.Load())}, nil
		}
		s.play(t, func(o *engine.Options) { o.Memory = remembered })
		s.wait(settled)
		require.Equal(t, long, s.result().ChangedAt)
		require.Empty(t, remembered.appended)

		level.Store(-1)
		s.until(40 * time.Second)
		require.Equal(t, check.Fail, s.result().Status)
		changed := s.result().ChangedAt
		require.Equal(t, []assess.ChangedItem{{
			Check: "gauge.level", Change: assess.Change{At: changed, Status: check.Fail},
		}}, remembered.appended)
		require.Equal(t, changed, s.Assessments()[0].History.Regressed("gauge.level"))

		s.apply(t)
		s.wait(time.Minute)
		require.Len(t, remembered.appended, 1)
		require.Equal(t, changed, s.result().ChangedAt)
		require.Equal(t, 1, remembered.reads, "it is read when a system comes")
	})
}

func TestOnceReadsTheMemoryAndWritesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := time.Now().Add(-time.Hour)
		remembered := &memory{history: map[string]assess.History{
			"shop/test": {"gauge.level": {{At: long, Status: check.Pass}}},
		}}
		s := newScene(target{Name: "a"})
		options := s.options()
		options.Memory = remembered
		s.Engine = engine.New(options)
		assessments, err := s.Once(t.Context(), s.plans(), func(int, int) {})
		require.NoError(t, err)
		require.Equal(t, long, assessments[0].Results[0].ChangedAt)
		require.Empty(t, remembered.appended)
	})
}

func TestFirstRunsAreSpreadOverTenMillisecondsATarget(t *testing.T) {
	for _, c := range []struct {
		targets int
		spread  time.Duration
	}{{1, 10 * time.Millisecond}, {100, time.Second}, {2000, 3 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(manyTargets(c.targets)...)
			s.play(t, func(o *engine.Options) { o.MaxRuns, o.MaxRunsPerServer = 10*c.targets, 10*c.targets })
			s.until(5 * time.Second)
			var first []time.Duration
			for _, target := range s.targets["shop"] {
				first = append(first, s.runsAt(target.Name)[0])
			}
			require.Less(t, slices.Max(first), c.spread)
			if c.targets > 1 {
				require.Greater(t, slices.Max(first)-slices.Min(first), c.spread*9/10)
			}
		})
	}
}
