package kubernetes

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// policyResults are what policy engines and scanners report, in the form of the Kubernetes Policy working group
// (https://github.com/kubernetes-sigs/wg-policy-prototypes) or its successor OpenReports (https://openreports.io).
func policyResults() join[fact.PolicyResult] {
	g := join[fact.PolicyResult]{
		kind: fact.PolicyResults(),
		add:  joinPolicyResults,
		place: func(cluster, namespace string) fact.PolicyResult {
			return fact.PolicyResult{Cluster: cluster, Namespace: namespace}
		},
	}
	for _, r := range policyReports() {
		g.parts = append(g.parts, part{"", r})
	}
	return g
}

func policyReports() []watch.Resource[[]fact.PolicyResult] {
	report := func(group, name string, whole bool) watch.Resource[[]fact.PolicyResult] {
		return watch.Resource[[]fact.PolicyResult]{
			GroupVersionResource: schema.GroupVersionResource{Group: group, Resource: name}, Everywhere: whole,
			Keep: func(object any) []fact.PolicyResult { return keepReport(object.(*unstructured.Unstructured)) },
		}
	}
	return []watch.Resource[[]fact.PolicyResult]{
		report("wgpolicyk8s.io", "policyreports", false), report("wgpolicyk8s.io", "clusterpolicyreports", true),
		report("openreports.io", "reports", false), report("openreports.io", "clusterreports", true),
	}
}

// maximumFailing is how many things a policy fails on are named.
const maximumFailing = 10

// keepReport adds up the results of a report, by source and policy.
func keepReport(u *unstructured.Unstructured) (kept []fact.PolicyResult) {
	scope, _, _ := unstructured.NestedMap(u.Object, "scope")
	for _, each := range mapsAt(u, "results") {
		found := fact.PolicyResult{
			Source: cmp.Or(text(each, "source"), textAt(u, "source")), Policy: text(each, "policy"), Namespace: u.GetNamespace(),
		}
		switch text(each, "result") {
		case "pass":
			found.Pass = 1
		case "warn":
			found.Warn = 1
		case "error":
			found.Error = 1
		case "skip":
			found.Skip = 1
		case "fail":
			found.Fail, found.Severity = 1, text(each, "severity")
			on := scope
			if resources := append(mapsIn(each, "resources"), mapsIn(each, "subjects")...); len(resources) > 0 {
				on = resources[0]
			}
			found.Failing = []string{text(on, "kind") + "/" + text(on, "name") + ": " + text(each, "rule")}
		}
		if at, is := each["timestamp"].(map[string]any); is {
			if seconds, is := at["seconds"].(int64); is {
				found.ReportedAt = unix(seconds)
			}
		}
		kept = sum(kept, found)
	}
	return kept
}

// sum adds a result to those of the same policy.
func sum(all []fact.PolicyResult, one fact.PolicyResult) []fact.PolicyResult {
	at := slices.IndexFunc(all, func(r fact.PolicyResult) bool {
		return r.Namespace == one.Namespace && r.Source == one.Source && r.Policy == one.Policy
	})
	if at < 0 {
		return append(all, one)
	}
	to := &all[at]
	to.Pass, to.Fail, to.Warn = to.Pass+one.Pass, to.Fail+one.Fail, to.Warn+one.Warn
	to.Error, to.Skip = to.Error+one.Error, to.Skip+one.Skip
	if grave(one.Severity) > grave(to.Severity) {
		to.Severity = one.Severity
	}
	for _, failing := range one.Failing {
		if len(to.Failing) < maximumFailing {
			to.Failing = append(to.Failing[:len(to.Failing):len(to.Failing)], failing)
		}
	}
	to.ReportedAt = newer(to.ReportedAt, one.ReportedAt)
	return all
}

// grave orders severities.
func grave(severity string) int {
	return slices.Index([]string{"", "info", "low", "medium", "high", "critical"}, severity)
}

func newer(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func joinPolicyResults(s *snapshot, set *fact.Set[fact.PolicyResult]) {
	var found []fact.PolicyResult
	for _, r := range policyReports() {
		reports := make(map[types.NamespacedName][]fact.PolicyResult)
		stored(s, r).Each(func(name types.NamespacedName, results []fact.PolicyResult) {
			if name.Namespace == "" || s.target.Cluster.Includes(name.Namespace) {
				reports[name] = results
			}
		})
		for _, name := range slices.SortedFunc(maps.Keys(reports), byName) { // Only the first failing things are named.
			for _, each := range reports[name] {
				found = sum(found, each)
			}
		}
	}
	for i := range found {
		found[i].Cluster = s.target.Cluster.Name
		slices.Sort(found[i].Failing)
	}
	set.Add(found...)
}

// byName orders objects.
func byName(a, b types.NamespacedName) int {
	return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
}
