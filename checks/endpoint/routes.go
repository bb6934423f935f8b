package endpoint

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// RoutesParameters are none.
type RoutesParameters struct{}

// Routes judges whether what Ingresses and HTTPRoutes lead to answers through them: every host and path, with no error of a server.
func Routes() check.Kind[RoutesParameters] {
	reasons := answerReasonsOf(true)
	unasked := check.Reason{
		Name: "not_asked", Level: check.Unknown, Sentence: "A path of an Ingress or HTTPRoute is requested by no endpoint.",
		Remedy: "Add one of its addresses with purpose: ingress under endpoints in the system description.",
	}
	return check.Kind[RoutesParameters]{
		Name:    "ingress_routes",
		Summary: "Every host and path of every Ingress and HTTPRoute answers with a status below 500.",
		Remedy:  "Ask the address (curl -v URL), and fix what the Ingress or HTTPRoute leads to: kubectl describe ingress.",
		Reasons: append(reasons.list(), unasked),
		Over: []check.Quantified[RoutesParameters]{
			check.Each(fact.Endpoints(), func(_ check.Context, e *fact.Endpoint, _ RoutesParameters) []check.Problem {
				return reasons.judge(throughIngress(e))
			}).Where(func(c check.Context, e *fact.Endpoint, _ RoutesParameters) bool { return isRouted(c, e.Purpose, e.URL) }).
				KnownIn(func(c check.Context, e *fact.Endpoint, _ RoutesParameters) bool { return isRouted(c, e.Purpose, e.URL) }).Needs(),
			check.AllOf(fact.DiscoveredHosts(), func(c check.Context, hosts []*fact.DiscoveredHost, _ RoutesParameters) (problems []check.Problem) {
				asked := askedOf(c, hosts)
				for _, h := range hosts {
					for _, path := range h.Paths {
						if !asked[route{h.Host, path}] {
							problems = append(problems, unasked.On(fact.DiscoveredHosts().Subject(h)+path, notAsked(h, path)))
						}
					}
				}
				return problems
			}),
		},
		WhenEmpty: check.Reason{
			Name: "no_route", Level: check.Undeclared,
			Sentence: "No Ingress or HTTPRoute is discovered, and no endpoint with the purpose ingress is declared.",
			Remedy: "Name the cluster's namespaces under kubernetes in the system description, or add URLs with purpose: ingress under " +
				"endpoints; where requests come otherwise, list the item under not_applicable with a reason.",
		},
	}
}

func notAsked(h *fact.DiscoveredHost, path string) string {
	switch {
	case h.Host == fact.AnyHost:
		return fmt.Sprintf("No declared endpoint with the purpose ingress requests the path %s of the %s, which routes any host.",
			path, h.Source())
	case strings.HasPrefix(h.Host, "*."):
		return fmt.Sprintf("No declared endpoint requests the path %s of a host of %s, which the %s routes.", path, h.Host, h.Source())
	default:
		return fmt.Sprintf("No endpoint requests the path %s of %s, which the %s routes.", path, h.Host, h.Source())
	}
}

// throughIngress is an endpoint as it is judged here, whatever else its purpose wants of it: below 500 is an answer.
func throughIngress(e *fact.Endpoint) *fact.Endpoint {
	led := *e
	if e.Purpose != fact.EndpointIngress {
		led.Purpose, led.ExpectedStatus = fact.EndpointIngress, nil
		led.Answers = slices.Clone(e.Answers)
		for i := range led.Answers {
			led.Answers[i].Unmet = nil
		}
	}
	return &led
}

// isRouted tells an endpoint that an Ingress or HTTPRoute leads to something: by its purpose, or as one of a discovered host at a port
// of the web.
func isRouted(c check.Context, purpose, address string) bool {
	if purpose == fact.EndpointIngress {
		return true
	}
	at, err := url.Parse(address)
	return err == nil && slices.Contains([]string{"", "80", "443"}, at.Port()) &&
		slices.ContainsFunc(c.System.DiscoveredNames, func(n system.DiscoveredName) bool { return n.Name == system.HostOfURL(address) })
}

// A route is a path of a host, as an Ingress or HTTPRoute has both.
type route struct{ host, path string }

// askedOf are the routes that endpoints ask, whether they answer or not.
func askedOf(c check.Context, hosts []*fact.DiscoveredHost) map[route]bool {
	paths := make(map[string][]string) // by host
	for _, h := range hosts {
		paths[h.Host] = append(paths[h.Host], h.Paths...)
	}
	asked := make(map[route]bool)
	for i := range c.System.Endpoints {
		e := &c.System.Endpoints[i]
		if at, err := url.Parse(e.URL); err == nil && isRouted(c, e.DeclaredPurpose(), e.URL) {
			host := routedHost(paths, system.HostOfURL(e.URL))
			asked[route{host, longestPrefix(paths[host], at.Path)}] = true
		}
	}
	return asked
}

// routedHost is the host of routes by which a name is led: itself, the longest wildcard, or any.
func routedHost(paths map[string][]string, name string) string {
	if _, there := paths[name]; there { // Kubernetes takes small letters of ASCII alone.
		return name
	}
	for rest := name; ; {
		_, parent, more := strings.Cut(rest, ".")
		if !more {
			return fact.AnyHost
		}
		if _, there := paths["*."+parent]; there {
			return "*." + parent
		}
		rest = parent
	}
}

// longestPrefix is the path by which a request is led: the longest of which whole elements begin it.
func longestPrefix(paths []string, asked string) (longest string) {
	asked = "/" + strings.Trim(asked, "/") + "/"
	for _, path := range paths {
		if len(path) > len(longest) && strings.HasPrefix(asked, strings.TrimSuffix(path, "/")+"/") {
			longest = path
		}
	}
	return longest
}
