package kubernetes

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// Discovery makes the collector of what targets are made of: the hosts of Ingresses and HTTPRoutes, in clusters of which namespaces or a
// selector are declared. Hosts that no listener serves, and solvers of ACME, are passed over; of wildcards no target is made.
func (c *Clusters) Discovery() collector.Collector[Target] {
	made := c.collector("discovery",
		"Hosts of the Ingresses and HTTPRoutes of declared namespaces, from which targets are made.",
		[]joiner{discoveryJoin()}, system.Cluster.Discovers, nil)
	chosen := made.Targets
	made.Targets = func(s *system.System) []Target {
		if !s.Discovery.Hosts() {
			return nil
		}
		return chosen(s)
	}
	made.Discovers = discoverable()
	return made
}

// discoverable is what is known of the facts of what is discovered.
func discoverable() []fact.AnySet {
	endpoint := fact.Endpoint{EndpointPlace: fact.EndpointPlace{URL: "https://", Purpose: fact.EndpointIngress}}
	certificate := fact.Certificate{CertificatePlace: fact.CertificatePlace{Source: fact.CertificateAtAddress}}
	return []fact.AnySet{
		fact.Endpoints().Missing(endpoint),
		fact.Certificates().Missing(certificate),
	}
}

func discoveryJoin() join[fact.DiscoveredHost] {
	return join[fact.DiscoveredHost]{
		kind: fact.DiscoveredHosts(),
		place: func(cluster, namespace string) fact.DiscoveredHost {
			return fact.DiscoveredHost{Cluster: cluster, Namespace: namespace}
		},
		parts: []part{{"", ingresses()}, {"", httpRoutes()}, {fact.TopicGateways, gateways()}},
		add:   joinDiscovered,
	}
}

// longestPath is how long a path may be that is asked.
const longestPath = 200

// path notes a path of a host; an empty host is any, and an empty path all. Of an expression its literal beginning is noted.
func (r *route) path(host, path string) {
	if isChallenge(path) || len(path) > longestPath {
		return
	}
	if end := strings.IndexFunc(path, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("/-_.~", c)
	}); end >= 0 {
		path = path[:end]
	}
	path = cmp.Or(path, "/")
	if path[0] != '/' || slices.Contains(r.paths[host], path) {
		return
	}
	if r.paths == nil {
		r.paths = make(map[string][]string)
	}
	r.paths[host] = append(r.paths[host], path)
}

// joinDiscovered gives the hosts of each route, with the ports at which they are served.
func joinDiscovered(s *snapshot, set *fact.Set[fact.DiscoveredHost]) {
	all := s.routes(func(name types.NamespacedName, r route) bool { return s.includes(name.Namespace, r.labels) })
	secured := make(map[host]bool) // Ingresses of one class share what is shown for a host.
	for _, r := range all {
		for _, d := range r.doors {
			secured[host{d.by, d.host}] = secured[host{d.by, d.host}] || d.secure
		}
	}
	for _, r := range all {
		for _, found := range r.discovered(func(d door) bool { return secured[host{d.by, d.host}] }) {
			found.Cluster, found.Selector = s.target.Cluster.Name, s.target.Cluster.Selector
			set.Add(found)
		}
	}
}

// A host is a name at those who open it.
type host struct{ by, name string }

// discovered are the hosts at which a route is open, each once. Controllers of Ingresses listen at the ports of the web; they show a
// certificate for a host that is secured.
func (r namedRoute) discovered(secured func(door) bool) (all []fact.DiscoveredHost) {
	for _, d := range r.openDoors() {
		listeners, addresses := []fact.HostListener{{Port: d.port, Secure: d.secure}}, d.addresses
		if r.fact.Kind == "Ingress" {
			listeners, addresses = []fact.HostListener{{Port: 80}}, r.addresses
			if secured(d) {
				listeners = append(listeners, fact.HostListener{Port: 443, Secure: true})
			}
		}
		name := cmp.Or(d.host, fact.AnyHost)
		i := slices.IndexFunc(all, func(h fact.DiscoveredHost) bool { return h.Host == name })
		if i < 0 {
			i = len(all)
			all = append(all, fact.DiscoveredHost{
				Namespace: r.name.Namespace, Kind: r.fact.Kind, Name: r.name.Name, Host: name, Paths: r.pathsOf(d.host),
			})
		}
		all[i].Listeners = merged(all[i].Listeners, listeners, func(a, b fact.HostListener) int { return cmp.Compare(a.Port, b.Port) })
		all[i].Addresses = merged(all[i].Addresses, addresses, strings.Compare)
	}
	return all
}

// openDoors are the doors of a route, with that for any host.
func (r namedRoute) openDoors() (doors []door) {
	doors = slices.Clone(r.doors)
	if r.fact.Kind == "Ingress" && len(r.paths[""]) > 0 {
		doors = append(doors, door{by: "class " + r.fact.Class})
	}
	return doors
}

// pathsOf are those of a host. A route that only sends clients to https has none of its own.
func (r namedRoute) pathsOf(host string) []string {
	if r.redirects {
		return nil
	}
	paths := r.paths[host]
	if r.fact.Kind == "HTTPRoute" {
		paths = r.paths[""]
	}
	return merged(nil, paths, strings.Compare)
}

// merged puts two lists together: each once, in order.
func merged[T comparable](a, b []T, compare func(a, b T) int) []T {
	all := slices.Concat(a, b)
	slices.SortStableFunc(all, compare)
	return slices.Compact(all)
}
