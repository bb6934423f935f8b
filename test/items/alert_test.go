package items_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/collectors/prometheus"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/linkcheck"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

const (
	rulesItem, runbooksItem, responseItem = "alerting.rules", "alerting.runbooks", "operational-docs.alert-response"
	resolutionItem                        = "post-launch.issues"

	rulesConfig = "{global: {evaluation_interval: 1s}, rule_files: [rules.yml]}"
	soundRule   = `{alert: ShopDown, expr: vector(0) == 1, labels: {severity: critical}, annotations: {runbook_url: "http://docs.acme.com/shop-down"}}`
	// oddRule joins series that it cannot tell apart.
	oddRule = `{alert: ShopOdd, expr: '(label_replace(vector(1), "a", "1", "", "") or label_replace(vector(1), "a", "2", "", "")) * on () ` +
		`(label_replace(vector(1), "a", "1", "", "") or label_replace(vector(1), "a", "2", "", ""))', annotations: {runbook_url: "http://docs.acme.com/shop-down"}}`
)

// An alertWorld is a Prometheus with rules, the server of their runbooks, and a folder of documents.
type alertWorld struct {
	real      *world.Prometheus
	url       string // that is declared
	documents string
	pages     map[string]bool // of docs.acme.com
	asks      bool            // the item has the pages checked
	web       string
}

func newAlertWorld(t *testing.T) *alertWorld {
	t.Helper()
	w := &alertWorld{documents: t.TempDir(), pages: map[string]bool{"/shop-down": true}, asks: true}
	w.start(t, sampled("up", 24*60, 0))
	web := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Host != "docs.acme.com" || !w.pages[r.URL.Path] {
			rw.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(web.Close)
	w.web = web.Listener.Addr().String()
	w.write(t, "runbooks/shop-down.md", strings.Repeat("What to do when the shop is down. ", 10))
	return w
}

// start starts the Prometheus with samples of the past.
func (w *alertWorld) start(t *testing.T, samples ...string) {
	t.Helper()
	w.real = servers.PrometheusWithHistory(t, strings.Join(samples, "")+"# EOF\n", rulesConfig, world.File{Name: "rules.yml", Content: ""})
	w.url = w.real.URL
}

// sampled has a sample of a series every minute, from some minutes ago to others.
func sampled(series string, from, until int) string {
	var text strings.Builder
	for minute := from; minute >= until; minute-- {
		fmt.Fprintf(&text, "%s 1 %d\n", series, time.Now().Add(-time.Duration(minute)*time.Minute).Unix())
	}
	return text.String()
}

func (w *alertWorld) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(w.documents, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

// load loads rules, and waits until they were evaluated.
func (w *alertWorld) load(t *testing.T, rules ...string) {
	t.Helper()
	content := ""
	if len(rules) > 0 {
		content = fmt.Sprintf("groups: [{name: shop, rules: [%s]}]", strings.Join(rules, ", "))
	}
	w.real.Reload(t, rulesConfig, world.File{Name: "rules.yml", Content: content})
	require.Eventually(t, func() bool {
		listed, err := w.real.API.Rules(t.Context(), nil)
		if err != nil {
			return false
		}
		evaluated := 0
		for _, group := range listed.Groups {
			for _, rule := range group.Rules {
				if alerting, is := rule.(promv1.AlertingRule); is && alerting.Health != promv1.RuleHealthUnknown {
					evaluated++
				}
			}
		}
		return evaluated == len(rules)
	}, 2*time.Minute, 100*time.Millisecond)
}

func (w *alertWorld) judge(t *testing.T) judged {
	t.Helper()
	content, err := yaml.Dump(map[string]any{"systems": []any{map[string]any{
		"name": "shop", "environment": "production",
		"prometheus": []any{map[string]any{"name": "main", "url": w.url}},
		"documents":  []any{map[string]any{"path": w.documents}},
		"checks":     map[string]any{runbooksItem: map[string]any{"parameters": map[string]any{"check_pages": w.asks}}},
	}}})
	require.NoError(t, err)
	r := reportedWorld{config: filepath.Join(t.TempDir(), "config.yaml")}
	require.NoError(t, os.WriteFile(r.config, content, 0o600))
	return r.judge(t, prometheus.NewRunbooks(linkcheck.Options{Now: time.Now, Connect: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, w.web)
	}}))
}

// TestTheItemsOnAlertingRulesPassAndBreak has a real Prometheus with a rule, its runbook and its document, and breaks them one by one.
func TestTheItemsOnAlertingRulesPassAndBreak(t *testing.T) {
	require.ElementsMatch(t, []string{rulesItem, runbooksItem, responseItem, resolutionItem}, itemsOf(t, fact.AllAlertRules().Name))
	w := newAlertWorld(t)
	w.load(t, soundRule)
	sound := w.judge(t)
	for _, item := range []string{rulesItem, runbooksItem, responseItem, resolutionItem} {
		require.Equal(t, "pass", sound.statuses[item], sound.reasons[item])
	}
	// double is a server that lists the rule as another one would that has evaluated it so.
	double := func(t *testing.T, took float64, ago time.Duration) string {
		t.Helper()
		server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/api/v1/query_range" {
				fmt.Fprint(rw, `{"status":"success","data":{"resultType":"matrix","result":[]}}`)
				return
			}
			assert.Equal(t, "/api/v1/rules", r.URL.Path)
			fmt.Fprintf(rw, `{"status":"success","data":{"groups":[{"name":"shop","file":"f","interval":60,"evaluationTime":%g,"lastEvaluation":%q,"rules":[`+
				`{"type":"alerting","name":"ShopDown","health":"ok","labels":{"severity":"critical"},"annotations":{"runbook_url":"http://docs.acme.com/shop-down"}}]}]}}`,
				took, time.Now().Add(-ago).Format(time.RFC3339Nano))
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	for _, c := range []struct {
		name    string
		change  func(t *testing.T, w *alertWorld)
		want    map[string]string // "status reason" by item; the others are as they were
		unasked bool              // before and after the change
	}{
		{"a rule cannot be evaluated", func(t *testing.T, w *alertWorld) { w.load(t, soundRule, oddRule) }, map[string]string{rulesItem: "fail rule_failing"}, false},
		{"no rule is loaded", func(t *testing.T, w *alertWorld) { w.load(t) }, map[string]string{
			rulesItem: "fail no_rule", runbooksItem: "undeclared no_rule", responseItem: "undeclared no_rule", resolutionItem: "undeclared no_rule",
		}, false},
		{"evaluating the group takes too long", func(t *testing.T, w *alertWorld) { w.url = double(t, 70, 0) }, map[string]string{
			rulesItem: "fail group_slow", resolutionItem: "unknown history_incomplete",
		}, false},
		{"the group is evaluated no more", func(t *testing.T, w *alertWorld) { w.url = double(t, 1, time.Hour) }, map[string]string{
			rulesItem: "fail group_stalled", resolutionItem: "unknown history_incomplete",
		}, false},
		{"the server does not answer", func(_ *testing.T, w *alertWorld) { w.url = "http://127.0.0.1:1" }, map[string]string{
			rulesItem: "unknown not_collected", runbooksItem: "unknown not_collected not_collected", responseItem: "unknown not_collected",
			resolutionItem: "unknown not_collected not_collected",
		}, false},
		{"an alert fired for long last night", func(t *testing.T, w *alertWorld) {
			w.start(t, sampled("up", 24*60, 0), sampled(`ALERTS{alertname="ShopDown",alertstate="firing",severity="critical"}`, 600, 500))
			w.load(t, soundRule)
		}, map[string]string{resolutionItem: "fail fired_too_long"}, false},
		{"nobody knows what fired last night", func(t *testing.T, w *alertWorld) {
			w.start(t, sampled("up", 24*60, 600), sampled("up", 500, 0))
			w.load(t, soundRule)
		}, map[string]string{resolutionItem: "unknown history_incomplete"}, false},
		{"the runbook is not there", func(_ *testing.T, w *alertWorld) { w.pages = nil }, map[string]string{runbooksItem: "fail dead_runbook"}, false},
		{"a rule names no runbook", func(t *testing.T, w *alertWorld) { w.load(t, soundRule, `{alert: A, expr: vector(0) == 1}`) }, map[string]string{runbooksItem: "fail no_runbook"}, false},
		{"a runbook is a placeholder", func(t *testing.T, w *alertWorld) {
			w.load(t, soundRule, `{alert: A, expr: vector(0) == 1, annotations: {runbook_url: "https://example.com/runbook"}}`)
		}, map[string]string{runbooksItem: "fail no_url"}, false},
		{"whether the runbooks are there is not checked", func(_ *testing.T, w *alertWorld) { w.asks = false }, map[string]string{runbooksItem: "undeclared pages_not_checked"}, false},
		{"an alert has no document", func(t *testing.T, w *alertWorld) {
			require.NoError(t, os.Rename(filepath.Join(w.documents, "runbooks", "shop-down.md"), filepath.Join(w.documents, "runbooks", "shop-slow.md")))
		}, map[string]string{responseItem: "fail no_alert_document"}, true},
		{"the document of an alert is a stub", func(t *testing.T, w *alertWorld) { w.write(t, "runbooks/shop-down.md", "Soon.") }, map[string]string{responseItem: "fail stub"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newAlertWorld(t)
			w.load(t, soundRule)
			before := sound
			if w.asks = !c.unasked; c.unasked {
				before = w.judge(t)
				require.Equal(t, "pass", before.statuses[responseItem], before.reasons[responseItem])
			}
			c.change(t, w)
			got := w.judge(t)
			var changed []string
			for item, want := range c.want {
				changed = append(changed, item)
				require.Equal(t, want, got.statuses[item]+" "+strings.Join(got.reasons[item], " "))
			}
			require.Empty(t, statusesBut(before.statuses, got.statuses, changed))
		})
	}
}
