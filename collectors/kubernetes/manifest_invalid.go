package kubernetes

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
)

// A flaw is what an API server refuses of an object whose fields are all of the right type.
type flaw struct {
	path []any
	what string
}

// flaws are those that make what is judged of an object untrue: it never comes to be.
func flaws(u *unstructured.Unstructured) (found []flaw) {
	add := func(path []any, format string, args ...any) {
		found = append(found, flaw{path, fmt.Sprintf(format, args...)})
	}
	switch name := u.GetName(); {
	case name == "" && u.GetGenerateName() == "":
		add([]any{"metadata"}, "name is missing")
	case name != "" && u.GroupVersionKind().Group != "rbac.authorization.k8s.io" && len(validation.IsDNS1123Subdomain(name)) > 0:
		add([]any{"metadata", "name"}, "%q: expected small letters, digits, '-' and '.'", name)
	}
	if namespace := u.GetNamespace(); namespace != "" && !ValidNamespace(namespace) {
		add([]any{"metadata", "namespace"}, "%q: expected small letters, digits and '-'", namespace)
	}
	if replicas, declared := numberAt(u, "spec", "replicas"); declared && replicas < 0 {
		add([]any{"spec", "replicas"}, "%d: expected 0 or more", replicas)
	}
	template := []any{"spec", "template"}
	if u.GetKind() == "CronJob" {
		template = []any{"spec", "jobTemplate", "spec", "template"}
	}
	if !selectsItself(u) {
		add([]any{"spec", "selector"}, "it does not select the labels of the pod template")
	}
	for _, list := range []string{"initContainers", "containers"} {
		containers, _ := at(u.Object, append(slices.Clone(template), "spec", list)).([]any)
		for i := range containers {
			found = append(found, flawsOfResources(u, append(slices.Clone(template), "spec", list, i, "resources"))...)
		}
	}
	slices.SortStableFunc(found, func(a, b flaw) int { return strings.Compare(pathInWords(a.path), pathInWords(b.path)) })
	return found
}

// flawsOfResources are those of the resources of a container. Memory of less than a byte is taken, and no container can start with it.
func flawsOfResources(u *unstructured.Unstructured, path []any) (found []flaw) {
	for _, of := range []string{"limits", "requests"} {
		where := append(slices.Clone(path), of, "memory")
		if memory := at(u.Object, where); isLess(memory, 1) && isLess(0, memory) {
			found = append(found, flaw{where, fmt.Sprintf("%v is less than one byte; for mebibytes expected Mi", memory)})
		}
	}
	limits, _ := at(u.Object, append(slices.Clone(path), "limits")).(map[string]any)
	for name, limit := range limits {
		request := at(u.Object, append(slices.Clone(path), "requests", name))
		if isLess(limit, request) {
			found = append(found, flaw{append(slices.Clone(path), "limits", name), fmt.Sprintf("%v is less than the request, %v", limit, request)})
		}
	}
	return found
}

// ValidNamespace tells whether there can be a namespace of a name.
func ValidNamespace(name string) bool { return len(validation.IsDNS1123Label(name)) == 0 }

// selectsItself tells whether the selector of a workload selects its own pods, as far as it has both.
func selectsItself(u *unstructured.Unstructured) bool {
	declared, is := at(u.Object, []any{"spec", "selector"}).(map[string]any)
	own, has := at(u.Object, []any{"spec", "template", "metadata", "labels"}).(map[string]any)
	if !is || !has || len(declared) == 0 {
		return true
	}
	var selector metav1.LabelSelector
	if runtime.DefaultUnstructuredConverter.FromUnstructured(declared, &selector) != nil {
		return true
	}
	parsed, err := metav1.LabelSelectorAsSelector(&selector)
	if err != nil {
		return true
	}
	set := make(labels.Set, len(own))
	for key, value := range own {
		set[key], _ = value.(string)
	}
	return parsed.Matches(set)
}

// isLess compares two quantities; false where one is none.
func isLess(one, other any) bool {
	if one == nil || other == nil {
		return false
	}
	a, err := resource.ParseQuantity(fmt.Sprint(one))
	b, otherErr := resource.ParseQuantity(fmt.Sprint(other))
	return err == nil && otherErr == nil && a.Cmp(b) < 0
}

// at is the value at a path; nil where there is none.
func at(value any, path []any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			within, _ := value.(map[string]any)
			value = within[step]
		case int:
			within, _ := value.([]any)
			if step >= len(within) {
				return nil
			}
			value = within[step]
		}
	}
	return value
}

// halfAnObject tells what a document lacks to be an object, where it has metadata and one of the two that make it one, in
// whatever capitals; empty where it is none at all.
func halfAnObject(node *yaml.Node) (lacks string) {
	written := make(map[string]string)
	for i := 0; i+1 < len(node.Content); i += 2 {
		written[strings.ToLower(node.Content[i].Value)] = node.Content[i].Value
	}
	if written["metadata"] == "" || written["kind"] == "" && written["apiversion"] == "" {
		return ""
	}
	for _, key := range []string{"apiVersion", "kind"} {
		switch is := written[strings.ToLower(key)]; is {
		case key:
		case "":
			return "it has no " + key
		default:
			return fmt.Sprintf("it has %s: expected %s", is, key)
		}
	}
	return "its apiVersion or kind is empty"
}
