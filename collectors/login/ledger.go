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

// A page is what was tried of one account.
type page struct {
	turn  chan struct{} // holds a token while one tries
	until time.Time     // when it may be tried again
	// tries are those of each login of the account: with each password, and in each way.
	tries map[Target]*try
}

// A try is the last one of a login, and what came of it.
type try struct {
	at    time.Time // zero: there was none yet
	asked time.Time // when somebody last wanted to know
	outcome
	err error
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
		found = &page{turn: make(chan struct{}, 1), tries: make(map[Target]*try)}
		l.pages[of] = found
	}
	return found
}

// patience is for how long a login keeps its turn without asking for it: its declaration may be gone.
const patience = time.Hour

// once gives what came of the last try of a login, and tries it where its account may be tried, and it was not tried later than another
// login of the account.
func (l *ledger) once(ctx context.Context, t Target, attempt func(context.Context, Target) (outcome, error)) (fact.DefaultLogin, error) {
	found := known(t)
	at := l.page(account{t.Type, t.Server, t.Username})
	select {
	case at.turn <- struct{}{}:
		defer func() { <-at.turn }()
	case <-ctx.Done():
		return found, context.Cause(ctx)
	}
	now, last := l.now(), at.tries[t.anonymous()]
	if last == nil {
		last = &try{}
		at.tries[t.anonymous()] = last
	}
	last.asked = now
	switch wait := l.pace.First - now.Sub(l.began); {
	case now.Before(at.until) || at.others(last, now):
		if last.at.IsZero() {
			return found, fact.Errorf(fact.ReasonPending, "%s was tried at %s with another password or in another way, and is left alone for %s",
				t.Username, t.Server, quantity.InWords(max(at.until.Sub(now), time.Minute).Round(time.Minute)))
		}
	case wait > 0:
		return found, fact.Errorf(fact.ReasonPending, "passwords are tried once the exporter has run for %s", quantity.InWords(l.pace.First))
	default:
		if ctx.Err() != nil {
			return found, context.Cause(ctx)
		}
		// One that panics is one all the same.
		last.at, at.until = now, now.Add(l.pace.Unclear)
		last.outcome, last.err = outcome{}, fact.Errorf(fact.ReasonPanic, "the last try of it panicked")
		last.outcome, last.err = attempt(ctx, t)
		at.until = l.next(last)
	}
	found.Accepted, found.Open, found.Refusal = last.accepted, last.open, last.refusal
	return found, last.err
}

// others tells whether it is the turn of another login that somebody still asks for.
func (p *page) others(own *try, now time.Time) bool {
	for _, each := range p.tries {
		if each.at.Before(own.at) && now.Sub(each.asked) <= patience {
			return true
		}
	}
	return false
}

// next is when an account may be tried again.
func (l *ledger) next(last *try) time.Time {
	switch {
	case !last.sent:
		return time.Time{} // No server has counted anything: it may be tried as soon as it is there.
	case last.err == nil && !last.accepted && !last.open:
		return l.now().Add(l.pace.Again)
	default:
		return l.now().Add(l.pace.Unclear)
	}
}

// anonymous is a target without what it is called.
func (t Target) anonymous() Target {
	t.Name = ""
	return t
}
