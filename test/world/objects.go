package world

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kubernetesyaml "k8s.io/apimachinery/pkg/util/yaml"
)

// Objects reads the Kubernetes objects of manifests.
func Objects(tb testing.TB, manifests []byte) (all []*unstructured.Unstructured) {
	tb.Helper()
	decoder := kubernetesyaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifests), 4096)
	for {
		each := &unstructured.Unstructured{}
		err := decoder.Decode(&each.Object)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			tb.Fatalf("read manifests: %v", err)
		}
		if len(each.Object) > 0 {
			all = append(all, each)
		}
	}
}
