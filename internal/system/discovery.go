package system

import (
	"iter"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// Discovery says which sorts of targets are made of what is discovered in the declared clusters, in the declared namespaces or by the
// declared selector: the hosts of Ingresses and HTTPRoutes, and the images of workloads.
type Discovery struct {
	Endpoints    *bool `yaml:"endpoints,omitempty"`    // how hosts answer over HTTP; default: true
	Certificates *bool `yaml:"certificates,omitempty"` // the certificates that hosts show; default: true
	// Images: what registries hold of the images of workloads, the layers of which are read once; default: true.
	Images *bool `yaml:"images,omitempty"`
}

// Seeks tells whether targets are made for a kind of fact, by its name.
func (d Discovery) Seeks(kind string) bool {
	switch kind {
	case fact.Endpoints().Name:
		return d.Endpoints == nil || *d.Endpoints
	case fact.Certificates().Name:
		return d.Certificates == nil || *d.Certificates
	case fact.Images().Name:
		return d.Images == nil || *d.Images
	default:
		return true
	}
}

// Hosts tells whether anything is made of hosts that are discovered.
func (d Discovery) Hosts() bool {
	return d.Seeks(fact.Endpoints().Name) || d.Seeks(fact.Certificates().Name)
}

// Discovers tells whether hosts and images are discovered in a cluster: only in namespaces, or by a selector, that are declared.
func (c Cluster) Discovers() bool { return len(c.Namespaces) > 0 || c.Selector != "" }

// Found says of a piece that was discovered where that was, and what may be contacted for it. Nobody has declared the piece: whoever
// makes an Ingress chooses its name.
type Found struct {
	Source string // Ingress shop/web in main; of several, the one that was first
	// Addresses are those that the status of what it was discovered in reports: they may be private.
	Addresses []netip.Addr
	// Plain: there is a listener for plain HTTP at port 80 beside that with TLS.
	Plain bool
	// Certificate: what an endpoint shows is collected too.
	Certificate bool
	// Beyond is how many pieces are beyond the limit, of which this is the first; it stands for all, and is not contacted. Zero: it is
	// within.
	Beyond int
}

// Target is what a collector needs to know of where it was found: what is about the same is the same target, wherever it was found.
func (f *Found) Target() *Found {
	if f == nil {
		return nil
	}
	target := *f
	target.Source = ""
	return &target
}

// OverLimit is the error of a piece that stands for all beyond the limit; nil where it is within.
func (f *Found) OverLimit() error {
	if f == nil || f.Beyond == 0 {
		return nil
	}
	return fact.Errorf(fact.ReasonUnsupported, "%d more were discovered than the %d that are collected, of which this is the first: "+
		"declare those that matter, or discover in fewer namespaces", f.Beyond, maximumDiscovered)
}

// A DiscoveredName is a host name that was discovered, once, in capitals or not as it is written there.
type DiscoveredName struct {
	Name   string
	Source string // Ingress shop/web in main; of several, the one that was first
}

// maximumDiscovered is how many targets of one sort are made of what was discovered. Those that were there first are in it.
const maximumDiscovered = 200

// Effective is the system as it is declared, with what was discovered. A declaration of a host wins over what was discovered of it. It
// is the declared one itself where nothing was discovered.
func Effective(declared *System, discovered Discovered) *System {
	hosts, images := discovered.hosts(declared), discovered.imagesOf(declared)
	if len(hosts) == 0 && len(images) == 0 {
		return declared
	}
	effective := *declared
	effective.Images = append(slices.Clip(declared.Images), images...)
	effective.DiscoveredNames = namesOf(hosts)
	endpoints, certificates := slices.Clip(declared.Endpoints), addressesOf(declared, hosts)
	if declared.Discovery.Seeks(fact.Endpoints().Name) {
		for _, each := range endpointsOf(declared, hosts) {
			if each.Found.Beyond == 0 { // The certificate of an address is collected by its first endpoint.
				_, each.Found.Certificate = certificates[each.address]
				delete(certificates, each.address)
			}
			endpoints = append(endpoints, each.Endpoint)
		}
	}
	effective.Endpoints = endpoints
	effective.Certificates = append(slices.Clip(declared.Certificates), certificatesOf(hosts, certificates)...)
	return &effective
}

// A foundHost is a host name with all that was discovered of it, in the order in which that was.
type foundHost struct {
	name   string // as DNS writes it
	pieces []piece
}

func (h *foundHost) source() string { return sourceOf(h.pieces[0].host) }

func sourceOf(h *fact.DiscoveredHost) string { return h.Source() + " in " + h.Cluster }

// found is where the host was found, without what differs between its targets.
func (h *foundHost) found() *Found {
	f := &Found{Source: h.source()}
	for _, p := range h.pieces {
		for _, text := range p.host.Addresses {
			if address, err := netip.ParseAddr(text); err == nil && !slices.Contains(f.Addresses, address.Unmap()) {
				f.Addresses = append(f.Addresses, address.Unmap())
			}
		}
	}
	slices.SortFunc(f.Addresses, netip.Addr.Compare)
	return f
}

func (h *foundHost) plain() bool {
	return slices.ContainsFunc(h.pieces, func(p piece) bool {
		return slices.Contains(p.host.Listeners, fact.HostListener{Port: plainPort})
	})
}

const plainPort, securePort = 80, 443

func namesOf(hosts []foundHost) []DiscoveredName {
	names := make([]DiscoveredName, len(hosts))
	for i, host := range hosts {
		names[i] = DiscoveredName{host.name, host.source()}
	}
	return names
}

// A foundEndpoint is an endpoint with its host:port.
type foundEndpoint struct {
	Endpoint
	address string
	rank    int // among those of its host
}

// endpointsOf are those of hosts that no endpoint is declared of: of each host first one, then the others, within the limit.
func endpointsOf(declared *System, hosts []foundHost) (all []foundEndpoint) {
	taken := make(map[string]bool)
	for _, each := range declared.Endpoints {
		taken[HostOfURL(each.URL)] = true
	}
	for i := range hosts {
		host := &hosts[i]
		if taken[host.name] {
			continue
		}
		var own []foundEndpoint
		for _, p := range host.pieces {
			for _, listener := range p.host.Serving() {
				for _, address := range urlsOf(p.host, listener) {
					if slices.ContainsFunc(own, func(e foundEndpoint) bool { return e.URL == address }) {
						continue
					}
					found := host.found()
					found.Plain = len(own) == 0 && listener == fact.HostListener{Port: securePort, Secure: true} && host.plain()
					own = append(own, foundEndpoint{
						Endpoint: Endpoint{URL: address, Purpose: fact.EndpointIngress, Found: found},
						address:  net.JoinHostPort(host.name, strconv.Itoa(listener.Port)), rank: len(own),
					})
				}
			}
		}
		all = append(all, own...)
	}
	slices.SortStableFunc(all, func(a, b foundEndpoint) int { return a.rank - b.rank })
	if len(all) > maximumDiscovered {
		all[maximumDiscovered].Found.Beyond = len(all) - maximumDiscovered
		all = all[:maximumDiscovered+1]
	}
	return all
}

// urlsOf are the addresses at which what was discovered of a host is asked, at one of its listeners.
func urlsOf(h *fact.DiscoveredHost, at fact.HostListener) (all []string) {
	address := url.URL{Scheme: "http", Host: asciiName(h.Host)}
	usual := plainPort
	if at.Secure {
		address.Scheme, usual = "https", securePort
	}
	if at.Port != usual {
		address.Host = net.JoinHostPort(address.Host, strconv.Itoa(at.Port))
	}
	for _, path := range h.Paths {
		address.Path = path
		all = append(all, address.String())
	}
	return all
}

// addressesOf are those with TLS whose certificates are to be collected, as nothing that is declared does so.
func addressesOf(declared *System, hosts []foundHost) map[string]*Found {
	all := make(map[string]*Found)
	if !declared.Discovery.Seeks(fact.Certificates().Name) {
		return all
	}
	taken := make(map[string]bool)
	for _, each := range declared.Certificates {
		taken[asciiName(each.VerifiedName())] = each.Path == ""
	}
	for _, each := range declared.Endpoints {
		if strings.HasPrefix(each.URL, "https:") {
			taken[HostOfURL(each.URL)] = true
		}
	}
	for i := range hosts {
		host := &hosts[i]
		if taken[host.name] {
			continue
		}
		for _, p := range host.pieces {
			for _, listener := range p.host.Listeners {
				if listener.Secure {
					all[net.JoinHostPort(host.name, strconv.Itoa(listener.Port))] = host.found()
				}
			}
		}
	}
	return all
}

// certificatesOf are those of addresses, in the order of their hosts, within the limit.
func certificatesOf(hosts []foundHost, addresses map[string]*Found) (all []Certificate) {
	for i := range hosts {
		for _, p := range hosts[i].pieces {
			for _, listener := range p.host.Listeners {
				address := net.JoinHostPort(hosts[i].name, strconv.Itoa(listener.Port))
				if found := addresses[address]; found != nil && listener.Secure {
					delete(addresses, address)
					all = append(all, Certificate{Address: address, Found: found})
				}
			}
		}
	}
	if len(all) > maximumDiscovered {
		all[maximumDiscovered].Found.Beyond = len(all) - maximumDiscovered
		all = all[:maximumDiscovered+1]
	}
	return all
}

// HostOfURL is the name of a URL's host as DNS writes it; empty where there is none.
func HostOfURL(text string) string {
	address, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return asciiName(address.Hostname())
}

// asciiName is a host name as DNS writes it, in small letters and without the dot at its end.
func asciiName(name string) string {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if ascii, err := idna.Lookup.ToASCII(name); err == nil {
		return ascii
	}
	return name
}

// discoverable tells names that can be contacted: no wildcards, and nothing that a resolver may take for an address.
func discoverable(name string) bool {
	if _, err := netip.ParseAddr(name); err == nil {
		return false
	}
	return isHost(name)
}

// DiscoveredTargets gives how many targets of each sort were discovered and are collected, where there are any.
func (s *System) DiscoveredTargets() iter.Seq2[string, int] {
	endpoints, certificates, images := 0, 0, 0
	for i := range s.Endpoints {
		endpoints += collectedOf(s.Endpoints[i].Found)
	}
	for i := range s.Certificates {
		certificates += collectedOf(s.Certificates[i].Found)
	}
	for i := range s.Images {
		images += collectedOf(s.Images[i].Found)
	}
	return func(yield func(string, int) bool) {
		for _, each := range []struct {
			sort  string
			count int
		}{{fact.Endpoints().Name, endpoints}, {fact.Certificates().Name, certificates}, {fact.Images().Name, images}} {
			if each.count > 0 && !yield(each.sort, each.count) {
				return
			}
		}
	}
}

func collectedOf(f *Found) int {
	if f == nil || f.Beyond > 0 {
		return 0
	}
	return 1
}
