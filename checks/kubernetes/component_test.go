package kubernetes_test

import (
	"testing"

	"github.com/readiness-exporter/readiness-exporter/checks/kubernetes"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
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

func TestIngressController(t *testing.T) {
	controller := func(edits ...func(*fact.Component)) fact.Component {
		return component(fact.RoleIngressController, "ingress-nginx", edits...)
	}
	verdicts(t, kubernetes.IngressController(), []verdictOn[fact.Component]{
		{"all its pods, and a class", controller(), nil},
		{"no class", controller(func(c *fact.Component) { c.Classes = nil }), []finding{{"no_class", check.Fail, "ingress-nginx"}}},
		{"a pod is away", controller(scaledTo(2, 1)), []finding{{"unavailable", check.Fail, "1 of 2 pods available"}}},
		{"none is wanted", controller(scaledTo(0, 0)), []finding{{"unavailable", check.Fail, "it wants no pod"}}},
		{"a class of somebody else", fact.Component{
			Cluster: "main", Role: fact.RoleIngressController, Part: "k8s.io/gce", Kind: "IngressClass", Name: "gce",
		}, []finding{{"controller_unknown", check.Unknown, "k8s.io/gce"}}},
	})
}

func TestIngressExposure(t *testing.T) {
	exposed := func(edits ...func(*fact.Component)) fact.Component {
		return component(fact.RoleIngressController, "ingress-nginx", edits...)
	}
	by := func(outlets ...fact.Outlet) func(*fact.Component) {
		return func(c *fact.Component) { c.Services = outlets }
	}
	verdicts(t, kubernetes.IngressExposure(), []verdictOn[fact.Component]{
		{"a load balancer with an address", exposed(), nil},
		{"a node port", exposed(by(fact.Outlet{Name: "a", Type: "NodePort", NodePorts: []int{30443}})), nil},
		{"ports of its nodes", exposed(by(), func(c *fact.Component) { c.OnNodes = true }), nil},
		{"no address yet", exposed(by(fact.Outlet{Name: "a", Type: "LoadBalancer"})), []finding{{"no_address", check.Fail, "Service a"}}},
		{"the cluster alone", exposed(by(fact.Outlet{Name: "a", Type: "ClusterIP"})), []finding{
			{"not_exposed", check.Fail, "1 Service of it, none of which can be reached from outside"},
		}},
	})
}

func TestCertManager(t *testing.T) {
	parts := func(names ...string) (all []any) {
		for _, name := range names {
			all = append(all, component(fact.RoleCertManager, name))
		}
		return all
	}
	unserved := parts("cert-manager", "webhook", "cainjector")
	for i := range unserved {
		c := unserved[i].(fact.Component)
		c.Serves = nil
		unserved[i] = c
	}
	verdictsOnAll(t, kubernetes.CertManager(), []verdictOnAll{
		{"all parts", parts("cert-manager", "webhook", "cainjector"), nil},
		{"no webhook", parts("cert-manager", "cainjector"), []finding{{"part_missing", check.Fail, "webhook"}}},
		{"a part is away", append(parts("cert-manager", "webhook"), component(fact.RoleCertManager, "cainjector", scaledTo(1, 0))), []finding{
			{"unavailable", check.Fail, "0 of 1 pod available"},
		}},
		{"no custom resources", unserved, []finding{
			{"not_served", check.Fail, "certificates.cert-manager.io is not among what it offers"},
		}},
		{"none", nil, []finding{{"nothing_seen", check.Fail, "there is no cert-manager that is known by its labels; " +
			"where certificates renew otherwise, say so in not_applicable"}}},
	})
}

func TestClusterIssuer(t *testing.T) {
	issuer := func(ready bool, trouble string) fact.Issuer {
		return fact.Issuer{Cluster: "main", Kind: "ClusterIssuer", Name: "letsencrypt", Ready: ready, Trouble: trouble}
	}
	verdicts(t, kubernetes.ClusterIssuer(), []verdictOn[fact.Issuer]{
		{"ready", issuer(true, ""), nil},
		{"not ready", issuer(false, "ErrRegisterACMEAccount"), []finding{{"not_ready", check.Fail, "ErrRegisterACMEAccount"}}},
		{"not seen yet", issuer(false, ""), []finding{{"not_ready", check.Fail, "cert-manager has said nothing of it yet"}}},
	})
}

func TestHelmReleases(t *testing.T) {
	release := func(status string) fact.HelmRelease {
		return fact.HelmRelease{Cluster: "main", Namespace: "shop", Name: "shop", Revision: 3, Status: status}
	}
	verdicts(t, kubernetes.HelmReleases(), []verdictOn[fact.HelmRelease]{
		{"deployed", release("deployed"), nil},
		{"failed", release("failed"), []finding{{"failed", check.Fail, "revision 3: failed"}}},
		{"cut off", release("pending-upgrade"), []finding{{"pending", check.Fail, "revision 3: pending-upgrade"}}},
		{"going", release("uninstalling"), []finding{{"pending", check.Fail, "revision 3: uninstalling"}}},
	})
}

func TestAuthorization(t *testing.T) {
	grant := fact.Grant{Subject: "ServiceAccount shop/api", Role: "ClusterRole cluster-admin", Binding: "ClusterRoleBinding x", Risk: "everything"}
	verdicts(t, kubernetes.Authorization(), []verdictOn[fact.Authorization]{
		{"nothing too much", fact.Authorization{Cluster: "main", Bindings: 60}, nil},
		{"too much", fact.Authorization{Cluster: "main", Grants: []fact.Grant{grant}}, []finding{
			{"excessive_grant", check.Fail, "ServiceAccount shop/api: everything, by ClusterRoleBinding x of ClusterRole cluster-admin"},
		}},
		{"no authorizer", fact.Authorization{Cluster: "main", Open: true, Grants: []fact.Grant{grant}}, []finding{
			{"no_authorizer", check.Fail, "it permits what no role names"},
		}},
	})
}

func TestSecretRotation(t *testing.T) {
	secret := func(days int) fact.Secret {
		return fact.Secret{Cluster: "main", Namespace: "shop", Name: "database", ChangedAt: now.AddDate(0, 0, -days)}
	}
	verdicts(t, kubernetes.SecretRotation(), []verdictOn[fact.Secret]{
		{"180 days ago", secret(180), nil},
		{"181 days ago", secret(181), []finding{{"not_rotated", check.Fail, "changed 181d ago, on 2026-05-25; at most 180d is wanted"}}},
	})
}
