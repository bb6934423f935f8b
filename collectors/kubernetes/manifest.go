package kubernetes

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// A Manifest is an object that is not in a cluster yet, and where it is written.
type Manifest struct {
	File   string
	Line   int
	object *unstructured.Unstructured
	// refused: an API server would not take it. No fact is made of it, but others may rely on it.
	refused bool
}

// Refused tells whether an API server would not take the object.
func (m Manifest) Refused() bool { return m.refused }

// Subject names the object as facts of manifests do.
func (m Manifest) Subject() string {
	if m.object.GetNamespace() == "" {
		return manifestCluster + "/" + m.object.GetKind() + "/" + m.object.GetName()
	}
	return manifestCluster + "/" + m.object.GetNamespace() + "/" + m.object.GetKind() + "/" + m.object.GetName()
}

// Kind is that of the object, with its group where that is no part of Kubernetes itself.
func (m Manifest) Kind() string {
	if group := m.object.GroupVersionKind().Group; !builtIn(group) {
		return m.object.GetKind() + "." + group
	}
	return m.object.GetKind()
}

func (m Manifest) resource() schema.GroupVersionResource {
	resource, _ := meta.UnsafeGuessKindToResource(m.object.GroupVersionKind())
	if stem, guessed := strings.CutSuffix(resource.Resource, "aies"); guessed { // Of Gateway it makes gatewaies.
		resource.Resource = stem + "ays"
	}
	return resource
}

// A ManifestReader reads manifests.
type ManifestReader struct {
	namespace string // of objects that name none
	typed     map[string]typedResource
}

// NewManifestReader makes one that takes objects which name no namespace to be in this one; empty: default.
func NewManifestReader(namespace string) *ManifestReader {
	if namespace == "" {
		namespace = corev1.NamespaceDefault
	}
	return &ManifestReader{namespace, typedResources()}
}

// Read reads the objects of a file of YAML or JSON, of any number of documents and lists. What is no object of Kubernetes is
// passed over. What an API server would refuse is part of the error, with its line and field.
func (r *ManifestReader) Read(file string, content io.Reader) (all []Manifest, err error) {
	text, err := io.ReadAll(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	loader, err := yaml.NewLoader(bytes.NewReader(asDocuments(text)), yaml.WithV4Defaults())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var failed []error
	for {
		var document yaml.Node
		if err := loader.Load(&document); errors.Is(err, io.EOF) {
			return all, errors.Join(failed...)
		} else if err != nil {
			return all, errors.Join(append(failed, fmt.Errorf("%s: %w; of a Helm chart, give what helm template makes of it", file, err))...)
		}
		found, err := r.manifestsOf(file, &document)
		all, failed = append(all, found...), append(failed, err...)
	}
}

// manifestsOf gives the objects of a node: one, or those of a list.
func (r *ManifestReader) manifestsOf(file string, node *yaml.Node) (all []Manifest, failed []error) {
	if node.Kind == yaml.DocumentNode && len(node.Content) > 0 {
		return r.manifestsOf(file, node.Content[0])
	}
	if node.Kind == yaml.AliasNode {
		return r.manifestsOf(file, node.Alias)
	}
	if node.Kind != yaml.MappingNode {
		return nil, nil
	}
	if len(node.Content) > 0 { // Files that were joined have marks of their byte order in the middle.
		node.Content[0].Value = strings.TrimPrefix(node.Content[0].Value, "\ufeff")
	}
	if line := unfilled(node); line > 0 {
		return nil, []error{fmt.Errorf("%s:%d: {{ }} is of a template that is not filled in; "+
			"of a Helm chart, give what helm template makes of it", file, line)}
	}
	object, err := objectOf(node)
	if err != nil {
		return nil, []error{fmt.Errorf("%s:%d: %w", file, node.Line, err)}
	}
	if object.GetKind() == "" || object.GetAPIVersion() == "" {
		if lacks := halfAnObject(node); lacks != "" {
			failed = append(failed, fmt.Errorf("%s:%d: this looks like an object of Kubernetes, and is none: %s", file, node.Line, lacks))
		}
		return nil, failed
	}
	if forTools(object) {
		return nil, nil
	}
	if !isList(object) {
		if object.GetNamespace() == "" && !clusterScoped(object.GetKind()) {
			object.SetNamespace(r.namespace)
		}
		withoutEncrypted(object)
		defaulted(object)
		failed = r.refusals(file, node, object)
		return []Manifest{{file, node.Line, object, len(failed) > 0}}, failed
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value != "items" {
			continue
		}
		for _, item := range node.Content[i+1].Content {
			found, err := r.manifestsOf(file, item)
			all, failed = append(all, found...), append(failed, err...)
		}
	}
	return all, failed
}

// forTools tells what looks like an object and is never in a cluster.
func forTools(object *unstructured.Unstructured) bool {
	return object.GroupVersionKind().Group == "kustomize.config.k8s.io"
}

// isList tells the lists of Kubernetes, which have items and no name, from a kind that is called one.
func isList(object *unstructured.Unstructured) bool {
	_, has := object.Object["items"]
	return strings.HasSuffix(object.GetKind(), "List") && (has || object.GetName() == "")
}

// objectOf reads a node as kubectl does: keys that are no text become one.
func objectOf(node *yaml.Node) (*unstructured.Unstructured, error) {
	asYAML11(node)
	var content any
	if err := node.Decode(&content); err != nil {
		return nil, err
	}
	object, err := asJSON(content)
	if err != nil {
		return nil, err
	}
	return &unstructured.Unstructured{Object: object}, nil
}

// clusterScoped tells kinds that are in no namespace.
func clusterScoped(kind string) bool {
	return strings.HasPrefix(kind, "Cluster") && kind != "Cluster" || slices.Contains([]string{
		"Namespace", "Node", "PersistentVolume", "StorageClass", "IngressClass", "PriorityClass", "CustomResourceDefinition",
		"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService", "GatewayClass", "RuntimeClass",
	}, kind)
}

// builtIn tells the groups of Kubernetes itself.
func builtIn(group string) bool {
	return !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io")
}

// Distinct gives the manifests without those that name one object and say different things of it, of which it is not known which
// one is meant: each is part of the error. Of those that say the same, the first is given.
func Distinct(all []Manifest) (distinct []Manifest, err error) {
	type identity struct{ group, subject string }
	first := make(map[identity]Manifest)
	torn := make(map[identity]bool)
	var failed []error
	for _, each := range all {
		id := identity{each.object.GroupVersionKind().Group, each.Subject()}
		if each.object.GetName() == "" { // The API server makes one.
			continue
		}
		other, there := first[id]
		switch {
		case !there:
			first[id] = each
		case !reflect.DeepEqual(other.object.Object, each.object.Object):
			torn[id] = true
			failed = append(failed, fmt.Errorf("%s:%d and %s:%d: both are the %s %s of namespace %q, and say different things of it; "+
				"give one of them, or of a kustomization what it makes: kustomize build %s | readiness-exporter check --manifests -",
				other.File, other.Line, each.File, each.Line, each.object.GetKind(), each.object.GetName(), each.object.GetNamespace(),
				filepath.Dir(each.File)))
		}
	}
	for _, each := range all {
		id := identity{each.object.GroupVersionKind().Group, each.Subject()}
		if same, there := first[id]; !there || !torn[id] && same.File == each.File && same.Line == each.Line {
			distinct = append(distinct, each)
		}
	}
	return distinct, errors.Join(failed...)
}

// fill keeps of manifests what a resource keeps of its objects.
func fill(s watch.Source, all []Manifest) (watch.Stored, error) {
	var objects []any
	for _, m := range all {
		if m.refused || m.resource().GroupResource() != s.Named().GroupResource() || !s.Selects(m.object) {
			continue
		}
		object := s.Empty()
		if _, custom := object.(*unstructured.Unstructured); custom {
			object = m.object
		} else if err := runtime.DefaultUnstructuredConverter.FromUnstructured(m.object.Object, object); err != nil {
			return nil, fmt.Errorf("%s:%d: %s/%s: %w", m.File, m.Line, m.object.GetKind(), m.object.GetName(), err)
		}
		objects = append(objects, object)
	}
	return s.Hold(objects)
}
