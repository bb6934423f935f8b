package endpoint

import (
	"context"
	"crypto/tls"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// NewExposure makes the collector of addresses that are to show metrics to nobody outside.
//
// It is one of vantage points: the exporter beside the application is no stranger. Each address is asked over each version of IP, and
// over plain HTTP, as Prometheus scrapes it, but with no credential. Its certificate is not verified, since that keeps nobody from
// reading what it shows.
func NewExposure() collector.Collector[Target] { return newProber().exposures() }

func (p prober) exposures() collector.Collector[Target] {
	return collector.Collector[Target]{
		Name:     "metrics_exposure",
		Summary:  "From vantage points: whether metrics are shown without a credential, at their own addresses and by their paths elsewhere.",
		Yields:   []fact.Any{fact.MetricsExposures()},
		Schedule: "@every 5m",
		Timeout:  20 * time.Second,
		Targets: func(s *system.System) (all []Target) {
			for _, each := range s.PrivateMetrics {
				all = append(all, Target{Endpoint: each})
			}
			return all
		},
		Target: func(t Target) string { return t.URL },
		Server: server,
		Known: func(t Target) []fact.AnySet {
			return []fact.AnySet{fact.MetricsExposures().Missing(fact.MetricsExposure{URL: t.URL})}
		},
		Collect: func(ctx context.Context, t Target, _ fact.Topics) ([]fact.AnySet, error) {
			exposure, err := p.exposure(ctx, t)
			if err != nil {
				return nil, err
			}
			return []fact.AnySet{fact.MetricsExposures().Found(exposure)}, nil
		},
	}
}

func (p prober) exposure(ctx context.Context, t Target) (fact.MetricsExposure, error) {
	found := fact.MetricsExposure{URL: t.URL}
	client, err := p.client(t)
	if err != nil {
		return found, err
	}
	client.stranger = true
	attempts, plain, err := client.attempts(ctx)
	switch {
	case fact.ReasonOf(err) == fact.ReasonUnresolved:
		found.Answers = []fact.MetricsAnswer{{EndpointAnswer: fact.EndpointAnswer{Failure: fact.FailureOf(err)}}}
		return found, nil
	case err != nil:
		return found, err
	}
	for _, each := range attempts {
		if reach.NoRoute(each.err) {
			found.NotTried = append(found.NotTried, each.answer.IPVersion)
		} else {
			found.Answers = append(found.Answers, each.toStranger())
		}
	}
	switch {
	case len(found.Answers) == 0:
		return found, attempts[0].err
	case plain != nil:
		answer := plain.toStranger()
		answer.Plain = true
		found.Answers = append(found.Answers, answer)
	}
	return found, nil
}

// estrange has a connection verify nothing, and notes that a certificate is wanted, of which there is none to show.
func (a *attempt) estrange(config *tls.Config) {
	config.InsecureSkipVerify = true //nolint:gosec // What is sent is no secret, and what is shown is shown to anybody.
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		a.wanted.Store(true)
		return new(tls.Certificate), nil
	}
}

// toStranger is what an attempt without a credential came to.
func (a *attempt) toStranger() fact.MetricsAnswer {
	shown, _ := a.shown.get() // The answer has the error, too.
	return fact.MetricsAnswer{EndpointAnswer: a.answer, Connected: shown.IP != "", CertificateWanted: a.wanted.Load()}
}
