package endpoint

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// discovered is the target of an endpoint that was discovered. Nobody has declared it: it is asked once, without following redirects,
// without a login, past no proxy, only at the ports and addresses that it may have, and nothing is kept of what it says but the status.
func discovered(s *system.System, found system.Endpoint) Target {
	t := Target{Endpoint: found, System: s.Name, Environment: s.Environment, Certificate: found.Found.Certificate}
	t.Found = found.Found.Target()
	return t
}

// within is the prober that keeps to what may be contacted for a target.
func (p prober) within(t Target) prober {
	fence := reach.Fence{Own: t.Found.Addresses}
	if address, err := url.Parse(t.URL); err == nil {
		if port, err := strconv.Atoi(portOf(address)); err == nil {
			fence.Ports = append(fence.Ports, port)
		}
	}
	if t.Found.Plain {
		fence.Ports = append(fence.Ports, 80)
	}
	connect := p.fenced(fence)
	p.dial = func(ctx context.Context, network, address string, _ bool) (net.Conn, error) {
		return connect(ctx, network, address)
	}
	// A proxy would resolve the name by itself, and reach what this machine does not.
	p.proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	return p
}

// unavailable is what is known of a target that could not be asked. Of one that nobody has declared that is no failure of the collector.
func unavailable(t Target, err error) []fact.AnySet {
	sets := declared(t)
	for i, set := range sets {
		sets[i] = set.Fail(t.URL, *fact.FailureOf(err))
	}
	return sets
}

func fenced(f reach.Fence) func(ctx context.Context, network, address string) (net.Conn, error) {
	return f.Dialer().DialContext
}

// acquaintances are the discovered targets that were reached once: from then on, that one cannot be reached is news of it.
type acquaintances struct {
	mu  sync.Mutex
	met map[acquaintance]bool
}

type acquaintance struct{ system, environment, url string }

// meet notes who was reached. It gives the error of one that was discovered and never was: it may be none of this system's, or out of
// this machine's reach.
func (a *acquaintances) meet(t Target, found *finding) error {
	if t.Found == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	who := acquaintance{t.System, t.Environment, t.URL}
	var failed error
	for _, each := range found.shown {
		shown, err := each.get()
		if shown.IP != "" {
			if a.met == nil {
				a.met = make(map[acquaintance]bool)
			}
			a.met[who] = true
		} else if err != nil {
			failed = err
		}
	}
	if a.met[who] {
		return nil
	}
	return failed
}

func (a *acquaintances) forget(t Target) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.met, acquaintance{t.System, t.Environment, t.URL})
}
