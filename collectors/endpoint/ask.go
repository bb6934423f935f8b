package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/httpclient"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
)

// A client asks one endpoint.
type client struct {
	prober
	target    Target
	address   *url.URL
	transport *http.Transport // to be cloned
	login     httpclient.Login
	expected  expectations
	// stranger: no certificate of ours is shown, and none of the server's is verified.
	stranger bool
}

// A finding is what asking an endpoint gives.
type finding struct {
	answers  []fact.EndpointAnswer
	notTried []fact.IPVersion
	plain    *fact.EndpointAnswer
	http3    []fact.HTTP3Answer
	shown    []*served
}

// An attempt is what was asked over one version of IP, and what came of it.
type attempt struct {
	answer fact.EndpointAnswer
	err    error // why there is no answer
	shown  served
	took   stopwatch
	http3  *fact.HTTP3Answer // nil: it was not asked over that
	// wanted: the server wanted a certificate of a stranger.
	wanted atomic.Bool
}

// ask asks over each version of IP at the same time, and over plain HTTP.
func (c *client) ask(ctx context.Context) (*finding, error) {
	attempts, plain, err := c.attempts(ctx)
	switch {
	case fact.ReasonOf(err) == fact.ReasonUnresolved:
		failure := fact.FailureOf(err)
		return &finding{answers: []fact.EndpointAnswer{{Failure: failure}}, shown: []*served{{err: err}}}, nil
	case err != nil:
		return nil, err
	}
	c.observe(attempts)
	return found(attempts, plain)
}

// attempts asks over each version of IP at the same time, and over plain HTTP; of that there is none where it is not to lead here. What is
// left of the time is for telling of those that hang.
func (c *client) attempts(ctx context.Context) (attempts []*attempt, plain *attempt, err error) {
	within := ctx
	if deadline, limited := ctx.Deadline(); limited {
		var end context.CancelFunc
		patience := time.Until(deadline) * 9 / 10
		within, end = context.WithTimeoutCause(ctx, patience,
			fact.Errorf(fact.ReasonTimeout, "no answer within %s", quantity.InWords(patience)))
		defer end()
	}
	versions, err := c.versions(within)
	if err != nil {
		return nil, nil, err
	}
	attempts = make([]*attempt, len(versions))
	http3, inClear := make([]*fact.HTTP3Answer, len(versions)), make([]*attempt, len(versions))
	address, redirects := c.plain()
	var asking sync.WaitGroup
	for i, version := range versions {
		asking.Go(func() { attempts[i] = c.attempt(within, version, *c.address) })
		if c.target.HTTP3 && version != fact.IPProxy {
			asking.Go(func() { http3[i] = c.overHTTP3(within, version) })
		}
		if redirects {
			asking.Go(func() { inClear[i] = c.attempt(within, version, address) })
		}
	}
	asking.Wait()
	if redirects {
		plain = plainOf(inClear)
	}
	for i, answer := range http3 {
		attempts[i].http3 = answer
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, nil, context.Cause(ctx)
	}
	return attempts, plain, nil
}

// plainOf is the attempt over plain HTTP that counts, of those over each version of IP: the first at which something is served, else the
// first that is answered. Only where it was not so over each does it say over which.
func plainOf(attempts []*attempt) *attempt {
	const noRoute, failed, answered, served = 0, 1, 2, 3
	rank := func(a *attempt) int {
		switch _, inClear := a.answer.InClear(); {
		case inClear:
			return served
		case len(a.answer.Steps) > 0:
			return answered
		case reach.NoRoute(a.err):
			return noRoute
		default:
			return failed
		}
	}
	best := slices.MaxFunc(attempts, func(a, b *attempt) int { return rank(a) - rank(b) })
	if rank(best) != served || !slices.ContainsFunc(attempts, func(a *attempt) bool { return rank(a) != served }) {
		best.answer.IPVersion = ""
	}
	return best
}

// observe reports how long the phases of whole answers took.
func (c *client) observe(attempts []*attempt) {
	if c.durations == nil {
		return
	}
	for _, each := range attempts {
		if each.err == nil {
			each.took.each(func(phase string, took time.Duration) {
				c.durations.ObserveEndpoint(c.target.System, c.target.Environment, c.target.URL, phase, took)
			})
		}
	}
}

// found puts attempts together. A version of IP by which this machine has no route says nothing of the endpoint, nor does a
// loopback address at which nothing listens beside one at which something does, or one that is not contacted.
func found(attempts []*attempt, plain *attempt) (*finding, error) {
	all := &finding{}
	if plain != nil {
		all.plain = &plain.answer
	}
	reached := slices.ContainsFunc(attempts, func(a *attempt) bool { return a.err == nil })
	for _, each := range attempts {
		switch {
		case reach.NoRoute(each.err):
			all.notTried = append(all.notTried, each.answer.IPVersion)
			continue
		case reached && reach.UnusedLoopback(each.err), reach.Refused(each.err):
			continue
		}
		all.answers = append(all.answers, each.answer)
		all.shown = append(all.shown, &each.shown)
		if each.http3 != nil {
			all.http3 = append(all.http3, *each.http3)
		}
	}
	if len(all.answers) == 0 {
		return nil, attempts[0].err
	}
	return all, nil
}

// versions are the versions of IP that the name of the endpoint has addresses of.
func (c *client) versions(ctx context.Context) (versions []fact.IPVersion, err error) {
	if proxy, err := c.proxy(&http.Request{URL: c.address}); err == nil && proxy != nil {
		return []fact.IPVersion{fact.IPProxy}, nil
	}
	host := c.address.Hostname()
	addresses := []netip.Addr{}
	if literal, err := netip.ParseAddr(host); err == nil {
		addresses = append(addresses, literal)
	} else if addresses, err = c.lookup(ctx, "ip", pki.ASCIIName(host)); err != nil {
		return nil, fmt.Errorf("resolve the name %s: %w", host, err)
	}
	for _, address := range addresses {
		version := fact.IPv6
		if address.Unmap().Is4() {
			version = fact.IPv4
		}
		if !slices.Contains(versions, version) {
			versions = append(versions, version)
		}
	}
	if len(versions) == 0 {
		return nil, fact.Errorf(fact.ReasonUnresolved, "resolve the name %s: it has no address", host)
	}
	slices.Sort(versions)
	return versions, nil
}

// plain is the same address without TLS, where there is to be a redirect at it: of an address at a port of its own there is none.
func (c *client) plain() (url.URL, bool) {
	address := *c.address
	address.Scheme, address.Host = "http", address.Hostname()
	if literal, err := netip.ParseAddr(address.Host); err == nil && literal.Is6() {
		address.Host = "[" + address.Host + "]"
	}
	return address, known(c.target).AtHTTPS()
}

// attempt asks over one version of IP, or any where none is named.
func (c *client) attempt(ctx context.Context, version fact.IPVersion, address url.URL) *attempt {
	made := &attempt{answer: fact.EndpointAnswer{IPVersion: version}, took: stopwatch{now: c.now}}
	if err := collector.Guard("ask "+c.target.URL, func() error { return c.walk(ctx, made, address) }); err != nil {
		made.fail(err)
	}
	return made
}

// walk follows redirects from an address, and notes what is answered.
func (c *client) walk(ctx context.Context, made *attempt, address url.URL) error {
	walk, err := c.newWalk(ctx, made, address)
	if err != nil {
		return err
	}
	defer walk.close()
	traced := httptrace.WithClientTrace(httptrace.WithClientTrace(ctx, made.took.trace()), made.shown.trace())
	if err = walk.run(traced, made); err == nil {
		return nil
	}
	var unverified *tls.CertificateVerificationError
	if errors.As(err, &unverified) {
		made.shown.chain(unverified.UnverifiedCertificates)
	}
	return httpclient.Error(ctx, err)
}

func (a *attempt) fail(err error) {
	a.err = err
	a.answer.Failure = fact.FailureOf(err)
	a.shown.failed(err)
}
