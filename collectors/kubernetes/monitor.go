package kubernetes

import (
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

const monitoringGroup = "monitoring.coreos.com"

// A monitor is what is kept of Prometheus Operator's ServiceMonitor or PodMonitor
// (https://prometheus-operator.dev/docs/api-reference/api/).
type monitor struct {
	selector   labels.Selector
	anywhere   bool     // it selects in every namespace
	namespaces []string // that it selects in; empty: its own
	ports      []string // names of ports of the service, or of the pods
	targets    []string // ports of the pods, by name or number
}

func serviceMonitors() watch.Resource[monitor] {
	return watch.Resource[monitor]{
		GroupVersionResource: schema.GroupVersionResource{Group: monitoringGroup, Resource: "servicemonitors"},
		Keep:                 func(object any) monitor { return keepMonitor(object.(*unstructured.Unstructured), "endpoints") },
	}
}

func podMonitors() watch.Resource[monitor] {
	return watch.Resource[monitor]{
		GroupVersionResource: schema.GroupVersionResource{Group: monitoringGroup, Resource: "podmonitors"},
		Keep: func(object any) monitor {
			return keepMonitor(object.(*unstructured.Unstructured), "podMetricsEndpoints")
		},
	}
}

func keepMonitor(u *unstructured.Unstructured, endpoints string) monitor {
	keep := monitor{selector: selectorAt(u, "spec", "selector"), namespaces: textsAt(u, "spec", "namespaceSelector", "matchNames")}
	keep.anywhere = boolAt(u, "spec", "namespaceSelector", "any")
	for _, each := range mapsAt(u, "spec", endpoints) {
		if port := text(each, "port"); port != "" {
			keep.ports = append(keep.ports, port)
		}
		switch target := each["targetPort"].(type) {
		case string:
			keep.targets = append(keep.targets, target)
		case int64:
			keep.targets = append(keep.targets, strconv.FormatInt(target, 10))
		}
		if number, is := each["portNumber"].(int64); is {
			keep.targets = append(keep.targets, strconv.FormatInt(number, 10))
		}
	}
	return keep
}

// selectorAt reads a label selector within an object; what is none selects nothing.
func selectorAt(u *unstructured.Unstructured, path ...string) labels.Selector {
	value, found, _ := unstructured.NestedMap(u.Object, path...)
	var declared metav1.LabelSelector
	if !found || runtime.DefaultUnstructuredConverter.FromUnstructured(value, &declared) != nil {
		return labels.Nothing()
	}
	selector, err := metav1.LabelSelectorAsSelector(&declared)
	if err != nil {
		return labels.Nothing()
	}
	return selector
}

// reaches tells whether a monitor of one namespace selects in another.
func (m monitor) reaches(own, other string) bool {
	return m.anywhere || slices.Contains(m.namespaces, other) || len(m.namespaces) == 0 && own == other
}

// monitorsOf gives the monitors that select a workload's services or pods.
func monitorsOf(s *snapshot, w *workload, selecting []namedService) (found []fact.Monitor) {
	named, numbers := containerPorts(w)
	unknown := func(wanted, known []string) (missing []string) {
		for _, port := range wanted {
			if !slices.Contains(known, port) {
				missing = append(missing, port)
			}
		}
		return missing
	}
	stored(s, serviceMonitors()).Each(func(name types.NamespacedName, m monitor) {
		if !m.reaches(name.Namespace, w.fact.Namespace) {
			return
		}
		var ports []string // Of all the services together: one that has the port is scraped.
		selects := false
		for _, service := range selecting {
			if !m.selector.Matches(service.labels) {
				continue
			}
			selects = true
			for _, port := range service.ports {
				ports = append(ports, port.name)
			}
		}
		if selects {
			found = append(found, fact.Monitor{
				Kind: "ServiceMonitor", Name: name.Name,
				UnknownPorts: append(unknown(m.ports, ports), unknown(m.targets, slices.Concat(named, numbers))...),
			})
		}
	})
	stored(s, podMonitors()).Each(func(name types.NamespacedName, m monitor) {
		if m.reaches(name.Namespace, w.fact.Namespace) && m.selector.Matches(w.podLabels) {
			found = append(found, fact.Monitor{
				Kind: "PodMonitor", Name: name.Name,
				UnknownPorts: append(unknown(m.ports, named), unknown(m.targets, slices.Concat(named, numbers))...),
			})
		}
	})
	slices.SortFunc(found, func(a, b fact.Monitor) int { return strings.Compare(a.Kind+a.Name, b.Kind+b.Name) })
	return found
}

// containerPorts are the names and the numbers of the ports that a workload's containers declare.
func containerPorts(w *workload) (names, numbers []string) {
	for i := range w.fact.Containers {
		for _, port := range w.fact.Containers[i].Ports {
			names, numbers = append(names, port.Name), append(numbers, strconv.Itoa(port.Number))
		}
	}
	return names, numbers
}
