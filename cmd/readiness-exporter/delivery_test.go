package main

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// hurry is how much sooner than in production everything happens: 15 minutes that something must hold are 7.5 seconds, and
// every minute's evaluation is one every half second.
const hurry = 120

// hurried divides the durations of rules and of routes: those of for, keep_firing_for, intervals, waits, windows and offsets.
func hurried(t *testing.T, text string) string {
	t.Helper()
	return hurriedBy(t, text, hurry)
}

func hurriedBy(t *testing.T, text string, times int64) string {
	t.Helper()
	duration := regexp.MustCompile(`((?:for|interval|group_wait): |[\[:]|offset )(\d+[smhd])\b`)
	return duration.ReplaceAllStringFunc(text, func(found string) string {
		parts := duration.FindStringSubmatch(found)
		took, err := model.ParseDuration(parts[2])
		require.NoError(t, err)
		return fmt.Sprintf("%s%dms", parts[1], time.Duration(took).Milliseconds()/times)
	})
}

// shippedRules are those of alerts/ that are loaded by default, with their durations divided.
func shippedRules(t *testing.T, times int64) (files []world.File) {
	t.Helper()
	paths, err := filepath.Glob("../../alerts/*.rules.yaml")
	require.NoError(t, err)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		files = append(files, world.File{Name: filepath.Base(path), Content: hurriedBy(t, string(content), times)})
	}
	return files
}

// A duty is who is told of alerts: by the shipped routes and inhibitions, each receiver by a webhook and by mail.
type duty struct {
	alertmanager *world.Alertmanager
	webhook      *world.Webhook
	mail         *world.MailServer
	before       map[string]bool // alerts of this machine, which is not of the test's making
}

func newDuty(t *testing.T, edits ...func(configuration map[string]any)) *duty {
	t.Helper()
	ca := world.NewCA(t, world.Spec{})
	d := &duty{webhook: world.NewWebhook(t), mail: world.NewMailServer(t, ca.Issue(t, world.Spec{}))}
	example, err := os.ReadFile("../../alerts/alertmanager.example.yaml")
	require.NoError(t, err)
	var config map[string]any
	require.NoError(t, yaml.Load(example, &config))
	for _, edit := range edits {
		edit(config)
	}
	config["global"] = map[string]any{
		"smtp_smarthost": d.mail.Addr, "smtp_from": "alertmanager@example.com",
		"smtp_tls_config":    map[string]string{"ca_file": ca.WriteRoot(t, t.TempDir(), "ca.pem")},
		"smtp_auth_username": world.MailUser, "smtp_auth_password": world.MailPassword,
	}
	var receivers []any
	for _, each := range config["receivers"].([]any) {
		name := each.(map[string]any)["name"]
		receiver := map[string]any{
			"name": name, "webhook_configs": []any{map[string]any{"url": fmt.Sprint(d.webhook.URL, "/", name)}},
		}
		if name != "heartbeat" {
			receiver["email_configs"] = []any{map[string]any{"to": fmt.Sprint(name, "@example.com"), "send_resolved": true}}
		}
		receivers = append(receivers, receiver)
	}
	config["receivers"] = receivers
	written, err := yaml.Dump(config)
	require.NoError(t, err)
	d.alertmanager = servers.Alertmanager(t, hurried(t, string(written)))
	return d
}

// told are the alerts that a receiver was told of by webhook, each as it was told last.
func (d *duty) told(t *testing.T, receiver string) map[model.Fingerprint]world.NotifiedAlert {
	t.Helper()
	told := make(map[model.Fingerprint]world.NotifiedAlert)
	for _, notification := range d.webhook.Notifications(t, "/"+receiver) {
		for _, alert := range notification.Alerts {
			told[alert.Labels.Fingerprint()] = alert
		}
	}
	return told
}

// firing names the alerts that a receiver believes to fire.
func (d *duty) firing(t *testing.T, receiver string) []string {
	t.Helper()
	var firing []model.LabelSet
	for _, alert := range d.told(t, receiver) {
		if alert.Status == "firing" {
			firing = append(firing, alert.Labels)
		}
	}
	return d.names(firing)
}

// everFired names all that a receiver was ever called for.
func (d *duty) everFired(t *testing.T, receiver string) []string {
	t.Helper()
	var fired []model.LabelSet
	for _, notification := range d.webhook.Notifications(t, "/"+receiver) {
		for _, alert := range notification.Alerts {
			if alert.Status == "firing" {
				fired = append(fired, alert.Labels)
			}
		}
	}
	return d.names(fired)
}

// muted names the alerts that fire, and of which nobody is told.
func (d *duty) muted(t *testing.T) []string {
	t.Helper()
	response, err := http.Get(d.alertmanager.URL + "/api/v2/alerts?active=false")
	require.NoError(t, err)
	defer response.Body.Close()
	var alerts []struct{ Labels model.LabelSet }
	require.NoError(t, json.NewDecoder(response.Body).Decode(&alerts))
	var muted []model.LabelSet
	for _, alert := range alerts {
		muted = append(muted, alert.Labels)
	}
	return d.names(muted)
}

// names are those of alerts, with what each is about. Those of budgets are left out: their windows are weeks, and say nothing
// after a minute.
func (d *duty) names(alerts []model.LabelSet) (names []string) {
	for _, labels := range alerts {
		if name := nameOf(labels); !d.before[name] && !strings.HasPrefix(name, "ReadinessBudget") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// nameOf is that of an alert, with what it is about.
func nameOf(labels model.LabelSet) string {
	for _, label := range []model.LabelName{"check", "mountpoint", "backup", "name"} {
		if subject, found := labels[label]; found {
			return fmt.Sprintf("%s of %s", labels["alertname"], subject)
		}
	}
	return string(labels["alertname"])
}

// mailed is what mails to a receiver say of alerts that fire, or that are resolved: the part below that heading.
func (d *duty) mailed(receiver, heading string) string {
	var said strings.Builder
	for _, mail := range d.mail.Mails() {
		if slices.Equal(mail.To, []string{receiver + "@example.com"}) {
			_, part, _ := strings.Cut(mail.Body, "] "+heading)
			part, _, _ = strings.Cut(part, "] Resolved")
			said.WriteString(part)
		}
	}
	return said.String()
}

// watch has a real Prometheus scrape the exporter, evaluate the shipped rules and tell Alertmanager.
func (d *duty) watch(t *testing.T, exporter *runningExporter) *world.Prometheus {
	t.Helper()
	prometheus := servers.Prometheus(t, exporter.scrapeConfig())
	for _, check := range []string{"tls.renewal", "recovery.rpo", "availability.replicas", "server.disk"} {
		prometheus.WaitFor(t, fmt.Sprintf(`readiness_check_status{check=%q, status="pass"} == 1`, check))
	}
	prometheus.Reload(t, exporter.scrapeConfig()+fmt.Sprintf(`
rule_files: ["*.rules.yaml"]
alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}
`, d.alertmanager.Addr), shippedRules(t, hurry)...)
	prometheus.WaitFor(t, `count_over_time(ALERTS{alertname="ReadinessHeartbeat"}[1m]) > 4`) // every group has had its turn
	d.before = make(map[string]bool)
	for _, sample := range prometheus.Query(t, "ALERTS") {
		d.before[nameOf(model.LabelSet(sample.Metric))] = true
	}
	return prometheus
}

// breakAll is a certificate that expires in 40 hours, a stale backup, one replica on one node, and a full disk; fixAll undoes it.
func (s *shop) breakAll(t *testing.T) {
	t.Helper()
	s.site.Show(s.certificate(t, 40*time.Hour))
	for age := range 3 {
		require.NoError(t, s.store.Client.RemoveObject(t.Context(), s.bucket,
			backupName(time.Duration(age)*day+time.Hour), minio.RemoveObjectOptions{}))
	}
	s.scale(t, 1)
	require.NoError(t, os.WriteFile(filepath.Join(s.disk, "fill"), make([]byte, 62<<20), 0o600))
}

func (s *shop) fixAll(t *testing.T) {
	t.Helper()
	s.site.Show(s.certificate(t, 90*day))
	for age := range 3 {
		s.backUp(t, time.Duration(age)*day+time.Hour)
	}
	s.scale(t, 2)
	require.NoError(t, os.Remove(filepath.Join(s.disk, "fill")))
}

// TestWhatBreaksCallsSomebodyOnce breaks four things, and wants those that are urgent to arrive once, by webhook and by mail, at
// whom the shipped routes say, and nothing else; then fixes all, and wants both to hear of that too.
func TestWhatBreaksCallsSomebodyOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	exporter := startExporter(t, "--config.file", s.config)
	d := newDuty(t)
	prometheus := d.watch(t, exporter)
	waitUntilWell(t, prometheus)
	const share = `readiness:score:ratio{category="security"}`
	ready := float64(prometheus.WaitFor(t, share)[0].Value)

	s.breakAll(t)
	expected := map[string][]string{
		"shop-pager": {
			"ReadinessBackupTooOld of database-off-site", "ReadinessCertificateExpiringSoon of " + s.siteProxy.Addr,
			"ReadinessFilesystemFull of " + s.disk,
		},
		"shop-tickets": nil, // One replica is work to plan.
	}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		for receiver, alerts := range expected {
			require.Equal(c, alerts, d.firing(t, receiver), receiver)
		}
		require.Equal(c, []string{
			"ReadinessCertificateExpiring of " + s.siteProxy.Addr, "ReadinessCertificateExpiringSoon of " + s.siteProxy.Addr,
			"ReadinessFilesystemFull of " + s.disk, // the warnings beneath the critical ones
		}, d.muted(t))
		d.mailsSay(c, "Firing", expected)
		for _, each := range d.told(t, "shop-pager") {
			require.Contains(c, d.mailed("shop-pager", "Firing"), html.EscapeString(string(each.Annotations["summary"])))
		}
	}, time.Minute, 100*time.Millisecond)
	require.NotEmpty(t, d.told(t, "heartbeat"))
	prometheus.WaitFor(t, fmt.Sprintf("%s < %g", share, ready)) // The score falls.

	s.fixAll(t)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		for receiver := range expected {
			require.Empty(c, d.firing(t, receiver), receiver)
		}
		d.mailsSay(c, "Resolved", expected)
	}, time.Minute, 100*time.Millisecond)
	prometheus.WaitFor(t, fmt.Sprintf("%s >= %g", share, ready))
	for receiver, alerts := range expected {
		require.Equal(t, alerts, d.everFired(t, receiver), "%s was called for more than that", receiver)
	}
	for _, receiver := range []string{"pager", "tickets"} {
		for _, each := range d.told(t, receiver) {
			require.Equal(t, model.LabelValue("monitoring"), each.Labels["team"], "another team was told of %v", each.Labels)
		}
	}
}

// mailsSay wants each alert in a mail to its receiver, below a heading, with what it is about and its runbook.
func (d *duty) mailsSay(c *assert.CollectT, heading string, expected map[string][]string) {
	for receiver, names := range expected {
		said := d.mailed(receiver, heading)
		for _, name := range names {
			alert, subject, _ := strings.Cut(name, " of ")
			require.Contains(c, said, "/runbooks/"+alert+".md")
			require.Contains(c, said, subject)
		}
	}
}
