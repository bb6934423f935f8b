package engine_test

import (
	"context"
	"fmt"
	"runtime"
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
		s.look = func(_ context.Context, target target) (gauge, error) {
			time.Sleep(time.Second)
			return gauge{Name: target.Name}, nil
		}
		s.play(t, func(o *engine.Options) { o.MaxLooks, o.MaxLooksPerServer = 5, 2 })
		s.until(25 * time.Second)
		require.Equal(t, 60, s.outcome(engine.OutcomeSuccess))
		require.Equal(t, 5, s.most["all"])
		for i := range 3 {
			require.LessOrEqual(t, s.most[fmt.Sprint("server ", i)], 2)
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
		s.look = func(ctx context.Context, target target) (gauge, error) {
			if target.Server == "hangs" {
				<-ctx.Done()
				return gauge{}, context.Cause(ctx)
			}
			return gauge{Name: target.Name}, nil
		}
		s.play(t, func(o *engine.Options) { o.MaxLooks, o.MaxLooksPerServer = 3, 2 })
		s.until(10*time.Minute - time.Second)
		require.Len(t, s.looksAt("other"), 11)
		require.Len(t, s.looksAt("local"), 11)
		goroutines := runtime.NumGoroutine()
		s.until(60 * time.Minute)
		require.LessOrEqual(t, runtime.NumGoroutine(), goroutines, "who waits for a turn does not queue again")
		require.False(t, s.lookOf(t, "0").TriedAt.IsZero())
		require.True(t, s.Ready())
	})
}
