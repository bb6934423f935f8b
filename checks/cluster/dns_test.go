package cluster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestDNS(t *testing.T) {
	timeout := &fact.Failure{Reason: fact.ReasonTimeout, Detail: "no answer within 2 s, asked 2 times"}
	lookup := func(edit func(*fact.ClusterLookup)) fact.ClusterLookup {
		l := fact.ClusterLookup{Name: "api.shop.svc.cluster.local", Asked: 6, Slowest: time.Second}
		edit(&l)
		return l
	}
	for name, test := range map[string]struct {
		lookup fact.ClusterLookup
		pods   int
		status check.Status
		want   []string
	}{
		"all is well":                           {lookup(func(*fact.ClusterLookup) {}), 2, check.Pass, nil},
		"names outside may have many addresses": {lookup(func(l *fact.ClusterLookup) { l.Outside, l.Differs = true, true }), 2, check.Pass, nil},
		"a Service may not": {lookup(func(l *fact.ClusterLookup) { l.Differs = true }), 2, check.Fail, []string{
			"The DNS at 10.96.0.10 answers differently for api.shop.svc.cluster.local from one time to the next.",
		}},
		"one pod does not know it": {lookup(func(l *fact.ClusterLookup) { l.Unknown = 3 }), 2, check.Fail, []string{
			"The DNS at 10.96.0.10 answers differently for api.shop.svc.cluster.local from one time to the next.",
		}},
		"no pod knows it": {lookup(func(l *fact.ClusterLookup) { l.Unknown = 6 }), 2, check.Fail, []string{
			"The DNS at 10.96.0.10 knows no address of api.shop.svc.cluster.local.",
		}},
		"there is no answer": {lookup(func(l *fact.ClusterLookup) { l.Asked, l.Failed, l.Failure = 1, 1, timeout }), 2, check.Fail, []string{
			"The DNS at 10.96.0.10 gave no answer for api.shop.svc.cluster.local 1 of 1 time: no answer within 2 s, asked 2 times.",
		}},
		"a question was lost": {lookup(func(l *fact.ClusterLookup) { l.Slowest = 3 * time.Second }), 2, check.Fail, []string{
			"The DNS at 10.96.0.10 took up to 3 s to answer for api.shop.svc.cluster.local (limit 1s).",
		}},
		"one pod is all there is": {lookup(func(*fact.ClusterLookup) {}), 1, check.Fail, []string{
			"The cluster's DNS has 1 pod available, of 2 at least.",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var lookups fact.Set[fact.ClusterDNS]
			lookups.Add(fact.ClusterDNS{Cluster: "main", Server: "10.96.0.10", Lookups: []fact.ClusterLookup{test.lookup}})
			var parts fact.Set[fact.Component]
			parts.Add(fact.Component{Cluster: "main", Role: fact.RoleDNS, Namespace: "kube-system", Kind: "Deployment", Name: "coredns", Desired: 2, Available: test.pods})
			now := time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)
			run := &fact.Run{Interval: time.Minute, CollectedAt: now, Sets: []fact.AnySet{fact.ClusterDNSs().Set(&lookups), fact.Components().Set(&parts)}}
			rule := check.Rule{ID: "networking.dns", Clause: check.Clause{Bound: DNS().Bind(DNS().Parameters())}}
			result := rule.Judge(fact.NewView([]*fact.Run{run}, now), &system.System{Kubernetes: []system.Cluster{{Name: "main"}}}, now)
			require.Equal(t, test.status, result.Status)
			var got []string
			for _, problem := range result.Problems {
				got = append(got, problem.Detail)
			}
			require.Equal(t, test.want, got)
		})
	}
	require.ErrorContains(t, DNSParameters{}.Validate(), "whole seconds")
}

func TestTheDNSOfTwoWorkloadsIsNamedAfterTheFirst(t *testing.T) {
	first := fact.Component{Cluster: "main", Role: fact.RoleDNS, Namespace: "kube-system", Kind: "DaemonSet", Name: "coredns", Desired: 1, Available: 1}
	second := first
	second.Kind, second.Available = "Deployment", 0
	for _, parts := range [][]fact.Component{{first, second}, {second, first}} {
		result := checktest.Case{
			Kind: DNS(), Now: checktest.Now(), System: &system.System{Kubernetes: []system.Cluster{{Name: "main"}}},
			Sets: []fact.AnySet{checktest.Facts(fact.ClusterDNSs(), fact.ClusterDNS{Cluster: "main"}), checktest.Facts(fact.Components(), parts...)},
		}.Result(t)
		require.Len(t, result.Problems, 1)
		require.Equal(t, "main/kube-system/DaemonSet/coredns", result.Problems[0].Subject)
	}
}
