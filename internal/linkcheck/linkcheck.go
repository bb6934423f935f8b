// Package linkcheck asks whether pages are there that somebody else has written a link to: rarely, slowly, without a login, and at public
// addresses alone.
package linkcheck

import (
	"cmp"
	"context"
	"net"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

const (
	// again is after how long a page that is there is asked again, retried after how long one that is not.
	again   = 24 * time.Hour
	retried = 50 * time.Minute
	// budget is how long one run asks.
	budget = 3 * time.Minute
)

// Connect makes a connection.
type Connect func(ctx context.Context, network, address string) (net.Conn, error)

// Options say how links are asked.
type Options struct {
	Now     func() time.Time
	Connect Connect       // nil: to public addresses alone
	Pause   time.Duration // between two requests to one server
	// About is what the links are of, for the servers that are asked: "links of documents".
	About string
	// Pages: it is asked by GET, and the beginning of what is answered is read, to tell a page from one that asks for a password.
	Pages bool
}

// A State is what is known of one link.
type State struct {
	At     time.Time // when it was last asked; zero: never
	Since  time.Time // when it first failed; zero: it is alive
	Times  int       // how often it failed in a row
	Alive  time.Time // when it was last alive; zero: never
	Detail string    // how it failed
	Status int       // of the last answer; 0: there was none
	Login  bool      // the answer was a page to log in, or that one has to
	Silent bool      // no server answered
	Beyond bool      // it is not to be asked: it leads to no public address
}

// Waits tells whether nothing is known of it yet: it was not asked, or the server wants to be asked less often.
func (s *State) Waits() bool { return s.At.IsZero() || s.Status == tooMany && s.Alive.IsZero() }

// due tells whether it is time to ask.
func (s *State) due(options Options) bool {
	wait := again
	if !s.Since.IsZero() || options.Pages && s.Waits() {
		wait = retried
	}
	return options.Now().Sub(s.At) >= wait
}

// Known has what is known of links, by their URLs.
type Known map[string]*State

// Keep has it know these links and no others.
func (k Known) Keep(links []string) {
	for link := range k {
		if !slices.Contains(links, link) {
			delete(k, link)
		}
	}
	for _, link := range links {
		if k[link] == nil {
			k[link] = &State{}
		}
	}
}

// Ask asks the links whose time it is, those first that wait longest. Where no server at all answers, the fault is no link's.
func (k Known) Ask(ctx context.Context, options Options) error {
	now := options.Now()
	var due []string
	for link, state := range k {
		if state.due(options) {
			due = append(due, link)
		}
	}
	slices.SortFunc(due, func(a, b string) int { return cmp.Or(k[a].At.Compare(k[b].At), cmp.Compare(a, b)) })
	asker := newAsker(options)
	defer asker.close()
	begun, answered, failure := time.Now(), false, ""
	before := make(map[string]State, len(due))
	for _, link := range due {
		if time.Since(begun) > budget {
			break
		}
		before[link] = *k[link]
		asker.ask(ctx, link, k[link], now)
		if ctx.Err() != nil {
			*k[link] = before[link]
			return context.Cause(ctx)
		}
		if state := k[link]; state.Silent {
			failure = state.Detail
		} else {
			answered = answered || !state.Beyond
		}
	}
	if answered || failure == "" {
		return nil
	}
	for link, was := range before {
		*k[link] = was
	}
	return fact.Errorf(fact.ReasonUnreachable, "no server answers any of them, as if this machine reached none: %s", failure)
}
