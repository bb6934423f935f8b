// Package prometheus has Prometheus servers evaluate the expressions that items ask for, and collects their alerting rules.
package prometheus

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// A Target is one expression at one server.
type Target struct {
	Server     system.Prometheus
	Expression string
}

func (t Target) query() fact.Query {
	return fact.Query{Prometheus: t.Server.Name, Expression: t.Expression}
}

// New makes the collector. It collects nothing of a server by itself: each distinct expression that an item asks for is a
// target.
func New() collector.Collector[Target] {
	return collector.Collector[Target]{
		Name:     "prometheus",
		Summary:  "What PromQL expressions come to that items ask for.",
		Yields:   []fact.Any{fact.QueryResults()},
		Schedule: "@every 1m",
		Timeout:  20 * time.Second,
		Request:  request,
		Target:   func(t Target) string { return t.query().Name() },
		Server:   func(t Target) string { return host(t.Server) },
		Known: func(t Target) []fact.AnySet {
			return []fact.AnySet{fact.QueryResults().Missing(known(t))}
		},
		Collect: collect,
	}
}

// request makes a target of a query where the system declares its server.
func request(s *system.System, asked fact.Request) (Target, bool) {
	query, is := asked.(fact.Query)
	if !is {
		return Target{}, false
	}
	for _, server := range s.Prometheus {
		if server.Name == query.Prometheus {
			return Target{Server: server, Expression: query.Expression}, true
		}
	}
	return Target{}, false
}

// host is where a server is, as host:port or host.
func host(server system.Prometheus) string {
	address, err := url.Parse(server.URL)
	if err != nil {
		return ""
	}
	return address.Host
}

func known(t Target) fact.QueryResult {
	return fact.QueryResult{Prometheus: t.Server.Name, Expression: t.Expression}
}

// maximumAnswer is some ten thousand series; an expression that gives more is meant for a screen, not for a check.
const maximumAnswer = 4 << 20

// evaluate asks the server for the value of the expression at its own time.
func evaluate(ctx context.Context, t Target) (*answer, error) {
	c, err := newClient(t.Server)
	if err != nil {
		return nil, err
	}
	defer c.close()
	answered, _, err := c.ask(ctx, question{
		method: http.MethodPost, path: "/api/v1/query", form: url.Values{"query": {t.Expression}},
		longest: maximumAnswer, shorten: "aggregate the expression, or narrow it",
	})
	return answered, err
}

func collect(ctx context.Context, t Target, _ fact.Topics) ([]fact.AnySet, error) {
	answer, err := evaluate(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("evaluate an expression at %s: %w", t.Server.URL, err)
	}
	set := &fact.Set[fact.QueryResult]{}
	result := known(t)
	if result.Samples, err = answer.samples(); err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", t.Server.URL, err)
	}
	set.Add(result)
	if len(answer.Warnings) > 0 {
		// What is in the answer is true, and something is missing from it: it can show a fault, and not that there is none.
		set.Lack(known(t), "", fmt.Errorf("%s evaluated the expression only in part: %s", t.Server.URL, words.Excerpt(answer.Warnings[0])))
	}
	return []fact.AnySet{fact.QueryResults().Set(set)}, nil
}
