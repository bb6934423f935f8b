package cluster

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// DNSParameters say how well the DNS of a cluster must answer.
type DNSParameters struct {
	MaximumLookupTime quantity.Duration `yaml:"maximum_lookup_time"` // of the slowest of some answers
	MinimumReplicas   quantity.Count    `yaml:"minimum_replicas"`    // of its pods that are available
}

// Validate says what cannot be.
func (p DNSParameters) Validate() error {
	if p.MaximumLookupTime < quantity.Duration(time.Second) || p.MaximumLookupTime.Std()%time.Second != 0 {
		return check.Wrong("maximum_lookup_time", "%s: expected whole seconds, such as 1s", p.MaximumLookupTime)
	}
	return nil
}

// DNS judges whether the DNS of clusters resolves names of Services and names outside, soon enough, and withstands the loss of a pod.
func DNS() check.Kind[DNSParameters] {
	unknown := check.Reason{
		Name: "name_unknown", Level: check.Fail, Sentence: "The cluster's DNS knows no such name.",
		Remedy: "Check that the Service exists (kubectl get service -A), and that the name is written in full under kubernetes: dns.",
	}
	noAnswer := check.Reason{
		Name: "no_answer", Level: check.Fail, Urgent: true, Sentence: "The cluster's DNS does not answer, or answers with an error.",
		Remedy: "Read its logs (kubectl -n kube-system logs -l k8s-app=kube-dns), and check that network policies let pods reach it on port 53.",
	}
	outside := check.Reason{
		Name: "outside_unresolved", Level: check.Fail, Sentence: "The cluster's DNS does not resolve a name outside.",
		Remedy: "Check which resolvers it forwards to (kubectl -n kube-system get configmap coredns -o yaml: forward), and that they answer it.",
	}
	differs := check.Reason{
		Name: "answers_differ", Level: check.Fail, Sentence: "The cluster's DNS answers differently each time.",
		Remedy: "Ask each of its pods (kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide; dig @ADDRESS NAME), " +
			"and restart the one that is behind.",
	}
	slow := check.Reason{
		Name: "slow", Level: check.Fail, Sentence: "The cluster's DNS answers late.",
		Remedy: "Check whether its pods are throttled or packets are lost (kubectl top pod -n kube-system); " +
			"more replicas or NodeLocal DNSCache help.",
	}
	few := check.Reason{
		Name: "too_few_replicas", Level: check.Fail, Sentence: "The cluster's DNS has too few pods.", Absence: true,
		Remedy: "Scale it: kubectl -n kube-system scale deployment coredns --replicas=2.",
	}
	missing := check.Reason{
		Name: "no_dns", Level: check.Undeclared, Sentence: "The DNS of the cluster was not found by the usual labels of CoreDNS.", Absence: true,
		Remedy: "Label its Deployment k8s-app=kube-dns; where the DNS runs outside of the cluster, " +
			"list the item under not_applicable with that reason.",
	}
	return check.Kind[DNSParameters]{
		Name:     "cluster_dns",
		Summary:  "The DNS of every cluster resolves names of Services and a name outside within a time, and has enough pods.",
		Remedy:   "Check the pods and logs of CoreDNS: kubectl -n kube-system get pods -l k8s-app=kube-dns.",
		Reasons:  []check.Reason{unknown, noAnswer, outside, differs, slow, few, missing},
		Defaults: DNSParameters{MaximumLookupTime: quantity.Duration(time.Second), MinimumReplicas: 2},
		Over: []check.Quantified[DNSParameters]{
			check.Each(fact.ClusterDNSs(), func(_ check.Context, d *fact.ClusterDNS, p DNSParameters) (problems []check.Problem) {
				for i := range d.Lookups {
					l := &d.Lookups[i]
					say := func(reason check.Reason, format string, args ...any) {
						problems = append(problems, reason.Problem("The DNS at "+d.Server+" "+fmt.Sprintf(format, args...)+"."))
					}
					switch {
					case l.Failed > 0 && l.Outside:
						say(outside, "gave no answer for %s %d of %s%s", l.Name, l.Failed, words.Count(l.Asked, "time"), because(l.Failure))
					case l.Failed > 0:
						say(noAnswer, "gave no answer for %s %d of %s%s", l.Name, l.Failed, words.Count(l.Asked, "time"), because(l.Failure))
					case l.Unknown == l.Asked && l.Outside:
						say(outside, "knows no address of %s", l.Name)
					case l.Unknown == l.Asked:
						say(unknown, "knows no address of %s", l.Name)
					case l.Unknown > 0 || l.Differs && !l.Outside:
						say(differs, "answers differently for %s from one time to the next", l.Name)
					case l.Slowest > p.MaximumLookupTime.Std():
						say(slow, "took up to %s to answer for %s (limit %s)", quantity.InWords(l.Slowest), l.Name, p.MaximumLookupTime)
					}
				}
				return problems
			}),
			check.PerGroup(fact.Components(), clusterOf,
				func(c check.Context, _ DNSParameters) []string { return declared(c, struct{}{}) },
				func(_ check.Context, _ string, all []*fact.Component, p DNSParameters) []check.Problem {
					available := 0
					for _, each := range all {
						available += each.Available
					}
					switch {
					case len(all) == 0:
						return []check.Problem{missing.Problem(missing.Sentence)}
					case available < int(p.MinimumReplicas):
						first := slices.MinFunc(all, func(a, b *fact.Component) int { return strings.Compare(a.Subject(), b.Subject()) })
						return []check.Problem{few.On(first.Subject(), fmt.Sprintf("The cluster's DNS has %s available, of %d at least.",
							words.Count(available, "pod"), p.MinimumReplicas))}
					}
					return nil
				}).Where(func(_ check.Context, c *fact.Component, _ DNSParameters) bool { return c.Role == fact.RoleDNS }).Needs(),
		},
		WhenEmpty: check.Reason{
			Name: "no_cluster", Level: check.Undeclared, Sentence: "The system has no cluster.",
			Remedy: "Add the cluster to kubernetes in the system description, or list the item under not_applicable with a reason.",
		},
	}
}

// because adds the reason of a failure.
func because(failure *fact.Failure) string {
	if failure == nil {
		return ""
	}
	return ": " + failure.Detail
}
