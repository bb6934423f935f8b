package world_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

func TestADeploymentBecomesAvailableOnNodesInThreeZones(t *testing.T) {
	cluster := servers.Kubernetes(t)
	names := cluster.AddNodes(t, 3, func(node *corev1.Node) { node.Labels["role"] = "worker" })
	namespace := cluster.Namespace(t)
	deploy(t, namespace, "api", 3)
	cluster.WaitAvailable(t, namespace, "api")

	nodes, err := cluster.Client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{LabelSelector: "role=worker"})
	require.NoError(t, err)
	zones := map[string]string{}
	for _, node := range nodes.Items {
		zones[node.Name] = node.Labels[corev1.LabelTopologyZone]
	}
	require.Equal(t, map[string]string{names[0]: "zone-a", names[1]: "zone-b", names[2]: "zone-c"}, zones)

	pods, err := cluster.Client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	require.Len(t, pods.Items, 3)
	for _, pod := range pods.Items {
		require.Contains(t, zones, pod.Spec.NodeName)
		require.Equal(t, corev1.PodRunning, pod.Status.Phase)
	}
}

func TestTheAPIServerKeepsAddressAndDataWhenItIsKilled(t *testing.T) {
	cluster := servers.Kubernetes(t)
	namespace := cluster.Namespace(t)
	before := cluster.APIServer.PID(t)

	cluster.APIServer.Kill(t)
	_, err := cluster.Client.CoreV1().Namespaces().Get(t.Context(), namespace, metav1.GetOptions{})
	require.ErrorContains(t, err, "connection refused")

	cluster.APIServer.Restart(t)
	require.NotEqual(t, before, cluster.APIServer.PID(t))
	_, err = cluster.Client.CoreV1().Namespaces().Get(t.Context(), namespace, metav1.GetOptions{})
	require.NoError(t, err)
}

func TestAPausedAPIServerAnswersNobodyUntilItIsResumed(t *testing.T) {
	cluster := servers.Kubernetes(t)
	cluster.APIServer.Pause(t)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := cluster.Client.CoreV1().Namespaces().Get(ctx, "default", metav1.GetOptions{})
	require.ErrorIs(t, err, context.DeadlineExceeded)

	cluster.APIServer.Resume(t)
	_, err = cluster.Client.CoreV1().Namespaces().Get(t.Context(), "default", metav1.GetOptions{})
	require.NoError(t, err)
}

func TestEveryComponentComesBackWhenItIsKilled(t *testing.T) {
	cluster := servers.Kubernetes(t)
	cluster.AddNodes(t, 1)
	cluster.Etcd.Kill(t)
	cluster.ControllerManager.Kill(t)
	cluster.Scheduler.Kill(t)
	cluster.Etcd.Restart(t)
	cluster.ControllerManager.Restart(t)
	cluster.Scheduler.Restart(t)
	namespace := cluster.Namespace(t)
	deploy(t, namespace, "api", 1)
	cluster.WaitAvailable(t, namespace, "api")
}

func TestAControlPlaneOfItsOwnTakesFlags(t *testing.T) {
	cluster := servers.NewKubernetes(t, "kube-apiserver=--anonymous-auth=false")
	require.NotEqual(t, cluster.Config.Host, servers.Kubernetes(t).Config.Host)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, cluster.Config.Host+"/version", http.NoBody)
	require.NoError(t, err)
	client, err := rest.HTTPClientFor(rest.AnonymousClientConfig(cluster.Config))
	require.NoError(t, err)
	response, err := client.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, response.StatusCode, string(body))
}

func deploy(t *testing.T, namespace, name string, replicas int32) {
	t.Helper()
	labels := map[string]string{"app": name}
	_, err := servers.Kubernetes(t).Client.AppsV1().Deployments(namespace).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: name, Image: "registry.test/" + name + ":1.0"}}},
			},
		},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
}
