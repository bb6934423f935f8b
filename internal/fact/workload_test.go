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
		kind.Samples(w, func(family int, values []string, value float64) {
			samples = append(samples, fmt.Sprint(families[family].Name, families[family].Labels, values, value))
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
		"workload_replicas[cluster namespace kind name state] [main shop Deployment api desired] 5",
		"workload_replicas[cluster namespace kind name state] [main shop Deployment api ready] 4",
		"workload_replicas[cluster namespace kind name state] [main shop Deployment api available] 3",
		"workload_replicas[cluster namespace kind name state] [main shop Deployment api updated] 2",
		"workload_replicas[cluster namespace kind name state] [main shop Deployment api unavailable] 1",
		"workload_nodes[cluster namespace kind name] [main shop Deployment api] 2",
		"workload_rollout_in_progress[cluster namespace kind name] [main shop Deployment api] 1",
	}
	require.Equal(t, want, samples(w), "without a budget it is not known how many may be disrupted")

	w.Budgets = []DisruptionBudget{{Name: "one", Allowed: 2}, {Name: "two", Allowed: 1}}
	want = append(want[:6:6], "workload_disruptions_allowed[cluster namespace kind name] [main shop Deployment api] 1", want[6])
	require.Equal(t, want, samples(w), "the strictest budget decides")
}
