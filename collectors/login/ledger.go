package login

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// A Pace is how rarely passwords are tried. The zero value tries at once, and then as New says.
type Pace struct {
	// First is for how long the process runs before it tries any: one that ends and is started again and again tries none.
	First time.Duration
	// Again is how long an account that refused is left alone; zero: six hours.
	Again time.Duration
	// Unclear is the same of one that did not refuse, or gave an answer that says nothing; zero: one hour.
	Unclear time.Duration
}

// An account is a name at a server.
type account struct{ kind, server, username string }

// A ledger has what was tried of each account by this process. It outlives targets: one that is changed, taken away and declared again, or
// declared by several systems is one account.
type ledger struct {
	pace  Pace
	now   func() time.Time
	began time.Time

	mu    sync.Mutex
	pages map[account]*page
}

// A page is the last try of one account.
type page struct {
	turn   chan struct{} // holds a token while one tries
	tried  Target
	until  time.Time // when it may be tried again
	result outcome
	err    error
}

func newLedger(pace Pace, now func() time.Time) *ledger {
	pace.Again = cmp.Or(pace.Again, 6*time.Hour)
	pace.Unclear = cmp.Or(pace.Unclear, time.Hour)
	return &ledger{pace: pace, now: now, began: now(), pages: make(map[account]*page)}
}

// page is that of an account. There are as many as were ever declared.
func (l *ledger) page(of account) *page {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := l.pages[of]
	if found == nil {
		found = &page{turn: make(chan struct{}, 1)}
		l.pages[of] = found
	}
	return found
}

// once gives what came of the last try of a login, and tries it where its account may be tried.
func (l *ledger) once(ctx context.Context, t Target, try func(context.Context, Target) (outcome, error)) (fact.DefaultLogin, error) {
	found := known(t)
	at := l.page(account{t.Type, t.Server, t.Username})
	select {
	case at.turn <- struct{}{}:
		defer func() { <-at.turn }()
	case <-ctx.Done():
		return found, context.Cause(ctx)
	}
	now := l.now()
	switch wait := l.pace.First - now.Sub(l.began); {
	case now.Before(at.until) && at.tried == t.anonymous():
	case now.Before(at.until):
		return found, fact.Errorf(fact.ReasonPending, "another password of %s was tried at %s, which is left alone for %s",
			t.Username, t.Server, quantity.InWords(at.until.Sub(now).Round(time.Minute)))
	case wait > 0:
		return found, fact.Errorf(fact.ReasonPending, "passwords are tried once the exporter has run for %s", quantity.InWords(l.pace.First))
	default:
		if ctx.Err() != nil {
			return found, context.Cause(ctx)
		}
		l.try(ctx, at, t, try)
	}
	found.Accepted, found.Open, found.Refusal = at.result.accepted, at.result.open, at.result.refusal
	return found, at.err
}

// try notes a try before it is made, so that one that panics is one all the same.
func (l *ledger) try(ctx context.Context, at *page, t Target, try func(context.Context, Target) (outcome, error)) {
	at.tried, at.until, at.result = t.anonymous(), l.now().Add(l.pace.Unclear), outcome{}
	at.err = fact.Errorf(fact.ReasonPanic, "the last try of it panicked")
	at.result, at.err = try(ctx, t)
	switch {
	case !at.result.sent:
		at.until = time.Time{} // No server has counted anything: it may be tried as soon as it is there.
	case at.err == nil && !at.result.accepted && !at.result.open:
		at.until = l.now().Add(l.pace.Again)
	default:
		at.until = l.now().Add(l.pace.Unclear)
	}
}

// anonymous is a target without what it is called.
func (t Target) anonymous() Target {
	t.Name = ""
	return t
}
