package kubernetes

import (
	"crypto/x509"
	"slices"
	"strconv"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
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
			{"", ingresses()}, {"", httpRoutes()}, {fact.TopicGateways, gateways()}, {fact.TopicCertificates, tlsSecrets()},
			{fact.TopicBackends, services()},
		},
		add: joinIngresses,
	}
}

// A route is what is kept of an Ingress or an HTTPRoute.
type route struct {
	fact      fact.Ingress
	backends  []backend
	tls       []hostSecret  // of an Ingress
	managed   bool          // of an Ingress: whoever runs the load balancer keeps the certificate
	parents   []listenerRef // of an HTTPRoute
	redirects bool          // all that it does is to send clients to https
	passing   bool          // it answers no client: the solver of a challenge, or a route within the cluster
	labels    labels.Set
	paths     map[string][]string // by host; empty: any
	addresses []string            // that the status of an Ingress reports
}

// A backend is a port of a Service of the route's namespace.
type backend struct {
	service string
	port    string // its number or its name; empty: any
}

// lead notes a backend, each once.
func (r *route) lead(to backend) {
	if !slices.Contains(r.backends, to) {
		r.backends = append(r.backends, to)
	}
	if !slices.Contains(r.fact.Services, to.service) {
		r.fact.Services = append(r.fact.Services, to.service)
	}
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
	keep := route{
		fact:   fact.Ingress{Kind: "Ingress", Class: i.Annotations["kubernetes.io/ingress.class"]},
		labels: i.Labels, managed: managed(i.Annotations),
	}
	if i.Spec.IngressClassName != nil {
		keep.fact.Class = *i.Spec.IngressClassName
	}
	lead := func(b *networkingv1.IngressBackend) {
		if s := b.Service; s != nil && s.Port.Name != "use-annotation" { // By which controllers know actions that are no Services.
			to := backend{s.Name, s.Port.Name}
			if s.Port.Number != 0 {
				to.port = strconv.Itoa(int(s.Port.Number))
			}
			keep.lead(to)
		}
	}
	if i.Spec.DefaultBackend != nil {
		keep.fact.CatchAll = true
		lead(i.Spec.DefaultBackend)
	}
	var paths []string
	for _, rule := range i.Spec.Rules {
		keep.name(rule.Host)
		if rule.HTTP == nil {
			keep.path(rule.Host, "")
			continue
		}
		for p := range rule.HTTP.Paths {
			lead(&rule.HTTP.Paths[p].Backend)
			paths = append(paths, rule.HTTP.Paths[p].Path)
			keep.path(rule.Host, rule.HTTP.Paths[p].Path)
		}
	}
	for _, reported := range i.Status.LoadBalancer.Ingress {
		if reported.IP != "" {
			keep.addresses = append(keep.addresses, reported.IP)
		}
	}
	keep.passing = solves(i.Labels, paths)
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

// managed tells the annotations by which a certificate is shown that is in no Secret of the Ingress: a provider's, the controller's
// own, or that of the pods, to which TLS is passed through.
func managed(annotations map[string]string) bool {
	byName := slices.ContainsFunc([]string{
		"alb.ingress.kubernetes.io/certificate-arn", "networking.gke.io/managed-certificates", "ingress.gcp.kubernetes.io/pre-shared-cert",
		"appgw.ingress.kubernetes.io/appgw-ssl-certificate", "traefik.ingress.kubernetes.io/router.tls",
		"traefik.ingress.kubernetes.io/router.tls.certresolver", "nginx.ingress.kubernetes.io/ssl-passthrough",
		"ingress.kubernetes.io/ssl-passthrough", "haproxy.org/ssl-passthrough", "haproxy-ingress.github.io/ssl-passthrough",
		"route.openshift.io/termination",
	}, func(name string) bool { return annotations[name] != "" && annotations[name] != "false" })
	// That of AWS finds certificates by the host where it names none; Traefik's chart has TLS at the entry point.
	return byName || strings.Contains(annotations["alb.ingress.kubernetes.io/listen-ports"], `"HTTPS"`) ||
		slices.Contains(strings.Split(annotations["traefik.ingress.kubernetes.io/router.entrypoints"], ","), "websecure")
}

// solves tells a route that only answers the challenges of an ACME authority, as cert-manager makes it for a while.
func solves(own map[string]string, paths []string) bool {
	return own["acme.cert-manager.io/http01-solver"] == "true" ||
		len(paths) > 0 && !slices.ContainsFunc(paths, func(path string) bool { return !isChallenge(path) })
}

// isChallenge tells a path at which a challenge of an ACME authority is answered (RFC 8555, 8.3).
func isChallenge(path string) bool { return strings.HasPrefix(path, "/.well-known/acme-challenge/") }

// name notes a host, each once; none is any.
func (r *route) name(host string) {
	switch {
	case host == "":
		r.fact.CatchAll = true
	case !slices.ContainsFunc(r.fact.Hosts, func(h fact.IngressHost) bool { return h.Name == host }):
		r.fact.Hosts = append(r.fact.Hosts, fact.IngressHost{Name: host})
	}
}

// A namedRoute is a route with its name, and the doors at which it is open.
type namedRoute struct {
	route
	name    types.NamespacedName
	doors   []door
	foreign bool // a Gateway of it is not among the manifests
}

// A door is where clients meet a route: a host at one port of a Gateway, or at an ingress controller.
type door struct {
	by      string // who opens it: a Gateway, or the controllers of a class
	port    int    // of the Gateway
	host    string // empty: any
	secure  bool   // by TLS
	managed bool   // its certificate is in no Secret
	listens string // the host of the listener
	// addresses are those that the status of the Gateway reports.
	addresses []string
	secrets   []types.NamespacedName
}

// joinIngresses joins the routes of a host: each is judged by what clients meet there after all of them.
func joinIngresses(s *snapshot, set *fact.Set[fact.Ingress]) {
	all := s.routes(func(name types.NamespacedName, _ route) bool { return s.target.Cluster.Includes(name.Namespace) })
	open := make(map[string][]namedRoute) // by host
	for _, r := range all {
		for _, host := range r.fact.Hosts {
			open[host.Name] = append(open[host.Name], r)
		}
	}
	for _, r := range all {
		f := r.fact
		f.Cluster, f.Missing, f.Namespace, f.Name = s.target.Cluster.Name, s.lacks, r.name.Namespace, r.name.Name
		f.Planned, f.CatchAll = s.planned, f.CatchAll && !r.redirects
		f.LostBackends = s.lost(r)
		for i := range f.Hosts {
			f.Hosts[i] = s.met(f.Hosts[i].Name, r, open[f.Hosts[i].Name])
		}
		set.Add(f)
	}
}

// routes are those that are included and serve clients, in the order of their names, with the doors at which they are open.
func (s *snapshot) routes(included func(types.NamespacedName, route) bool) (all []namedRoute) {
	for _, r := range []watch.Resource[route]{ingresses(), httpRoutes()} {
		stored(s, r).Each(func(name types.NamespacedName, r route) {
			if r.passing || !included(name, r) {
				return
			}
			named := namedRoute{route: r, name: name}
			named.fact.Hosts = slices.Clone(r.fact.Hosts) // What is kept stays as it is.
			if r.fact.Kind == "Ingress" {
				named.doors = r.doors()
			} else {
				named.attach(s)
			}
			all = append(all, named)
		})
	}
	slices.SortFunc(all, func(a, b namedRoute) int { return strings.Compare(a.name.String(), b.name.String()) })
	return all
}

// lost tells which backends of a route do not exist. Where manifests hold no Service of its namespace, those are elsewhere.
func (s *snapshot) lost(r namedRoute) (found []string) {
	services, any := stored(s, services()), false
	services.Each(func(name types.NamespacedName, _ service) { any = any || name.Namespace == r.name.Namespace })
	if s.planned && !any {
		return nil
	}
	for _, b := range r.backends {
		led, there := services.Get(r.name.Namespace, b.service)
		switch {
		case !there:
			found = append(found, "the Service "+b.service)
		case b.port != "" && !slices.ContainsFunc(led.ports, func(p servicePort) bool {
			return p.name == b.port || strconv.Itoa(p.number) == b.port
		}):
			found = append(found, "the port "+b.port+" of the Service "+b.service)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// doors are those of an Ingress: controllers send clients from http to https where there is TLS.
func (r route) doors() (found []door) {
	for _, host := range r.fact.Hosts {
		d := door{by: "class " + r.fact.Class, host: host.Name, managed: r.managed, secure: r.managed}
		for _, each := range r.tls {
			if !covers(each.host, host.Name) {
				continue
			}
			d.secure = true
			if each.secret.Name == "" {
				d.managed = true // By the controller's default.
			} else {
				d.secrets = append(d.secrets, each.secret)
			}
		}
		found = append(found, d)
	}
	return found
}

// met tells what clients meet at a host of a route, whose other routes are given too.
func (s *snapshot) met(host string, r namedRoute, all []namedRoute) fact.IngressHost {
	f := fact.IngressHost{Name: host, Trouble: fact.HostNotCovered}
	open := slices.ContainsFunc(r.doors, func(d door) bool { return d.host == host })
	switch {
	case r.fact.Kind == "Ingress", open:
	case r.fact.Unsure != "":
		f.Trouble = fact.HostUnsure
	case r.foreign:
		f.Trouble = fact.HostNoGateway
	default:
		f.Trouble = fact.HostNotAttached
	}
	plain, secure := false, false
	by := make(map[string]bool)
	for _, d := range r.doors {
		by[d.by] = true
		switch {
		case d.host != host:
		case !d.secure:
			plain = plain || !r.redirects
		default:
			secret, trouble := s.shownAt(d)
			if !secure || f.Trouble == "" || f.Trouble == fact.HostManaged && trouble != "" { // Of several doors, one with trouble is trouble.
				f.Secret, f.Trouble = secret, trouble
			}
			secure = true
		}
	}
	if !secure && f.Trouble == fact.HostNotCovered {
		f.Secret, secure = besides(host, by, all)
		if secure { // The other one is judged for what it shows.
			f.Trouble = ""
		}
	}
	f.Plain = secure && plain && r.fact.Kind != "Ingress"
	if f.Trouble == "" && r.fact.Unsure != "" {
		f.Trouble = fact.HostUnsure // It may be open elsewhere too.
	}
	return f
}

// besides tells whether another route of a host has TLS with one of those who open it, and gives the Secret that is shown.
func besides(host string, by map[string]bool, all []namedRoute) (secret string, secure bool) {
	for _, other := range all {
		for _, d := range other.doors {
			if d.host == host && d.secure && by[d.by] {
				if len(d.secrets) > 0 {
					return d.secrets[0].String(), true
				}
				secure = true
			}
		}
	}
	return "", secure
}

// shownAt tells which certificate is shown at a door, and what is wrong with it. Of several Secrets, servers choose one that fits.
func (s *snapshot) shownAt(d door) (secret string, trouble fact.HostTrouble) {
	trouble = fact.HostManaged
	for _, each := range d.secrets {
		secret = each.String()
		if trouble = s.troubleWith(d.host, each); trouble == "" {
			break
		}
	}
	return secret, trouble
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
	of, there := stored(s, tlsSecrets()).Get(secret.Namespace, secret.Name)
	if !there {
		return fact.HostNoSecret
	}
	chain, err := pki.ParsePEM(of.content)
	if err != nil {
		return fact.HostNoCertificate
	}
	switch leaf := chain[0]; {
	case !of.paired: // No server can show it.
		return fact.HostOtherKey
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
