package kubernetes

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
)

// defaulted adds to a manifest what the API server adds to an object, as far as anything here reads it
// (https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/).
func defaulted(u *unstructured.Unstructured) {
	switch u.GetKind() {
	case "Deployment":
		otherwise(u, "RollingUpdate", "spec", "strategy", "type")
		if textAt(u, "spec", "strategy", "type") == "RollingUpdate" {
			otherwise(u, "25%", "spec", "strategy", "rollingUpdate", "maxSurge")
			otherwise(u, "25%", "spec", "strategy", "rollingUpdate", "maxUnavailable")
		}
	case "StatefulSet", "DaemonSet":
		otherwise(u, "RollingUpdate", "spec", "updateStrategy", "type")
	case "HorizontalPodAutoscaler":
		if u.GetAPIVersion() == "autoscaling/v1" { // What is read of it is the same in both, and both are served.
			u.SetAPIVersion("autoscaling/v2")
		}
	case "Secret":
		otherwise(u, "Opaque", "type")
		withoutVariables(u)
		merge(u)
	case "Service":
		otherwise(u, "ClusterIP", "spec", "type")
	}
}

// otherwise sets a field that is not set.
func otherwise(u *unstructured.Unstructured, value string, path ...string) {
	if _, there, err := unstructured.NestedFieldNoCopy(u.Object, path...); err == nil && !there {
		_ = unstructured.SetNestedField(u.Object, value, path...) // A field on the way that is no map stays as it is, and is reported later.
	}
}

// withoutEncrypted takes out of an object what SOPS has encrypted, and what it has added (https://getsops.io/docs/): of such values
// only whoever has the key can tell anything.
func withoutEncrypted(u *unstructured.Unstructured) {
	if _, is := u.Object["sops"].(map[string]any); !is {
		return
	}
	delete(u.Object, "sops")
	for _, field := range []string{"data", "stringData"} {
		values, _ := u.Object[field].(map[string]any)
		maps.DeleteFunc(values, func(_ string, value any) bool {
			text, _ := value.(string)
			return strings.HasPrefix(text, "ENC[")
		})
	}
}

// withoutVariables takes out of a Secret what is filled in as it is applied, by Flux, Argo CD or envsubst: ${PASSWORD},
// <path:shop#password>.
func withoutVariables(u *unstructured.Unstructured) {
	for _, field := range []string{"data", "stringData"} {
		values, _ := u.Object[field].(map[string]any)
		maps.DeleteFunc(values, func(_ string, value any) bool {
			text, _ := value.(string)
			return secret.Unfilled(text) || strings.HasPrefix(text, "<path:")
		})
	}
}

// merge writes the plain text of a Secret over its data. What is no text stays where it is, and is refused.
func merge(u *unstructured.Unstructured) {
	plain, _, _ := unstructured.NestedMap(u.Object, "stringData")
	for key, value := range plain {
		if text, is := value.(string); is {
			_ = unstructured.SetNestedField(u.Object, base64.StdEncoding.EncodeToString([]byte(text)), "data", key)
			unstructured.RemoveNestedField(u.Object, "stringData", key)
		}
	}
	if rest, is := u.Object["stringData"].(map[string]any); is && len(rest) == 0 {
		delete(u.Object, "stringData")
	}
}

// scaledAs gives manifests in which workloads have the replicas that their autoscalers give them at least.
func scaledAs(all []Manifest) []Manifest {
	scaled := slices.Clone(all)
	for _, each := range all {
		if each.refused {
			continue
		}
		var a autoscaler
		switch each.resource().GroupResource() {
		case horizontalPodAutoscalers().GroupResource():
			a = autoscaler{target: reference{
				textAt(each.object, "spec", "scaleTargetRef", "kind"), textAt(each.object, "spec", "scaleTargetRef", "name"),
			}, fact: fact.Autoscaler{Minimum: 1}}
			if minimum, declared := numberAt(each.object, "spec", "minReplicas"); declared {
				a.fact.Minimum = minimum
			}
			a.fact.Maximum, _ = numberAt(each.object, "spec", "maxReplicas")
		case scaledObjects().GroupResource():
			a = keepScaledObject(each.object)
		default:
			continue
		}
		for i, m := range scaled {
			named := reference{m.object.GetKind(), m.object.GetName()}
			if !m.refused && m.object.GetNamespace() == each.object.GetNamespace() && named == a.target {
				scaled[i].object = withReplicas(m.object, a)
			}
		}
	}
	return scaled
}

// withReplicas gives a workload as an autoscaler leaves it. One that is scaled to zero is none of a HorizontalPodAutoscaler.
func withReplicas(object *unstructured.Unstructured, by autoscaler) *unstructured.Unstructured {
	n, declared := numberAt(object, "spec", "replicas")
	if !declared {
		n = 1
	}
	switch at, pausedAt := by.pausedAt(); {
	case pausedAt:
		n = at
	case n == 0 && declared && !by.fact.IdlesAtZero, by.fact.Paused:
	default:
		n = max(n, by.fact.Minimum)
		if by.fact.Maximum > 0 {
			n = min(n, by.fact.Maximum)
		}
	}
	object = object.DeepCopy()
	_ = unstructured.SetNestedField(object.Object, int64(n), "spec", "replicas") // A spec that is no map has been refused.
	return object
}
