package login

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// A clock is set by the test.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// systems declare the same login under names of their own.
func systems(count int, declared system.DefaultLogin) (all []*system.System) {
	for i := range count {
		declared.Name = fmt.Sprintf("login-%d", i)
		all = append(all, &system.System{Name: fmt.Sprintf("shop-%d", i), Environment: "production", Logins: []system.DefaultLogin{declared}})
	}
	return all
}

// runAll has every target of systems collected at one time, as a reload that changed them all would.
func runAll(t *testing.T, from collector.Any, described []*system.System) (collected []fact.AnySet, errs []error) {
	t.Helper()
	var mu sync.Mutex
	var work sync.WaitGroup
	for _, s := range described {
		for _, job := range from.Jobs(s, fact.Needs{}) {
			work.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				sets, err := job.Collect(ctx, nil)
				mu.Lock()
				defer mu.Unlock()
				collected, errs = append(collected, sets...), append(errs, err)
			})
		}
	}
	work.Wait()
	return collected, errs
}

// TestADayOfRunsAndReloadsIsFourTries: ten systems declare one Grafana, the collector runs every ten minutes, and every run is one after a
// reload. Grafana counts four tries in a day, and never blocks anybody.
func TestADayOfRunsAndReloadsIsFourTries(t *testing.T) {
	clock := newClock()
	grafana := world.NewGrafana(t, world.GrafanaSettings{Password: "x", Now: clock.now})
	from := newProber(Pace{}, clock.now).collector()
	described := systems(10, system.DefaultLogin{Type: fact.LoginGrafana, URL: grafana.URL})
	for range 24 * 6 {
		sets, errs := runAll(t, from, described)
		require.Len(t, sets, len(described))
		for _, err := range errs {
			require.NoError(t, err)
		}
		require.False(t, grafana.Blocked())
		clock.pass(10 * time.Minute)
	}
	require.Equal(t, 4, grafana.Tried())
}

// TestRealServersCountOneTry: what PostgreSQL and OpenSSH log of a hundred runs.
func TestRealServersCountOneTry(t *testing.T) {
	database := postgres(t, "scram-sha-256", "host all all all scram-sha-256")
	shell := servers.SSHD(t, "PasswordAuthentication yes", "PermitRootLogin yes", "LogLevel INFO")
	for _, test := range []struct {
		declared system.DefaultLogin
		log      func() string
		line     string
	}{
		{system.DefaultLogin{Type: fact.LoginPostgreSQL, Address: database.Addr, Username: "other"}, database.Log, "password authentication failed"},
		{system.DefaultLogin{Type: fact.LoginSSH, Address: shell.Addr, Username: "root", Password: "root"}, shell.Log, "Failed password"},
	} {
		t.Run(test.declared.Type, func(t *testing.T) {
			clock := newClock()
			from := newProber(Pace{}, clock.now).collector()
			for range 2 {
				for range 50 {
					_, errs := runAll(t, from, systems(1, test.declared))
					require.Equal(t, []error{nil}, errs)
				}
				clock.pass(6 * time.Hour)
			}
			require.EventuallyWithT(t, func(c *assert.CollectT) {
				require.Equal(c, 2, strings.Count(test.log(), test.line), "%s", test.log())
			}, 2*time.Minute, 20*time.Millisecond)
		})
	}
}

func TestThePaceOfTries(t *testing.T) {
	declared := system.DefaultLogin{Type: fact.LoginHTTP, URL: "http://shop.example.com/"}
	refused, accepted := outcome{refusal: "no", sent: true}, outcome{accepted: true, sent: true}
	failed := fact.Errorf(fact.ReasonTimeout, "no answer")
	for name, test := range map[string]struct {
		pace   Pace
		result outcome
		err    error
		tried  []time.Duration // since the start, of 24 hours in steps of ten minutes
	}{
		"a refusal holds for six hours":                     {Pace{}, refused, nil, []time.Duration{0, 6 * time.Hour, 12 * time.Hour, 18 * time.Hour}},
		"what sent nothing is tried again at once":          {Pace{Again: 8 * time.Hour}, outcome{}, failed, every(10 * time.Minute)},
		"what was sent and not answered, after an hour":     {Pace{}, outcome{sent: true}, failed, every(time.Hour)},
		"an acceptance, which nobody counts, after an hour": {Pace{}, accepted, nil, every(time.Hour)},
		"the first waits until the process has run for a time": {
			Pace{First: 5 * time.Minute}, refused, nil,
			[]time.Duration{10 * time.Minute, 6*time.Hour + 10*time.Minute, 12*time.Hour + 10*time.Minute, 18*time.Hour + 10*time.Minute},
		},
	} {
		t.Run(name, func(t *testing.T) {
			clock := newClock()
			began := clock.now()
			book := newLedger(test.pace, clock.now)
			var tried []time.Duration
			for range 24 * 6 {
				_, err := book.once(t.Context(), targetOf(t, declared), func(context.Context, Target) (outcome, error) {
					tried = append(tried, clock.now().Sub(began))
					return test.result, test.err
				})
				if len(tried) > 0 {
					require.Equal(t, test.err, err, "the last try holds until the next")
				} else {
					require.Equal(t, fact.ReasonPending, fact.ReasonOf(err))
				}
				clock.pass(10 * time.Minute)
			}
			require.Equal(t, test.tried, tried)
		})
	}
}

func every(step time.Duration) (all []time.Duration) {
	for at := time.Duration(0); at < 24*time.Hour; at += step {
		all = append(all, at)
	}
	return all
}

// TestAnotherPasswordOfTheSameAccountWaits: who guards the account counts both.
func TestAnotherPasswordOfTheSameAccountWaits(t *testing.T) {
	clock := newClock()
	book := newLedger(Pace{}, clock.now)
	tries := 0
	try := func(context.Context, Target) (outcome, error) {
		tries++
		return outcome{refusal: "no", sent: true}, nil
	}
	first := targetOf(t, system.DefaultLogin{Type: fact.LoginGrafana, URL: "https://grafana.example.com/"})
	second := targetOf(t, system.DefaultLogin{Type: fact.LoginGrafana, URL: "https://grafana.example.com/", Password: "prom-operator"})
	_, err := book.once(t.Context(), first, try)
	require.NoError(t, err)
	_, err = book.once(t.Context(), second, try)
	require.Equal(t, fact.ReasonPending, fact.ReasonOf(err))
	require.EqualError(t, err, "admin was tried at grafana.example.com:443 with another password or in another way, and is left alone for 6 h")
	// Both ask every ten minutes, the first one first: each has its turn all the same.
	tried := map[Target]int{}
	count := func(_ context.Context, t Target) (outcome, error) {
		tried[t]++
		return outcome{refusal: "no", sent: true}, nil
	}
	for range 24 * 6 {
		clock.pass(10 * time.Minute)
		_, err = book.once(t.Context(), first, count)
		require.NoError(t, err, "what was found before holds")
		_, err = book.once(t.Context(), second, count)
		require.True(t, err == nil || tried[second] == 0)
	}
	require.Equal(t, map[Target]int{first: 2, second: 2}, tried)
	// Once nobody declares the second any more, the first does not wait for it.
	for range 24 * 6 {
		clock.pass(10 * time.Minute)
		_, err = book.once(t.Context(), first, count)
		require.NoError(t, err)
	}
	require.Equal(t, map[Target]int{first: 6, second: 2}, tried)
	require.Equal(t, 1, tries)
}

// TestATryThatPanicsIsOne: it is not made again at once.
func TestATryThatPanicsIsOne(t *testing.T) {
	book := newLedger(Pace{}, newClock().now)
	tries := 0
	target := targetOf(t, system.DefaultLogin{Type: fact.LoginHTTP, URL: "http://shop.example.com/"})
	try := func(context.Context, Target) (outcome, error) {
		tries++
		panic("a defect")
	}
	require.Panics(t, func() { _, _ = book.once(t.Context(), target, try) })
	_, err := book.once(t.Context(), target, try)
	require.Equal(t, fact.ReasonPanic, fact.ReasonOf(err))
	require.Equal(t, 1, tries)
}

// TestALoginThatWaitsIsNoFailure: it is pending, which no history counts as a loss.
func TestALoginThatWaitsIsNoFailure(t *testing.T) {
	clock := newClock()
	from := newProber(Pace{First: 5 * time.Minute}, clock.now).collector()
	sets, errs := runAll(t, from, systems(1, system.DefaultLogin{Type: fact.LoginHTTP, URL: "http://192.0.2.1/"}))
	require.Equal(t, []error{nil}, errs)
	require.Zero(t, sets[0].Len())
	require.Equal(t, []fact.Gap{{
		Subject: "login-0", Reason: fact.ReasonPending, Detail: "passwords are tried once the exporter has run for 5 min",
	}}, sets[0].Gaps())
}
