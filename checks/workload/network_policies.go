package workload

import (
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// NetworkPolicies judges whether nothing reaches the pods of a workload that no policy lets in: by the effect of all policies
// that select them. Manifests do not tell what else denies in the namespace that they are applied to, and NetworkPolicies do not
// where there are policies beside them that nothing here reads.
func NetworkPolicies() check.Kind[struct{}] {
	noDefault := check.Reason{
		Name: "no_default_deny", Level: check.Fail, Sentence: "The workload's namespace has no policy that denies what no other policy lets in.",
	}
	open := check.Reason{
		Name: "not_selected", Level: check.Fail, Sentence: "No policy selects the workload's pods, so that everything reaches them.",
	}
	admitsAll := check.Reason{
		Name: "admits_all", Level: check.Fail, Sentence: "A policy lets everything in to every port of the workload's pods.",
		Remedy: "Name in the rule the peers that need the pods (from) and the ports that they need (ports), or delete the policy.",
	}
	hostNetwork := check.Reason{
		Name: "host_network", Level: check.Warn, Sentence: "The pods share the network of their nodes, to which policies do not apply.",
		Remedy: "Remove hostNetwork where the pods can do without it; else restrict what reaches the nodes by a firewall.",
	}
	unread := check.Reason{
		Name: "policies_not_read", Level: check.Unknown,
		Sentence: "What reaches the pods is decided by policies too whose rules are not read: those of a network plugin, or of the cluster's " +
			"administrators.",
		Remedy: "Read them: kubectl get POLICIES -A -o yaml. Then say what holds by an item of your own (kind: attestation), and list this " +
			"one under not_applicable with a reason.",
	}
	return check.Kind[struct{}]{
		Name:    "network_policies",
		Summary: "Every namespace denies by default what comes in, and no policy lets everything in again.",
		Remedy: "Create a NetworkPolicy with podSelector: {} and policyTypes: [Ingress] and no rule, and one for each workload that lets in " +
			"what it needs; make sure that the network plugin enforces them.",
		Reasons: []check.Reason{noDefault, open, admitsAll, hostNetwork, unread},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, _ struct{}) (problems []check.Problem) {
				if slices.Contains(w.HostNamespaces, "network") {
					return []check.Problem{hostNetwork.Problem("The pods have hostNetwork: true, so that no NetworkPolicy restricts what reaches them.")}
				}
				isolated := w.DefaultDeny
				for _, p := range w.Policies {
					isolated = isolated || p.Ingress
					switch p.Admits {
					case fact.PeersAny:
						problems = append(problems, admitsAll.Problem("The NetworkPolicy "+p.Name+" lets everybody in to every port."))
					case fact.PeersCluster:
						problems = append(problems, admitsAll.Problem("The NetworkPolicy "+p.Name+" lets every pod of the cluster in to every port."))
					default:
					}
				}
				byDefault := true // It is what holds where no NetworkPolicy decides.
				switch {
				case !isolated:
					problems = []check.Problem{open.Problem("No NetworkPolicy of the namespace " + w.Namespace + " restricts what reaches the pods.")}
				case len(problems) == 0 && !w.DefaultDeny && !w.Planned:
					problems = []check.Problem{noDefault.Problem("The pods are isolated, but the namespace " + w.Namespace +
						" has no NetworkPolicy that isolates every pod: what is added to it is open.")}
				default:
					byDefault = false
				}
				decide := deciding(w, byDefault)
				switch {
				case len(decide) == 0:
					return problems
				case len(problems) > 0:
					return []check.Problem{unread.Problem(problems[0].Detail + " Whether others restrict that is not known: the rules of " +
						words.List(decide) + " are not read.")}
				default:
					return []check.Problem{unread.Problem("The NetworkPolicies of the namespace " + w.Namespace +
						" deny what they do not let in. Whether others let it in is not known: the rules of " + words.List(decide) + " are not read.")}
				}
			}).Needs(fact.TopicNetworkPolicies),
		},
		WhenEmpty: noWorkload(),
	}
}

// deciding names the policies that are not read and may change what NetworkPolicies say, or what holds by default without them.
func deciding(w *fact.Workload, byDefault bool) (names []string) {
	for _, p := range w.UnreadPolicies {
		if byDefault || !p.After {
			names = append(names, "the "+p.Kind+" "+p.Name)
		}
	}
	return names
}
