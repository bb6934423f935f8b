package engine_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFirstRunsAreSpreadAndLaterOnesFollowTheSchedule(t *testing.T) {
	for _, c := range []struct {
		expression string
		period     time.Duration
		jitter     time.Duration
	}{
		{"@every 1m", time.Minute, 6 * time.Second},
		{"*/10 * * * *", 10 * time.Minute, 30 * time.Second},
	} {
		t.Run(c.expression, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var targets []target
				for i := range 20 {
					targets = append(targets, target{Name: fmt.Sprint(i)})
				}
				s := newScene(targets...)
				s.schedule = c.expression
				s.play(t)
				s.until(2 * c.period)
				firsts, seconds := make(map[time.Duration]bool), make(map[time.Duration]bool)
				for _, target := range targets {
					runs := s.runsAt(target.Name)
					require.Len(t, runs, 3)
					require.Less(t, runs[0], 3*time.Second)
					require.GreaterOrEqual(t, runs[1], c.period-beforeMinute)
					require.Less(t, runs[1], c.period-beforeMinute+c.jitter)
					require.Equal(t, c.period, runs[2]-runs[1])
					firsts[runs[0]], seconds[runs[1]] = true, true
				}
				require.Greater(t, len(firsts), 15)
				require.Greater(t, len(seconds), 15)
			})
		})
	}
}

func TestWhatChangesIsCollectedSoonAndNotTooOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a"})
		s.schedule = "@every 1h"
		s.changes = make(chan struct{}, 1)
		slow := false
		s.collect = func(context.Context, target) (gauge, error) {
			if slow {
				time.Sleep(3 * time.Second)
			}
			return gauge{Name: "a"}, nil
		}
		s.play(t)
		s.wait(time.Second)
		require.Len(t, s.runsAt("a"), 1)
		s.until(10 * time.Second)
		s.changes <- struct{}{}
		s.wait(0)
		require.Equal(t, 10*time.Second, s.runsAt("a")[1], "at once")
		s.changes <- struct{}{}
		s.until(11 * time.Second)
		require.Equal(t, 11*time.Second, s.runsAt("a")[2], "and again a second later")
		s.until(20 * time.Second)
		require.Len(t, s.runsAt("a"), 3)
		slow = true
		s.changes <- struct{}{}
		s.until(21 * time.Second)
		s.changes <- struct{}{} // while it collects
		s.until(30 * time.Second)
		require.Equal(t, []time.Duration{20 * time.Second, 24 * time.Second}, s.runsAt("a")[3:])
	})
}

func TestAChangeDuringAScheduledRunIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(target{Name: "a"})
		s.changes = make(chan struct{}, 1)
		s.collect = func(context.Context, target) (gauge, error) {
			time.Sleep(3 * time.Second)
			return gauge{Name: "a"}, nil
		}
		s.play(t)
		s.until(beforeMinute + 10*time.Second) // it has run twice, the second time on schedule
		began := s.runsAt("a")[1]
		s.until(began + time.Minute + time.Second)
		s.changes <- struct{}{}
		s.until(began + time.Minute + 10*time.Second)
		require.Len(t, s.runsAt("a"), 4, "one that was under way when it changed, and one after it")
	})
}

func TestSchedulesAreInUTCUnlessTheyNameAZone(t *testing.T) {
	for _, c := range []struct {
		expression string
		hour       time.Duration
	}{
		{"0 3 * * *", 3},
		{"CRON_TZ=Asia/Tokyo 0 3 * * *", 18},
	} {
		t.Run(c.expression, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				local := time.Local
				time.Local = time.FixedZone("far", 5*60*60)
				defer func() { time.Local = local }()
				s := newScene(target{Name: "a"})
				s.schedule = c.expression
				s.play(t)
				s.until(24 * time.Hour)
				runs := s.runsAt("a")
				require.Len(t, runs, 2)
				require.Equal(t, c.hour*time.Hour, (runs[1] + beforeMinute).Truncate(time.Minute))
			})
		})
	}
}
