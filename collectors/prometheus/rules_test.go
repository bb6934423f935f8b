package prometheus_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/collectors/prometheus"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// many is a vector whose series cannot be told apart by what a rule joins them on.
const many = `(label_replace(vector(1), "a", "1", "", "") or label_replace(vector(1), "a", "2", "", ""))`

// collectRules collects the rules of a server, as the engine does.
func collectRules(t *testing.T, server system.Prometheus) (rules *fact.AlertRules, gaps []fact.Gap, err error) {
	t.Helper()
	server.Name = "main"
	jobs := prometheus.NewRules().Jobs(&system.System{Prometheus: []system.Prometheus{server}}, fact.Needs{})
	require.Len(t, jobs, 1)
	sets, err := jobs[0].Collect(t.Context(), nil)
	if err != nil {
		require.NotContains(t, err.Error(), canary)
		return nil, nil, err
	}
	require.Equal(t, 1, sets[0].Len())
	return sets[0].At(0).(*fact.AlertRules), sets[0].Gaps(), nil
}

func TestTheRulesOfAServerAreCollected(t *testing.T) {
	real := servers.Prometheus(t, "{global: {evaluation_interval: 1s}, rule_files: [rules.yml]}", world.File{Name: "rules.yml", Content: `
groups:
  - name: recorded
    rules: [{record: job:up, expr: vector(1)}]
  - name: shop
    interval: 2s
    rules:
      - {record: job:down, expr: vector(0)}
      - alert: ShopDown
        expr: absent(up)
        for: 5m
        labels: {severity: critical, team: shop}
        annotations:
          summary: The shop is down.
          runbook_url: https://docs.acme.com/shop?token=canary#down
      - {alert: ShopOdd, expr: '` + many + ` * on () ` + many + `'}`})
	var found *fact.AlertRules
	require.Eventually(t, func() bool {
		rules, gaps, err := collectRules(t, system.Prometheus{URL: real.URL + "/"})
		if err != nil || len(gaps) > 0 || len(rules.Groups) != 1 || rules.Groups[0].LastEvaluation.IsZero() || rules.Groups[0].Rules[1].Error == "" {
			return false
		}
		found = rules
		return true
	}, 2*time.Minute, 100*time.Millisecond)
	group := found.Groups[0]
	require.Equal(t, "shop", group.Name)
	require.True(t, strings.HasSuffix(group.File, "rules.yml"), group.File)
	require.Equal(t, 2*time.Second, group.Interval)
	require.Positive(t, group.Duration)
	down, odd := group.Rules[0], group.Rules[1]
	require.Equal(t, fact.RuleOK, down.Health)
	require.Equal(t, "pending", down.State)
	require.Equal(t, 5*time.Minute, down.For)
	require.Equal(t, []fact.RuleLabel{{Name: "severity", Value: "critical"}, {Name: "team", Value: "shop"}}, down.Labels)
	require.Equal(t, "https://docs.acme.com/shop", down.Annotations[0].Text, "what stands behind ? may be a secret")
	require.Len(t, down.Annotations[0].Page, 16)
	require.Equal(t, fact.RuleAnnotation{Name: "summary", Text: "The shop is down.", Fault: "it is a text and no URL"}, down.Annotations[1])
	require.Equal(t, fact.RuleError, odd.Health)
	require.Contains(t, odd.Error, "found duplicate series for the match group")
}

// A ruler is a double of a server that lists rules: what it answers to each request in turn.
func ruler(t *testing.T, answers ...func(w http.ResponseWriter, query url.Values)) system.Prometheus {
	t.Helper()
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, http.MethodGet, r.Method)
		assert.Equal(t, "/prometheus/api/v1/rules", r.URL.Path)
		assert.Equal(t, "shop", r.Header.Get("X-Scope-OrgID"))
		if !assert.Less(t, requests, len(answers), "it is asked again") {
			return
		}
		requests++
		answers[requests-1](w, r.URL.Query())
	}))
	t.Cleanup(server.Close)
	return system.Prometheus{URL: server.URL + "/prometheus", Tenant: "shop"}
}

// says answers with a status and a body.
func says(status int, body string) func(http.ResponseWriter, url.Values) {
	return func(w http.ResponseWriter, _ url.Values) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// group is one with a rule, as Prometheus lists it.
func group(name string) string {
	return fmt.Sprintf(`{"name":%q,"file":"f","interval":60,"rules":[{"type":"alerting","name":"A","health":"ok"}]}`, name)
}

func part(next string, groups ...string) func(http.ResponseWriter, url.Values) {
	return says(http.StatusOK, fmt.Sprintf(`{"status":"success","data":{"groups":[%s],"groupNextToken":%q}}`, strings.Join(groups, ","), next))
}

func TestRulesThatAreListedInPartsAreCollectedAsAWhole(t *testing.T) {
	after := func(token string, answer func(http.ResponseWriter, url.Values)) func(http.ResponseWriter, url.Values) {
		return func(w http.ResponseWriter, query url.Values) {
			want := url.Values{"type": {"alert"}, "exclude_alerts": {"true"}, "group_limit": {"500"}}
			if token != "" {
				want.Set("group_next_token", token)
			}
			assert.Equal(t, want, query)
			answer(w, query)
		}
	}
	names := func(rules *fact.AlertRules) (names []string) {
		for _, group := range rules.Groups {
			names = append(names, group.Name)
		}
		return names
	}
	rules, gaps, err := collectRules(t, ruler(t, after("", part("t", group("b"))), after("t", part("", group("a")))))
	require.NoError(t, err)
	require.Empty(t, gaps)
	require.Equal(t, []string{"a", "b"}, names(rules))

	changed := says(http.StatusBadRequest, `{"status":"error","errorType":"bad_data","error":"invalid group_next_token 't'. were rule groups changed?"}`)
	rules, _, err = collectRules(t, ruler(t, part("t", group("b")), changed, after("", part("", group("c")))))
	require.NoError(t, err, "groups that change between two parts have it begin again")
	require.Equal(t, []string{"c"}, names(rules))

	_, _, err = collectRules(t, ruler(t, part("t", group("b")), changed, part("t", group("b")), changed))
	require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err), "a list that is cut short is none")
	_, _, err = collectRules(t, ruler(t, part("t", group("b")), part("t", group("b"))))
	require.ErrorContains(t, err, "again and again")
	_, _, err = collectRules(t, ruler(t, part("t", group("b")), says(http.StatusInternalServerError, "")))
	require.Equal(t, fact.ReasonFailed, fact.ReasonOf(err))
}

func TestRulesAreReadAsOtherServersListThem(t *testing.T) {
	one := func(t *testing.T, answer func(http.ResponseWriter, url.Values)) (fact.RuleGroup, fact.AlertRule) {
		t.Helper()
		rules, gaps, err := collectRules(t, ruler(t, answer))
		require.NoError(t, err)
		require.Empty(t, gaps)
		require.Len(t, rules.Groups, 1)
		return rules.Groups[0], rules.Groups[0].Rules[0]
	}
	at := time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)
	dated := func(body string) func(http.ResponseWriter, url.Values) {
		return func(w http.ResponseWriter, query url.Values) {
			w.Header().Set("Date", at.Format(http.TimeFormat))
			says(http.StatusOK, body)(w, query)
		}
	}
	t.Run("Prometheus 2.42 lists what fires too, and how late a group is counts by the server's clock", func(t *testing.T) {
		group, rule := one(t, dated(`{"status":"success","data":{"groups":[{"name":"g","file":"/etc/f.yml","rules":[{"state":"firing","name":"A",
"query":"up","duration":0,"keepFiringFor":0,"labels":{},"annotations":{},"alerts":[{"labels":{"alertname":"A"},"annotations":{},"state":"firing",
"activeAt":"2026-01-02T03:00:00Z","value":"1e+00"}],"health":"ok","evaluationTime":0.01,"lastEvaluation":"2026-01-02T03:00:05.5+00:00","type":"alerting"}],
"interval":60,"limit":0,"evaluationTime":70.25,"lastEvaluation":"2026-01-02T04:00:04.5+01:00"}]}}`))
		require.Equal(t, "firing", rule.State)
		require.Equal(t, 70250*time.Millisecond, group.Duration)
		require.Equal(t, 3*time.Minute, group.Overdue)
	})
	t.Run("Mimir and Cortex leave the default interval out, and rules that were just loaded were never evaluated", func(t *testing.T) {
		group, rule := one(t, dated(`{"status":"success","data":{"groups":[{"name":"g","file":"shop","interval":0,"rules":[{"name":"A","health":"unknown",
"lastError":"","type":"alerting","lastEvaluation":"0001-01-01T00:00:00Z","evaluationTime":0}],"lastEvaluation":"0001-01-01T00:00:00Z","sourceTenants":null}]},
"errorType":"","error":""}`))
		require.Equal(t, time.Minute, group.Every())
		require.True(t, group.LastEvaluation.IsZero())
		require.Zero(t, group.Overdue)
		require.Equal(t, fact.RuleUnknown, rule.Health)
	})
	t.Run("Grafana has folders, pauses and more sorts of health", func(t *testing.T) {
		group, rule := one(t, dated(`{"status":"success","data":{"groups":[{"name":"g","file":"Shop","folderUid":"u","interval":10,"rules":[{"state":"inactive",
"name":"A","uid":"u","health":"nodata","type":"alerting","isPaused":true,"duration":0,"labels":{"a":"b"},"lastEvaluation":"2026-01-02T03:04:05Z"}],"totals":{}}],
"totals":{}}}`))
		require.Equal(t, fact.RuleNoData, rule.Health)
		require.True(t, rule.Paused)
		require.Equal(t, "Shop", group.File)
	})
	t.Run("VictoriaMetrics has the time of rules alone", func(t *testing.T) {
		group, rule := one(t, dated(`{"status":"success","data":{"groups":[{"name":"g","id":"1","file":"f","interval":30,"rules":[{"name":"A","type":"alerting",
"health":"no match","state":"inactive","lastEvaluation":"2026-01-02T03:04:00Z","evaluationTime":0.1}]}]}}`))
		require.Equal(t, fact.RuleNoData, rule.Health)
		require.Equal(t, at.Add(-5*time.Second), group.LastEvaluation)
	})
	t.Run("a health that nobody knows is not good", func(t *testing.T) {
		_, rule := one(t, dated(`{"status":"success","data":{"groups":[{"name":"g","rules":[{"name":"A","type":"alerting","health":"fine"}]}]}}`))
		require.Equal(t, fact.RuleUnknown, rule.Health)
		require.Equal(t, "fine", rule.Reported)
	})
}

func TestRulesThatAreNotAllThereAreReported(t *testing.T) {
	t.Run("Thanos answers in part, with a warning", func(t *testing.T) {
		rules, gaps, err := collectRules(t, ruler(t, says(http.StatusOK,
			`{"status":"success","data":{"groups":[`+group("g")+`]},"warnings":["receive rules from 10.0.0.1:10901: connection refused"]}`)))
		require.NoError(t, err)
		require.Len(t, rules.Groups, 1)
		require.Len(t, gaps, 1)
		require.Contains(t, gaps[0].Detail, "lists its rules only in part: receive rules from 10.0.0.1:10901")
	})
	for _, c := range []struct {
		name   string
		answer func(http.ResponseWriter, url.Values)
		reason fact.Reason
		detail string
	}{
		{"a ruler that is not enabled", says(http.StatusNotFound, "404 page not found"), fact.ReasonNotFound, "queries_only"},
		{"a tenant whose rules are not evaluated", says(http.StatusBadRequest, `{"status":"error","errorType":"bad_data","error":"evaluation is disabled"}`), fact.ReasonInvalid, "evaluation is disabled"},
		{"a ruler that is not well", says(http.StatusInternalServerError, `{"status":"error","errorType":"server_error","error":"too many unhealthy instances in the ring"}`), fact.ReasonFailed, "unhealthy instances"},
		{"no groups at all", says(http.StatusOK, `{"status":"success","data":{}}`), fact.ReasonInvalid, "no groups"},
		{"something else", says(http.StatusOK, `{"status":"success","data":[1]}`), fact.ReasonInvalid, "no list of rules"},
		{"no end", says(http.StatusOK, `{"status":"success","data":{"groups":[`+strings.Repeat(" ", 17<<20)+`]}}`), fact.ReasonUnsupported, "longer than"},
		{
			"more rules than anybody reads", says(http.StatusOK, `{"status":"success","data":{"groups":[{"name":"g","rules":[`+
				strings.Repeat(`{"type":"alerting","name":"A"},`, 10_000)+`{"type":"alerting","name":"A"}]}]}}`), fact.ReasonUnsupported, "more than 10000",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := collectRules(t, ruler(t, c.answer))
			require.Equal(t, c.reason, fact.ReasonOf(err), "%v", err)
			require.ErrorContains(t, err, c.detail)
		})
	}
}

func TestAServerThatEvaluatesQueriesAloneIsNotAskedForRules(t *testing.T) {
	s := &system.System{Prometheus: []system.Prometheus{{Name: "main", URL: "http://a.test", QueriesOnly: true}}}
	require.Empty(t, prometheus.NewRules().Jobs(s, fact.Needs{}))
}

func TestAnnotationsAreReadAsAddressesOfPages(t *testing.T) {
	for value, want := range map[string]fact.RuleAnnotation{
		"aka.ms/runbook": {Fault: "it does not begin with https:// and the name of a host"}, "/alertmanager/down": {Fault: "it does not begin with https:// and the name of a host"},
		"howto/manage-ceph.md": {Fault: "it does not begin with https:// and the name of a host"}, "": {Fault: "it is empty"},
		"See the wiki.": {Fault: "it is a text and no URL"}, "https://": {Fault: "it does not begin with https:// and the name of a host"},
		"https://ann:canary@wiki.acme.com/a":            {Text: "https://wiki.acme.com/a", Fault: "it has a name or password in it"},
		"https://example.com/runbook":                   {Fault: "its host is one for examples, or of whoever reads it"},
		"http://localhost:8080/a":                       {Fault: "its host is one for examples, or of whoever reads it"},
		"https://wiki.acme.com/{{ $labels.alertname }}": {Template: true},
		"https://wiki.acme.com/%zz":                     {Fault: "it cannot be read as a URL"},
	} {
		rules, _, err := collectRules(t, ruler(t, says(http.StatusOK, fmt.Sprintf(
			`{"status":"success","data":{"groups":[{"name":"g","rules":[{"type":"alerting","name":"A","annotations":{"runbook_url":%q}}]}]}}`, value))))
		require.NoError(t, err)
		if want.Name = "runbook_url"; want.Text == "" {
			want.Text = value
		}
		require.Equal(t, []fact.RuleAnnotation{want}, rules.Groups[0].Rules[0].Annotations)
	}
}
