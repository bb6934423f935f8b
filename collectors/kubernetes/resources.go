package kubernetes

import (
	"bytes"
	"crypto/tls"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

func deployments() watch.Resource[workload] {
	return watch.Resource[workload]{
		GroupVersionResource: appsv1.SchemeGroupVersion.WithResource("deployments"), Example: &appsv1.Deployment{},
		Keep: func(object any) workload { return keepDeployment(object.(*appsv1.Deployment)) },
	}
}

func statefulSets() watch.Resource[workload] {
	return watch.Resource[workload]{
		GroupVersionResource: appsv1.SchemeGroupVersion.WithResource("statefulsets"), Example: &appsv1.StatefulSet{},
		Keep: func(object any) workload { return keepStatefulSet(object.(*appsv1.StatefulSet)) },
	}
}

func daemonSets() watch.Resource[workload] {
	return watch.Resource[workload]{
		GroupVersionResource: appsv1.SchemeGroupVersion.WithResource("daemonsets"), Example: &appsv1.DaemonSet{},
		Keep: func(object any) workload { return keepDaemonSet(object.(*appsv1.DaemonSet)) },
	}
}

// workloadParts are those whose objects are workloads.
func workloadParts() []part {
	return []part{{"", deployments()}, {"", statefulSets()}, {"", daemonSets()}, {"", rollouts()}}
}

// eachWorkload calls use for every workload that is stored.
func eachWorkload(s *snapshot, use func(types.NamespacedName, workload)) {
	for _, r := range []watch.Resource[workload]{deployments(), statefulSets(), daemonSets()} {
		stored(s, r).Each(use)
	}
	stored(s, rollouts()).Each(func(name types.NamespacedName, r rollout) {
		if r.own != nil {
			use(name, *r.own)
		}
	})
}

func replicaSets() watch.Resource[replicaSet] {
	return watch.Resource[replicaSet]{
		GroupVersionResource: appsv1.SchemeGroupVersion.WithResource("replicasets"), Example: &appsv1.ReplicaSet{},
		Keep: func(object any) replicaSet { return keepReplicaSet(object.(*appsv1.ReplicaSet)) },
	}
}

// pods are those that have not ended: the others, of a job that is done or evicted by a node, tell nothing of what runs.
func pods() watch.Resource[pod] {
	return watch.Resource[pod]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("pods"), Example: &corev1.Pod{},
		Fields: "status.phase!=Succeeded,status.phase!=Failed",
		Keep:   func(object any) pod { return keepPod(object.(*corev1.Pod)) },
		Group:  func(p pod) owner { return p.owner },
	}
}

func budgets() watch.Resource[budget] {
	return watch.Resource[budget]{
		GroupVersionResource: policyv1.SchemeGroupVersion.WithResource("poddisruptionbudgets"), Example: &policyv1.PodDisruptionBudget{},
		Keep: func(object any) budget { return keepBudget(object.(*policyv1.PodDisruptionBudget)) },
	}
}

// tlsSecrets keep the certificates of Secrets in PEM, and never the key.
func tlsSecrets() watch.Resource[tlsSecret] {
	return watch.Resource[tlsSecret]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("secrets"), Example: &corev1.Secret{},
		Fields: "type=kubernetes.io/tls", Variant: " of TLS",
		Keep: func(object any) tlsSecret {
			data := object.(*corev1.Secret).Data
			_, err := tls.X509KeyPair(data[corev1.TLSCertKey], data[corev1.TLSPrivateKeyKey])
			return tlsSecret{bytes.Clone(data[corev1.TLSCertKey]), err == nil}
		},
	}
}

// A tlsSecret is what is kept of a Secret of TLS; its key is not.
type tlsSecret struct {
	content []byte // tls.crt
	paired  bool   // with the key beside it
}
