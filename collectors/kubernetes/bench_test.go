package kubernetes

import (
	"fmt"
	"maps"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// podsPerDeployment is how the pods of benchmarks are grouped.
const podsPerDeployment = 10

// BenchmarkMemory measures what a kept pod takes, keys and map included.
func BenchmarkMemory(b *testing.B) {
	const count = 10_000
	for b.Loop() {
		before := heap()
		kept := filled(pods(), count, somePod)
		b.ReportMetric(float64(heap()-before)/count, "B/pod")
		runtime.KeepAlive(kept)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC() // What the first one finds unused, the second one frees.
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// BenchmarkJoin measures how long it takes to make facts of what is kept.
func BenchmarkJoin(b *testing.B) {
	for _, count := range []int{1000, 10_000} {
		b.Run(fmt.Sprintf("pods=%d", count), func(b *testing.B) {
			s := &snapshot{selector: labels.Everything(), stores: map[string]watch.Stored{
				deployments().Key(): filled(deployments(), count/podsPerDeployment, someDeployment),
				replicaSets().Key(): filled(replicaSets(), count/podsPerDeployment, someReplicaSet),
				pods().Key():        filled(pods(), count, somePod),
			}}
			for b.Loop() {
				var joined fact.Set[fact.Workload]
				joinWorkloads(s, &joined)
				require.Len(b, joined.Facts, count/podsPerDeployment)
				require.Equal(b, podsPerDeployment, joined.Facts[0].Pods.Running)
			}
		})
	}
}

// BenchmarkCollect collects 1,000 pods of a real API server.
func BenchmarkCollect(b *testing.B) {
	cluster := servers.Kubernetes(b)
	cluster.AddNodes(b, 10)
	namespace := cluster.Namespace(b)
	for i := range 10 {
		var app application
		app.read(b, "healthy.yaml")
		app.Deployment.Name, app.Budget.Name = fmt.Sprintf("api-%d", i), fmt.Sprintf("api-%d", i)
		own := map[string]string{"app": app.Deployment.Name}
		app.Deployment.Spec.Replicas = pointer(int32(100))
		app.Deployment.Spec.Selector.MatchLabels, app.Deployment.Spec.Template.Labels = own, own
		app.Deployment.Spec.Template.Spec.TopologySpreadConstraints = nil
		app.Budget.Spec.Selector.MatchLabels = maps.Clone(own)
		app.create(b, cluster, namespace)
	}
	for i := range 10 {
		cluster.WaitAvailable(b, namespace, fmt.Sprintf("api-%d", i))
	}
	target := in(cluster.Kubeconfig, namespace)
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			clusters := New()
			_, err := workloadsOf(b, clusters, target)
			require.NoError(b, err)
			clusters.Close()
		}
	})
	b.Run("later", func(b *testing.B) {
		clusters := opened(b)
		for b.Loop() {
			set, err := workloadsOf(b, clusters, target)
			require.NoError(b, err)
			require.Len(b, set.Facts, 10)
		}
	})
}

// filled is a store that holds count objects.
func filled[T any](r watch.Resource[T], count int, object func(i int) any) watch.Stored {
	objects := make([]any, count)
	for i := range objects {
		objects[i] = object(i)
	}
	store, err := r.Hold(objects)
	if err != nil {
		panic(err)
	}
	return store
}

func somePod(i int) any {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: fmt.Sprintf("namespace-%d", i%100), Name: fmt.Sprintf("application-%d-5d8f7b9c6d-%05d", i/podsPerDeployment, i),
			Annotations: map[string]string{"note": fmt.Sprintf("%1000d", i)}, OwnerReferences: ownedBy("replicaset", i/podsPerDeployment),
		},
		Spec: corev1.PodSpec{NodeName: fmt.Sprintf("ip-10-0-0-%d.eu-central-1.compute.internal", i%200)},
	}
}

func someReplicaSet(i int) any {
	return &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{
		Name: fmt.Sprintf("replicaset-%d", i), UID: uid("replicaset", i), OwnerReferences: ownedBy("deployment", i),
	}}
}

func someDeployment(i int) any {
	return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{
		Namespace: "shop", Name: fmt.Sprintf("application-%d", i), UID: uid("deployment", i),
	}}
}

func uid(kind string, i int) types.UID { return types.UID(fmt.Sprintf("%-24s%012d", kind, i)) }

func ownedBy(kind string, i int) []metav1.OwnerReference {
	return []metav1.OwnerReference{{UID: uid(kind, i), Controller: pointer(true)}}
}
