package kubernetes

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const canary = "canary-8f3a61c2"

// TestObjectsAreCollectedAsTheyAreAndNotShown collects objects of resources that only the system description names.
func TestObjectsAreCollectedAsTheyAreAndNotShown(t *testing.T) {
	cluster := servers.Kubernetes(t)
	namespace := cluster.Namespace(t)
	core := cluster.Client.CoreV1()
	_, err := core.ConfigMaps(namespace).Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "settings"}, Data: map[string]string{"password": canary},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = core.Pods(namespace).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "api", Annotations: map[string]string{"kubectl.kubernetes.io/last-applied-configuration": canary}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "api", Image: "api:1", Env: []corev1.EnvVar{{Name: "PASSWORD", Value: canary}},
		}}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)

	clusters := New()
	defer clusters.Close()
	target := Target{System: "shop/production", Cluster: system.Cluster{
		Name: "main", Kubeconfig: cluster.Kubeconfig, Namespaces: []string{namespace}, Resources: []system.Resource{
			{Resource: "configmaps"}, {Resource: "pods"}, {Group: "storage.k8s.io", Resource: "csinodes", ClusterScoped: true},
			{Group: "example.com", Resource: "widgets"},
		},
	}}
	sets, err := clusters.Objects().Collect(t.Context(), target, nil)
	require.NoError(t, err)
	set := setOf(fact.Objects(), sets)
	content, err := json.Marshal(set)
	require.NoError(t, err)
	require.NotContains(t, string(content), canary)
	found := make(map[string]*fact.Object)
	for _, each := range set.Facts {
		found[each.Kind+"/"+each.Name] = each
	}
	require.Equal(t, map[string]any{"password": canary}, found["ConfigMap/settings"].Object["data"])
	require.Equal(t, "Pod", found["Pod/api"].Object["kind"])
	require.NotZero(t, found["Pod/api"].MadeAt)
	require.Equal(t, []fact.Unavailable[fact.Object]{{
		Subject: "main/" + namespace, Known: fact.Object{Cluster: "main", Namespace: namespace}, Reason: fact.ReasonNotFound,
		Detail: "watch widgets.example.com: the API server offers no such resource",
	}}, set.Unavailable)
}
