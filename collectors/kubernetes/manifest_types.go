package kubernetes

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// A typedResource is one of Kubernetes itself whose type is known here.
type typedResource struct {
	version schema.GroupVersion // that is served
	empty   func() runtime.Object
}

// typedResources are those that anything here reads, by the name of the resource.
func typedResources() map[string]typedResource {
	found := make(map[string]typedResource)
	for _, join := range append(joins(), New().configurations()) {
		for _, p := range join.needed(nil) {
			switch p.Empty().(type) {
			case *unstructured.Unstructured, *metav1.PartialObjectMetadata:
			default:
				found[p.Named().Resource] = typedResource{p.Named().GroupVersion(), p.Empty}
			}
		}
	}
	return found
}

// refusals tell why an API server would not take an object: each field of a wrong type, or a version that is served no more.
func (r *ManifestReader) refusals(file string, node *yaml.Node, object *unstructured.Unstructured) (failed []error) {
	gvk := object.GroupVersionKind()
	typed, known := r.typed[Manifest{object: object}.resource().Resource]
	if !known || !builtIn(gvk.Group) {
		return nil
	}
	place := func(line int) string {
		return fmt.Sprintf("%s:%d: %s/%s", file, line, object.GetKind(), object.GetName())
	}
	if gvk.GroupVersion() != typed.version {
		return []error{fmt.Errorf("%s: apiVersion %s: Kubernetes does not serve it any more; expected %s",
			place(node.Line), object.GetAPIVersion(), typed.version)}
	}
	convert := func(content map[string]any) error {
		return runtime.DefaultUnstructuredConverter.FromUnstructured(content, typed.empty())
	}
	for _, each := range misfits(convert, nil, object.Object) {
		failed = append(failed, fmt.Errorf("%s: %s: expected %s", place(lineOf(node, each)), pathInWords(each), expected(convert, each)))
	}
	if len(failed) > 0 {
		return failed
	}
	for _, each := range flaws(object) {
		failed = append(failed, fmt.Errorf("%s: %s: %s", place(lineOf(node, each.path)), pathInWords(each.path), each.what))
	}
	return failed
}

// misfits are the paths of the values that keep an object from being converted: of keys, and of numbers in lists.
func misfits(convert func(map[string]any) error, path []any, value any) (found [][]any) {
	if convert(holding(path, value)) == nil {
		return nil
	}
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			found = append(found, misfits(convert, append(slices.Clone(path), key), value[key])...)
		}
	case []any:
		for i, each := range value {
			found = append(found, misfits(convert, append(slices.Clone(path), i), each)...)
		}
	}
	if len(found) == 0 {
		return [][]any{path}
	}
	return found
}

// holding is an object that has nothing but a value at a path.
func holding(path []any, value any) map[string]any {
	for _, step := range slices.Backward(path) {
		if key, is := step.(string); is {
			value = map[string]any{key: value}
		} else {
			value = []any{value}
		}
	}
	object, _ := value.(map[string]any)
	return object
}

// expected says in words what a field takes, by trying.
func expected(convert func(map[string]any) error, path []any) string {
	takes := func(value any) bool { return len(path) > 0 && convert(holding(path, value)) == nil }
	switch {
	case takes("1Mi") && takes(int64(1)):
		return "a quantity, such as 100m or 128Mi"
	case takes(int64(1)):
		return "a number"
	case takes(true):
		return "true or false"
	case takes("x"):
		return "a text; put a number, true, false, yes, no, on or off in quotes"
	case takes("eA=="):
		return "text in base64; stringData takes it as it is"
	case takes("2006-01-02T15:04:05Z"):
		return "a time, such as 2006-01-02T15:04:05Z"
	case takes("1s"):
		return "a duration, such as 30s"
	case takes(map[string]any{}):
		return "a map"
	case takes([]any{}):
		return "a list"
	default:
		return "another value"
	}
}

func pathInWords(path []any) string {
	var b strings.Builder
	for _, step := range path {
		switch step := step.(type) {
		case int:
			b.WriteString("[" + strconv.Itoa(step) + "]")
		case string:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(step)
		}
	}
	return b.String()
}

// lineOf is where a path leads to in a document, or where it leaves it.
func lineOf(node *yaml.Node, path []any) int {
	for _, step := range path {
		next := node
		for node.Kind == yaml.AliasNode {
			node = node.Alias
		}
		switch step := step.(type) {
		case int:
			if node.Kind == yaml.SequenceNode && step < len(node.Content) {
				next = node.Content[step]
			}
		case string:
			for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
				if node.Content[i].Value == step {
					next = node.Content[i+1]
				}
			}
		}
		if next == node {
			break
		}
		node = next
	}
	return node.Line
}

// asJSON gives an object as an API server reads it, from what a YAML document holds.
func asJSON(content any) (object map[string]any, err error) {
	text, err := json.Marshal(withTextKeys(content))
	if err != nil {
		return nil, err
	}
	return object, utiljson.Unmarshal(text, &object)
}

// withTextKeys turns keys that are no text into the text that kubectl makes of them.
func withTextKeys(value any) any {
	switch value := value.(type) {
	case map[any]any:
		texts := make(map[string]any, len(value))
		for key, each := range value {
			texts[fmt.Sprint(key)] = withTextKeys(each)
		}
		return texts
	case map[string]any:
		for key, each := range value {
			value[key] = withTextKeys(each)
		}
	case []any:
		for i, each := range value {
			value[i] = withTextKeys(each)
		}
	}
	return value
}
