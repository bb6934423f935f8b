package kubernetes

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// TestPolicyReportsAreAddedUp reads reports as Kyverno writes them, in the old form and in the new one.
func TestPolicyReportsAreAddedUp(t *testing.T) {
	all := read(t, `
apiVersion: wgpolicyk8s.io/v1alpha2
kind: PolicyReport
metadata: {name: api, namespace: shop}
scope: {kind: Deployment, name: api}
results:
  - {source: kyverno, policy: require-labels, rule: team, result: pass, timestamp: {seconds: 1780000000}}
  - {source: kyverno, policy: require-labels, rule: owner, result: fail, severity: medium, timestamp: {seconds: 1780000100}}
  - {source: kyverno, policy: no-latest, rule: tag, result: skip}
---
apiVersion: openreports.io/v1alpha1
kind: Report
metadata: {name: web, namespace: shop}
source: kyverno
results:
  - {policy: require-labels, rule: owner, result: fail, severity: high, subjects: [{kind: Pod, name: web-0}]}
---
apiVersion: openreports.io/v1alpha1
kind: ClusterReport
metadata: {name: nodes}
results: [{source: kube-bench, policy: cis, rule: "1.1", result: warn}, {source: kube-bench, policy: cis, rule: "1.2", result: error}]
---
apiVersion: wgpolicyk8s.io/v1alpha2
kind: PolicyReport
metadata: {name: other, namespace: kube-system}
results: [{source: kyverno, policy: require-labels, rule: team, result: fail}]
`)
	s := &snapshot{target: Target{Cluster: system.Cluster{Name: "main"}}, stores: make(map[string]watch.Stored)}
	for _, p := range policyResults().parts {
		store, failed := fill(p.Source, all)
		require.NoError(t, failed)
		s.stores[p.Key()] = store
	}
	var set fact.Set[fact.PolicyResult]
	joinPolicyResults(s, &set)
	found := make(map[string]fact.PolicyResult)
	for _, each := range set.Facts {
		found[each.Subject()] = *each
	}
	require.Equal(t, map[string]fact.PolicyResult{
		"main/shop/kyverno/require-labels": {
			Cluster: "main", Namespace: "shop", Source: "kyverno", Policy: "require-labels", Severity: "high", Pass: 1, Fail: 2,
			Failing: []string{"Deployment/api: owner", "Pod/web-0: owner"}, ReportedAt: time.Unix(1780000100, 0).UTC(),
		},
		"main/shop/kyverno/no-latest": {Cluster: "main", Namespace: "shop", Source: "kyverno", Policy: "no-latest", Skip: 1},
		"main/kube-bench/cis":         {Cluster: "main", Source: "kube-bench", Policy: "cis", Warn: 1, Error: 1},
	}, found)
}
