package cluster_test

import (
	"testing"

	"github.com/readiness-exporter/readiness-exporter/checks/cluster"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func component(role fact.ComponentRole, part string, edits ...func(*fact.Component)) fact.Component {
	c := fact.Component{
		Cluster: "main", Role: role, Part: part, Namespace: "system", Kind: "Deployment", Name: part, Desired: 2, Available: 2,
		Classes: []string{"nginx"}, Serves: []string{"certificates", "issuers"},
		Services: []fact.Outlet{{Name: part, Type: "LoadBalancer", Addresses: []string{"192.0.2.1"}}},
	}
	for _, edit := range edits {
		edit(&c)
	}
	return c
}

func scaledTo(desired, available int) func(*fact.Component) {
	return func(c *fact.Component) { c.Desired, c.Available = desired, available }
}

func in(name string) func(*fact.Component) { return func(c *fact.Component) { c.Cluster = name } }

// twoClusters is a system with the clusters main and other.
func twoClusters() *system.System {
	return &system.System{Kubernetes: []system.Cluster{{Name: "main"}, {Name: "other"}}}
}

// other is a cluster of which something is unavailable.
func other() []fact.Unavailable[fact.Component] {
	return []fact.Unavailable[fact.Component]{{
		Subject: "other", Known: fact.Component{Cluster: "other"}, Reason: fact.ReasonTimeout, Detail: "no answer in 10 s",
	}}
}

func TestIngressController(t *testing.T) {
	controller := func(edits ...func(*fact.Component)) fact.Component {
		return component(fact.RoleIngressController, "ingress-nginx", edits...)
	}
	v := checktest.Of(t, cluster.IngressController(), fact.Components())
	v.Finds("all its pods, and a class", controller())
	v.Finds("no class", controller(func(c *fact.Component) { c.Classes = nil }),
		"fail no_class: No IngressClass names the controller ingress-nginx.")
	v.Finds("a pod is away", controller(scaledTo(2, 1)),
		"fail unavailable: The Deployment ingress-nginx has 1 of 2 pods available.")
	v.Finds("none is wanted", controller(scaledTo(0, 0)),
		"fail unavailable: The Deployment ingress-nginx wants no pod.")
	v.Finds("a class of somebody else", fact.Component{
		Cluster: "main", Role: fact.RoleIngressController, Part: "k8s.io/gce", Kind: "IngressClass", Name: "gce",
	},
		"unknown controller_unknown: No workload of the controller k8s.io/gce is found.")
	v.Finds("another component is none", component(fact.RoleCertManager, "cert-manager"),
		"fail no_controller on main: The cluster main has neither an IngressClass nor a known ingress controller.")
	v.System = twoClusters()
	v.Finds("one of two clusters has none", controller(),
		"fail no_controller on other: The cluster other has neither an IngressClass nor a known ingress controller.")
	v.FindsOn("both have one", []fact.Component{controller(), controller(in("other"))})
	v.FindsIn("the other is unavailable", fact.Set[fact.Component]{Facts: []*fact.Component{new(controller())}, Unavailable: other()},
		"unknown not_collected on other: no answer in 10 s")
}

func TestIngressExposure(t *testing.T) {
	exposed := func(edits ...func(*fact.Component)) fact.Component {
		return component(fact.RoleIngressController, "ingress-nginx", edits...)
	}
	by := func(outlets ...fact.Outlet) func(*fact.Component) {
		return func(c *fact.Component) { c.Services = outlets }
	}
	v := checktest.Of(t, cluster.IngressExposure(), fact.Components())
	v.Finds("a load balancer with an address", exposed())
	v.Finds("a node port", exposed(by(fact.Outlet{Name: "a", Type: "NodePort", NodePorts: []int{30443}})))
	v.Finds("ports of its nodes", exposed(by(), func(c *fact.Component) { c.OnNodes = true }))
	v.Finds("no address yet", exposed(by(fact.Outlet{Name: "a", Type: "LoadBalancer"})),
		"fail no_address: The load balancer of the Service a has no address.")
	v.Finds("the cluster alone", exposed(by(fact.Outlet{Name: "a", Type: "ClusterIP"})),
		"fail not_exposed: The controller has 1 Service, and no way in from outside of the cluster.")
}

func TestCertManager(t *testing.T) {
	parts := func(names ...string) (all []fact.Component) {
		for _, name := range names {
			all = append(all, component(fact.RoleCertManager, name))
		}
		return all
	}
	unserved := parts("cert-manager", "webhook", "cainjector")
	for i := range unserved {
		unserved[i].Serves = nil
	}
	v := checktest.Of(t, cluster.CertManager(), fact.Components())
	v.FindsOn("all parts", parts("cert-manager", "webhook", "cainjector"))
	v.FindsOn("no webhook", parts("cert-manager", "cainjector"),
		"fail part_missing on main: The cluster main lacks the part webhook of cert-manager.")
	v.FindsOn("a part is away", append(parts("cert-manager", "webhook"), component(fact.RoleCertManager, "cainjector", scaledTo(1, 0))),
		"fail unavailable on main/system/Deployment/cainjector: The Deployment cainjector has 0 of 1 pod available.")
	v.FindsOn("no custom resources", unserved,
		"fail not_served on main: The API server of the cluster main does not offer certificates.cert-manager.io.")
	v.FindsOn("none", nil,
		"fail no_cert_manager on main: The cluster main has no cert-manager that is known by its labels.")
	v.System = twoClusters()
	v.FindsOn("its parts are spread over two clusters",
		append(parts("cert-manager", "webhook"), component(fact.RoleCertManager, "cainjector", in("other"))),
		"fail part_missing on main: The cluster main lacks the part cainjector of cert-manager.",
		"fail part_missing on other: The cluster other lacks the parts cert-manager and webhook of cert-manager.")
	whole := parts("cert-manager", "webhook", "cainjector")
	v.FindsIn("the other cluster is unavailable", fact.Set[fact.Component]{
		Facts: []*fact.Component{&whole[0], &whole[1], &whole[2]}, Unavailable: other(),
	},
		"unknown not_collected on other: no answer in 10 s")
}

func TestIssuer(t *testing.T) {
	issuer := func(ready bool, trouble string) fact.Issuer {
		return fact.Issuer{Cluster: "main", Kind: "ClusterIssuer", Name: "letsencrypt", Ready: ready, Trouble: trouble}
	}
	v := checktest.Of(t, cluster.Issuer(), fact.Issuers())
	v.Finds("ready", issuer(true, ""))
	v.Finds("not ready", issuer(false, "ErrRegisterACMEAccount"),
		"fail not_ready: The ClusterIssuer letsencrypt is not ready: ErrRegisterACMEAccount.")
	v.Finds("not processed yet", issuer(false, ""),
		"fail not_ready: The ClusterIssuer letsencrypt is not ready: cert-manager has not processed it yet.")
	v.FindsOn("none", nil,
		"fail no_issuer on main: The cluster main has no ClusterIssuer and no Issuer of cert-manager.")
	v.System = twoClusters()
	v.Finds("one of two clusters has none", issuer(true, ""),
		"fail no_issuer on other: The cluster other has no ClusterIssuer and no Issuer of cert-manager.")
}
