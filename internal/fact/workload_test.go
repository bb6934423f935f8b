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
	want := []string{
		"workload_replicas_desired[main shop Deployment api] 5",
		"workload_replicas_available[main shop Deployment api] 3",
		"workload_nodes[main shop Deployment api] 2",
		"workload_rollout_in_progress[main shop Deployment api] 1",
	}
	require.Equal(t, want, samples(w), "without a budget it is not known how many may be disrupted")

	w.Budgets = []DisruptionBudget{{Name: "one", Allowed: 2}, {Name: "two", Allowed: 1}}
	want = append(want[:3:3], "workload_disruptions_allowed[main shop Deployment api] 1", want[3])
	require.Equal(t, want, samples(w), "the strictest budget decides")

	w.Autoscaler = &Autoscaler{Minimum: 1, Maximum: 9}
	least := append([]string{want[0], "workload_replicas_least[main shop Deployment api] 1"}, want[1:]...)
	require.Equal(t, least, samples(w), "the autoscaler may leave fewer than are desired now")
	w.Autoscaler.Minimum = 7
	require.Equal(t, want, samples(w), "it is about to make more")
	w.Autoscaler = nil

	w.Missing = []string{TopicPods}
	require.Equal(t, append(want[:2:2], want[3:]...), samples(w), "where pods are unavailable, it is not known on how many nodes they are")
}
