package bench

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/procfs"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	testworld "github.com/readiness-exporter/readiness-exporter/test/world"
)

var servers *testworld.World

func TestMain(m *testing.M) { testworld.Main(m, &servers) }

// How large the measured cluster is.
const (
	manyNodes       = 1000
	manyDeployments = 2000
	podsEach        = 5
)

// BenchmarkLargeCluster runs the exporter itself against a control plane with 1,000 nodes, 2,000 Deployments and 10,000
// pods: how long until all is collected, what it holds, what a scrape takes, and how soon a change shows. Where KUBE_STATE_METRICS
// names a binary of it, that is measured beside it.
func BenchmarkLargeCluster(b *testing.B) {
	binary := builtExporter(b)
	cluster := largeCluster(b)
	for b.Loop() {
		address := freeAddress(b)
		config := filepath.Join(b.TempDir(), "readiness.yaml")
		require.NoError(b, os.WriteFile(config, fmt.Appendf(nil,
			"systems: [{name: shop, environment: production, kubernetes: [{name: large, kubeconfig: %s, namespaces: [shop]}]}]\n",
			cluster.Kubeconfig), 0o600))
		exporter := started(b, binary, "--config.file", config, "--web.listen-address="+address, "--storage.path="+b.TempDir())
		observe(b, exporter, address, "\nreadiness_workload_nodes{", "")
		b.ReportMetric(untilChanged(b, cluster, address).Seconds(), "s-until-changed")
		exporter.stop()
		if other := os.Getenv("KUBE_STATE_METRICS"); other != "" {
			observeKubeStateMetrics(b, other, cluster)
		}
	}
}

// observe reports how long it takes until a series is there of every Deployment, what a process holds then, and what its
// scrapes cost.
func observe(b *testing.B, p process, address, series, of string) {
	b.Helper()
	begun := time.Now()
	require.Eventually(b, func() bool {
		return strings.Count(get(b.Context(), address, "/metrics"), series) == manyDeployments
	}, 2*time.Minute, 100*time.Millisecond)
	b.ReportMetric(time.Since(begun).Seconds(), of+"s-until-collected")
	metrics := scrapedForAWhile(b, address)
	count := float64(strings.Count(metrics, "\n") - strings.Count(metrics, "\n#"))
	held := float64(resident(b, p))
	b.ReportMetric(held/(1<<20), of+"MiB-resident")
	b.ReportMetric(held/(manyNodes+manyDeployments*(2+podsEach)), of+"B/object")
	b.ReportMetric(count, of+"series")
	const scrapes = 20
	before, begun := processorTime(b, p), time.Now()
	for range scrapes {
		get(b.Context(), address, "/metrics")
	}
	b.ReportMetric(float64(time.Since(begun).Milliseconds())/scrapes, of+"ms/scrape")
	b.ReportMetric((processorTime(b, p)-before)*1e9/scrapes/count, of+"cpu-ns/series")
}

// processorTime is how many seconds a process has computed.
func processorTime(b *testing.B, p process) float64 {
	b.Helper()
	running, err := procfs.NewProc(p.Process.Pid)
	require.NoError(b, err)
	stat, err := running.Stat()
	require.NoError(b, err)
	return stat.CPUTime()
}

// observeKubeStateMetrics reports the same of kube-state-metrics, on the same cluster and the same kinds of objects.
func observeKubeStateMetrics(b *testing.B, binary string, cluster *testworld.Cluster) {
	b.Helper()
	host, port, err := net.SplitHostPort(freeAddress(b))
	require.NoError(b, err)
	_, telemetry, err := net.SplitHostPort(freeAddress(b))
	require.NoError(b, err)
	other := started(b, binary, "--kubeconfig="+cluster.Kubeconfig, "--host="+host, "--port="+port, "--telemetry-host="+host,
		"--telemetry-port="+telemetry, "--resources=deployments,replicasets,pods,nodes,poddisruptionbudgets,services,endpointslices")
	defer other.stop()
	observe(b, other, net.JoinHostPort(host, port), "\nkube_deployment_created{", "ksm-")
}

// untilChanged scales a Deployment, and tells how long it takes to show.
func untilChanged(b *testing.B, cluster *testworld.Cluster, address string) time.Duration {
	b.Helper()
	const name = "service-0042"
	wanted := int32(podsEach + 1 + time.Now().Second()%3)
	_, err := cluster.Client.AppsV1().Deployments("shop").UpdateScale(b.Context(), name, &autoscalingv1.Scale{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "shop"}, Spec: autoscalingv1.ScaleSpec{Replicas: wanted},
	}, metav1.UpdateOptions{})
	require.NoError(b, err)
	begun := time.Now()
	series := regexp.MustCompile(fmt.Sprintf(`\nreadiness_workload_replicas_desired\{[^}]*name=%q[^}]*\} %d\n`, name, wanted))
	require.Eventually(b, func() bool {
		return series.MatchString(get(b.Context(), address, "/metrics"))
	}, time.Minute, 50*time.Millisecond)
	return time.Since(begun)
}

// largeCluster makes the cluster. The components' own limits of requests would make it last an hour.
func largeCluster(b *testing.B) *testworld.Cluster {
	b.Helper()
	fast := "=--kube-api-qps=2000"
	cluster := servers.NewKubernetes(b, "kube-controller-manager"+fast, "kube-controller-manager=--kube-api-burst=4000",
		"kube-scheduler"+fast, "kube-scheduler=--kube-api-burst=4000",
		"kube-controller-manager=--concurrent-deployment-syncs=50", "kube-controller-manager=--concurrent-replicaset-syncs=50",
		"kube-controller-manager=--node-monitor-grace-period=1h")
	cluster.AddNodes(b, manyNodes)
	_, err := cluster.Client.CoreV1().Namespaces().Create(b.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}, metav1.CreateOptions{})
	require.NoError(b, err)
	work, ctx := errgroup.WithContext(b.Context())
	work.SetLimit(16)
	for i := range manyDeployments {
		work.Go(func() error { return deploy(ctx, cluster, fmt.Sprintf("service-%04d", i)) })
	}
	require.NoError(b, work.Wait())
	begun := time.Now()
	require.Eventually(b, func() bool {
		available := 0
		list, err := cluster.Client.AppsV1().Deployments("shop").List(b.Context(), metav1.ListOptions{})
		require.NoError(b, err)
		for i := range list.Items {
			if list.Items[i].Status.AvailableReplicas >= podsEach {
				available++
			}
		}
		if time.Since(begun) > time.Minute {
			b.Logf("%d of %d Deployments are available", available, manyDeployments)
			begun = time.Now()
		}
		return available == manyDeployments
	}, 20*time.Minute, 5*time.Second)
	return cluster
}

func deploy(ctx context.Context, cluster *testworld.Cluster, name string) error {
	replicas := int32(podsEach)
	labels := map[string]string{"app": name}
	_, err := cluster.Client.AppsV1().Deployments("shop").Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/" + name + ":1.0.0"}}},
			},
		},
	}, metav1.CreateOptions{})
	return err
}
