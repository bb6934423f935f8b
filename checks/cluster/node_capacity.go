package cluster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// NodeCapacityParameters say how much room nodes must have.
type NodeCapacityParameters struct {
	// The share of what nodes have for pods that pods may request.
	MaximumRequestedRatio quantity.Ratio `yaml:"maximum_requested_ratio"`
	// How many nodes may be lost, the largest first, and the rest still holds what all pods request.
	ToleratedNodeLosses quantity.Count `yaml:"tolerated_node_losses"`
}

// Validate says what cannot be.
func (p NodeCapacityParameters) Validate() error {
	if p.MaximumRequestedRatio == 0 {
		return check.Wrong("maximum_requested_ratio", "expected more than 0, and at most 1")
	}
	return nil
}

// NodeCapacity judges whether the nodes of a cluster have room for its pods, one node less included.
func NodeCapacity() check.Kind[NodeCapacityParameters] {
	full := check.Reason{Name: "overcommitted", Level: check.Fail, Sentence: "Pods request too much of what the nodes have."}
	pressed := check.Reason{
		Name: "pressure", Level: check.Fail, Sentence: "A node runs out of memory, disk or process numbers.",
		Remedy: "Find out what takes it: kubectl describe node NODE, kubectl top pods -A --sort-by=memory; on the node df -h and ps.",
	}
	unschedulable := check.Reason{
		Name: "unschedulable_pods", Level: check.Fail, Sentence: "There are pods that no node takes.",
		Remedy: "Find out why: kubectl get pods -A --field-selector=status.phase=Pending, then kubectl describe pod.",
	}
	cannotLose := check.Reason{
		Name: "no_spare_node", Level: check.Fail, Sentence: "Without its largest nodes the cluster cannot hold its pods.",
		Remedy: "Add a node as large as the largest, or request less; a cluster of one node cannot lose any: set tolerated_node_losses to " +
			"0 if that is meant.",
	}
	return check.Kind[NodeCapacityParameters]{
		Name: "node_capacity",
		Summary: "The nodes have room for what pods request, also when the largest are lost, and none is under pressure; nodes with taints are " +
			"no room.",
		Remedy:   "Add nodes, or lower requests to what the containers use: kubectl top pods -A.",
		Reasons:  []check.Reason{full, pressed, unschedulable, cannotLose},
		Defaults: NodeCapacityParameters{MaximumRequestedRatio: 0.8, ToleratedNodeLosses: 1},
		Over: []check.Quantified[NodeCapacityParameters]{
			check.Each(fact.Clusters(), func(_ check.Context, k *fact.Cluster, p NodeCapacityParameters) (problems []check.Problem) {
				has, requested := k.Allocatable(), k.Requested()
				if over := above(requested, has, float64(p.MaximumRequestedRatio)); over != "" {
					problems = append(problems, full.Problem(fmt.Sprintf("Pods request %s; at most %.0f %% is wanted.",
						over, 100*p.MaximumRequestedRatio)))
				} else if over := above(requested, largestLost(k, int(p.ToleratedNodeLosses)), 1); over != "" {
					problems = append(problems, cannotLose.Problem(fmt.Sprintf("Without the largest %s pods request %s.",
						lost(int(p.ToleratedNodeLosses)), over)))
				}
				for _, node := range k.Nodes {
					if len(node.Pressures) > 0 {
						problems = append(problems, pressed.Problem(fmt.Sprintf("The node %s reports %s.", node.Name, words.List(node.Pressures))))
					}
				}
				if k.Unschedulable > 0 {
					problems = append(problems, unschedulable.Problem(words.Count(k.Unschedulable, "pod")+" cannot be scheduled to any node."))
				}
				return problems
			}).Needs(fact.TopicNodes, fact.TopicPods),
		},
		WhenEmpty: noCluster(),
	}
}

func lost(nodes int) string {
	if nodes == 1 {
		return "node"
	}
	return words.Count(nodes, "node")
}

// largestLost is what is left for pods without the largest nodes, by memory and by processors, whichever is worse.
func largestLost(k *fact.Cluster, losses int) (left fact.Resources) {
	var processors []float64
	var memory []int64
	for _, node := range k.Open() {
		if node.Usable() {
			processors, memory = append(processors, node.Allocatable.CPU), append(memory, node.Allocatable.Memory)
		}
	}
	slices.Sort(processors)
	slices.Sort(memory)
	for i := range max(0, len(processors)-losses) {
		left = left.Plus(fact.Resources{CPU: processors[i], Memory: memory[i]})
	}
	return left
}

// above says in words what of an amount is more than a share of another; empty where nothing is.
func above(of, whole fact.Resources, share float64) string {
	var over []string
	if of.CPU > whole.CPU*share {
		over = append(over, fmt.Sprintf("%.3g of %.3g cores", of.CPU, whole.CPU))
	}
	if float64(of.Memory) > float64(whole.Memory)*share {
		over = append(over, fmt.Sprintf("%s of %s of memory",
			quantity.BytesInWords(float64(of.Memory)), quantity.BytesInWords(float64(whole.Memory))))
	}
	return strings.Join(over, " and ")
}
