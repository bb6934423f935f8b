package kubernetes_test

import (
	"testing"
	"time"

	"github.com/readiness-exporter/readiness-exporter/checks/kubernetes"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

func TestNetworkPolicies(t *testing.T) {
	policies := func(deny bool, all ...fact.NetworkPolicy) fact.Workload {
		return api(func(w *fact.Workload) { w.DefaultDeny, w.Policies = deny, all })
	}
	verdicts(t, kubernetes.NetworkPolicies(), []verdict{
		{"a default deny", policies(true, fact.NetworkPolicy{Name: "deny", Ingress: true}), nil},
		{"a policy of its own", policies(false, fact.NetworkPolicy{Name: "api", Ingress: true}), []finding{
			{"no_default_deny", check.Fail, "namespace shop"},
		}},
		{"a policy for what goes out", policies(false, fact.NetworkPolicy{Name: "api", Egress: true}), []finding{
			{"not_selected", check.Fail, "namespace shop"},
		}},
		{"none", policies(false), []finding{{"not_selected", check.Fail, "namespace shop"}}},
	})
}

func TestServiceEndpoints(t *testing.T) {
	service := func(ready, all int, lost ...string) fact.Service {
		return fact.Service{Cluster: "main", Namespace: "shop", Name: "api", Ready: ready, Endpoints: all, LostPorts: lost}
	}
	verdicts(t, kubernetes.ServiceEndpoints(), []verdictOn[fact.Service]{
		{"one that is ready is enough", service(1, 3), nil},
		{"none is ready", service(0, 3), []finding{{"none_ready", check.Fail, "0 of 3 endpoints ready"}}},
		{"none", service(0, 0), []finding{{"no_endpoint", check.Fail, "no endpoint"}}},
		{"a port that leads nowhere", service(3, 3, "https"), []finding{{"no_such_port", check.Fail, "no pod has port https"}}},
	})
}

func TestDatabaseExposure(t *testing.T) {
	reached := func(edit func(*fact.Workload)) fact.Workload {
		w := database(nil)
		edit(&w)
		return w
	}
	by := func(outlet fact.Outlet) fact.Workload {
		return reached(func(w *fact.Workload) { w.Services = []fact.Outlet{outlet} })
	}
	verdicts(t, kubernetes.DatabaseExposure(), []verdict{
		{"by the cluster alone", by(fact.Outlet{Name: "database", Type: "ClusterIP"}), nil},
		{"by node ports", by(fact.Outlet{Name: "database", Type: "NodePort", NodePorts: []int{30000}}), []finding{
			{"exposed_by_service", check.Fail, "Service database is of type NodePort"},
		}},
		{"by a load balancer without an address yet", by(fact.Outlet{Name: "database", Type: "LoadBalancer"}), []finding{
			{"exposed_by_service", check.Fail, "Service database is of type LoadBalancer"},
		}},
		{"by an external address", by(fact.Outlet{Name: "database", Type: "ClusterIP", Addresses: []string{"192.0.2.1"}}), []finding{
			{"exposed_by_service", check.Fail, "Service database is of type ClusterIP"},
		}},
		{"by its node", reached(func(w *fact.Workload) {
			w.Containers[0].Ports = []fact.ContainerPort{{Number: 5432, Node: 5432}}
		}), []finding{{"exposed_on_node", check.Fail, "container database"}}},
		{"by an Ingress", reached(func(w *fact.Workload) { w.Routes = []string{"Ingress/database"} }), []finding{
			{"exposed_by_ingress", check.Fail, "Ingress/database"},
		}},
		{"what is no database", api(), leftOut("no workload of the system runs a database that is known by its image; " +
			"where it is elsewhere, say so in not_applicable")},
	})
}

func ingress(hosts ...fact.IngressHost) fact.Ingress {
	return fact.Ingress{Cluster: "main", Namespace: "shop", Kind: "Ingress", Name: "shop", Hosts: hosts}
}

func TestIngressHosts(t *testing.T) {
	hosts := func(all ...string) []any {
		var named []fact.IngressHost
		for _, name := range all {
			named = append(named, fact.IngressHost{Name: name})
		}
		return []any{ingress(named...)}
	}
	placeholder := func(host string) []finding {
		return []finding{{"placeholder", check.Fail, host}, {"host_missing", check.Fail, "shop.contoso.com"}}
	}
	kind := kubernetes.IngressHosts()
	kind.Defaults.Hosts = []string{"shop.contoso.com"}
	verdictsOnAll(t, kind, []verdictOnAll{
		{"the declared host", hosts("shop.contoso.com"), nil},
		{"on several ingresses", append(hosts("shop.contoso.com"), ingress(fact.IngressHost{Name: "shop.contoso.com"})), nil},
		{"another too", hosts("shop.contoso.com", "old.contoso.com"), []finding{{"other_host", check.Fail, "old.contoso.com"}}},
		{"of documentation", hosts("shop.example.com"), placeholder("shop.example.com")},
		{"of a test", hosts("shop.test"), placeholder("shop.test")},
		{"to be replaced", hosts("api.yourdomain.com"), placeholder("api.yourdomain.com")},
		{"of an address", hosts("shop.10.0.0.1.nip.io"), placeholder("shop.10.0.0.1.nip.io")},
	})
}

func TestIngressTLS(t *testing.T) {
	host := func(trouble fact.HostTrouble) fact.Ingress {
		secret := "shop/tls"
		if trouble == fact.HostNotCovered {
			secret = ""
		}
		return ingress(fact.IngressHost{Name: "shop.contoso.com", Secret: secret, Trouble: trouble})
	}
	found := func(reason string) []finding {
		return []finding{{reason, check.Fail, "shop.contoso.com, by Secret shop/tls"}}
	}
	anyHost := host("")
	anyHost.CatchAll = true
	verdicts(t, kubernetes.IngressTLS(), []verdictOn[fact.Ingress]{
		{"a certificate for the host", host(""), nil},
		{"no entry", host(fact.HostNotCovered), []finding{{"no_tls", check.Fail, "shop.contoso.com"}}},
		{"no Secret", host(fact.HostNoSecret), found("secret_not_found")},
		{"a Secret of somebody else", host(fact.HostElsewhere), []finding{
			{"secret_elsewhere", check.Unknown, "shop.contoso.com, by Secret shop/tls"},
		}},
		{"no certificate", host(fact.HostNoCertificate), found("no_certificate")},
		{"for another name", host(fact.HostOtherName), found("other_name")},
		{"ended", host(fact.HostExpired), found("expired")},
		{"any host", anyHost, []finding{{"any_host", check.Warn, "a rule without a host"}}},
	})
}

func TestMaintenanceWindows(t *testing.T) {
	began := func(at time.Time) fact.Workload { return api(rollout(func(r *fact.Rollout) { r.BeganAt = at })) }
	kind := kubernetes.MaintenanceWindows()
	kind.Defaults.Windows = []kubernetes.MaintenanceWindow{
		{Cron: "0 22 * * TUE", Duration: quantity.Duration(2 * time.Hour), Zone: "Europe/Berlin"}, {Cron: "0 3 1 * *", Duration: quantity.Duration(time.Hour)},
	}
	tuesday := time.Date(2026, time.November, 17, 21, 0, 0, 0, time.UTC) // 22:00 in Berlin
	outside := func(at string) []finding {
		return []finding{{"outside_window", check.Fail, "it began at " + at}}
	}
	declared := kind
	declared.Reasons = declared.Reasons[1:]
	verdicts(t, declared, []verdict{
		{"as it opens", began(tuesday), nil},
		{"as it closes", began(tuesday.Add(2*time.Hour - time.Second)), nil},
		{"a second before", began(tuesday.Add(-time.Second)), outside("2026-11-17T20:59:59Z")},
		{"once it has closed", began(tuesday.Add(2 * time.Hour)), outside("2026-11-17T23:00:00Z")},
		{"in the other window", began(time.Date(2026, time.November, 1, 3, 30, 0, 0, time.UTC)), nil},
		{"no rollout is known of", began(time.Time{}), leftOut(noWorkload)},
	})
	kind.Defaults.Windows = nil
	undeclared := kind
	undeclared.Reasons = undeclared.Reasons[:1]
	verdicts(t, undeclared, []verdict{
		{"no window", began(tuesday), []finding{{"no_window", check.Undeclared, "parameters.windows is empty"}}},
	})
}
