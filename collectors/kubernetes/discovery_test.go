package kubernetes

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// ingressTo is an Ingress of the namespace shop, of which parts of the metadata, the specification and the status are given.
func ingressTo(name, metadata, spec, status string) string {
	return "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: " + name + ", namespace: shop" + metadata + "}\nspec: {" + spec +
		"}\nstatus: {" + status + "}\n---\n"
}

// rule is one of an Ingress for a host and a path.
func rule(host, path string) string {
	return "{host: " + host + `, http: {paths: [{path: "` + path + `", backend: {service: {name: web, port: {number: 80}}}}]}}`
}

func TestHostsOfIngressesAndRoutesAreDiscovered(t *testing.T) {
	const (
		shop     = "hostnames: [shop.contoso.com]"
		toHTTP   = "parentRefs: [{name: edge, sectionName: http}]"
		toHTTPS  = "parentRefs: [{name: edge, sectionName: https}]"
		rules    = "rules: [{backendRefs: [{name: web, port: 80}]}]"
		redirect = "rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}]"
		status   = "loadBalancer: {ingress: [{ip: 10.0.0.8}, {hostname: lb.cloud.example}, {ip: 10.0.0.7}]}"
	)
	plain, both := []fact.HostListener{{Port: 80}}, []fact.HostListener{{Port: 80}, {Port: 443, Secure: true}}
	one := func(kind, name, host string, listeners []fact.HostListener, addresses []string, paths ...string) fact.DiscoveredHost {
		return fact.DiscoveredHost{
			Cluster: "main", Namespace: "shop", Kind: kind, Name: name, Host: host, Listeners: listeners, Paths: paths, Addresses: addresses,
		}
	}
	addressed := "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: shop}\nspec: {listeners: [" +
		"{name: https, protocol: HTTPS, port: 8443, hostname: \"*.contoso.com\"}]}\nstatus: {addresses: [{type: IPAddress, value: 10.0.0.9}, " +
		"{type: Hostname, value: lb.cloud.example}]}\n---\n"
	for _, c := range []struct {
		name, objects string
		found         []fact.DiscoveredHost
	}{
		{
			"an Ingress without TLS", ingressTo("web", "", "rules: ["+rule("shop.contoso.com", "/")+"]", status),
			[]fact.DiscoveredHost{one("Ingress", "web", "shop.contoso.com", plain, []string{"10.0.0.7", "10.0.0.8"}, "/")},
		},
		{
			"one with TLS by a wildcard", ingressTo("web", "", `tls: [{hosts: ["*.contoso.com"], secretName: x}], rules: [`+rule("shop.contoso.com", "/api")+"]", ""),
			[]fact.DiscoveredHost{one("Ingress", "web", "shop.contoso.com", both, nil, "/api")},
		},
		{
			"TLS that another of its class has",
			ingressTo("a", "", "tls: [{hosts: [shop.contoso.com], secretName: x}], rules: ["+rule("shop.contoso.com", "/")+"]", "") +
				ingressTo("b", "", "rules: ["+rule("shop.contoso.com", "/b")+"]", ""),
			[]fact.DiscoveredHost{
				one("Ingress", "a", "shop.contoso.com", both, nil, "/"), one("Ingress", "b", "shop.contoso.com", both, nil, "/b"),
			},
		},
		{"rules without a host, or with a wildcard, are known, and not asked", ingressTo("web", "", "rules: [{http: {paths: []}}, "+rule(`"*.contoso.com"`, "/api")+
			", {http: {paths: [{path: /v1, backend: {service: {name: web, port: {number: 80}}}}]}}]", status), []fact.DiscoveredHost{
			one("Ingress", "web", "*", plain, []string{"10.0.0.7", "10.0.0.8"}, "/v1"),
			one("Ingress", "web", "*.contoso.com", plain, []string{"10.0.0.7", "10.0.0.8"}, "/api"),
		}},
		{
			"paths are taken as far as they name one", ingressTo("web", "", "rules: ["+rule("shop.contoso.com", "/api(/|$)(.*)")+", "+
				rule("shop.contoso.com", "/api")+", "+rule("shop.contoso.com", "")+", "+rule("shop.contoso.com", "/a/../b")+", "+
				rule("shop.contoso.com", "/.well-known/acme-challenge/xyz")+"]", ""),
			[]fact.DiscoveredHost{one("Ingress", "web", "shop.contoso.com", plain, nil, "/", "/a/../b", "/api")},
		},
		{
			"solvers of ACME are passed over", ingressTo("cm-acme-http-solver-x", `, labels: {acme.cert-manager.io/http01-solver: "true"}`,
				"rules: ["+rule("new.contoso.com", "/x")+"]", "") +
				ingressTo("another", "", "rules: ["+rule("new.contoso.com", "/.well-known/acme-challenge/xyz")+"]", ""), nil,
		},
		{
			"an HTTPRoute at a listener with TLS", edge + httpRoute("a", shop, toHTTPS, rules),
			[]fact.DiscoveredHost{one("HTTPRoute", "a", "shop.contoso.com", []fact.HostListener{{Port: 443, Secure: true}}, nil, "/")},
		},
		{
			"one that only redirects is not asked by itself", edge + httpRoute("a", shop, toHTTPS, rules) + httpRoute("b", shop, toHTTP, redirect),
			[]fact.DiscoveredHost{
				one("HTTPRoute", "a", "shop.contoso.com", []fact.HostListener{{Port: 443, Secure: true}}, nil, "/"),
				one("HTTPRoute", "b", "shop.contoso.com", plain, nil),
			},
		},
		{
			"the port and the addresses are the Gateway's", addressed + httpRoute("a", shop, "parentRefs: [{name: edge}]",
				"rules: [{matches: [{path: {value: /v1}}, {path: {type: RegularExpression, value: \"/v2/[a-z]+\"}}]}]"),
			[]fact.DiscoveredHost{one("HTTPRoute", "a", "shop.contoso.com", []fact.HostListener{{Port: 8443, Secure: true}}, []string{"10.0.0.9"}, "/v1", "/v2/")},
		},
		{"one that no listener takes", edge + httpRoute("a", "hostnames: [shop.example.org]", toHTTPS, rules), nil},
		{"one whose Gateway is not there", httpRoute("a", shop, toHTTPS, rules), nil},
		{
			"a route without hosts serves that of its listener", edge + httpRoute("a", toHTTPS, rules),
			[]fact.DiscoveredHost{one("HTTPRoute", "a", "shop.contoso.com", []fact.HostListener{{Port: 443, Secure: true}}, nil, "/")},
		},
		{"a listener for any host names none", edge + httpRoute("a", toHTTP, rules), []fact.DiscoveredHost{one("HTTPRoute", "a", "*", plain, nil, "/")}},
		{"a listener alone is not taken for a host that is served", edge, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var found []fact.DiscoveredHost
			for _, f := range joined(t, discoveryJoin(), liveObjects(t, c.objects[:len(c.objects)-len("\n---\n")])).Facts {
				found = append(found, *f)
			}
			require.Equal(t, c.found, found)
		})
	}
}

func TestWhereNothingIsDeclaredNothingIsDiscovered(t *testing.T) {
	no := false
	targets := func(s system.System) int { return len(New().Discovery().Targets(&s)) }
	declared := []system.Cluster{{Name: "main", Namespaces: []string{"shop"}}}
	require.Equal(t, 1, targets(system.System{Kubernetes: declared}))
	require.Equal(t, 1, targets(system.System{Kubernetes: []system.Cluster{{Name: "main", Selector: "app=shop"}}}))
	require.Zero(t, targets(system.System{Kubernetes: []system.Cluster{{Name: "main"}}}), "the whole cluster is nobody's declaration")
	require.Equal(t, 1, targets(system.System{Kubernetes: declared, Discovery: system.Discovery{Endpoints: &no}}))
	require.Zero(t, targets(system.System{Kubernetes: declared, Discovery: system.Discovery{Endpoints: &no, Certificates: &no}}))

	var needs fact.Needs
	needs.Add(fact.Ingresses().Name, nil)
	require.Empty(t, New().Discovery().Jobs(&system.System{Kubernetes: declared}, needs), "and where no item needs what is made of it")
}

// TestDiscoveriesOutliveARestartOfTheAPIServer makes real Ingresses, ends the API server, and starts it again.
func TestDiscoveriesOutliveARestartOfTheAPIServer(t *testing.T) {
	cluster := servers.Kubernetes(t)
	namespace, other := cluster.Namespace(t), cluster.Namespace(t)
	makeIngress(t, cluster, namespace, "web", "shop.contoso.com", nil)
	makeIngress(t, cluster, namespace, "selected", "selected.contoso.com", map[string]string{"app": "shop"})
	makeIngress(t, cluster, namespace, "any", "*.contoso.com", nil)
	makeIngress(t, cluster, other, "hidden", "hidden.contoso.com", nil)
	declared := &system.System{Name: "shop", Environment: "production", Kubernetes: []system.Cluster{
		{Name: "main", Kubeconfig: cluster.Kubeconfig, Namespaces: []string{namespace}},
	}}
	clusters := opened(t)
	discovery := clusters.Discovery()
	target := discovery.Targets(declared)[0]
	var all system.Discovered
	discover := func() error {
		sets, err := collect(t, discovery, target, nil, discovery.Timeout)
		if err != nil {
			return err
		}
		all, _ = all.Note("main", setOf(fact.DiscoveredHosts(), sets), time.Now())
		return nil
	}
	urls := func() (urls []string) {
		for _, e := range system.Effective(declared, all).Endpoints {
			urls = append(urls, e.URL)
		}
		slices.Sort(urls)
		return urls
	}
	finds := func(want ...string) {
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			require.NoError(c, discover())
			require.Equal(c, want, urls())
		}, 2*time.Minute, 100*time.Millisecond)
	}
	finds("http://selected.contoso.com/", "https://shop.contoso.com/")
	require.Equal(t, "10.0.0.7", system.Effective(declared, all).Endpoints[1].Found.Addresses[0].String(), "the status is that of the controller")

	narrowed := *declared
	narrowed.Kubernetes = []system.Cluster{{Name: "main", Kubeconfig: cluster.Kubeconfig, Selector: "app=shop"}}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		sets, err := collect(t, discovery, discovery.Targets(&narrowed)[0], nil, discovery.Timeout)
		require.NoError(c, err)
		set := setOf(fact.DiscoveredHosts(), sets)
		require.Empty(c, set.Unavailable)
		require.Len(c, set.Facts, 1)
		require.Equal(c, "selected.contoso.com", set.Facts[0].Host)
	}, 2*time.Minute, 100*time.Millisecond, "only what the selector names is discovered")

	cluster.APIServer.Kill(t)
	if discover() == nil {
		require.Equal(t, []string{"http://selected.contoso.com/", "https://shop.contoso.com/"}, urls())
	}
	require.Equal(t, []string{"http://selected.contoso.com/", "https://shop.contoso.com/"}, urls())
	cluster.APIServer.Restart(t)
	makeIngress(t, cluster, namespace, "later", "later.contoso.com", nil)
	finds("http://later.contoso.com/", "http://selected.contoso.com/", "https://shop.contoso.com/")
}

// makeIngress makes one with TLS where it is called web, and reports an address as its controller would.
func makeIngress(t *testing.T, cluster *world.Cluster, namespace, name, host string, labels map[string]string) {
	t.Helper()
	of := networkingv1.ServiceBackendPort{Number: 80}
	exact := networkingv1.PathTypePrefix
	made := &networkingv1.Ingress{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Spec: networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{{Host: host, IngressRuleValue: networkingv1.IngressRuleValue{
			HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{
				Path: "/", PathType: &exact, Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "web", Port: of}},
			}}},
		}}}},
	}
	if name == "web" {
		made.Spec.TLS = []networkingv1.IngressTLS{{Hosts: []string{host}, SecretName: "web-tls"}}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	ingresses := cluster.Client.NetworkingV1().Ingresses(namespace)
	made, err := ingresses.Create(ctx, made, metav1.CreateOptions{})
	require.NoError(t, err)
	made.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: "10.0.0.7"}}
	_, err = ingresses.UpdateStatus(ctx, made, metav1.UpdateOptions{})
	require.NoError(t, err)
}
