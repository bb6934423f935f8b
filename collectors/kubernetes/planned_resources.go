package kubernetes

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// limited gives manifests in which containers have the resources that the LimitRanges of their namespaces give them
// (https://kubernetes.io/docs/concepts/policy/limit-range/).
func limited(all []Manifest) []Manifest {
	found := slices.Clone(all)
	for _, each := range all {
		if each.refused || each.Kind() != "LimitRange" {
			continue
		}
		for _, limit := range mapsAt(each.object, "spec", "limits") {
			if text(limit, "type") != "Container" {
				continue
			}
			limits := union(limit, "default", "max")
			requests := union(limit, "defaultRequest", "default", "max", "min")
			for i, m := range found {
				if _, is := templateIn(m.object); is && !m.refused && m.object.GetNamespace() == each.object.GetNamespace() {
					found[i].object = m.object.DeepCopy()
					giveResources(found[i].object, limits, requests)
				}
			}
		}
	}
	return found
}

// union are the values of maps within a map; that of the first that has a key is taken.
func union(of map[string]any, keys ...string) map[string]any {
	all := make(map[string]any)
	for _, key := range slices.Backward(keys) {
		values, _ := of[key].(map[string]any)
		maps.Copy(all, values)
	}
	return all
}

// giveResources sets what the containers of a template leave open. A limit of the container's own is its request too.
func giveResources(object *unstructured.Unstructured, limits, requests map[string]any) {
	for _, container := range containersIn(object) {
		own, _ := container["resources"].(map[string]any)
		if own == nil {
			own = make(map[string]any)
			container["resources"] = own
		}
		ownLimits := mapWithin(own, "limits")
		for name, value := range requests {
			if _, limited := ownLimits[name]; !limited {
				putIfAbsent(mapWithin(own, "requests"), name, value)
			}
		}
		for name, value := range limits {
			putIfAbsent(ownLimits, name, value)
		}
	}
}

func mapWithin(of map[string]any, key string) map[string]any {
	within, is := of[key].(map[string]any)
	if !is {
		within = make(map[string]any)
		of[key] = within
	}
	return within
}

func putIfAbsent(into map[string]any, key string, value any) {
	if _, there := into[key]; !there {
		into[key] = value
	}
}

// containersIn are those of the template that an object has; of others there are none.
func containersIn(object *unstructured.Unstructured) []map[string]any {
	template, _ := templateIn(object)
	spec, _ := template["spec"].(map[string]any)
	return append(mapsIn(spec, "initContainers"), mapsIn(spec, "containers")...)
}

// unmeasured is the word of the controller of HorizontalPodAutoscalers for a share of requests that are not made.
const unmeasured = "FailedGetResourceMetric"

// measured gives manifests in which autoscalers that scale by a share of what containers request report, as their controllers will,
// that there is none where a container requests nothing
// (https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details). Whatever else they
// report is of another cluster.
func measured(all []Manifest) []Manifest {
	found := slices.Clone(all)
	for i, each := range all {
		if each.refused {
			continue
		}
		condition, kind, name := "", textAt(each.object, "spec", "scaleTargetRef", "kind"), textAt(each.object, "spec", "scaleTargetRef", "name")
		switch each.resource().GroupResource() {
		case horizontalPodAutoscalers().GroupResource():
			condition = "ScalingActive"
		case scaledObjects().GroupResource():
			condition, kind = "Ready", keepScaledObject(each.object).target.kind
		default:
			continue
		}
		found[i].object = each.object.DeepCopy()
		unstructured.RemoveNestedField(found[i].object.Object, "status")
		for _, m := range all {
			if m.refused || m.object.GetNamespace() != each.object.GetNamespace() || m.object.GetKind() != kind || m.object.GetName() != name {
				continue
			}
			for _, s := range sharesOf(each.object) {
				if container := s.unrequested(m.object); container != "" {
					_ = unstructured.SetNestedSlice(found[i].object.Object, []any{map[string]any{
						"type": condition, "status": "False",
						"reason": fmt.Sprintf("%s (the container %s requests no %s)", unmeasured, container, s.resource),
					}}, "status", "conditions")
				}
			}
		}
	}
	return found
}

// A share is one of what is requested of a resource, by which pods are scaled.
type share struct{ resource, container string } // empty: all containers

// sharesOf are those by which an autoscaler scales; a HorizontalPodAutoscaler that names no metric scales by that of the cpu.
func sharesOf(u *unstructured.Unstructured) (found []share) {
	for _, metric := range mapsAt(u, "spec", "metrics") {
		for _, of := range []string{"resource", "containerResource"} {
			resource, _ := metric[of].(map[string]any)
			if target, _ := resource["target"].(map[string]any); text(target, "type") == "Utilization" {
				found = append(found, share{text(resource, "name"), text(resource, "container")})
			}
		}
	}
	for _, trigger := range mapsAt(u, "spec", "triggers") {
		metadata, _ := trigger["metadata"].(map[string]any)
		if kind := text(trigger, "type"); (kind == "cpu" || kind == "memory") &&
			slices.Contains([]string{text(trigger, "metricType"), text(metadata, "type")}, "Utilization") {
			found = append(found, share{kind, text(metadata, "containerName")})
		}
	}
	if u.GetKind() == "HorizontalPodAutoscaler" && len(mapsAt(u, "spec", "metrics")) == 0 {
		found = append(found, share{resource: "cpu"})
	}
	return found
}

// unrequested names a container of a workload that requests nothing of what a share is of; empty where there is none.
func (s share) unrequested(workload *unstructured.Unstructured) string {
	template, _ := templateIn(workload)
	spec, _ := template["spec"].(map[string]any)
	if s.container == "" && s.in(spec) { // The pod as a whole requests it.
		return ""
	}
	for _, container := range mapsIn(spec, "containers") {
		if name := text(container, "name"); (s.container == "" || s.container == name) && !s.in(container) {
			return name
		}
	}
	return ""
}

// in tells whether the resources within a container or a pod have the resource: a limit is a request too.
func (s share) in(of map[string]any) bool {
	resources, _ := of["resources"].(map[string]any)
	for _, which := range []string{"requests", "limits"} {
		if given, _ := resources[which].(map[string]any); given[s.resource] != nil {
			return true
		}
	}
	return false
}
