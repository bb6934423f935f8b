package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// watchers are the two exporters that watch the systems of a cluster.
type watchers struct {
	config    string
	exporters [2]*runningExporter
}

// newWatchers describes a system whose certificate expires at a time, with backups in a folder.
func newWatchers(t *testing.T, ca *world.CA, notAfter time.Time, backups string) *watchers {
	t.Helper()
	site := world.NewTLSServer(t, ca.Issue(t, world.Spec{NotBefore: notAfter.Add(-90 * day), NotAfter: notAfter}))
	w := &watchers{config: writeFile(t, "readiness.yaml", fmt.Sprintf(`
collectors: {certificate: {schedule: '@every 2s'}, backup: {schedule: '@every 2s'}}
systems:
  - name: web
    environment: production
    owner: web-team
    certificates: [{address: %q, server_name: localhost, ca_file: %s}]
    backups: [{name: database, schedule: 1d, retention: 7d, directory: {path: %s, pattern: '*.dump'}}]
`, site.Addr, ca.WriteRoot(t, t.TempDir(), "ca.pem"), backups))}
	for i := range w.exporters {
		w.exporters[i] = startExporter(t, "--config.file", w.config)
	}
	return w
}

// addresses are where Prometheus scrapes them.
func (w *watchers) addresses() string { return w.exporters[0].addr + `", "` + w.exporters[1].addr }

// restart has one come back where it was.
func (w *watchers) restart(t *testing.T, i int) {
	t.Helper()
	w.exporters[i] = startExporterOn(t, "http", w.exporters[i].client, w.exporters[i].addr, "--config.file", w.config)
}

// called is what somebody was called for, as the alert and its cluster, once for each notification. What is about the exporters
// and their scrapes is left out: they are killed here, and results are published once a minute
// where nothing changes, which is hours here.
func (d *duty) called(t *testing.T, receiver string) (alerts []string) {
	t.Helper()
	for _, notification := range d.webhook.Notifications(t, "/"+receiver) {
		for _, alert := range notification.Alerts {
			if alert.Labels["team"] == "web-team" && alert.Labels["alertname"] != "ReadinessFactsStale" {
				alerts = append(alerts, fmt.Sprintf("%s %s in %s", alert.Status, alert.Labels["alertname"], alert.Labels["cluster"]))
			}
		}
	}
	slices.Sort(alerts)
	return alerts
}

// TestOneNameInTwoClustersIsTwoSystems has one system name in two clusters, one bad and one good, each watched by two exporters, with
// a real Prometheus, Alertmanager and the shipped rules and routes. The bad one calls, once, whatever happens to its exporters for
// some minutes; the good one never does. An hour is a minute.
func TestOneNameInTwoClustersIsTwoSystems(t *testing.T) {
	t.Parallel()
	ca := world.NewCA(t, world.Spec{})
	kept := t.TempDir()
	for age := range 8 {
		at := time.Now().Add(-time.Duration(age)*day - time.Hour)
		path := filepath.Join(kept, fmt.Sprintf("%d.dump", age))
		require.NoError(t, os.WriteFile(path, []byte("backup"), 0o600))
		require.NoError(t, os.Chtimes(path, at, at))
	}
	bad, good := newWatchers(t, ca, time.Now().Add(-time.Hour), t.TempDir()), newWatchers(t, ca, time.Now().Add(80*day), kept)
	d := newDuty(t)
	const slowly = 60
	prometheus := servers.Prometheus(t, fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: readiness-exporter
    honor_labels: true
    static_configs:
      - {targets: ["%s"], labels: {cluster: bad}}
      - {targets: ["%s"], labels: {cluster: good}}
rule_files: ["*.rules.yaml"]
alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}
`, bad.addresses(), good.addresses(), d.alertmanager.Addr), shippedRules(t, slowly)...)

	page, ticket := []string{"firing ReadinessCertificateExpired in bad"}, []string{"firing ReadinessBackupMissing in bad"}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		require.Equal(c, page, d.called(t, "pager"))
		require.Equal(c, ticket, d.called(t, "tickets"))
	}, 2*time.Minute, 200*time.Millisecond)

	bad.exporters[0].kill()
	time.Sleep(2 * time.Minute / slowly)
	bad.restart(t, 0)
	for _, each := range bad.exporters {
		each.kill()
	}
	time.Sleep(7 * time.Minute / slowly)
	bad.restart(t, 0)
	bad.restart(t, 1)
	// Whatever resolved meanwhile is sent within five minutes.
	time.Sleep(15 * time.Minute / slowly)
	require.Equal(t, page, d.called(t, "pager"))
	require.Equal(t, ticket, d.called(t, "tickets"))
	for _, sample := range prometheus.Query(t, `ALERTS{alertstate="firing", team="web-team", cluster="good", alertname!="ReadinessFactsStale"}`) {
		require.Equal(t, model.LabelValue("ReadinessSummary"), sample.Metric["alertname"], "the good cluster: %v", sample.Metric)
	}
}
