package kubernetes

import (
	"bytes"
	"context"
	"unique"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/cache"
)

// A resource is one that is watched, and what is kept of its objects.
type resource[T any] struct {
	name    string // as permissions name it: deployments
	example runtime.Object
	from    func(c *connection, namespace string) *cache.ListWatch
	keep    func(object any) T // of the example's type
}

func deployments() resource[workload] {
	return resource[workload]{
		name: "deployments", example: &appsv1.Deployment{}, from: typed("deployments", appsv1.SchemeGroupVersion, ""),
		keep: func(object any) workload { return keepDeployment(object.(*appsv1.Deployment)) },
	}
}

func statefulSets() resource[workload] {
	return resource[workload]{
		name: "statefulsets", example: &appsv1.StatefulSet{}, from: typed("statefulsets", appsv1.SchemeGroupVersion, ""),
		keep: func(object any) workload { return keepStatefulSet(object.(*appsv1.StatefulSet)) },
	}
}

func daemonSets() resource[workload] {
	return resource[workload]{
		name: "daemonsets", example: &appsv1.DaemonSet{}, from: typed("daemonsets", appsv1.SchemeGroupVersion, ""),
		keep: func(object any) workload { return keepDaemonSet(object.(*appsv1.DaemonSet)) },
	}
}

// replicaSets are only asked for their metadata: they stand between Deployments and pods, and most of them are old.
func replicaSets() resource[replicaSet] {
	return resource[replicaSet]{
		name: "replicasets", example: &metav1.PartialObjectMetadata{},
		from: onlyMetadata(appsv1.SchemeGroupVersion.WithResource("replicasets")),
		keep: func(object any) replicaSet { return keepReplicaSet(object.(*metav1.PartialObjectMetadata)) },
	}
}

// pods are those that have not ended: the others of a job that is done, or that a node has evicted, say nothing.
func pods() resource[pod] {
	return resource[pod]{
		name: "pods", example: &corev1.Pod{}, from: typed("pods", corev1.SchemeGroupVersion, "status.phase!=Succeeded,status.phase!=Failed"),
		keep: func(object any) pod { return keepPod(object.(*corev1.Pod)) },
	}
}

func budgets() resource[budget] {
	return resource[budget]{
		name: "poddisruptionbudgets", example: &policyv1.PodDisruptionBudget{},
		from: typed("poddisruptionbudgets", policyv1.SchemeGroupVersion, ""),
		keep: func(object any) budget { return keepBudget(object.(*policyv1.PodDisruptionBudget)) },
	}
}

// tlsSecrets keep the certificates of Secrets in PEM, and never the key.
func tlsSecrets() resource[[]byte] {
	return resource[[]byte]{
		name: "secrets", example: &corev1.Secret{}, from: typed("secrets", corev1.SchemeGroupVersion, "type=kubernetes.io/tls"),
		keep: func(object any) []byte { return bytes.Clone(object.(*corev1.Secret).Data[corev1.TLSCertKey]) },
	}
}

// typed asks for whole objects, those that a field selector takes.
func typed(name string, group schema.GroupVersion, selector string) func(*connection, string) *cache.ListWatch {
	return func(c *connection, namespace string) *cache.ListWatch {
		return cache.NewFilteredListWatchFromClient(c.groups[group], name, namespace, func(options *metav1.ListOptions) {
			options.FieldSelector = selector
		})
	}
}

// onlyMetadata asks for the metadata of objects.
func onlyMetadata(name schema.GroupVersionResource) func(*connection, string) *cache.ListWatch {
	return func(c *connection, namespace string) *cache.ListWatch {
		client := c.metadata.Resource(name).Namespace(namespace)
		return &cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
				return client.List(ctx, options)
			},
			WatchFuncWithContext: client.Watch,
		}
	}
}

// intern gives a handle that equal texts share, for those that stand in thousands of objects.
func intern[T ~string](text T) unique.Handle[T] { return unique.Make(text) }
