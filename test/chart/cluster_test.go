package chart_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// openCluster gives a control plane with nodes, and the resources of Prometheus Operator and Grafana Operator.
func openCluster(t *testing.T) *world.Cluster {
	t.Helper()
	cluster := servers.NewKubernetes(t)
	cluster.AddNodes(t, 2)
	client, err := dynamic.NewForConfig(cluster.Config)
	require.NoError(t, err)
	for _, path := range []string{tool("operator-crds.yaml"), "testdata/crds/grafana.yaml"} {
		content, err := os.ReadFile(path)
		require.NoError(t, err, "make tools-deploy")
		for _, each := range world.Objects(t, content) {
			resource, _ := meta.UnsafeGuessKindToResource(each.GroupVersionKind())
			_, err := client.Resource(resource).Create(t.Context(), each, metav1.CreateOptions{})
			require.NoError(t, err)
		}
	}
	for _, name := range []string{"servicemonitors", "podmonitors", "prometheusrules"} {
		servedSoon(t, cluster, "/apis/monitoring.coreos.com/v1", name)
	}
	servedSoon(t, cluster, "/apis/grafana.integreatly.org/v1beta1", "grafanadashboards")
	return cluster
}

func servedSoon(t *testing.T, cluster *world.Cluster, path, resource string) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		body, err := cluster.Client.RESTClient().Get().AbsPath(path).DoRaw(t.Context())
		require.NoError(c, err)
		require.Contains(c, string(body), fmt.Sprintf("%q", resource))
	}, 90*time.Second, 200*time.Millisecond)
}

// namespace makes one that enforces a Pod Security level.
func namespace(t *testing.T, cluster *world.Cluster, name, level string) {
	t.Helper()
	_, err := cluster.Client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"pod-security.kubernetes.io/enforce": level}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
}

// packaged is the chart as it is published.
func packaged(t *testing.T) string {
	t.Helper()
	into := t.TempDir()
	_, err := helm(t, "package", folder, "--destination", into, "--version", "1.2.3", "--app-version", "v1.2.3")
	require.NoError(t, err)
	return filepath.Join(into, release+"-1.2.3.tgz")
}

// TestTheChartIsInstalledUpgradedAndTurnedBack installs the packaged chart on a control plane that enforces the Pod Security level
// restricted, turns everything on, judges all other renderings by the API server's own validation, and turns everything back.
func TestTheChartIsInstalledUpgradedAndTurnedBack(t *testing.T) {
	cluster := openCluster(t)
	namespace(t, cluster, own, "restricted")
	namespace(t, cluster, "machines", "privileged")
	for _, name := range []string{"shop", "cart", "depot", "near", "shop-staging", "cart-staging", "grafana"} {
		namespace(t, cluster, name, "restricted")
	}
	chart := packaged(t)
	run := func(args ...string) {
		t.Helper()
		_, err := helm(t, append(args, "--namespace", own, "--kubeconfig", cluster.Kubeconfig)...)
		require.NoError(t, err)
	}
	run("install", release, chart)
	cluster.WaitAvailable(t, own, release)
	first := inventory(t, cluster)
	generation := deployment(t, cluster).Generation

	t.Run("what it answers reaches Prometheus", func(t *testing.T) { scraped(t, cluster, chart) })
	t.Run("a new configuration restarts nothing", func(t *testing.T) {
		run("upgrade", release, chart, "--reset-values", "--set", "config.systems[0].name=shop,config.systems[0].environment=production")
		require.Equal(t, generation, deployment(t, cluster).Generation)
		run("upgrade", release, chart, "--reset-values")
	})
	t.Run("each rendering is accepted", func(t *testing.T) {
		conform(t, cluster)
		for _, profile := range profiles(t) {
			_, err := helm(t, "upgrade", release, chart, "--reset-values", "--values", profile, "--dry-run=server", "--namespace", own,
				"--kubeconfig", cluster.Kubeconfig)
			require.NoError(t, err, profile)
		}
	})
	t.Run("each rendering is kept as it is written", func(t *testing.T) { stays(t, cluster) })
	t.Run("everything is turned on", func(t *testing.T) {
		run("upgrade", release, chart, "--reset-values", "--values", "testdata/values/everything.yaml")
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			set, err := cluster.Client.AppsV1().DaemonSets("machines").Get(t.Context(), release+"-hosts", metav1.GetOptions{})
			require.NoError(c, err)
			require.Equal(c, int32(2), set.Status.NumberReady)
		}, 90*time.Second, 200*time.Millisecond)
		require.Subset(t, inventory(t, cluster), first)
		fits(t, cluster)
	})
	t.Run("everything is turned off again", func(t *testing.T) {
		run("upgrade", release, chart, "--reset-values")
		cluster.WaitAvailable(t, own, release)
		require.Equal(t, first, inventory(t, cluster))
		run("uninstall", release, "--wait")
		require.Empty(t, inventory(t, cluster))
	})
}

func deployment(t *testing.T, cluster *world.Cluster) *appsv1.Deployment {
	t.Helper()
	found, err := cluster.Client.AppsV1().Deployments(own).Get(t.Context(), release, metav1.GetOptions{})
	require.NoError(t, err)
	return found
}

// inventory names what of the release is in the cluster.
func inventory(t *testing.T, cluster *world.Cluster) (names []string) {
	t.Helper()
	client, err := dynamic.NewForConfig(cluster.Config)
	require.NoError(t, err)
	_, lists, err := cluster.Client.Discovery().ServerGroupsAndResources()
	require.NoError(t, err)
	for _, list := range lists {
		for _, resource := range list.APIResources {
			group, err := schemaOf(list.GroupVersion)
			require.NoError(t, err)
			if !slices.Contains(resource.Verbs, "list") || strings.Contains(resource.Name, "/") || group.Group == "events.k8s.io" {
				continue
			}
			found, err := client.Resource(group.WithResource(resource.Name)).List(t.Context(), metav1.ListOptions{
				LabelSelector: "app.kubernetes.io/instance=" + release + ",app.kubernetes.io/managed-by=Helm",
			})
			if err != nil {
				continue // Not every resource can be listed by labels.
			}
			for _, each := range found.Items {
				names = append(names, each.GetKind()+" "+each.GetNamespace()+"/"+each.GetName())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// fits wants every object, and what Helm keeps of the release, to stay well below what the API server takes.
func fits(t *testing.T, cluster *world.Cluster) {
	t.Helper()
	const limit = 1 << 20
	secrets, err := cluster.Client.CoreV1().Secrets(own).List(t.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	require.NoError(t, err)
	largest := 0
	for _, each := range secrets.Items {
		for _, data := range each.Data {
			largest = max(largest, len(data))
		}
	}
	t.Logf("what Helm keeps of the release: %d bytes of %d", largest, limit)
	require.Less(t, largest, limit/2)
	for _, each := range world.Objects(t, []byte(render(t, "testdata/values/everything.yaml"))) {
		encoded, err := json.Marshal(each)
		require.NoError(t, err)
		// What kubectl apply notes of an object in an annotation has a limit of 256 KiB.
		require.Less(t, len(encoded), limit/4, each.GetKind()+" "+each.GetName())
	}
}

// conform judges all renderings by kubeconform, against the schemas of the API server itself.
func conform(t *testing.T, cluster *world.Cluster) {
	t.Helper()
	schemas := schemasOf(t, cluster)
	dir := t.TempDir()
	args := []string{"-strict", "-summary", "-schema-location", schemas + "/{{.ResourceKind}}-{{.Group}}-{{.ResourceAPIVersion}}.json"}
	for _, profile := range profiles(t) {
		path := filepath.Join(dir, filepath.Base(profile))
		require.NoError(t, os.WriteFile(path, []byte(render(t, profile)), 0o600))
		args = append(args, path)
	}
	output, err := exec.CommandContext(t.Context(), tool("kubeconform"), args...).CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Contains(t, string(output), "Invalid: 0, Errors: 0, Skipped: 0")
	wrong := filepath.Join(dir, "wrong.yaml")
	require.NoError(t, os.WriteFile(wrong, []byte(strings.Replace(render(t, profiles(t)[0]), "replicas:", "replicaz:", 1)), 0o600))
	_, err = exec.CommandContext(t.Context(), tool("kubeconform"), append(args[:4:4], wrong)...).Output()
	require.Error(t, err, "what is wrong must be seen")
}

// selected are the labels of an object's selector.
func selected(t *testing.T, object *unstructured.Unstructured) map[string]string {
	t.Helper()
	labels, _, err := unstructured.NestedStringMap(object.Object, "spec", "selector", "matchLabels")
	require.NoError(t, err)
	return labels
}
