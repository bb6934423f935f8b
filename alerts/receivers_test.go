package alerts_test

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// TestReceiversSayWhatIsWrongAndHowToFixIt sends alerts through the shipped receivers as they are, with only the addresses
// and the secrets of this test: no check of the file finds a template that fails when it is used.
func TestReceiversSayWhatIsWrongAndHowToFixIt(t *testing.T) {
	ca := world.NewCA(t, world.Spec{})
	mail := world.NewMailServer(t, ca.Issue(t, world.Spec{}))
	a := &alertmanager{webhook: world.NewWebhook(t)}
	_, port, err := net.SplitHostPort(mail.Addr)
	require.NoError(t, err)
	secrets := t.TempDir()
	for name, content := range map[string]string{
		"slack-url": a.webhook.URL + "/slack", "heartbeat-url": a.webhook.URL + "/heartbeat",
		"smtp-password": world.MailPassword, "pagerduty-key": "operations", "pagerduty-key-shop": "shop",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(secrets, name), []byte(content), 0o600))
	}
	config := readExample(t)
	config.Global["smtp_smarthost"] = "localhost:" + port
	config.Global["smtp_tls_config"] = map[string]string{"ca_file": ca.WriteRoot(t, secrets, "ca.pem")}
	config.Global["pagerduty_url"] = a.webhook.URL + "/pagerduty"
	a.Alertmanager = servers.Alertmanager(t, strings.ReplaceAll(config.written(t), "/etc/alertmanager/secrets", secrets))
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Alertmanager logged:\n%s", a.Log())
		}
	})
	critical := []model.LabelSet{
		alert("ExporterAbsent", "critical", "system", "a"), alert("BackupTooOld", "critical", "system", "a"),
		alert("BackupTooOld", "critical", "system", "b", "team", "shop-team"),
	}
	warning := []model.LabelSet{
		alert("ReloadFailed", "warning", "system", "c"), alert("RebootRequired", "warning", "system", "d", "team", "shop-team"),
	}
	alerts := append(critical, warning...)
	a.push(t, append(alerts, alert("Heartbeat", "info"))...)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		require.ElementsMatch(c, []string{"operations@example.com", "shop-team@example.com"}, recipients(mail, "[FIRING:1]"))
		require.ElementsMatch(c, []string{
			"/slack danger firing: production a", "/slack warning firing: ReadinessReloadFailed production c",
			"/pagerduty operations trigger: the summary, and 1 more", "/pagerduty shop trigger: the summary",
		}, a.posted(t))
		require.NotEmpty(c, a.webhook.Notifications(t, "/heartbeat"))
	}, 2*time.Minute, 50*time.Millisecond)
	for _, taken := range mail.Mails() {
		require.Equal(t, "alertmanager@example.com", taken.From)
		for _, text := range []string{
			"the summary", "the description", "https://readiness.example.com/systems/one", "https://runbooks.example.com/one",
			"https://grafana.example.com/d/one?a=b",
		} {
			require.Contains(t, taken.Body, text)
		}
	}

	a.resolve(t, alerts...)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		require.ElementsMatch(c, []string{"operations@example.com", "shop-team@example.com"}, recipients(mail, "[RESOLVED]"))
		require.Subset(c, a.posted(t), []string{
			"/slack good resolved: production a", "/slack good resolved: ReadinessReloadFailed production c",
			"/pagerduty operations resolve: the summary, and 1 more", "/pagerduty shop resolve: the summary",
		})
	}, 2*time.Minute, 50*time.Millisecond)
}

// recipients are those of the mails whose subject begins with a prefix.
func recipients(mail *world.MailServer, subject string) (found []string) {
	for _, taken := range mail.Mails() {
		if strings.HasPrefix(taken.Subject, subject) {
			found = append(found, taken.To...)
		}
	}
	return found
}

// posted is what Slack and PagerDuty got, in short; each must have a link.
func (a *alertmanager) posted(t *testing.T) (lines []string) {
	t.Helper()
	for _, post := range a.webhook.Posts() {
		var body struct {
			// Slack
			Channel     string
			Attachments []struct{ Color, Title, Text string }
			// PagerDuty
			RoutingKey  string `json:"routing_key"`
			EventAction string `json:"event_action"`
			Payload     struct {
				Summary, Severity string
				CustomDetails     struct{ Firing string } `json:"custom_details"`
			}
			Links []struct{ Text, Href string }
		}
		require.NoError(t, json.Unmarshal(post.Body, &body))
		switch post.Path {
		case "/slack":
			require.Equal(t, "#readiness", body.Channel)
			require.Regexp(t, `^(\*the summary\*: the description Since \d+ \w{3} \d\d:\d\d UTC: (<https://readiness.example.com/systems/one\|page>, )?`+
				`<https://runbooks.example.com/one\|runbook>, <https://grafana.example.com/d/one\?a=b\|dashboard>\n?)+$`, body.Attachments[0].Text)
			lines = append(lines, post.Path+" "+body.Attachments[0].Color+" "+body.Attachments[0].Title)
		case "/pagerduty":
			require.Equal(t, "critical", body.Payload.Severity)
			if body.EventAction == "trigger" {
				require.Regexp(t, `^(\* the summary: the description Since \d+ \w{3} \d\d:\d\d UTC. (https://readiness.example.com/systems/one)? `+
					`https://runbooks.example.com/one\n?)+$`, body.Payload.CustomDetails.Firing)
			}
			for _, link := range body.Links {
				require.Equal(t, map[string]string{
					"page": "https://readiness.example.com/systems/one", "runbook": "https://runbooks.example.com/one",
					"dashboard": "https://grafana.example.com/d/one?a=b",
				}[link.Text], link.Href, "it opens")
			}
			require.Len(t, body.Links, map[string]int{"operations": 3, "shop": 2}[body.RoutingKey], "what has no address has no link")
			lines = append(lines, post.Path+" "+body.RoutingKey+" "+body.EventAction+": "+body.Payload.Summary)
		}
	}
	return lines
}
