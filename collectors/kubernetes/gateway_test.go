package kubernetes

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

const edge = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  listeners:
    - {name: http, protocol: HTTP, port: 80}
    - {name: https, protocol: HTTPS, port: 443, hostname: shop.contoso.com, tls: {certificateRefs: [{name: shop-tls}]}}
    - {name: any, protocol: HTTPS, port: 443, hostname: "*.contoso.com", tls: {certificateRefs: [{name: any-tls}]}}
---
`

// httpRoute is one, of which parts of the specification are given.
func httpRoute(name string, spec ...string) string {
	return "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: " + name + ", namespace: shop}\nspec: {" +
		strings.Join(spec, ", ") + "}\n---\n"
}

// ingressOf is one, of which parts of the metadata and the specification are given.
func ingressOf(name, metadata, tls string) string {
	return "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: " + name + ", namespace: shop" + metadata + "}\nspec: {tls: [" + tls +
		"], rules: [{host: shop.contoso.com, http: {paths: [{path: /, backend: {service: {name: web, port: {number: 80}}}}]}}]}\n---\n"
}

// TestWhatClientsMeetAtAHostAndPortDecides joins routes. Of manifests no Secret is known, so that a host with TLS has none.
func TestWhatClientsMeetAtAHostAndPortDecides(t *testing.T) {
	const (
		shop     = "hostnames: [shop.contoso.com]"
		toHTTP   = "parentRefs: [{name: edge, sectionName: http}]"
		toHTTPS  = "parentRefs: [{name: edge, sectionName: https}]"
		rules    = "rules: [{backendRefs: [{name: web, port: 80}]}]"
		redirect = "rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}]"
	)
	secured := fact.IngressHost{Name: "shop.contoso.com", Secret: "shop/shop-tls", Trouble: fact.HostNoSecret}
	plain := fact.IngressHost{Name: "shop.contoso.com", Trouble: fact.HostNotCovered}
	behind := fact.IngressHost{Name: "shop.contoso.com", Secret: "shop/shop-tls"}
	tooPlain, securedToo := behind, secured
	tooPlain.Plain, securedToo.Plain = true, true
	anyHost := fact.IngressHost{Name: "*.contoso.com", Secret: "shop/any-tls", Trouble: fact.HostNoSecret}
	managed := fact.IngressHost{Name: "shop.contoso.com", Trouble: fact.HostManaged}
	for _, c := range []struct {
		name, manifests string
		hosts           map[string][]fact.IngressHost // by the name of the route
	}{
		{"a listener with TLS", edge + httpRoute("a", shop, toHTTPS, rules), map[string][]fact.IngressHost{"a": {secured}}},
		{"a listener without", edge + httpRoute("a", shop, toHTTP, rules), map[string][]fact.IngressHost{"a": {plain}}},
		{"by its port", edge + httpRoute("a", shop, "parentRefs: [{name: edge, port: 80}]", rules), map[string][]fact.IngressHost{"a": {plain}}},
		{"both listeners", edge + httpRoute("a", shop, "parentRefs: [{name: edge}]", rules), map[string][]fact.IngressHost{"a": {securedToo}}},
		{
			"a redirect beside", edge + httpRoute("a", shop, toHTTP, redirect) + httpRoute("b", shop, toHTTPS, rules),
			map[string][]fact.IngressHost{"a": {behind}, "b": {secured}},
		},
		{"a redirect to nothing", edge + httpRoute("a", shop, toHTTP, redirect), map[string][]fact.IngressHost{"a": {plain}}},
		{"a redirect of every host", edge + httpRoute("a", toHTTP, redirect), map[string][]fact.IngressHost{"a": nil}},
		{
			"in plain text beside", edge + httpRoute("a", shop, toHTTP, rules) + httpRoute("b", shop, toHTTPS, rules),
			map[string][]fact.IngressHost{"a": {tooPlain}, "b": {secured}},
		},
		{"the host of the listener", edge + httpRoute("a", toHTTPS, rules), map[string][]fact.IngressHost{"a": {secured}}},
		{
			"the hosts that are of both", edge + httpRoute("a", `hostnames: ["*.contoso.com"]`, "parentRefs: [{name: edge, port: 443}]", rules),
			map[string][]fact.IngressHost{"a": {secured, anyHost}},
		},
		{
			"a host of no listener", edge + httpRoute("a", "hostnames: [shop.acme.io]", toHTTPS, rules),
			map[string][]fact.IngressHost{"a": {{Name: "shop.acme.io", Trouble: fact.HostNotAttached}}},
		},
		{
			"a Gateway that is elsewhere", httpRoute("a", shop, toHTTPS, rules),
			map[string][]fact.IngressHost{"a": {{Name: "shop.contoso.com", Trouble: fact.HostNoGateway}}},
		},
		{"a mesh", httpRoute("a", "parentRefs: [{kind: Service, name: web}]", rules), map[string][]fact.IngressHost{}},
		{
			"a second Ingress of the host", ingressOf("a", "", "{hosts: [shop.contoso.com], secretName: shop-tls}") +
				ingressOf("b", "", ""), map[string][]fact.IngressHost{"a": {secured}, "b": {behind}},
		},
		{
			"a solver of a challenge", edge + ingressOf("a", `, labels: {acme.cert-manager.io/http01-solver: "true"}`, "") +
				httpRoute("b", shop, toHTTP, "rules: [{matches: [{path: {value: /.well-known/acme-challenge/x}}], backendRefs: [{name: x}]}]"),
			map[string][]fact.IngressHost{},
		},
		{
			"a certificate of the provider", ingressOf("a", `, annotations: {alb.ingress.kubernetes.io/certificate-arn: x}`, ""),
			map[string][]fact.IngressHost{"a": {managed}},
		},
		{
			"certificates that the controller of AWS finds by the host",
			ingressOf("a", `, annotations: {alb.ingress.kubernetes.io/listen-ports: '[{"HTTP": 80}, {"HTTPS": 443}]'}`, ""),
			map[string][]fact.IngressHost{"a": {managed}},
		},
		{
			"a load balancer of AWS without TLS", ingressOf("a", `, annotations: {alb.ingress.kubernetes.io/listen-ports: '[{"HTTP": 80}]'}`, ""),
			map[string][]fact.IngressHost{"a": {{Name: "shop.contoso.com", Trouble: fact.HostNotCovered}}},
		},
		{
			"TLS that is passed through", ingressOf("a", `, annotations: {nginx.ingress.kubernetes.io/ssl-passthrough: "true"}`, ""),
			map[string][]fact.IngressHost{"a": {managed}},
		},
		{
			"an entry point with TLS", ingressOf("a", `, annotations: {traefik.ingress.kubernetes.io/router.entrypoints: websecure}`, ""),
			map[string][]fact.IngressHost{"a": {managed}},
		},
		{
			"the controller's own certificate", ingressOf("a", "", "{hosts: [shop.contoso.com]}"),
			map[string][]fact.IngressHost{"a": {managed}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := make(map[string][]fact.IngressHost)
			for _, f := range setOf(fact.Ingresses(), planned(t, read(t, c.manifests))).Facts {
				found[f.Name] = f.Hosts
				require.False(t, f.CatchAll)
			}
			require.Equal(t, c.hosts, found)
		})
	}
}

// TestAListenerDecidesWhichRoutesItTakes has a Gateway of another namespace, with one listener of TLS.
func TestAListenerDecidesWhichRoutesItTakes(t *testing.T) {
	const route = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a, namespace: shop, generation: 2}\n"
	gateway := func(allowed string) string {
		return "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: infra}\nspec: {listeners: [{name: https, " +
			"protocol: HTTPS, port: 443, tls: {certificateRefs: [{name: tls}]}" + allowed + "}]}\n---\n"
	}
	const refers = route + "spec: {hostnames: [shop.contoso.com], parentRefs: [{name: edge, namespace: infra}]}\n"
	reported := func(generation, kind, status, reason string) string {
		return refers + "status: {parents: [{parentRef: {group: gateway.networking.k8s.io, kind: Gateway, name: edge, namespace: infra}, conditions: [{type: " + kind +
			", status: \"" + status + "\", reason: " + reason + ", observedGeneration: " + generation + "}]}]}\n"
	}
	const (
		all      = ", allowedRoutes: {namespaces: {from: All}}"
		byName   = ", allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: %s}}}}"
		byLabel  = ", allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {edge: public}}}}"
		takesNot = "the listener https of the Gateway infra/edge takes no routes of the namespace shop (allowedRoutes)"
		perhaps  = "which namespaces the listener https of the Gateway infra/edge takes routes of depends on their labels, which are not read"
	)
	for _, c := range []struct {
		name, manifests  string
		trouble          fact.HostTrouble
		detached, unsure string
	}{
		{"all namespaces", gateway(all) + refers, fact.HostNoSecret, "", ""},
		{"by default its own", gateway("") + refers, fact.HostNotAttached, takesNot, ""},
		{"this one by its name", gateway(strings.ReplaceAll(byName, "%s", "shop")) + refers, fact.HostNoSecret, "", ""},
		{"another by its name", gateway(strings.ReplaceAll(byName, "%s", "other")) + refers, fact.HostNotAttached, takesNot, ""},
		{"those of a label", gateway(byLabel) + refers, fact.HostUnsure, "", perhaps},
		{"those of a label, which its controller has found", gateway(byLabel) + reported("2", "Accepted", "True", "Accepted"), fact.HostNoSecret, "", ""},
		{"what its controller found of an earlier generation", gateway(byLabel) + reported("1", "Accepted", "True", "Accepted"), fact.HostUnsure, "", perhaps},
		{
			"what its controller refuses", gateway(all) + reported("2", "Accepted", "False", "NotAllowedByListeners"), fact.HostNotAttached,
			"the controller of the Gateway infra/edge reports NotAllowedByListeners", "",
		},
		{
			"routes of another kind", gateway(", allowedRoutes: {namespaces: {from: All}, kinds: [{kind: GRPCRoute}]}") + refers, fact.HostNotAttached,
			"the listener https of the Gateway infra/edge takes no HTTPRoutes (allowedRoutes)", "",
		},
		{
			"a listener that is not there", gateway(all) + strings.ReplaceAll(refers, "namespace: infra}", "namespace: infra, sectionName: web}"),
			fact.HostNotAttached, "the Gateway infra/edge has no listener for HTTP that it names", "",
		},
		{
			"a set of listeners", gateway(all) + strings.ReplaceAll(refers, "{name: edge,", "{kind: ListenerSet, name: edge,"), fact.HostUnsure,
			"", "it refers to the ListenerSet infra/edge, which is not read",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := setOf(fact.Ingresses(), planned(t, read(t, c.manifests))).Facts[0]
			require.Equal(t, c.trouble, f.Hosts[0].Trouble)
			if c.unsure == "" {
				require.Equal(t, c.detached, f.Detached)
			}
			require.Equal(t, c.unsure, f.Unsure)
		})
	}
	f := setOf(fact.Ingresses(), planned(t, read(t, gateway(all)+reported("2", "ResolvedRefs", "False", "RefNotPermitted")))).Facts[0]
	require.Equal(t, "RefNotPermitted", f.Unresolved)
	f = setOf(fact.Ingresses(), planned(t, read(t, gateway("")+strings.ReplaceAll(refers, "hostnames: [shop.contoso.com], ", "")))).Facts[0]
	require.Equal(t, takesNot, f.Detached)
	require.False(t, f.CatchAll, "it leads no host")
}

func TestBackendsThatDoNotExistAreLost(t *testing.T) {
	const service = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {ports: [{name: http, port: 80}]}\n---\n"
	lost := func(manifests string) []string {
		return setOf(fact.Ingresses(), planned(t, read(t, manifests))).Facts[0].LostBackends
	}
	route := func(backend string) string { return httpRoute("a", "rules: [{backendRefs: [{"+backend+"}]}]") }
	require.Empty(t, lost(service+ingressOf("a", "", "")))
	require.Empty(t, lost(service+route("name: web, port: 80")))
	require.Empty(t, lost(service+route("name: web, namespace: other, port: 80")), "what another namespace has is not known")
	require.Empty(t, lost(route("name: web, port: 80")), "the Services are elsewhere")
	require.Equal(t, []string{"the Service gone"}, lost(service+route("name: gone, port: 80")))
	require.Equal(t, []string{"the port 81 of the Service web"}, lost(service+route("name: web, port: 81")))
}
