package endpoint

import (
	"context"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/httpclient"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// NewLogin makes the collector of endpoints that want a login.
//
// Each is asked without a login, with a wrong one and with the one for tests, once a run and one after the other. Wrong logins are
// counted by whoever guards the endpoint, and so are tried rarely; the name in them is the exporter's own, so that no account of a
// person is locked. Redirects are followed, and a login is sent to no other server than that of the URL.
func NewLogin() collector.Collector[Target] { return newProber().logins() }

func (p prober) logins() collector.Collector[Target] {
	return collector.Collector[Target]{
		Name:     "endpoint_login",
		Summary:  "How endpoints that want a login answer with none, with a wrong one, and with the one for tests.",
		Yields:   []fact.Any{fact.EndpointLogins()},
		Schedule: "@every 1h",
		Timeout:  time.Minute,
		Targets: func(s *system.System) (all []Target) {
			for _, declared := range s.Endpoints {
				if declared.DeclaredPurpose() == fact.EndpointProtected {
					all = append(all, Target{Endpoint: declared})
				}
			}
			return all
		},
		Target: func(t Target) string { return t.URL },
		Server: server,
		Known: func(t Target) []fact.AnySet {
			return []fact.AnySet{fact.EndpointLogins().Missing(fact.EndpointLogin{URL: t.URL})}
		},
		Collect: func(ctx context.Context, t Target, _ fact.Topics) ([]fact.AnySet, error) {
			login, err := p.tryLogins(ctx, t)
			if err != nil {
				return nil, err
			}
			return []fact.AnySet{fact.EndpointLogins().Found(login)}, nil
		},
	}
}

// tryLogins asks with each login. Where the one for tests gets no answer, nothing is known of the others.
func (p prober) tryLogins(ctx context.Context, t Target) (fact.EndpointLogin, error) {
	found := fact.EndpointLogin{URL: t.URL}
	client, err := p.client(t)
	if err != nil {
		return found, err
	}
	right := client.login
	for _, each := range []struct {
		login httpclient.Login
		into  *fact.EndpointAnswer
	}{{right, &found.With}, {httpclient.Login{}, &found.Without}, {right.Wrong(), &found.Wrong}} {
		client.login = each.login
		made := client.attempt(ctx, "", *client.address)
		if ctx.Err() != nil {
			return found, context.Cause(ctx)
		}
		if made.err != nil && len(made.answer.Steps) == 0 {
			return found, made.err
		}
		*each.into = fact.EndpointAnswer{Failure: made.answer.Failure, Steps: made.answer.Steps}
	}
	return found, nil
}
