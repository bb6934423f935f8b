package kubernetes

import (
	"crypto/x509"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// ingressJoin is of what leads requests from outside to services, with the certificates that are shown for their hosts.
func ingressJoin() join[fact.Ingress] {
	return join[fact.Ingress]{
		kind: fact.Ingresses(),
		place: func(cluster, namespace string) fact.Ingress {
			return fact.Ingress{Cluster: cluster, Namespace: namespace}
		},
		parts: []part{
			{"", ingresses()}, {"", httpRoutes()},
			{fact.TopicCertificates, gateways()}, {fact.TopicCertificates, tlsSecrets()},
		},
		add: joinIngresses,
	}
}

// A route is what is kept of an Ingress or an HTTPRoute.
type route struct {
	fact    fact.Ingress
	tls     []hostSecret // of an Ingress
	parents []listener   // of an HTTPRoute
}

// A hostSecret names the Secret that holds the certificate for a host.
type hostSecret struct {
	host   string // can begin with *.; empty: any
	secret types.NamespacedName
}

func ingresses() watch.Resource[route] {
	return watch.Resource[route]{
		GroupVersionResource: networkingv1.SchemeGroupVersion.WithResource("ingresses"), Example: &networkingv1.Ingress{},
		Keep: func(object any) route { return keepIngress(object.(*networkingv1.Ingress)) },
	}
}

// keepIngress reads an Ingress (https://kubernetes.io/docs/concepts/services-networking/ingress/). A tls entry without
// hosts stands for all of them.
func keepIngress(i *networkingv1.Ingress) route {
	keep := route{fact: fact.Ingress{Kind: "Ingress"}}
	if i.Spec.IngressClassName != nil {
		keep.fact.Class = *i.Spec.IngressClassName
	}
	lead := func(backend *networkingv1.IngressBackend) {
		if backend.Service != nil && !slices.Contains(keep.fact.Services, backend.Service.Name) {
			keep.fact.Services = append(keep.fact.Services, backend.Service.Name)
		}
	}
	if i.Spec.DefaultBackend != nil {
		keep.fact.CatchAll = true
		lead(i.Spec.DefaultBackend)
	}
	for _, rule := range i.Spec.Rules {
		keep.name(rule.Host)
		if rule.HTTP == nil {
			continue
		}
		for p := range rule.HTTP.Paths {
			lead(&rule.HTTP.Paths[p].Backend)
		}
	}
	for _, each := range i.Spec.TLS {
		secret := types.NamespacedName{Namespace: i.Namespace, Name: each.SecretName}
		for _, host := range each.Hosts {
			keep.tls = append(keep.tls, hostSecret{host, secret})
		}
		if len(each.Hosts) == 0 {
			keep.tls = append(keep.tls, hostSecret{"", secret})
		}
	}
	return keep
}

// name notes a host, each once; none is any.
func (r *route) name(host string) {
	switch {
	case host == "":
		r.fact.CatchAll = true
	case !slices.ContainsFunc(r.fact.Hosts, func(h fact.IngressHost) bool { return h.Name == host }):
		r.fact.Hosts = append(r.fact.Hosts, fact.IngressHost{Name: host})
	}
}

func joinIngresses(s *snapshot, set *fact.Set[fact.Ingress]) {
	for _, r := range []watch.Resource[route]{ingresses(), httpRoutes()} {
		stored(s, r).Each(func(name types.NamespacedName, r route) {
			if !s.target.Cluster.Includes(name.Namespace) {
				return
			}
			f := r.fact
			f.Cluster, f.Missing, f.Namespace, f.Name = s.target.Cluster.Name, s.lacks, name.Namespace, name.Name
			f.Hosts = slices.Clone(f.Hosts) // What is kept stays as it is.
			for i := range f.Hosts {
				f.Hosts[i] = s.certified(f.Hosts[i].Name, slices.Concat(r.tls, s.shown(r)))
			}
			set.Add(f)
		})
	}
}

// certified tells which certificate is shown for a host, and what is wrong with it.
func (s *snapshot) certified(host string, entries []hostSecret) fact.IngressHost {
	f := fact.IngressHost{Name: host, Trouble: fact.HostNotCovered}
	for _, each := range entries {
		if !covers(each.host, host) {
			continue
		}
		f.Secret = each.secret.Namespace + "/" + each.secret.Name
		if f.Trouble = s.troubleWith(host, each.secret); f.Trouble == "" {
			return f
		}
	}
	return f
}

// covers tells whether the host of a tls entry or a listener stands for a host.
func covers(entry, host string) bool {
	if parent, wildcard := strings.CutPrefix(entry, "*."); wildcard {
		_, rest, _ := strings.Cut(host, ".")
		return host == entry || rest == parent
	}
	return entry == "" || entry == host
}

// troubleWith tells why what a Secret holds is not valid for a host; empty where it is.
func (s *snapshot) troubleWith(host string, secret types.NamespacedName) fact.HostTrouble {
	if s.scope != "" && secret.Namespace != string(s.scope) {
		return fact.HostElsewhere
	}
	content, there := stored(s, tlsSecrets()).Get(secret.Namespace, secret.Name)
	if !there {
		return fact.HostNoSecret
	}
	chain, err := pki.ParsePEM(content)
	if err != nil {
		return fact.HostNoCertificate
	}
	switch leaf := chain[0]; {
	case !valid(leaf, host):
		return fact.HostOtherName
	case s.now.After(leaf.NotAfter):
		return fact.HostExpired
	default:
		s.holdsUntil(leaf.NotAfter)
		return ""
	}
}

// valid tells whether a certificate is for a host; for a wildcard, whether it names that wildcard.
func valid(leaf *x509.Certificate, host string) bool {
	if strings.HasPrefix(host, "*.") {
		return slices.Contains(leaf.DNSNames, host)
	}
	return leaf.VerifyHostname(host) == nil
}

// A routeIndex finds what leads to services.
type routeIndex map[types.NamespacedName][]string // by the service

func routesOf(s *snapshot) routeIndex {
	index := make(routeIndex)
	for _, r := range []watch.Resource[route]{ingresses(), httpRoutes()} {
		stored(s, r).Each(func(name types.NamespacedName, r route) {
			for _, service := range r.fact.Services {
				to := types.NamespacedName{Namespace: name.Namespace, Name: service}
				index[to] = append(index[to], r.fact.Kind+"/"+name.Name)
			}
		})
	}
	for _, routes := range index {
		slices.Sort(routes)
	}
	return index
}
