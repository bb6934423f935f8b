package kubernetes

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A listenerRef is the reference of a route to the listeners of a Gateway.
type listenerRef struct {
	gateway  types.NamespacedName
	name     string // empty: any
	port     int    // 0: any
	other    string // the kind of what it refers to, where that is no Gateway
	accepted bool   // the controller has taken it
	refused  string // why the controller has not, in its own word
}

// keepParents reads to which listeners a route refers, and what their controllers report of it
// (https://gateway-api.sigs.k8s.io/reference/spec/#routeparentstatus). What is about an earlier generation reports nothing.
func keepParents(u *unstructured.Unstructured) (parents []listenerRef, unresolved string) {
	for _, declared := range mapsAt(u, "spec", "parentRefs") {
		if text(declared, "kind") == "Service" {
			continue // Of a mesh.
		}
		parent := refIn(u, declared)
		for _, status := range mapsAt(u, "status", "parents") {
			reported, _ := status["parentRef"].(map[string]any)
			if refIn(u, reported) != refIn(u, declared) {
				continue
			}
			for _, c := range mapsIn(status, "conditions") {
				if about, _ := c["observedGeneration"].(int64); about != 0 && about < u.GetGeneration() {
					continue
				}
				switch kind, state := text(c, "type"), text(c, "status"); {
				case kind == "Accepted" && state == "True":
					parent.accepted = true
				case kind == "Accepted" && state == "False":
					parent.refused = cmp.Or(text(c, "reason"), "not accepted")
				case kind == "ResolvedRefs" && state == "False":
					unresolved = cmp.Or(text(c, "reason"), "not resolved")
				}
			}
		}
		parents = append(parents, parent)
	}
	return parents, unresolved
}

func refIn(u *unstructured.Unstructured, ref map[string]any) listenerRef {
	port, _ := ref["port"].(int64)
	found := listenerRef{
		gateway: types.NamespacedName{Namespace: cmp.Or(text(ref, "namespace"), u.GetNamespace()), Name: text(ref, "name")},
		name:    text(ref, "sectionName"), port: int(port),
	}
	if kind := text(ref, "kind"); kind != "Gateway" {
		found.other = kind
	}
	return found
}

// admission is which routes a listener takes (https://gateway-api.sigs.k8s.io/reference/spec/#allowedroutes).
type admission struct {
	from     string // Same, All, Selector, None
	selector labels.Selector
	kinds    bool // HTTPRoutes are among those that it takes
}

func keepAdmission(listener map[string]any) admission {
	allowed, _ := listener["allowedRoutes"].(map[string]any)
	namespaces, _ := allowed["namespaces"].(map[string]any)
	keep := admission{from: cmp.Or(text(namespaces, "from"), "Same"), selector: labels.Nothing()}
	if declared, is := namespaces["selector"].(map[string]any); is {
		var selector metav1.LabelSelector
		if runtime.DefaultUnstructuredConverter.FromUnstructured(declared, &selector) == nil {
			if parsed, err := metav1.LabelSelectorAsSelector(&selector); err == nil {
				keep.selector = parsed
			}
		}
	}
	kinds := mapsIn(allowed, "kinds")
	keep.kinds = len(kinds) == 0 || slices.ContainsFunc(kinds, func(kind map[string]any) bool {
		return text(kind, "kind") == "HTTPRoute" && cmp.Or(text(kind, "group"), gatewayGroup) == gatewayGroup
	})
	return keep
}

// takes tells whether a listener takes HTTPRoutes of a namespace. Of namespaces only the names are known: where others of their labels
// decide, that is not.
func (a admission) takes(own, of string) (takes, known bool) {
	switch {
	case !a.kinds:
		return false, true
	case a.from == "All", a.from == "Same":
		return a.from == "All" || own == of, true
	case a.from != "Selector":
		return false, true
	}
	requirements, selectable := a.selector.Requirements()
	known = true
	for _, each := range requirements {
		if each.Key() != corev1.LabelMetadataName {
			known = false
		} else if !each.Matches(labels.Set{corev1.LabelMetadataName: of}) {
			return false, true
		}
	}
	return selectable, known
}

// attach opens a route at the listeners that take it, for those hosts that are of both. Hosts that no listener takes stay.
func (r *namedRoute) attach(s *snapshot) {
	own := r.fact.Hosts
	if len(own) == 0 {
		own = []fact.IngressHost{{}} // Any.
	}
	r.fact.Hosts, r.fact.CatchAll = nil, false
	for _, host := range own {
		attached, why := r.attachHost(s, host.Name)
		if attached {
			continue
		}
		r.fact.Detached = cmp.Or(r.fact.Detached, why)
		if host.Name != "" {
			r.route.name(host.Name)
		}
	}
	if r.foreign {
		r.fact.Detached = ""
		r.fact.CatchAll = len(r.doors) == 0 && own[0].Name == ""
	}
}

// attachHost tells why no listener takes a route for a host, where none does.
func (r *namedRoute) attachHost(s *snapshot, host string) (attached bool, why string) {
	why = "it refers to no Gateway"
	for _, parent := range r.parents {
		if parent.other != "" {
			r.fact.Unsure = cmp.Or(r.fact.Unsure, "it refers to the "+parent.other+" "+parent.gateway.String()+", which is not read")
			continue
		}
		listeners, there := stored(s, gateways()).Get(parent.gateway.Namespace, parent.gateway.Name)
		r.foreign = r.foreign || s.planned && !there
		switch {
		case parent.refused != "" && !parent.accepted:
			why = fmt.Sprintf("the controller of the Gateway %s reports %s", parent.gateway, parent.refused)
			continue
		case !there:
			why = fmt.Sprintf("the Gateway %s does not exist", parent.gateway)
			continue
		}
		opened, reason := r.attachTo(parent, listeners, host)
		attached = attached || opened
		why = reason
	}
	return attached, why
}

// attachTo opens a route for a host at the listeners of one Gateway that take it.
func (r *namedRoute) attachTo(parent listenerRef, listeners []gatewayListener, host string) (attached bool, why string) {
	why = fmt.Sprintf("the Gateway %s has no listener for HTTP that it names", parent.gateway)
	var perhaps []gatewayListener // They take it, if the labels of its namespace are such.
	for _, l := range listeners {
		if parent.name != "" && parent.name != l.name || parent.port != 0 && parent.port != l.port {
			continue
		}
		both, shared := common(host, l.host)
		takes, known := l.admits.takes(parent.gateway.Namespace, r.name.Namespace)
		switch {
		case !shared:
			why = fmt.Sprintf("the listener %s of the Gateway %s is for the host %s", l.name, parent.gateway, l.host)
		case !takes && !l.admits.kinds:
			why = fmt.Sprintf("the listener %s of the Gateway %s takes no HTTPRoutes (allowedRoutes)", l.name, parent.gateway)
		case !takes && known:
			why = fmt.Sprintf("the listener %s of the Gateway %s takes no routes of the namespace %s (allowedRoutes)",
				l.name, parent.gateway, r.name.Namespace)
		case !known:
			perhaps = append(perhaps, l)
		default:
			attached = true
			r.openAt(parent, l, both)
		}
	}
	if len(perhaps) == 0 {
		return attached, why
	}
	if parent.accepted && !attached && len(perhaps) == 1 { // Its controller has taken it, and there is no other that can be meant.
		both, _ := common(host, perhaps[0].host)
		r.openAt(parent, perhaps[0], both)
		return true, ""
	}
	r.fact.Unsure = fmt.Sprintf("which namespaces the listener %s of the Gateway %s takes routes of depends on their labels, "+
		"which are not read", perhaps[0].name, parent.gateway)
	return attached, why
}

func (r *namedRoute) openAt(parent listenerRef, l gatewayListener, host string) {
	r.route.name(host)
	r.open(door{
		by: parent.gateway.String(), port: l.port, host: host, listens: l.host, secure: l.secure, secrets: l.secrets,
		addresses: l.addresses,
	})
}
