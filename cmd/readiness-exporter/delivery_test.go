package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/prometheus/common/model"
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
	duration := regexp.MustCompile(`((?:for|interval|group_wait): |[\[:]|offset )(\d+[smhd])\b`)
	return duration.ReplaceAllStringFunc(text, func(found string) string {
		parts := duration.FindStringSubmatch(found)
		took, err := model.ParseDuration(parts[2])
		require.NoError(t, err)
		return fmt.Sprintf("%s%dms", parts[1], time.Duration(took).Milliseconds()/hurry)
	})
}

// shippedRules are those of alerts/, all of them.
func shippedRules(t *testing.T) (files []world.File) {
	t.Helper()
	paths, err := filepath.Glob("../../alerts/*.rules.yaml")
	require.NoError(t, err)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		files = append(files, world.File{Name: filepath.Base(path), Content: hurried(t, string(content))})
	}
	return files
}

// A duty is who is told of alerts: by the shipped routes and inhibitions, each receiver by a webhook and by mail.
type duty struct {
	alertmanager *world.Alertmanager
	webhook      *world.Webhook
	mail         *world.MailServer
}

func newDuty(t *testing.T) *duty {
	t.Helper()
	ca := world.NewCA(t, world.Spec{})
	d := &duty{webhook: world.NewWebhook(t), mail: world.NewMailServer(t, ca.Issue(t, world.Spec{}))}
	example, err := os.ReadFile("../../alerts/alertmanager.example.yaml")
	require.NoError(t, err)
	var config map[string]any
	require.NoError(t, yaml.Load(example, &config))
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

func TestAlertsAreDelivered(t *testing.T) {
	s := newShop(t)
	exporter := startExporter(t, "--config.file", s.config)
	exporter.become(exporter.statuses(), map[string]string{})
	d := newDuty(t)
	started := time.Now()
	servers.Prometheus(t, exporter.scrapeConfig()+fmt.Sprintf(`
rule_files: ["*.rules.yaml"]
alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}
`, d.alertmanager.Addr), shippedRules(t)...)
	seen := map[string]bool{}
	look := func(while time.Duration) {
		for end := time.Now().Add(while); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			for _, r := range []string{"pager", "shop-pager", "tickets", "shop-tickets", "nobody", "heartbeat"} {
				for i, n := range d.webhook.Notifications(t, "/"+r) {
					for _, a := range n.Alerts {
						k := fmt.Sprint(r, i, a.Status, a.Labels)
						if !seen[k] {
							seen[k] = true
							if r != "heartbeat" {
								t.Log(time.Since(started), r, n.Status, a.Status, a.Labels)
							}
						}
					}
				}
			}
		}
	}
	look(40 * time.Second)
	t.Log("BREAK")
	s.site.Show(s.certificate(t, 5*day))
	for age := range 3 {
		require.NoError(t, s.store.Client.RemoveObject(t.Context(), s.bucket,
			backupName(time.Duration(age)*day+time.Hour), minio.RemoveObjectOptions{}))
	}
	s.scale(t, 1)
	require.NoError(t, os.WriteFile(filepath.Join(s.disk, "fill"), make([]byte, 62<<20), 0o600))
	look(45 * time.Second)
	t.Log("MEND")
	s.site.Show(s.certificate(t, 90*day))
	for age := range 3 {
		s.backUp(t, time.Duration(age)*day+time.Hour)
	}
	s.scale(t, 2)
	require.NoError(t, os.Remove(filepath.Join(s.disk, "fill")))
	look(20 * time.Second)
	for _, m := range d.mail.Mails() {
		t.Log(m.To, m.Subject)
	}
	t.Log(d.alertmanager.Log())
}
