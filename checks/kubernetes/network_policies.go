package kubernetes

import (
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// NetworkPoliciesParameters are none.
type NetworkPoliciesParameters struct{}

// NetworkPolicies judges whether nothing reaches the pods of a workload that no policy lets in.
func NetworkPolicies() check.Kind[fact.Workload, NetworkPoliciesParameters] {
	noDefault := check.Reason{
		Name: "no_default_deny", Level: check.Fail, Sentence: "Its namespace has no policy that denies what no other policy lets in.",
	}
	open := check.Reason{Name: "not_selected", Level: check.Fail, Sentence: "No policy selects its pods, so that everything reaches them."}
	return check.Kind[fact.Workload, NetworkPoliciesParameters]{
		Name:    "network_policies",
		Summary: "Every namespace denies by default what comes in, so that every pod is selected by a policy.",
		Remedy: "Create a NetworkPolicy with podSelector: {} and policyTypes: [Ingress] and no rule, and one for each workload that lets in " +
			"what it needs; see that the network plugin enforces them.",
		Reasons: []check.Reason{noDefault, open},
		About:   fact.Workloads(),
		Topics:  func(NetworkPoliciesParameters) []string { return []string{fact.TopicNetworkPolicies} },
		None:    check.Undeclared,
		Nothing: noWorkload,
		Judge: func(w fact.Workload, _ NetworkPoliciesParameters, _ time.Time) []check.Problem {
			if w.DefaultDeny {
				return nil
			}
			for _, policy := range w.Policies {
				if policy.Ingress {
					return []check.Problem{noDefault.Problem("namespace " + w.Namespace)}
				}
			}
			return []check.Problem{open.Problem("namespace " + w.Namespace)}
		},
	}
}
