package items_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// coreDNS is the Deployment as kubeadm makes it, as far as anybody asks for it.
func coreDNS(replicas int32) *appsv1.Deployment {
	labels := map[string]string{"k8s-app": "kube-dns"}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "coredns", Namespace: "kube-system", Labels: labels},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "coredns", Image: "registry.example.com/coredns:v1.14.1"}}},
			},
		},
	}
}

// TestTheItemOnTheDNSOfTheClusterPassesAndBreaks has a control plane with the Deployment of CoreDNS, and a name server in its place.
func TestTheItemOnTheDNSOfTheClusterPassesAndBreaks(t *testing.T) {
	const item = "networking.dns"
	cluster := servers.Kubernetes(t)
	cluster.AddNodes(t, 2)
	zones := func(records string) string {
		return servers.NameServer(t, world.NameServerSpec{Zones: []world.Zone{
			{Name: "cluster.local.", Text: "$TTL 5\n$ORIGIN cluster.local.\n@ SOA ns.dns hostmaster 1 7200 1800 86400 5\n@ NS ns.dns\nns.dns A 10.96.0.10\n" + records},
			{Name: "example.com.", Text: "$TTL 5\n@ SOA ns admin 1 7200 1800 86400 5\n@ NS ns\nns A 192.0.2.1\n@ A 192.0.2.1\n"},
		}}).Addr
	}
	knowing, forgetful := zones("kubernetes.default.svc A 10.96.0.1\n"), zones("")
	judge := func(t *testing.T, dns map[string]any) judged {
		t.Helper()
		described := map[string]any{"name": "main", "kubeconfig": cluster.Kubeconfig, "namespaces": []string{"default"}}
		if dns != nil {
			described["dns"] = dns
		}
		content, err := yaml.Dump(map[string]any{"systems": []any{map[string]any{
			"name": "shop", "environment": "production", "discovery": map[string]any{"images": false}, "kubernetes": []any{described},
		}}})
		require.NoError(t, err)
		w := reportedWorld{config: filepath.Join(t.TempDir(), "config.yaml")}
		require.NoError(t, os.WriteFile(w.config, content, 0o600))
		return w.judge(t)
	}
	scale := func(t *testing.T, replicas int32) {
		t.Helper()
		deployments := cluster.Client.AppsV1().Deployments("kube-system")
		require.NoError(t, deleteIfThere(t, cluster))
		_, err := deployments.Create(t.Context(), coreDNS(replicas), metav1.CreateOptions{})
		require.NoError(t, err)
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			found, err := deployments.Get(t.Context(), "coredns", metav1.GetOptions{})
			require.NoError(c, err)
			require.Equal(c, replicas, found.Status.AvailableReplicas)
		}, 2*time.Minute, 200*time.Millisecond)
	}
	scale(t, 2)
	sound := judge(t, map[string]any{"address": knowing})
	require.Equal(t, "pass", sound.statuses[item], sound.reasons[item])
	for _, test := range []struct {
		name, status string
		reasons      []string
		replicas     int32
		dns          map[string]any
	}{
		{"it does not know a Service", "fail", []string{"name_unknown"}, 2, map[string]any{"address": forgetful}},
		{"it resolves no name outside", "fail", []string{"outside_unresolved"}, 2, map[string]any{"address": knowing, "outside": []string{"www.example.net"}}},
		{"nothing listens there", "fail", []string{"no_answer", "outside_unresolved"}, 2, map[string]any{"address": "127.0.0.1:1"}},
		{"the exporter is not in the cluster, and is told no address", "unknown", []string{"not_collected"}, 2, nil},
		{"one pod is all there is", "fail", []string{"too_few_replicas"}, 1, map[string]any{"address": knowing}},
		{"nothing in the cluster is labelled as its DNS", "undeclared", []string{"no_dns"}, 0, map[string]any{"address": knowing}},
	} {
		t.Run(test.name, func(t *testing.T) {
			switch test.replicas {
			case 0:
				require.NoError(t, deleteIfThere(t, cluster))
			default:
				scale(t, test.replicas)
			}
			now := judge(t, test.dns)
			require.Equal(t, test.status, now.statuses[item], now.reasons[item])
			require.Equal(t, test.reasons, now.reasons[item])
			require.Empty(t, statusesBut(sound.statuses, now.statuses, []string{item}), "changed too")
		})
	}
}

// deleteIfThere takes CoreDNS out of a cluster.
func deleteIfThere(t *testing.T, cluster *world.Cluster) error {
	t.Helper()
	return cluster.Client.AppsV1().Deployments("kube-system").DeleteCollection(t.Context(), metav1.DeleteOptions{},
		metav1.ListOptions{LabelSelector: "k8s-app=kube-dns"})
}
