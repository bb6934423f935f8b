package kubernetes

import (
	"bytes"
	"errors"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// builtInTypes are those of the API groups whose objects are read whole.
func builtInTypes() (*runtime.Scheme, error) {
	types := runtime.NewScheme()
	var err error
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, authenticationv1.AddToScheme, authorizationv1.AddToScheme, autoscalingv2.AddToScheme,
		batchv1.AddToScheme, corev1.AddToScheme, discoveryv1.AddToScheme, networkingv1.AddToScheme,
		policyv1.AddToScheme, rbacv1.AddToScheme, storagev1.AddToScheme,
	} {
		err = errors.Join(err, add(types))
	}
	return types, err
}

func deployments() resource[workload] {
	return resource[workload]{
		GroupVersionResource: appsv1.SchemeGroupVersion.WithResource("deployments"), example: &appsv1.Deployment{},
		keep: func(object any) workload { return keepDeployment(object.(*appsv1.Deployment)) },
	}
}

func statefulSets() resource[workload] {
	return resource[workload]{
		GroupVersionResource: appsv1.SchemeGroupVersion.WithResource("statefulsets"), example: &appsv1.StatefulSet{},
		keep: func(object any) workload { return keepStatefulSet(object.(*appsv1.StatefulSet)) },
	}
}

func daemonSets() resource[workload] {
	return resource[workload]{
		GroupVersionResource: appsv1.SchemeGroupVersion.WithResource("daemonsets"), example: &appsv1.DaemonSet{},
		keep: func(object any) workload { return keepDaemonSet(object.(*appsv1.DaemonSet)) },
	}
}

// workloadParts are those whose objects are workloads.
func workloadParts() []part {
	return []part{{"", deployments()}, {"", statefulSets()}, {"", daemonSets()}}
}

// eachWorkload calls see for every workload that is held.
func eachWorkload(s *sight, see func(types.NamespacedName, workload)) {
	for _, r := range []resource[workload]{deployments(), statefulSets(), daemonSets()} {
		seen(s, r).each(see)
	}
}

func replicaSets() resource[replicaSet] {
	return resource[replicaSet]{
		GroupVersionResource: appsv1.SchemeGroupVersion.WithResource("replicasets"), example: &appsv1.ReplicaSet{},
		keep: func(object any) replicaSet { return keepReplicaSet(object.(*appsv1.ReplicaSet)) },
	}
}

// pods are those that have not ended: the others of a job that is done, or that a node has evicted, say nothing.
func pods() resource[pod] {
	return resource[pod]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("pods"), example: &corev1.Pod{},
		fields: "status.phase!=Succeeded,status.phase!=Failed",
		keep:   func(object any) pod { return keepPod(object.(*corev1.Pod)) },
		group:  func(p pod) owner { return p.owner },
	}
}

func budgets() resource[budget] {
	return resource[budget]{
		GroupVersionResource: policyv1.SchemeGroupVersion.WithResource("poddisruptionbudgets"), example: &policyv1.PodDisruptionBudget{},
		keep: func(object any) budget { return keepBudget(object.(*policyv1.PodDisruptionBudget)) },
	}
}

// tlsSecrets keep the certificates of Secrets in PEM, and never the key.
func tlsSecrets() resource[[]byte] {
	return resource[[]byte]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("secrets"), example: &corev1.Secret{},
		fields: "type=kubernetes.io/tls", variant: " of TLS",
		keep: func(object any) []byte { return bytes.Clone(object.(*corev1.Secret).Data[corev1.TLSCertKey]) },
	}
}
