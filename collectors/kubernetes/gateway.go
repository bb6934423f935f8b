package kubernetes

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

const gatewayGroup = "gateway.networking.k8s.io"

// httpRoutes are those of Gateway API (https://gateway-api.sigs.k8s.io/reference/spec/#httproute).
func httpRoutes() watch.Resource[route] {
	return watch.Resource[route]{
		GroupVersionResource: schema.GroupVersionResource{Group: gatewayGroup, Resource: "httproutes"},
		Keep:                 func(object any) route { return keepHTTPRoute(object.(*unstructured.Unstructured)) },
	}
}

func keepHTTPRoute(u *unstructured.Unstructured) route {
	keep := route{fact: fact.Ingress{Kind: "HTTPRoute"}, labels: u.GetLabels()}
	hosts := textsAt(u, "spec", "hostnames")
	for _, host := range hosts {
		keep.name(host)
	}
	keep.fact.CatchAll = len(hosts) == 0
	keep.parents, keep.fact.Unresolved = keepParents(u)
	var paths []string
	rules := mapsAt(u, "spec", "rules")
	keep.redirects = len(rules) > 0
	for _, rule := range rules {
		keep.redirects = keep.redirects && redirectsToHTTPS(rule)
		for _, match := range mapsIn(rule, "matches") {
			path, _ := match["path"].(map[string]any)
			paths = append(paths, text(path, "value"))
			keep.path("", text(path, "value"))
		}
		if len(mapsIn(rule, "matches")) == 0 {
			keep.path("", "")
		}
		for _, each := range mapsIn(rule, "backendRefs") {
			kind, namespace := cmp.Or(text(each, "kind"), "Service"), text(each, "namespace")
			if kind == "Service" && (namespace == "" || namespace == u.GetNamespace()) {
				to := backend{service: text(each, "name")}
				if port, declared := each["port"].(int64); declared {
					to.port = strconv.FormatInt(port, 10)
				}
				keep.lead(to)
			}
		}
	}
	keep.passing = solves(u.GetLabels(), paths) || len(mapsAt(u, "spec", "parentRefs")) > 0 && len(keep.parents) == 0
	return keep
}

func redirectsToHTTPS(rule map[string]any) bool {
	return slices.ContainsFunc(mapsIn(rule, "filters"), func(filter map[string]any) bool {
		redirect, _ := filter["requestRedirect"].(map[string]any)
		return text(redirect, "scheme") == "https"
	})
}

// A gatewayListener is what is kept of a listener for HTTP, with TLS or without.
type gatewayListener struct {
	name    string
	port    int
	host    string
	secure  bool // it ends TLS
	secrets []types.NamespacedName
	admits  admission
	// addresses are those that the status of its Gateway reports.
	addresses []string
}

// gateways keep their listeners for HTTP. They are often in another namespace than what uses them.
func gateways() watch.Resource[[]gatewayListener] {
	return watch.Resource[[]gatewayListener]{
		GroupVersionResource: schema.GroupVersionResource{Group: gatewayGroup, Resource: "gateways"}, Everywhere: true,
		Keep: func(object any) (listeners []gatewayListener) {
			u := object.(*unstructured.Unstructured)
			var addresses []string
			for _, each := range mapsAt(u, "status", "addresses") {
				if kind := text(each, "type"); kind == "" || kind == "IPAddress" {
					addresses = append(addresses, text(each, "value"))
				}
			}
			for _, each := range mapsAt(u, "spec", "listeners") {
				protocol := text(each, "protocol")
				if protocol != "HTTP" && protocol != "HTTPS" {
					continue
				}
				port, _ := each["port"].(int64)
				l := gatewayListener{name: text(each, "name"), port: int(port), host: text(each, "hostname"), secure: protocol == "HTTPS"}
				l.admits, l.addresses = keepAdmission(each), addresses
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

// open adds a door. At one port the listener that names the host best answers.
func (r *namedRoute) open(d door) {
	for i, other := range r.doors {
		if other.by == d.by && other.port == d.port && other.host == d.host {
			if len(d.listens) > len(other.listens) {
				r.doors[i] = d
			}
			return
		}
	}
	r.doors = append(r.doors, d)
}

// common gives the host that is both a route's and a listener's; each can begin with *., and empty is any.
func common(route, listener string) (string, bool) {
	switch {
	case listener == "" || route == listener || within(route, listener):
		return route, true
	case route == "" || within(listener, route):
		return listener, true
	default:
		return "", false
	}
}

// within tells whether a host is one of a wildcard's, of any number of labels (https://gateway-api.sigs.k8s.io/reference/spec/#hostname).
func within(host, wildcard string) bool {
	domain, is := strings.CutPrefix(wildcard, "*")
	return is && host != "" && len(host) > len(wildcard)-1 && strings.HasSuffix(host, domain)
}
