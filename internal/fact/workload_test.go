package fact

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWorkloadsExportWhatIsKnown(t *testing.T) {
	samples := func(w Workload) []string {
		var samples []string
		kind := Workloads()
		families := kind.Families()
		kind.Samples(&w, func(family int, values []string, value float64) {
			require.Equal(t, []string{"kubernetes_cluster", "kubernetes_namespace", "kind", "name"}, families[family].Labels)
			samples = append(samples, fmt.Sprint(families[family].Name, values, value))
		})
		return samples
	}
	w := Workload{
		Cluster: "main", Namespace: "shop", Kind: KindDeployment, Name: "api",
		Replicas: Replicas{Desired: 5, Ready: 4, Available: 3, Updated: 2, Unavailable: 1},
		Rollout:  Rollout{InProgress: true},
		Pods:     Pods{Running: 5, Nodes: 2},
	}
	require.Equal(t, "main/shop/Deployment/api", w.Subject())
	const of = "[main shop Deployment api] "
	desired, available, nodes := "workload_replicas_desired"+of+"5", "workload_replicas_available"+of+"3", "workload_nodes"+of+"2"
	rollout, disruptions := "workload_rollout_in_progress"+of+"1", "workload_disruptions_allowed"+of+"1"
	require.Equal(t, []string{desired, available, rollout}, samples(w), "where its pods are is not settled")
	w.Rollout.InProgress = false
	require.Equal(t, []string{desired, available, nodes}, samples(w), "without a budget it is not known how many may be disrupted")

	w.Budgets = []DisruptionBudget{{Name: "one", Allowed: 2}, {Name: "two", Allowed: 1}}
	require.Equal(t, []string{desired, available, nodes, disruptions}, samples(w), "the strictest budget decides")

	w.Autoscaler = &Autoscaler{Minimum: 1, Maximum: 9}
	require.Equal(t, []string{desired, "workload_replicas_least" + of + "1", available, nodes, disruptions}, samples(w),
		"the autoscaler may leave fewer than are desired now: five series, and no workload has more")
	w.Autoscaler.Minimum = 7
	require.Equal(t, []string{desired, available, nodes, disruptions}, samples(w), "it is about to make more")
	w.Autoscaler = nil

	w.Missing = []string{TopicPods}
	require.Equal(t, []string{desired, available, disruptions}, samples(w), "where pods are unavailable, it is not known on how many nodes they are")
}
