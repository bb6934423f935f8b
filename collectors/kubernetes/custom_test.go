package kubernetes

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func anything(tb testing.TB, cluster *world.Cluster) dynamic.Interface {
	tb.Helper()
	client, err := dynamic.NewForConfig(cluster.Config)
	require.NoError(tb, err)
	return client
}

var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

// TestCustomResourcesComeAndGo installs and removes a CustomResourceDefinition while its objects are collected.
func TestCustomResourcesComeAndGo(t *testing.T) {
	cluster := servers.NewKubernetes(t)
	client, clusters := anything(t, cluster), opened(t)
	target := in(cluster.Kubeconfig, cluster.Namespace(t))
	issuersNow := func(c require.TestingT) *fact.Set[fact.Issuer] {
		sets, err := collect(t, clusters.Kubernetes(), target, asking(fact.Issuers()), 10*time.Second)
		require.NoError(c, err)
		return setOf(fact.Issuers(), sets)
	}
	require.Equal(t, &fact.Set[fact.Issuer]{}, issuersNow(t), "what nobody offers is empty, and not unavailable")

	content, err := os.ReadFile("testdata/clusterissuers.yaml")
	require.NoError(t, err)
	definition := &unstructured.Unstructured{}
	require.NoError(t, yaml.Unmarshal(content, &definition.Object))
	_, err = client.Resource(definitions).Create(t.Context(), definition, metav1.CreateOptions{})
	require.NoError(t, err)
	issuers := client.Resource(schema.GroupVersionResource{Group: certManagerGroup, Version: "v1", Resource: "clusterissuers"})
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		_, err := issuers.Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": map[string]any{"name": "letsencrypt"},
		}}, metav1.CreateOptions{})
		require.NoError(c, err)
	}, 2*time.Minute, 100*time.Millisecond)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		set := issuersNow(c)
		require.Empty(c, set.Unavailable)
		require.Len(c, set.Facts, 1)
	}, 2*time.Minute, 200*time.Millisecond)

	require.NoError(t, client.Resource(definitions).Delete(t.Context(), definition.GetName(), metav1.DeleteOptions{}))
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		require.Equal(c, &fact.Set[fact.Issuer]{}, issuersNow(c))
	}, 2*time.Minute, 200*time.Millisecond)
}

// TestAnAPIGroupThatIsAwayCostsOnlyWhatNeedsIt has groups served by somebody who does not answer, as an API server does
// whose extension is down: of one a topic is, of the other are workloads by themselves.
func TestAnAPIGroupThatIsAwayCostsOnlyWhatNeedsIt(t *testing.T) {
	cluster := servers.NewKubernetes(t)
	client, clusters := anything(t, cluster), opened(t)
	groups := map[string]string{fact.TopicMonitors: monitoringGroup, "": rollouts().GroupVersionResource.Group} // by the topic that needs them
	for _, group := range groups {
		_, err := client.Resource(schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}).Create(
			t.Context(), &unstructured.Unstructured{Object: map[string]any{
				"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": map[string]any{"name": "v1." + group},
				"spec": map[string]any{
					"group": group, "version": "v1", "groupPriorityMinimum": int64(1000), "versionPriority": int64(10),
					"insecureSkipTLSVerify": true, "service": map[string]any{"namespace": "default", "name": "away", "port": int64(443)},
				},
			}}, metav1.CreateOptions{})
		require.NoError(t, err)
	}
	target := in(cluster.Kubeconfig, deployed(t, cluster))
	asked := asking(fact.Workloads(), fact.TopicBudgets, fact.TopicMonitors)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		sets, err := collect(t, clusters.Kubernetes(), target, asked, 10*time.Second)
		require.NoError(c, err)
		set := setOf(fact.Workloads(), sets)
		require.Len(c, set.Facts, 1, "the workload itself is collected")
		require.Equal(c, []string{fact.TopicMonitors}, set.Facts[0].Missing)
		lacking := make(map[string]bool)
		for _, each := range set.Unavailable {
			lacking[each.Topic] = true
			require.Equal(c, fact.ReasonUnreachable, each.Reason)
			require.Contains(c, each.Detail, groups[each.Topic])
		}
		require.Equal(c, map[string]bool{fact.TopicMonitors: true, "": true}, lacking)
	}, 2*time.Minute, 500*time.Millisecond)
}
