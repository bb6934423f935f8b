// Package vantage takes over from other exporters what they collected from vantage points.
package vantage

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/exchange"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/httpclient"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	// maximumAnswer is how long an answer may be, in bytes; that about an endpoint has about 5 KB.
	maximumAnswer = 8 << 20
	// agreeing is by how much clocks may differ before that is reported. Facts are dated by the clock of whoever collected them.
	agreeing = 30 * time.Second
	// apart is by how much they may differ before nothing counts: an answer that old may be one that was kept on its way.
	apart = 5 * time.Minute
)

// A Target is a vantage point of a system, with the system as it is collected from there.
type Target struct {
	system.VantagePoint
	From *system.System
}

// New makes the collector of vantage points, at which other exporters run these collectors.
//
// What another exporter answers is not trusted beyond what it was asked for: it counts as far as it is about targets that are declared
// here in the same way. All else of what should be there is unavailable.
func New(outside []collector.Any) collector.Any {
	return declaredOnly{puller{outside: outside, now: time.Now}.collector()}
}

// declaredOnly is the collector as it yields those kinds alone of which something is declared: with a vantage point there is no more to
// collect of any other than without.
type declaredOnly struct{ collector.Any }

func (d declaredOnly) Jobs(s *system.System, needs fact.Needs) []collector.Job {
	jobs := d.Any.Jobs(s, needs)
	for i := range jobs {
		all, collect := jobs[i].Declared, jobs[i].Collect
		only := func(sets []fact.AnySet) (some []fact.AnySet) {
			for at, set := range sets {
				if len(all[at].Gaps()) > 0 {
					some = append(some, set)
				}
			}
			return some
		}
		jobs[i].Declared = only(all)
		jobs[i].Collect = func(ctx context.Context, asked fact.Topics) ([]fact.AnySet, error) {
			sets, err := collect(ctx, asked)
			return only(sets), err
		}
	}
	return jobs
}

// A puller has what a run needs of the world around.
type puller struct {
	outside []collector.Any
	now     func() time.Time
}

func (p puller) collector() collector.Any {
	return collector.Collector[Target]{
		Name:     "vantage",
		Summary:  "What other exporters collected from vantage points: endpoints, certificates, names, ports, SSH servers.",
		Yields:   append([]fact.Any{fact.VantagePoints()}, exchange.Kinds()...),
		Schedule: "@every 1m",
		Timeout:  20 * time.Second,
		Targets:  targets,
		Target:   func(t Target) string { return t.Name },
		Server:   server,
		Known:    p.known,
		Collect: func(ctx context.Context, t Target, _ fact.Topics) ([]fact.AnySet, error) {
			return p.collect(ctx, t)
		},
	}
}

func targets(s *system.System) (all []Target) {
	for _, each := range s.VantagePoints {
		all = append(all, Target{VantagePoint: each, From: s.From(each.Name)})
	}
	return all
}

func server(t Target) string {
	address, err := url.Parse(t.URL)
	if err != nil {
		return ""
	}
	return system.HostPort(address)
}

// expected are the runs that there should be at the vantage point.
func (p puller) expected(t Target) (all []exchange.Expected) {
	for _, each := range p.outside {
		from := collector.From(t.Name, each)
		for _, job := range from.Jobs(t.From, fact.Needs{}) {
			all = append(all, exchange.Expected{
				Collector: from.Describe().Name, Target: job.Target, Described: job.Described, Declared: job.Declared,
			})
		}
	}
	return all
}

// known is what is declared to be collected from the vantage point.
func (p puller) known(t Target) []fact.AnySet {
	parts := make(map[string][]fact.AnySet)
	for _, each := range p.expected(t) {
		for _, declared := range each.Declared {
			kind := declared.Kind().KindName()
			parts[kind] = append(parts[kind], declared)
		}
	}
	sets := []fact.AnySet{fact.VantagePoints().Missing(fact.VantagePoint{Name: t.Name})}
	for _, kind := range exchange.Kinds() {
		sets = append(sets, kind.Join(parts[kind.KindName()]))
	}
	return sets
}

func (p puller) collect(ctx context.Context, t Target) ([]fact.AnySet, error) {
	asked := p.now()
	content, err := get(ctx, t)
	if err != nil {
		return nil, err
	}
	answered := p.now()
	answer, err := exchange.Read(content, t.From.Name, t.From.Environment, t.Name)
	if err != nil {
		return nil, err
	}
	ahead := difference(answer.At, asked, answered)
	if ahead.Abs() > apart {
		return nil, fact.Errorf(fact.ReasonInvalid,
			"its answer is dated %s, which is %s from the clock of this machine: set both clocks, and let no proxy keep answers",
			answer.At.UTC().Format(time.RFC3339), quantity.InWords(ahead.Abs().Round(time.Second)))
	}
	if ahead.Abs() <= agreeing {
		ahead = 0
	}
	point := fact.VantagePoint{
		Name: t.Name, Version: words.Printable(answer.Version, 100), Ahead: ahead.Round(time.Second), EndpointAge: answer.Age("endpoint"),
	}
	return append([]fact.AnySet{fact.VantagePoints().Found(point)}, answer.Take(p.expected(t))...), nil
}

// difference is how far a clock is ahead at least, that was read at some time between two of this machine's.
func difference(at, asked, answered time.Time) time.Duration {
	switch {
	case at.After(answered):
		return at.Sub(answered)
	case at.Before(asked):
		return at.Sub(asked)
	default:
		return 0
	}
}

// get asks the other exporter. The token is for the declared server alone.
func get(ctx context.Context, t Target) ([]byte, error) {
	address, err := url.Parse(t.URL)
	if err != nil {
		return nil, fact.Errorf(fact.ReasonInvalid, "read the url: %w", err)
	}
	login, err := httpclient.ReadLogin(t.BearerTokenFile, nil)
	if err != nil {
		return nil, err
	}
	transport, err := httpclient.NewTransport(t.CAFile)
	if err != nil {
		return nil, err
	}
	defer transport.CloseIdleConnections()
	transport.MaxResponseHeaderBytes = 64 << 10
	address = address.JoinPath("api/v1/systems", t.From.Name, t.From.Environment, "vantage")
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, fact.Errorf(fact.ReasonInvalid, "the url cannot be used")
	}
	login.Add(request)
	request.Header.Set("Cache-Control", "no-cache")
	client := http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, httpclient.Error(ctx, err)
	}
	defer response.Body.Close() // All that was wanted has been read.
	if err := answered(response.StatusCode); err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, maximumAnswer+1))
	switch {
	case err != nil:
		return nil, httpclient.Error(ctx, err)
	case len(content) > maximumAnswer:
		return nil, fact.Errorf(fact.ReasonInvalid, "its answer is longer than %d bytes", maximumAnswer)
	}
	return content, nil
}

// answered is the error of an answer that has no facts.
func answered(status int) error {
	switch status {
	case http.StatusOK:
		return nil
	case http.StatusUnauthorized:
		return fact.Errorf(fact.ReasonDenied, "it does not know the token: correct bearer_token_file, or its tokens")
	case http.StatusForbidden:
		return fact.Errorf(fact.ReasonDenied, "the token does not permit to read facts of the system there: may: [facts]")
	case http.StatusNotFound:
		return fact.Errorf(fact.ReasonNotFound,
			"it has no facts of the system: run it with the same file and --vantage.name, in this version")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return fact.Errorf(fact.ReasonUnreachable, "it is not ready to answer (%d)", status)
	default:
		return fact.Errorf(fact.ReasonInvalid, "it answers %d", status)
	}
}
