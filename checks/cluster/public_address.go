package cluster

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// PublicAddress judges whether every cluster has an address at which the Internet reaches it: of a node, or of the load balancer of an
// ingress controller.
func PublicAddress() check.Kind[struct{}] {
	none := check.Reason{
		Name: "no_public_address", Level: check.Fail,
		Sentence: "Neither a node nor the load balancer of an ingress controller has a public address.",
		Remedy: "Give the ingress controller a Service of type LoadBalancer, or the nodes external addresses; where a translation of " +
			"addresses before the cluster has the public one, list the item under not_applicable with that reason.",
	}
	named := check.Reason{
		Name: "address_unknown", Level: check.Unknown,
		Sentence: "A load balancer is known by its name alone, and whether that is public is not known.",
		Remedy:   "See its addresses with: dig +short NAME. Where they are public, list the item under not_applicable with that reason.",
	}
	return check.Kind[struct{}]{
		Name:    "cluster_public_address",
		Summary: "A node of every cluster, or the load balancer of its ingress controller, has a public address.",
		Remedy:  "Give the cluster a public address.",
		Reasons: []check.Reason{none, named},
		Over: []check.Quantified[struct{}]{
			check.PerGroup(fact.Clusters(), func(f *fact.Cluster) string { return f.Name }, nil,
				func(c check.Context, cluster string, all []*fact.Cluster, _ struct{}) []check.Problem {
					var found []string
					for _, each := range all {
						for _, node := range each.Nodes {
							found = append(found, node.External...)
						}
					}
					for _, component := range check.Read(c, fact.Components()) {
						if component.Cluster == cluster && component.Role == fact.RoleIngressController {
							for _, service := range component.Services {
								found = append(found, service.Addresses...)
							}
						}
					}
					return judgeAddresses(none, named, found)
				}).Needs(fact.TopicNodes),
			// They are judged with their cluster.
			check.Each(fact.Components(), func(check.Context, *fact.Component, struct{}) []check.Problem { return nil }).
				Where(func(_ check.Context, f *fact.Component, _ struct{}) bool { return f.Role == fact.RoleIngressController }).
				Known(func(f *fact.Component, _ struct{}) bool { return f.Role == "" || f.Role == fact.RoleIngressController }).
				Needs(fact.TopicServices),
		},
		With: []check.Input{check.Reading(fact.Components(), fact.TopicServices).Optional()},
		WhenEmpty: check.Reason{
			Name: "no_cluster", Level: check.Undeclared, Sentence: "No cluster is declared.",
			Remedy: "Add the cluster to kubernetes in the system description.",
		},
	}
}

// judgeAddresses judges all addresses and names of a cluster together.
func judgeAddresses(none, named check.Reason, found []string) []check.Problem {
	if len(fact.PublicOf(found)) > 0 {
		return nil
	}
	names := slices.DeleteFunc(slices.Clone(found), func(text string) bool {
		_, err := netip.ParseAddr(text)
		return err == nil
	})
	slices.Sort(found)
	found = slices.Compact(found)
	const mostNamed = 5
	switch {
	case len(names) > 0:
		return []check.Problem{named.Problem("A load balancer is at " + slices.Min(names) + ", and at what address that is is not known.")}
	case len(found) == 0:
		return []check.Problem{none.Problem("No node has an external address, and no ingress controller a load balancer.")}
	case len(found) > mostNamed:
		return []check.Problem{none.Problem(fmt.Sprintf("None of the %d external addresses is public.", len(found)))}
	default:
		return []check.Problem{none.Problem("None of the external addresses is public: " + words.List(found) + ".")}
	}
}
