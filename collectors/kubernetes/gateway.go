package kubernetes

import (
	"cmp"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

const gatewayGroup = "gateway.networking.k8s.io"

// A listener is one of a Gateway, or the reference of a route to it.
type listener struct {
	gateway types.NamespacedName
	name    string // empty in a reference: any of the Gateway's
}

// httpRoutes are those of Gateway API (https://gateway-api.sigs.k8s.io/reference/spec/#httproute).
func httpRoutes() watch.Resource[route] {
	return watch.Resource[route]{
		GroupVersionResource: schema.GroupVersionResource{Group: gatewayGroup, Resource: "httproutes"},
		Keep:                 func(object any) route { return keepHTTPRoute(object.(*unstructured.Unstructured)) },
	}
}

func keepHTTPRoute(u *unstructured.Unstructured) route {
	keep := route{fact: fact.Ingress{Kind: "HTTPRoute"}}
	hosts := textsAt(u, "spec", "hostnames")
	for _, host := range hosts {
		keep.name(host)
	}
	keep.fact.CatchAll = len(hosts) == 0
	for _, parent := range mapsAt(u, "spec", "parentRefs") {
		keep.parents = append(keep.parents, listener{
			types.NamespacedName{Namespace: cmp.Or(text(parent, "namespace"), u.GetNamespace()), Name: text(parent, "name")},
			text(parent, "sectionName"),
		})
	}
	for _, rule := range mapsAt(u, "spec", "rules") {
		for _, backend := range mapsIn(rule, "backendRefs") {
			kind, namespace := cmp.Or(text(backend, "kind"), "Service"), text(backend, "namespace")
			if kind == "Service" && (namespace == "" || namespace == u.GetNamespace()) {
				keep.fact.Services = append(keep.fact.Services, text(backend, "name"))
			}
		}
	}
	return keep
}

// A gatewayListener is what is kept of a listener that ends TLS.
type gatewayListener struct {
	name    string
	host    string
	secrets []types.NamespacedName
}

// gateways keep their listeners that end TLS. They are often in another namespace than what uses them.
func gateways() watch.Resource[[]gatewayListener] {
	return watch.Resource[[]gatewayListener]{
		GroupVersionResource: schema.GroupVersionResource{Group: gatewayGroup, Resource: "gateways"}, Everywhere: true,
		Keep: func(object any) (listeners []gatewayListener) {
			u := object.(*unstructured.Unstructured)
			for _, each := range mapsAt(u, "spec", "listeners") {
				if text(each, "protocol") != "HTTPS" {
					continue
				}
				l := gatewayListener{name: text(each, "name"), host: text(each, "hostname")}
				tls, _ := each["tls"].(map[string]any)
				for _, reference := range mapsIn(tls, "certificateRefs") {
					l.secrets = append(l.secrets, types.NamespacedName{
						Namespace: cmp.Or(text(reference, "namespace"), u.GetNamespace()), Name: text(reference, "name"),
					})
				}
				listeners = append(listeners, l)
			}
			return listeners
		},
	}
}

// shown gives the Secrets of the listeners that a route hangs on.
func (s *snapshot) shown(r route) (entries []hostSecret) {
	for _, parent := range r.parents {
		listeners, _ := stored(s, gateways()).Get(parent.gateway.Namespace, parent.gateway.Name)
		for _, l := range listeners {
			if parent.name != "" && parent.name != l.name {
				continue
			}
			for _, secret := range l.secrets {
				entries = append(entries, hostSecret{l.host, secret})
			}
		}
	}
	return entries
}
