package kubernetes

import (
	"strconv"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// An autoscaler is what is kept of a HorizontalPodAutoscaler or of KEDA's ScaledObject.
type autoscaler struct {
	fact   fact.Autoscaler
	target reference // that it scales
	paused string    // the number of pods that it is paused at; empty: at what there are
}

// pausedAt is the number of pods that it is paused at, if it is at one.
func (a autoscaler) pausedAt() (int, bool) {
	n, err := strconv.Atoi(a.paused)
	return n, err == nil && a.fact.Paused
}

// A reference names an object of the same namespace.
type reference struct{ kind, name string }

func horizontalPodAutoscalers() watch.Resource[autoscaler] {
	return watch.Resource[autoscaler]{
		GroupVersionResource: autoscalingv2.SchemeGroupVersion.WithResource("horizontalpodautoscalers"),
		Example:              &autoscalingv2.HorizontalPodAutoscaler{},
		Keep: func(object any) autoscaler {
			return keepHorizontalPodAutoscaler(object.(*autoscalingv2.HorizontalPodAutoscaler))
		},
	}
}

func keepHorizontalPodAutoscaler(h *autoscalingv2.HorizontalPodAutoscaler) autoscaler {
	keep := autoscaler{
		target: reference{h.Spec.ScaleTargetRef.Kind, h.Spec.ScaleTargetRef.Name},
		fact: fact.Autoscaler{
			Kind: "HorizontalPodAutoscaler", Name: h.Name, Minimum: 1, Maximum: int(h.Spec.MaxReplicas), Current: int(h.Status.CurrentReplicas),
			Active: true,
		},
	}
	if h.Spec.MinReplicas != nil {
		keep.fact.Minimum = int(*h.Spec.MinReplicas)
	}
	if h.Status.LastScaleTime != nil {
		keep.fact.ScaledAt = h.Status.LastScaleTime.UTC()
	}
	able := false
	for _, condition := range h.Status.Conditions {
		switch condition.Type {
		case autoscalingv2.AbleToScale, autoscalingv2.ScalingActive:
			able = true
			if condition.Status != corev1.ConditionTrue {
				keep.fact.Active, keep.fact.Trouble = false, condition.Reason
			}
		case autoscalingv2.ScaledToZero: // By KEDA's like, as it is meant to.
		case autoscalingv2.ScalingLimited:
			if condition.Status == corev1.ConditionTrue && condition.Reason == "TooManyReplicas" {
				keep.fact.AtMaximumSince = condition.LastTransitionTime.UTC()
			}
		}
	}
	if !able {
		keep.fact.Active, keep.fact.Trouble = false, "NotReconciled"
	}
	return keep
}

func scaledObjects() watch.Resource[autoscaler] {
	return watch.Resource[autoscaler]{
		GroupVersionResource: schema.GroupVersionResource{Group: "keda.sh", Resource: "scaledobjects"},
		Keep:                 func(object any) autoscaler { return keepScaledObject(object.(*unstructured.Unstructured)) },
	}
}

// keepScaledObject reads KEDA's own (https://keda.sh/docs/latest/reference/scaledobject-spec/). What it makes of it is a
// HorizontalPodAutoscaler, which reports how many pods there are.
func keepScaledObject(u *unstructured.Unstructured) autoscaler {
	keep := autoscaler{
		target: reference{textAt(u, "spec", "scaleTargetRef", "kind"), textAt(u, "spec", "scaleTargetRef", "name")},
		fact:   fact.Autoscaler{Kind: "ScaledObject", Name: u.GetName(), Minimum: 0, Maximum: 100, Active: true},
	}
	if keep.target.kind == "" {
		keep.target.kind = fact.KindDeployment
	}
	if minimum, declared := numberAt(u, "spec", "minReplicaCount"); declared {
		keep.fact.Minimum = minimum
	}
	if maximum, declared := numberAt(u, "spec", "maxReplicaCount"); declared {
		keep.fact.Maximum = maximum
	}
	if idle, declared := numberAt(u, "spec", "idleReplicaCount"); declared && idle == 0 {
		keep.fact.IdlesAtZero = true
	}
	if ready := conditionOf(u, "Ready"); ready.status != "True" {
		keep.fact.Active, keep.fact.Trouble = false, ready.reason
	}
	keep.paused = u.GetAnnotations()["autoscaling.keda.sh/paused-replicas"]
	if paused(u) {
		keep.fact.Paused, keep.fact.Active, keep.fact.Trouble = true, false, "Paused"
	}
	return keep
}

// paused tells whether a ScaledObject is paused (https://keda.sh/docs/latest/concepts/scaling-deployments/#pausing-autoscaling).
func paused(u *unstructured.Unstructured) bool {
	if _, at := u.GetAnnotations()["autoscaling.keda.sh/paused-replicas"]; at {
		return true
	}
	declared, there := u.GetAnnotations()["autoscaling.keda.sh/paused"]
	return there && declared != "false"
}

// scales finds what scales each workload: KEDA's own goes before the autoscaler that it made.
func scales(s *snapshot) map[string]map[reference]*fact.Autoscaler {
	found := make(map[string]map[reference]*fact.Autoscaler)
	note := func(name types.NamespacedName, a autoscaler) {
		if found[name.Namespace] == nil {
			found[name.Namespace] = make(map[reference]*fact.Autoscaler)
		}
		made := found[name.Namespace][a.target]
		switch {
		case made == nil:
		case made.Kind == a.fact.Kind && made.Name < a.fact.Name:
			return // Of several, always the same one.
		case a.fact.Kind == "ScaledObject":
			a.fact.Current, a.fact.AtMaximumSince, a.fact.ScaledAt = made.Current, made.AtMaximumSince, made.ScaledAt
		}
		found[name.Namespace][a.target] = &a.fact
	}
	stored(s, horizontalPodAutoscalers()).Each(note)
	stored(s, scaledObjects()).Each(note)
	return found
}
