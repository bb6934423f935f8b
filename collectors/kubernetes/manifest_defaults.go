package kubernetes

import (
	"encoding/base64"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
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
	case "Secret":
		otherwise(u, "Opaque", "type")
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

// merge writes the plain text of a Secret over its data.
func merge(u *unstructured.Unstructured) {
	plain, _, _ := unstructured.NestedMap(u.Object, "stringData")
	for key, value := range plain {
		if text, is := value.(string); is {
			_ = unstructured.SetNestedField(u.Object, base64.StdEncoding.EncodeToString([]byte(text)), "data", key)
		}
	}
	delete(u.Object, "stringData")
}
