package world_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

const quick = "global: {scrape_interval: 200ms, evaluation_interval: 200ms}\n"

func TestPrometheusScrapesEvaluatesRulesAndReloads(t *testing.T) {
	prometheus := servers.Prometheus(t, quick)
	require.Empty(t, prometheus.Query(t, "up"))
	require.Equal(t, "2", prometheus.Query(t, "1 + 1")[0].Value.String())

	prometheus.Reload(t, quick+"rule_files: [rules/*.yml]\n"+
		"scrape_configs: [{job_name: self, static_configs: [{targets: ['"+prometheus.Addr+"']}]}]",
		world.File{Name: "rules/up.yml", Content: "groups: [{name: test, rules: [{record: doubled, expr: up * 2}]}]"})
	require.Equal(t, "2", prometheus.WaitFor(t, `doubled{job="self"}`)[0].Value.String())

	prometheus.Kill(t)
	prometheus.Restart(t)
	require.NotEmpty(t, prometheus.WaitFor(t, `up{job="self"} == 1`), "the same address, configuration and data")
}

func TestAnAlertOfPrometheusArrivesAtAlertmanager(t *testing.T) {
	alertmanager := servers.Alertmanager(t, "route: {receiver: nobody}\nreceivers: [{name: nobody}]")
	servers.Prometheus(t, quick+"rule_files: [rules.yml]\n"+
		"alerting: {alertmanagers: [{static_configs: [{targets: ['"+alertmanager.Addr+"']}]}]}",
		world.File{Name: "rules.yml", Content: "groups: [{name: test, rules: [{alert: Always, expr: vector(1)}]}]"})
	require.Eventually(t, func() bool { return len(alerts(t, alertmanager.URL)) == 1 }, 2*time.Minute, 50*time.Millisecond)
	require.Equal(t, "Always", alerts(t, alertmanager.URL)[0].Labels["alertname"])
	alertmanager.Reload(t, "route: {receiver: somebody}\nreceivers: [{name: somebody}]")
}

type alert struct{ Labels map[string]string }

func alerts(t *testing.T, url string) []alert {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/v2/alerts", http.NoBody)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var found []alert
	require.NoError(t, json.NewDecoder(response.Body).Decode(&found))
	return found
}
