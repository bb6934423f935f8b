package fact

import "slices"

// AnyHost stands for any host.
const AnyHost = "*"

// A DiscoveredHost is a host name that was discovered, and at which ports it is served. Whoever makes an Ingress chooses the name:
// it says nothing of what is behind it.
type DiscoveredHost struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"` // Ingress, HTTPRoute
	Name      string `json:"name"` // of that Ingress or HTTPRoute
	// Host may be a wildcard, or AnyHost: of these no targets are made.
	Host string `json:"host"`
	// Selector is the one by which it was chosen, as the cluster's declaration has it.
	Selector  string         `json:"selector,omitempty"`
	Listeners []HostListener `json:"listeners"` // each once, in the order of their ports
	// Paths are those that requests are led by, each once and in order, as far as they name one: no expressions, no wildcards.
	Paths []string `json:"paths"`
	// Addresses are those that the status of the Ingress, or of the Gateways, reports.
	Addresses []string `json:"addresses,omitempty"`
}

// A HostListener is a port at which a host is served.
type HostListener struct {
	Port   int  `json:"port"`
	Secure bool `json:"secure"` // by TLS
}

// Source names what the host was discovered in, within the cluster: Ingress shop/web.
func (h *DiscoveredHost) Source() string { return h.Kind + " " + h.Namespace + "/" + h.Name }

// Serving are the listeners that clients use in the end: those with TLS or, where there is none, those without.
func (h *DiscoveredHost) Serving() []HostListener {
	secure := slices.DeleteFunc(slices.Clone(h.Listeners), func(l HostListener) bool { return !l.Secure })
	if len(secure) == 0 {
		return h.Listeners
	}
	return secure
}

// DiscoveredHosts describes the facts of discovered hosts.
func DiscoveredHosts() *Kind[DiscoveredHost] {
	return &Kind[DiscoveredHost]{
		Name: "discovered_host",
		Help: "A host name of an Ingress or HTTPRoute, from which targets are made.",
		Subject: func(h *DiscoveredHost) string {
			return h.Cluster + "/" + h.Namespace + "/" + h.Kind + "/" + h.Name + "/" + h.Host
		},
	}
}
