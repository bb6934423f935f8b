package kubernetes

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// A Manifest is an object that is not in a cluster yet, and where it is written.
type Manifest struct {
	File   string
	Line   int
	object *unstructured.Unstructured
}

// Subject names the object as facts of manifests do.
func (m Manifest) Subject() string {
	if m.object.GetNamespace() == "" {
		return manifestCluster + "/" + m.object.GetKind() + "/" + m.object.GetName()
	}
	return manifestCluster + "/" + m.object.GetNamespace() + "/" + m.object.GetKind() + "/" + m.object.GetName()
}

func (m Manifest) resource() schema.GroupVersionResource {
	resource, _ := meta.UnsafeGuessKindToResource(m.object.GroupVersionKind())
	return resource
}

// ReadManifests reads the objects of a file of YAML or JSON, of any number of documents and lists. What is no object of
// Kubernetes is passed over. An error tells the line.
func ReadManifests(file string, content io.Reader) (all []Manifest, err error) {
	loader, err := yaml.NewLoader(content, yaml.WithV4Defaults())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for {
		var document yaml.Node
		if err := loader.Load(&document); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w; of a Helm chart, give what helm template makes of it", file, err)
		}
		found, err := manifestsOf(file, &document)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
}

// manifestsOf gives the objects of a node: one, or those of a list.
func manifestsOf(file string, node *yaml.Node) (all []Manifest, err error) {
	if node.Kind == yaml.DocumentNode && len(node.Content) > 0 {
		return manifestsOf(file, node.Content[0])
	}
	if node.Kind != yaml.MappingNode {
		return nil, nil
	}
	object, err := objectOf(node)
	if err != nil {
		return nil, fmt.Errorf("%s:%d: %w", file, node.Line, err)
	}
	if object.GetKind() == "" || object.GetAPIVersion() == "" {
		return nil, nil
	}
	if !strings.HasSuffix(object.GetKind(), "List") {
		if object.GetNamespace() == "" && !clusterScoped(object.GetKind()) {
			object.SetNamespace(corev1.NamespaceDefault)
		}
		defaulted(object)
		return []Manifest{{file, node.Line, object}}, nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value != "items" {
			continue
		}
		for _, item := range node.Content[i+1].Content {
			found, err := manifestsOf(file, item)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
	}
	return all, nil
}

// objectOf reads a node as the API server reads JSON.
func objectOf(node *yaml.Node) (*unstructured.Unstructured, error) {
	var content map[string]any
	if err := node.Decode(&content); err != nil {
		return nil, err
	}
	asJSON, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{}
	return u, utiljson.Unmarshal(asJSON, &u.Object)
}

// clusterScoped tells kinds that are in no namespace.
func clusterScoped(kind string) bool {
	return strings.HasPrefix(kind, "Cluster") && kind != "Cluster" || slices.Contains([]string{
		"Namespace", "Node", "PersistentVolume", "StorageClass", "IngressClass", "PriorityClass", "CustomResourceDefinition",
		"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService", "GatewayClass", "RuntimeClass",
	}, kind)
}

// fill keeps of manifests what a resource keeps of its objects. What cannot be read is reported with its place.
func fill(s watch.Source, all []Manifest) (watch.Stored, []error) {
	var objects []any
	var failed []error
	for _, m := range all {
		is := m.resource()
		if is.GroupResource() != s.Named().GroupResource() || !s.Selects(m.object) {
			continue
		}
		object := s.Empty()
		_, custom := object.(*unstructured.Unstructured)
		var err error
		switch {
		case custom:
			object = m.object
		case is.Version != s.Named().Version:
			err = fmt.Errorf("apiVersion %s: expected %s", m.object.GetAPIVersion(), s.Named().GroupVersion())
		default:
			err = runtime.DefaultUnstructuredConverter.FromUnstructured(m.object.Object, object)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s:%d: %s: %w", m.File, m.Line, m.object.GetKind()+"/"+m.object.GetName(), err))
			continue
		}
		objects = append(objects, object)
	}
	store, err := s.Hold(objects)
	if err != nil {
		failed = append(failed, err)
	}
	return store, failed
}
