package workload

import (
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// NetworkPolicies judges whether nothing reaches the pods of a workload that no policy lets in.
func NetworkPolicies() check.Kind[struct{}] {
	noDefault := check.Reason{
		Name: "no_default_deny", Level: check.Fail, Sentence: "The workload's namespace has no policy that denies what no other policy lets in.",
	}
	open := check.Reason{
		Name: "not_selected", Level: check.Fail, Sentence: "No policy selects the workload's pods, so that everything reaches them.",
	}
	return check.Kind[struct{}]{
		Name:    "network_policies",
		Summary: "Every namespace denies by default what comes in, so that every pod is selected by a policy.",
		Remedy: "Create a NetworkPolicy with podSelector: {} and policyTypes: [Ingress] and no rule, and one for each workload that lets in " +
			"what it needs; make sure that the network plugin enforces them.",
		Reasons: []check.Reason{noDefault, open},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, _ struct{}) []check.Problem {
				switch {
				case w.DefaultDeny:
					return nil
				case slices.ContainsFunc(w.Policies, func(p fact.NetworkPolicy) bool { return p.Ingress }):
					return []check.Problem{noDefault.Problem("The namespace " + w.Namespace + " has no NetworkPolicy that denies what comes in.")}
				default:
					return []check.Problem{open.Problem("No NetworkPolicy of the namespace " + w.Namespace + " restricts what reaches the pods.")}
				}
			}).Needs(fact.TopicNetworkPolicies),
		},
		WhenEmpty: noWorkload(),
	}
}
