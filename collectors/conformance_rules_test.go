package collectors_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/readiness-exporter/readiness-exporter/collectors/prometheus"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/collector/conformance"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// rulesCase is of a Prometheus with a rule that is evaluated once an hour: what it lists does not change meanwhile.
func rulesCase(t *testing.T) conformance.Case {
	t.Helper()
	real := servers.Prometheus(t, "{global: {evaluation_interval: 1h}, rule_files: [rules.yml]}", world.File{Name: "rules.yml", Content: `
groups: [{name: shop, rules: [{alert: ShopDown, expr: up == 0, labels: {severity: critical}, annotations: {summary: The shop is down.}}]}]`})
	proxy := world.NewProxy(t, real.Addr)
	const token = "token-of-the-exporter"
	tokenFile := file(t, token)
	odd := answering(t, httptest.NewServer, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"status":"success","data":{"groups":[{},{"name":%q,"interval":1e300,"evaluationTime":-1,"lastEvaluation":7,"rules":[{"type":"alerting"},`+
			`{"type":"alerting","name":%[1]q,"health":%[1]q,"lastError":%[1]q,"labels":{%[1]q:%[1]q},"annotations":{%[1]q:%[1]q,"":"http://%%%%"}}]}]}}`,
			strings.Repeat("x", 100_000))
	})
	return conformance.Case{
		System: &system.System{Prometheus: []system.Prometheus{
			{Name: "main", URL: "http://" + proxy.Addr, BearerTokenFile: tokenFile, Tenant: "shop"},
		}},
		Secrets: []string{token},
		Faults: append(httpFaults(t, proxy, httptest.NewServer),
			leads(proxy, "lists odd rules", odd, true),
			moved("whose token is gone", tokenFile, fact.ReasonNotFound)),
	}
}

// runbooksCase is of a Prometheus whose rules name no page, so that nothing else is asked.
func runbooksCase(t *testing.T) conformance.Case {
	t.Helper()
	c := rulesCase(t)
	c.Needs.Request(fact.RunbookPagesRequest{Annotations: "runbook_url"})
	return c
}

// historyCase is of a Prometheus that has stored neither alerts nor targets, as it was at one time.
func historyCase(t *testing.T) conformance.Case {
	t.Helper()
	c := rulesCase(t)
	now := time.Now()
	c.New = func(*testing.T) collector.Any { return prometheus.NewHistory(func() time.Time { return now }) }
	c.Needs.Request(fact.AlertHistoryRequest{Label: "severity", Severities: "critical", Within: 24 * time.Hour})
	return c
}
