package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

const (
	newcomers = 60
	// Every fourth declares an objective, and every sixth backups of which there are none yet.
	withObjective, withBackups = 4, 6
	externalURL                = "http://readiness.example.com"
)

// A firstHour is an installation as a user makes it: systems of two workloads with one replica each and a good certificate,
// without backups or budgets. The first two have a namespace each; the others share some, which nothing tells them.
type firstHour struct {
	cluster    *world.Cluster
	ca         *world.CA
	site       *world.TLSServer // of the first system
	siteAddr   string
	namespaces []string
	config     string
}

func newFirstHour(t *testing.T) *firstHour {
	t.Helper()
	f := &firstHour{cluster: servers.Kubernetes(t), ca: world.NewCA(t, world.Spec{CommonName: "First Hour"})}
	f.cluster.AddNodes(t, 2)
	f.site = world.NewTLSServer(t, f.certificate(t, 90*day))
	f.siteAddr = f.site.Addr
	other := world.NewTLSServer(t, f.certificate(t, 60*day))
	for range 5 {
		namespace := f.cluster.Namespace(t)
		for _, name := range []string{"api", "worker"} {
			_, err := f.cluster.Client.AppsV1().Deployments(namespace).Create(t.Context(), ordinary(name), metav1.CreateOptions{})
			require.NoError(t, err)
		}
		f.namespaces = append(f.namespaces, namespace)
	}
	for _, namespace := range f.namespaces {
		f.cluster.WaitAvailable(t, namespace, "api")
		f.cluster.WaitAvailable(t, namespace, "worker")
	}
	root, empty := f.ca.WriteRoot(t, t.TempDir(), "ca.pem"), t.TempDir()
	var config strings.Builder
	config.WriteString("collectors: {certificate: {schedule: '@every 10s'}}\nsystems:\n")
	for i := range newcomers {
		site, namespace := other.Addr, f.namespaces[min(i, 2+i%3)]
		if i == 0 {
			site = f.siteAddr
		}
		fmt.Fprintf(&config, `
  - name: %s
    environment: production
    owner: team-%d
    kubernetes: [{name: main, kubeconfig: %s, namespaces: [%s]}]
    discovery: {images: false}
    certificates: [{address: %q, server_name: localhost, ca_file: %s}]
`, newcomer(i), i%5, f.cluster.Kubeconfig, namespace, site, root)
		if i%withObjective == 0 {
			config.WriteString("    objectives: {readiness: 0.9}\n")
		}
		if i%withBackups == 0 {
			fmt.Fprintf(&config, "    backups: [{name: database, schedule: 1d, retention: 7d, directory: {path: %s, pattern: '*.dump'}}]\n", empty)
		}
	}
	f.config = writeFile(t, "readiness.yaml", config.String())
	return f
}

func newcomer(i int) string { return fmt.Sprintf("shop-%02d", i) }

func (f *firstHour) certificate(t *testing.T, remaining time.Duration) *world.Certificate {
	t.Helper()
	now := time.Now()
	return f.ca.Issue(t, world.Spec{NotBefore: now.Add(remaining - 90*day), NotAfter: now.Add(remaining)})
}

// ordinary is what a first manifest looks like.
func ordinary(name string) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Strategy: appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: name, Image: "registry.example.com/shop/" + name + ":1.0.0"}}},
			},
		},
	}
}

// everyDay has the weekly summary sent whatever day it is.
func everyDay(configuration map[string]any) {
	configuration["time_intervals"] = []any{map[string]any{
		"name": "monday-morning", "time_intervals": []any{map[string]any{"weekdays": []any{"sunday:saturday"}}},
	}}
}

// said is what a receiver was told that fires: each alert once, with its texts as they were last. What is about the exporter
// and its scrapes is left out: on a busy machine those take longer than the minutes of this test.
func (d *duty) said(t *testing.T, receiver string) (lines []string) {
	t.Helper()
	age := regexp.MustCompile(`(\d+[dhm] )*[\d.]+s\b`)
	for _, alert := range d.told(t, receiver) {
		if alert.Status == model.AlertFiring && alert.Labels["team"] != "monitoring" {
			lines = append(lines, age.ReplaceAllString(fmt.Sprintf("%s: %s", alert.Annotations["summary"], alert.Annotations["description"]), "…"))
		}
	}
	slices.Sort(lines)
	return lines
}

// TestTheFirstHourCallsNobody lives through the first hour of many ordinary systems, with the shipped rules and routes, real
// servers, and all durations divided: rules are evaluated every five minutes of it. Nobody is paged; each system is in one
// summary. Then what really breaks pages, each once.
func TestTheFirstHourCallsNobody(t *testing.T) {
	t.Parallel()
	f := newFirstHour(t)
	d := newDuty(t, everyDay)
	exporter := startExporter(t, "--config.file", f.config, "--web.external-url", externalURL)
	rules := shippedRules(t, hurry)
	for i := range rules {
		rules[i].Content = strings.ReplaceAll(rules[i].Content, "interval: 500ms", "interval: 2500ms")
	}
	prometheus := servers.Prometheus(t, strings.ReplaceAll(exporter.scrapeConfig(), ": 1s", ": 2s")+fmt.Sprintf(`
rule_files: ["*.rules.yaml"]
alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}
`, d.alertmanager.Addr), rules...)

	prometheus.WaitFor(t, `ALERTS{alertname="ReadinessHeartbeat"}`)
	begun := time.Now()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		require.GreaterOrEqual(c, time.Since(begun), time.Hour/hurry)
		require.Len(c, d.said(t, "summary"), newcomers)
		require.Equal(c, expectedTickets(), d.said(t, "tickets"))
	}, 5*time.Minute, 500*time.Millisecond)
	for _, receiver := range []string{"pager", "shop-pager", "shop-tickets"} {
		require.Empty(t, d.said(t, receiver), receiver)
	}
	for _, line := range d.said(t, "summary") {
		require.Regexp(t, `^shop-\d\d \(production\): \d+ checks are not ready: They belong to team-\d, and are work to plan: this calls nobody\.`, line)
	}
	t.Logf("tickets of the first hour:\n%s\nsummaries:\n%s", strings.Join(d.said(t, "tickets"), "\n"), strings.Join(d.said(t, "summary"), "\n"))

	f.site.Show(f.certificate(t, -time.Hour))
	f.takeDown(t, f.namespaces[1])
	want := []string{
		"shop-00 (production): the certificate of " + f.siteAddr + " for localhost has expired: It expired … ago: clients refuse the connection. " +
			"Renew it now, for example by certbot renew, and fix its automatic renewal.",
		"shop-01 (production): no pod of " + f.namespaces[1] + "/Deployment/api is available: For 10 minutes none of its pods (it should have 1) has been " +
			"available in the cluster main. Read the events and logs of its pods, and roll back a release that has just been made.",
	}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		require.Equal(c, want, d.said(t, "pager"))
	}, 5*time.Minute, 500*time.Millisecond)
	for _, each := range d.told(t, "pager") {
		require.Equal(t, fmt.Sprintf("%s/systems/%s/production", externalURL, each.Labels["system"]), string(each.Annotations["page_url"]))
	}
	require.Len(t, d.webhook.Notifications(t, "/pager"), 2, "each pages once")
}

// expectedTickets are those of backups that are declared and of which there is none.
func expectedTickets() (lines []string) {
	for i := 0; i < newcomers; i += withBackups {
		lines = append(lines, newcomer(i)+" (production): there is no backup database: Its place (directory) can be read, and there is no backup "+
			"in it. Find out whether backups were deleted, then make one.")
	}
	return lines
}

// takeDown has the only pod of a workload replaced by one for which there is no node.
func (f *firstHour) takeDown(t *testing.T, namespace string) {
	t.Helper()
	deployments := f.cluster.Client.AppsV1().Deployments(namespace)
	deployment, err := deployments.Get(t.Context(), "api", metav1.GetOptions{})
	require.NoError(t, err)
	deployment.Spec.Template.Spec.NodeSelector = map[string]string{"disk": "fast"}
	_, err = deployments.Update(t.Context(), deployment, metav1.UpdateOptions{})
	require.NoError(t, err)
}
