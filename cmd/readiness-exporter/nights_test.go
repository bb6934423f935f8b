package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/record"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// TestThePageInBadNights breaks what wakes people, in a shop that was well for ten days, and reads what they read: first what is
// urgent, on what, and what to do; then what else was lost. It keeps pictures. The report of the week tells the same while the
// exporter has its record open.
func TestThePageInBadNights(t *testing.T) {
	s := newShop(t)
	dumps := s.backUpToFolder(t)
	s.deployOn(t, "checkout", 1)
	storage := wellFor(t, 10*day, withContacts(t, s.config))
	exporter := startExporter(t, "--config.file", withContacts(t, s.config), "--storage.path", storage)
	browser := newBrowser(t)
	_, err := chromedp.Call(browser, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Europe/Berlin"})
	require.NoError(t, err)

	for _, night := range []struct {
		name    string
		breakIt func(t *testing.T)
		fixIt   func(t *testing.T)
		reads   []string // in this order
		lost    string   // what the report of the week tells of its team
		never   []string
	}{
		{
			name:    "certificate",
			breakIt: func(t *testing.T) { s.site.Show(s.certificate(t, -3*time.Hour)) },
			fixIt:   func(t *testing.T) { s.site.Show(s.certificate(t, 90*day)) },
			reads: []string{
				"Urgent", "1 urgent fault", "Call Shop rota", "Urgent (1)", "✗ fail certificate " + s.siteProxy.Addr, "The certificate expired 3 h",
				"certbot renew", "Since ", " UTC (", " CE", "for ", "auto-renewal verified (critical)", "Gaps (",
			},
			lost:  "- **Certificate auto-renewal verified** (`tls.renewal`, critical): pass → fail, since ",
			never: []string{"Lost ("},
		},
		{
			name: "backups",
			breakIt: func(t *testing.T) {
				s.storeProxy.Refuse()
				require.NoError(t, os.RemoveAll(filepath.Join(dumps, "dumps")))
				require.NoError(t, os.Mkdir(filepath.Join(dumps, "dumps"), 0o755))
			},
			fixIt: func(t *testing.T) {
				s.storeProxy.Pass(t)
				fillFolder(t, dumps)
			},
			reads: []string{
				"items fail", "could not be collected", "Lost (2)",
				"✗ fail backup files", "No backup is kept there.", "Make a backup now", "? unknown backup database-off-site", "nobody knows how it is",
			},
			lost:  "(`backup.integrity`, critical): pass → fail, since ",
			never: []string{"Urgent ("},
		},
		{
			name:    "cluster",
			breakIt: func(t *testing.T) { s.loseNode(t, 1) },
			fixIt:   func(*testing.T) {},
			lost:    "(`availability.replicas`, info): pass → fail, since ",
			reads: []string{
				"Urgent", "urgent fault", "Urgent (1)", "✗ fail workload k3s/" + s.namespace + "/Deployment/checkout", "Only 0 of 2 pods are available.",
				"kubectl get pods -n " + s.namespace + " -o wide", "Lost (", "Of 2 nodes, 1 is not ready", "✗ fail workload k3s/" + s.namespace + "/Deployment/api", "1 of 2 pods are available",
			},
		},
	} {
		t.Run(night.name, func(t *testing.T) {
			night.breakIt(t)
			defer night.fixIt(t)
			for _, screen := range []screen{screens()[0], screens()[2]} {
				useScreen(browser, t, screen)
				text := readWhole(browser, t, exporter.addr, night.reads)
				for _, word := range night.never {
					require.NotContains(t, text, word)
				}
				requireAccessible(browser, t)
				picture, err := chromedp.Run(browser, chromedp.CaptureScreenshot())
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(pictures, "night-"+night.name+"-"+screen.name+".png"), picture, 0o600))
			}
			var news, complaints bytes.Buffer
			status := run(t.Context(), []string{
				"--config.file", s.config, "check", "--output", "markdown", "--changed-since", "7d", "--storage.path", storage,
			}, &news, &complaints)
			require.Equal(t, exitReady, status, complaints.String())
			require.Contains(t, news.String(), "\n### Lost\n")
			require.Contains(t, news.String(), night.lost)
			require.NotContains(t, news.String(), "The record")
		})
	}
}

// readWhole opens the page of the shop again and again until a reader reads all of some words in their order, and gives it.
func readWhole(browser context.Context, t *testing.T, addr string, words []string) string {
	t.Helper()
	var text, missing string
	for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); time.Sleep(300 * time.Millisecond) {
		require.NoError(t, chromedp.Do(browser, chromedp.Navigate("http://"+addr+"/systems/shop/production")))
		text = strings.Join(strings.Fields(evaluate[string](browser, t, `document.body.innerText`)), " ")
		rest, found := text, true
		for _, word := range words {
			if _, rest, found = strings.Cut(rest, word); !found {
				missing = word
				break
			}
		}
		if found {
			return text
		}
	}
	require.Fail(t, "the page does not say in its place", "%q\n%s", missing, text)
	return ""
}

// wellFor runs the exporter until everything is judged, and gives a folder whose record says that it has been so for a while.
func wellFor(t *testing.T, since time.Duration, file string) string {
	t.Helper()
	now, before := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "data")
	exporter := startExporter(t, "--config.file", file, "--storage.path", now)
	exporter.become(exporter.statuses(), map[string]string{})
	exporter.stop()
	options := record.Options{Ready: countsAsReady}
	written, err := record.OpenDirectory(now, options)
	require.NoError(t, err)
	changes := written.Changes("shop/production")
	require.NoError(t, written.Close())
	require.NotEmpty(t, changes)
	aged, err := record.OpenDirectory(before, options)
	require.NoError(t, err)
	for i := range changes {
		changes[i].At = changes[i].At.Add(-since)
	}
	aged.Append(changes...)
	require.NoError(t, aged.Close())
	return before
}

// backUpToFolder has the shop keep backups of its files in a folder too, and gives it.
func (s *shop) backUpToFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	fillFolder(t, folder)
	content, err := os.ReadFile(s.config)
	require.NoError(t, err)
	var file config.File
	require.NoError(t, yaml.Load(content, &file, yaml.WithV4Defaults(), yaml.WithKnownFields()))
	file.Systems[0].Backups = append(file.Systems[0].Backups, system.Backup{
		Name: "files", Schedule: quantity.Duration(day), Directory: &system.Directory{Path: filepath.Join(folder, "dumps"), Pattern: "*.tar"},
	})
	written, err := yaml.Dump(file)
	require.NoError(t, err)
	s.config = writeFile(t, "readiness.yaml", string(written))
	return folder
}

// fillFolder makes a month of backups in a folder.
func fillFolder(t *testing.T, folder string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "dumps"), 0o755))
	for age := range 31 {
		at := time.Now().Add(-time.Duration(age)*day - time.Hour)
		name := filepath.Join(folder, "dumps", at.UTC().Format(time.DateOnly)+".tar")
		require.NoError(t, os.WriteFile(name, make([]byte, 600), 0o600))
		require.NoError(t, os.Chtimes(name, at, at))
	}
}

// deployOn copies the workload of the shop onto one of its nodes.
func (s *shop) deployOn(t *testing.T, name string, node int) {
	t.Helper()
	deployments := s.cluster.Client.AppsV1().Deployments(s.namespace)
	deployment, err := deployments.Get(t.Context(), "api", metav1.GetOptions{})
	require.NoError(t, err)
	deployment.ObjectMeta = metav1.ObjectMeta{Name: name, Labels: deployment.Labels}
	labels := map[string]string{"app": name}
	deployment.Spec.Selector.MatchLabels, deployment.Spec.Template.Labels = labels, labels
	deployment.Spec.Template.Spec.TopologySpreadConstraints = nil
	deployment.Spec.Template.Spec.NodeSelector = map[string]string{corev1.LabelHostname: s.nodes[node]}
	_, err = deployments.Create(t.Context(), deployment, metav1.CreateOptions{})
	require.NoError(t, err)
	s.cluster.WaitAvailable(t, s.namespace, name)
}

// loseNode has the kubelet of a node fall silent, as the control plane notes it of the node and its pods.
func (s *shop) loseNode(t *testing.T, at int) {
	t.Helper()
	nodes := s.cluster.Client.CoreV1().Nodes()
	node, err := nodes.Get(t.Context(), s.nodes[at], metav1.GetOptions{})
	require.NoError(t, err)
	node.Labels[world.Unmanaged] = "true"
	node, err = nodes.Update(t.Context(), node, metav1.UpdateOptions{})
	require.NoError(t, err)
	for i := range node.Status.Conditions {
		condition := &node.Status.Conditions[i]
		if condition.Type == corev1.NodeReady {
			condition.Status, condition.Reason = corev1.ConditionUnknown, "NodeStatusUnknown"
			condition.Message, condition.LastTransitionTime = "Kubelet stopped posting node status.", metav1.Now()
		}
	}
	_, err = nodes.UpdateStatus(t.Context(), node, metav1.UpdateOptions{})
	require.NoError(t, err)
	pods := s.cluster.Client.CoreV1().Pods(s.namespace)
	list, err := pods.List(t.Context(), metav1.ListOptions{FieldSelector: "spec.nodeName=" + node.Name})
	require.NoError(t, err)
	for _, pod := range list.Items {
		for i := range pod.Status.Conditions {
			if condition := &pod.Status.Conditions[i]; condition.Type == corev1.PodReady {
				condition.Status, condition.Reason, condition.LastTransitionTime = corev1.ConditionFalse, "NodeNotReady", metav1.Now()
			}
		}
		_, err := pods.UpdateStatus(t.Context(), &pod, metav1.UpdateOptions{})
		require.NoError(t, err)
	}
}
