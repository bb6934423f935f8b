package service_test

import (
	"testing"

	"github.com/readiness-exporter/readiness-exporter/checks/service"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestEndpoints(t *testing.T) {
	with := func(ready, all int, lost ...string) fact.Service {
		return fact.Service{Cluster: "main", Namespace: "shop", Name: "api", Ready: ready, Endpoints: all, LostPorts: lost}
	}
	v := checktest.Of(t, service.Endpoints(), fact.Services())
	v.Finds("one that is ready is enough", with(1, 3))
	v.Finds("none is ready", with(0, 3),
		"fail none_ready: The Service has 3 endpoints, and none is ready.")
	v.Finds("more than a slice holds", with(150, 150))
	nobody := with(0, 0)
	nobody.Selector = "app=api"
	v.Finds("nothing has its labels", nobody,
		"fail no_endpoint: The Service has no endpoint: no pod with an address has the labels app=api.")
	planned := nobody
	planned.Planned = true
	v.Finds("nothing among the manifests has its labels", planned,
		"fail no_endpoint: No pod of the manifests has the labels app=api that the Service selects.")
	nobody.Workloads = []string{"Deployment/api"}
	v.Finds("its pods are there, and wait for a node", nobody,
		"fail none_running: The Service has no endpoint: no pod of Deployment/api has an address yet.")
	v.Finds("a port that leads nowhere", with(3, 3, "https"),
		"fail no_such_port: No pod of the Service has the port https.")
	leading := fact.Set[fact.Ingress]{}
	leading.Add(fact.Ingress{Cluster: "main", Namespace: "shop", Kind: "HTTPRoute", Name: "web", LostBackends: []string{"the Service gone"}})
	v.With = []fact.AnySet{fact.Ingresses().Set(&leading)}
	v.Finds("a route leads to none", with(3, 3),
		"fail no_such_backend on main/shop/HTTPRoute/web: The HTTPRoute leads to the Service gone, which does not exist.")
	refused := fact.Set[fact.Ingress]{}
	refused.Add(fact.Ingress{Cluster: "main", Namespace: "shop", Kind: "HTTPRoute", Name: "web", Unresolved: "RefNotPermitted"})
	v.With = []fact.AnySet{fact.Ingresses().Set(&refused)}
	v.Finds("a route leads where it may not", with(3, 3),
		"fail backend_not_resolved on main/shop/HTTPRoute/web: The controller of the HTTPRoute cannot resolve what it leads to: RefNotPermitted.")
}
