package prometheus_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/collectors/prometheus"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// askHistory asks servers which alerts have fired by a time, as the engine does.
func askHistory(t *testing.T, now time.Time, request fact.AlertHistoryRequest, declared ...system.Prometheus) (found []*fact.AlertHistory, gaps []fact.Gap) {
	t.Helper()
	var needs fact.Needs
	needs.Request(request)
	jobs := prometheus.NewHistory(func() time.Time { return now }).Jobs(&system.System{Prometheus: declared}, needs)
	require.Len(t, jobs, 1)
	sets, err := jobs[0].Collect(t.Context(), nil)
	if err != nil {
		return nil, []fact.Gap{{Reason: fact.ReasonOf(err), Detail: err.Error()}}
	}
	for i := range sets[0].Len() {
		found = append(found, sets[0].At(i).(*fact.AlertHistory))
	}
	return found, sets[0].Gaps()
}

func criticalAlerts() fact.AlertHistoryRequest {
	return fact.AlertHistoryRequest{Label: "severity", Severities: "critical\npage", Within: 24 * time.Hour}
}

// past writes samples of a series, one a minute, from some minutes ago to others.
func past(text *strings.Builder, now time.Time, series string, from, until int) {
	for minute := from; minute >= until; minute-- {
		fmt.Fprintf(text, "%s 1 %d\n", series, now.Add(-time.Duration(minute)*time.Minute).Unix())
	}
}

func TestWhichAlertsFiredIsReadFromWhatPrometheusStored(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	var samples strings.Builder
	past(&samples, now, `ALERTS{alertname="ShopDown",alertstate="firing",severity="Critical",pod="a"}`, 600, 560)
	past(&samples, now, `ALERTS{alertname="ShopDown",alertstate="firing",severity="Critical",pod="b"}`, 559, 500)
	past(&samples, now, `ALERTS{alertname="ShopDown",alertstate="firing",severity="Critical",pod="b"}`, 400, 390)
	past(&samples, now, `ALERTS{alertname="ShopDown",alertstate="firing",severity="Critical",namespace="blog"}`, 10, 0)
	past(&samples, now, `ALERTS{alertname="ShopDown",alertstate="pending",severity="Critical"}`, 1000, 0)
	past(&samples, now, `ALERTS{alertname="Watchdog",alertstate="firing",severity="none"}`, 1400, 0)
	past(&samples, now, `ALERTS{alertname="ReadinessDown",alertstate="firing",severity="page",system="shop",environment="production"}`, 20, 0)
	past(&samples, now, `up{job="shop"}`, 1440, 900)
	past(&samples, now, `up{job="shop"}`, 800, 0)
	samples.WriteString("# EOF\n")
	real := servers.PrometheusWithHistory(t, samples.String(), "{global: {scrape_interval: 1h}}")

	found, gaps := askHistory(t, now, criticalAlerts(), system.Prometheus{Name: "main", URL: real.URL})
	require.Empty(t, gaps)
	require.Len(t, found, 1)
	ago := func(from, until int) fact.Period {
		return fact.Period{From: now.Add(-time.Duration(from) * time.Minute), Until: now.Add(-time.Duration(until) * time.Minute)}
	}
	// A sample is the present for the five minutes, less a moment, that follow.
	require.Equal(t, []fact.FiredAlert{
		{Alert: fact.Alert{Name: "ReadinessDown", Severity: "page", System: "shop", Environment: "production"}, Fired: []fact.Period{ago(20, 0)}},
		{Alert: fact.Alert{Name: "ShopDown", Severity: "Critical"}, Fired: []fact.Period{ago(600, 496), ago(400, 386)}},
		{Alert: fact.Alert{Name: "ShopDown", Severity: "Critical", Namespace: "blog"}, Fired: []fact.Period{ago(10, 0)}},
	}, found[0].Alerts)
	require.Equal(t, []fact.Period{ago(900, 805)}, found[0].Unobserved)

	request := criticalAlerts()
	request.Match = `namespace=blog` + "\n" + `pod="x`
	found, gaps = askHistory(t, now, request, system.Prometheus{Name: "main", URL: real.URL})
	require.Empty(t, gaps)
	require.Empty(t, found[0].Alerts, "no alert has all labels")
	request.Match, request.Within = "namespace=blog", 7*24*time.Hour
	found, gaps = askHistory(t, now, request, system.Prometheus{Name: "main", URL: real.URL})
	require.Empty(t, gaps)
	require.Len(t, found[0].Alerts, 1)
	require.InDelta(t, (6 * 24 * time.Hour).Hours(), found[0].Unobserved[0].Length().Hours(), 1, "it has samples of the last day alone")
}

// A queried is a double of a server that evaluates an expression over a time: what it answers, whatever the expression is.
func queried(t *testing.T, name string, status int, body string) system.Prometheus {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/api/v1/query_range", r.URL.Path)
		assert.NoError(t, r.ParseForm())
		assert.Equal(t, []string{"end", "query", "start", "step"}, slices.Sorted(maps.Keys(r.PostForm)))
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	return system.Prometheus{Name: name, URL: server.URL}
}

func TestAHistoryThatCannotBeReadIsUnavailable(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		status int
		body   string
		reason fact.Reason
		detail string
	}{
		"a vector":        {200, `{"status":"success","data":{"resultType":"vector","result":[]}}`, fact.ReasonInvalid, "the answer is a vector, not a matrix"},
		"something else":  {200, `{"status":"success","data":[1]}`, fact.ReasonInvalid, "the answer is no matrix"},
		"an odd point":    {200, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1]]}]}}`, fact.ReasonInvalid, "has 1 parts"},
		"a part":          {200, `{"status":"success","warnings":["a store is down"],"data":{"resultType":"matrix","result":[]}}`, fact.ReasonFailed, "only in part: a store is down"},
		"too many points": {422, `{"status":"error","errorType":"execution","error":"query processing would load too many samples"}`, fact.ReasonFailed, "too many samples"},
		"rules alone":     {404, `404 page not found`, fact.ReasonNotFound, "no API of Prometheus"},
	} {
		t.Run(name, func(t *testing.T) {
			good := queried(t, "good", 200, `{"status":"success","data":{"resultType":"matrix","result":[]}}`)
			found, gaps := askHistory(t, now, criticalAlerts(), queried(t, "bad", c.status, c.body), good)
			require.Len(t, found, 1, "the other is asked all the same")
			require.Equal(t, "good", found[0].Prometheus)
			require.Len(t, gaps, 1)
			require.Equal(t, c.reason, gaps[0].Reason)
			require.Contains(t, gaps[0].Detail, c.detail)
		})
	}
}

func TestARulerThatEvaluatesNoExpressionIsNotMissedBesideAServerThatDoes(t *testing.T) {
	ruler, broken := queried(t, "ruler", 404, "404 page not found"), queried(t, "broken", 500, "")
	query := queried(t, "query", 200, `{"status":"success","data":{"resultType":"matrix","result":[]}}`)
	query.QueriesOnly = true
	found, gaps := askHistory(t, time.Now(), criticalAlerts(), ruler, query)
	require.Len(t, found, 1)
	require.Empty(t, gaps)
	_, gaps = askHistory(t, time.Now(), criticalAlerts(), broken, query)
	require.Len(t, gaps, 1, "one that fails is")
	query.URL = broken.URL
	found, gaps = askHistory(t, time.Now(), criticalAlerts(), ruler, query)
	require.Empty(t, found)
	require.Len(t, gaps, 1, "nobody answers for it")
}

func TestWithoutAPrometheusNobodyIsAskedWhichAlertsFired(t *testing.T) {
	var needs fact.Needs
	needs.Request(criticalAlerts())
	require.Empty(t, prometheus.NewHistory(time.Now).Jobs(&system.System{}, needs))
}
