package schedule

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A clock can be set, as that of a machine, while time passes as ever.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) set(by time.Duration) { c.ahead.Add(int64(by)) }

// A play is a runner that runs in a bubble, with when its entries fired since the start.
type play struct {
	*Runner
	*clock
	started time.Time
	fired   map[string][]time.Duration
}

func begin(t *testing.T) *play {
	t.Helper()
	p := &play{Runner: NewRunner(), clock: new(clock), started: time.Now(), fired: make(map[string][]time.Duration)}
	p.wall = p.now
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return p
}

func (p *play) add(t *testing.T, name, expression string) *Entry {
	t.Helper()
	parsed, err := Parse(expression, p.now())
	require.NoError(t, err)
	return p.Add(parsed, func() { p.fired[name] = append(p.fired[name], time.Since(p.started)) })
}

// until lets time pass until a time since the start, and everything that it brings happen.
func (p *play) until(d time.Duration) {
	time.Sleep(d - time.Since(p.started))
	synctest.Wait()
}

func TestEntriesFireInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := begin(t)
		var order []string
		for _, expression := range []string{"@every 3m", "@every 1m", "@every 2m"} {
			parsed, err := Parse(expression, p.now())
			require.NoError(t, err)
			p.Add(parsed.Moved(time.Second), func() { order = append(order, expression) })
		}
		p.until(2*time.Minute + 2*time.Second)
		// The bubble begins at midnight, where all three fire one second later.
		slices.Sort(order[:3])
		require.Equal(t, []string{"@every 1m", "@every 2m", "@every 3m", "@every 1m"}, order[:4])
		require.ElementsMatch(t, []string{"@every 1m", "@every 2m"}, order[4:])
	})
}

func TestAnEntryThatIsAddedLaterFiresInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := begin(t)
		p.add(t, "slow", "@every 1h")
		p.until(time.Minute)
		p.add(t, "quick", "@every 1s")
		p.until(time.Minute + 2*time.Second)
		require.Equal(t, []time.Duration{61 * time.Second, 62 * time.Second}, p.fired["quick"])
	})
}

func TestARemovedEntryFiresNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := begin(t)
		goes, stays := p.add(t, "goes", "@every 1m"), p.add(t, "stays", "@every 1m")
		p.until(time.Minute)
		p.Remove(goes)
		p.Remove(goes) // once more changes nothing
		p.until(3 * time.Minute)
		require.Equal(t, []time.Duration{time.Minute}, p.fired["goes"])
		require.Len(t, p.fired["stays"], 3)
		p.Remove(stays)
		p.until(time.Hour)
		require.Len(t, p.fired["stays"], 3)
	})
}

func TestManyEntriesKeepTheirRhythm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := begin(t)
		for i := range 2000 {
			p.add(t, fmt.Sprint(i), fmt.Sprintf("@every %ds", 20+i%41))
		}
		p.until(10 * time.Minute)
		for i := range 2000 {
			period := time.Duration(20+i%41) * time.Second
			fired := p.fired[fmt.Sprint(i)]
			require.InDelta(t, float64(10*time.Minute/period), float64(len(fired)), 1)
			for j := 1; j < len(fired); j++ {
				require.Equal(t, period, fired[j]-fired[j-1])
			}
		}
	})
}

// thrice fires at three times and never again.
type thrice []time.Time

func (t thrice) Next(after time.Time) time.Time {
	for _, next := range t {
		if next.After(after) {
			return next
		}
	}
	return time.Time{}
}

func TestAScheduleThatNeverFiresAgainIsQuietAndHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := begin(t)
		at := func(d time.Duration) time.Time { return p.started.Add(d) }
		count := 0
		p.Add(Schedule{fires: thrice{}}, func() { t.Error("it never fires") })
		p.Add(Schedule{fires: thrice{at(time.Minute), at(2 * time.Minute), at(3 * time.Minute)}}, func() { count++ })
		p.add(t, "other", "@every 1m")
		p.until(time.Hour)
		require.Equal(t, 3, count)
		require.Len(t, p.fired["other"], 60)
		p.set(-58 * time.Minute)
		p.until(2 * time.Hour)
		require.Equal(t, 4, count, "the clock was set back to before it fired last")
	})
}

func TestSchedulesSurviveThatTheClockIsSet(t *testing.T) {
	const day = 24 * time.Hour
	for _, expression := range []string{"@every 10m", "*/10 * * * *"} {
		for _, c := range []struct {
			name string
			step time.Duration
			late time.Duration // the next firing after the step is within this time
		}{
			{"back a day", -day, 10*time.Minute + maximumSleep},
			{"back a minute", -time.Minute, 11*time.Minute + maximumSleep},
			{"forward a day, or suspended for one", day, maximumSleep},
			{"forward to within the interval", 2 * time.Minute, 8 * time.Minute},
		} {
			t.Run(expression+" "+c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := begin(t)
					p.add(t, "a", expression)
					p.until(time.Hour + time.Minute)
					before := len(p.fired["a"])
					require.Equal(t, 6, before)
					require.Zero(t, p.Steps())
					p.set(c.step)
					p.until(time.Hour + time.Minute + c.late)
					require.Len(t, p.fired["a"], before+1, "what was left out is called once")
					require.Equal(t, 1, p.Steps())
					p.until(3 * time.Hour)
					after := p.fired["a"][before+1:]
					require.NotEmpty(t, after)
					for i := 1; i < len(after); i++ {
						require.Equal(t, 10*time.Minute, after[i]-after[i-1])
					}
					require.Equal(t, 1, p.Steps())
				})
			})
		}
	}
}

func TestAClockThatIsCorrectedGentlyIsNoStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := begin(t)
		p.add(t, "a", "@every 1m")
		for i := range 100 {
			p.set(-20 * time.Millisecond)
			p.until(time.Duration(i+1) * time.Second)
		}
		require.Zero(t, p.Steps())
		require.Len(t, p.fired["a"], 1)
	})
}
