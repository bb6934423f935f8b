package fact_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestFamiliesKeepToTheContract(t *testing.T) {
	names := make(map[string]string)
	name, label := regexp.MustCompile(`^[a-z][a-z0-9_]*$`), regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	for _, kind := range fact.Kinds() {
		for _, family := range kind.Families() {
			t.Run(family.Name, func(t *testing.T) {
				require.Empty(t, names[family.Name], "a family is of one kind")
				names[family.Name] = kind.KindName()
				require.Regexp(t, name, family.Name)
				require.False(t, strings.HasSuffix(family.Name, "_total"), "only counters are totals")
				for _, of := range []string{"check_", "score_", "gate_", "objective_", "collector_", "system_", "config_", "checklist_"} {
					require.False(t, strings.HasPrefix(family.Name, of), "what begins so is of the exporter")
				}
				require.NotContains(t, family.Name, "age_seconds", "a date is exported, and not an age")
				require.True(t, strings.HasSuffix(family.Help, "."), family.Help)
				labels := slices.Sorted(slices.Values(family.Labels))
				require.Len(t, slices.Compact(slices.Clone(labels)), len(labels), "a label stands once")
				for _, each := range labels {
					require.Regexp(t, label, each)
					require.NotContains(t, []string{
						"system", "environment", "cluster", "namespace", "pod", "job", "instance", "replica", "exported_job", "__name__", "le", "quantile",
					}, each, "that belongs to others")
				}
			})
		}
	}
}

func TestNumbersOfAClusterThatAreNotKnownAreLeftOut(t *testing.T) {
	known := &fact.Cluster{
		Name: "main", Version: "v1.34.1", Distribution: "kubernetes",
		Nodes: []fact.Node{
			{Name: "a", Ready: true, Allocatable: fact.Resources{CPU: 4, Memory: 8}, Requested: fact.Resources{CPU: 1, Memory: 2}},
			{Name: "b", Ready: true, Cordoned: true, Allocatable: fact.Resources{CPU: 4, Memory: 8}},
			{Name: "c"},
		},
	}
	all := []string{
		"cluster_version_info{kubernetes_cluster=main,version=v1.34.1,distribution=kubernetes} 1",
		"cluster_nodes{kubernetes_cluster=main} 3",
		"cluster_nodes_ready{kubernetes_cluster=main} 2",
		"cluster_nodes_cordoned{kubernetes_cluster=main} 1",
		"cluster_allocatable_cpu_cores{kubernetes_cluster=main} 4",
		"cluster_allocatable_memory_bytes{kubernetes_cluster=main} 8",
		"cluster_requested_cpu_cores{kubernetes_cluster=main} 1",
		"cluster_requested_memory_bytes{kubernetes_cluster=main} 2",
		"cluster_unschedulable_pods{kubernetes_cluster=main} 0",
	}
	require.Equal(t, all, exported(fact.Clusters(), known))
	known.Missing = []string{fact.TopicPods}
	require.Equal(t, all[:6], exported(fact.Clusters(), known))
	known.Missing = []string{fact.TopicNodes}
	require.Equal(t, []string{all[0], all[8]}, exported(fact.Clusters(), known))
}

func TestOnlyWhatIsThereIsExported(t *testing.T) {
	for _, c := range []struct {
		name string
		kind fact.Any
		fact any
		want []string
	}{
		{
			"results of a policy", fact.PolicyResults(), &fact.PolicyResult{Cluster: "m", Namespace: "n", Source: "s", Policy: "p", Pass: 3, Warn: 1},
			[]string{
				"policy_results{kubernetes_cluster=m,kubernetes_namespace=n,source=s,policy=p,result=pass} 3",
				"policy_results{kubernetes_cluster=m,kubernetes_namespace=n,source=s,policy=p,result=warn} 1",
			},
		},
		{
			"hosts without a certificate",
			fact.Ingresses(), &fact.Ingress{Cluster: "m", Namespace: "n", Kind: "Ingress", Name: "i", Hosts: []fact.IngressHost{{Name: "a"}, {Name: "b"}}},
			[]string{"ingress_hosts{kubernetes_cluster=m,kubernetes_namespace=n,kind=Ingress,name=i} 2"},
		},
		{
			"a host that has none",
			fact.Ingresses(), &fact.Ingress{Kind: "Ingress", Name: "i", Hosts: []fact.IngressHost{{Name: "a", Trouble: fact.HostExpired}, {Name: "b"}}},
			[]string{
				"ingress_hosts{kubernetes_cluster=,kubernetes_namespace=,kind=Ingress,name=i} 2",
				"ingress_hosts_without_certificate{kubernetes_cluster=,kubernetes_namespace=,kind=Ingress,name=i} 1",
			},
		},
		{
			"pods of a component", fact.Components(), &fact.Component{Role: fact.RoleLoki, Kind: "StatefulSet", Name: "loki", Desired: 3, Available: 2},
			[]string{
				"component_replicas_desired{kubernetes_cluster=,kubernetes_namespace=,kind=StatefulSet,name=loki,role=loki} 3",
				"component_replicas_available{kubernetes_cluster=,kubernetes_namespace=,kind=StatefulSet,name=loki,role=loki} 2",
			},
		},
		{
			"endpoints of a Service", fact.Services(), &fact.Service{Name: "s", Ready: 1, Endpoints: 3},
			[]string{
				"service_endpoints{kubernetes_cluster=,kubernetes_namespace=,name=s} 3",
				"service_endpoints_ready{kubernetes_cluster=,kubernetes_namespace=,name=s} 1",
			},
		},
		{"nothing of configuration", fact.Configurations(), &fact.Configuration{Values: []fact.ConfiguredValue{{Credential: true}}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, exported(c.kind, c.fact)) })
	}
}

func TestASubjectThatCannotBeReadIsTheKind(t *testing.T) {
	kind := &fact.Kind[fact.Host]{Name: "host", Subject: func(*fact.Host) string { panic("no name") }}
	require.Equal(t, "host", kind.SubjectOf(&fact.Host{}))
	require.Equal(t, "host", kind.SubjectOfUnavailable(&fact.Unavailable[fact.Host]{}))
}
