package kubernetes

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// NodeCapacityParameters say how much room nodes must have.
type NodeCapacityParameters struct {
	// The share of what nodes have for pods that pods may request.
	MaximumRequestedRatio float64 `yaml:"maximum_requested_ratio"`
	// How many nodes may be lost, the largest first, and the rest still holds what all pods request.
	ToleratedNodeLosses int `yaml:"tolerated_node_losses"`
}

// Validate says what cannot be.
func (p NodeCapacityParameters) Validate() error {
	if p.MaximumRequestedRatio <= 0 || p.MaximumRequestedRatio > 1 {
		return fmt.Errorf("maximum_requested_ratio %g: expected more than 0, and at most 1", p.MaximumRequestedRatio)
	}
	if p.ToleratedNodeLosses < 0 {
		return fmt.Errorf("tolerated_node_losses %d: expected 0 or more", p.ToleratedNodeLosses)
	}
	return nil
}

// NodeCapacity judges whether the nodes of a cluster have room for its pods, one node less included.
func NodeCapacity() check.Kind[fact.Cluster, NodeCapacityParameters] {
	full := check.Reason{Name: "overcommitted", Level: check.Fail, Sentence: "Pods request too much of what the nodes have."}
	pressed := check.Reason{
		Name: "pressure", Level: check.Fail, Sentence: "A node runs out of memory, disk or process numbers.",
		Remedy: "See what takes it: kubectl describe node NODE, kubectl top pods -A --sort-by=memory; on the node df -h and ps.",
	}
	unschedulable := check.Reason{
		Name: "unschedulable_pods", Level: check.Fail, Sentence: "There are pods that no node takes.",
		Remedy: "See why: kubectl get pods -A --field-selector=status.phase=Pending, then kubectl describe pod.",
	}
	cannotLose := check.Reason{
		Name: "no_spare_node", Level: check.Fail, Sentence: "Without its largest nodes the cluster cannot hold its pods.",
		Remedy: "Add a node as large as the largest, or request less; a cluster of one node cannot lose any: set tolerated_node_losses to " +
			"0 if that is meant.",
	}
	return check.Kind[fact.Cluster, NodeCapacityParameters]{
		Name:     "node_capacity",
		Summary:  "The nodes have room for what pods request, also when the largest are lost, and none is under pressure.",
		Remedy:   "Add nodes, or lower requests to what the containers use: kubectl top pods -A.",
		Reasons:  []check.Reason{full, pressed, unschedulable, cannotLose},
		Defaults: NodeCapacityParameters{MaximumRequestedRatio: 0.8, ToleratedNodeLosses: 1},
		About:    fact.Clusters(),
		Topics:   func(NodeCapacityParameters) []string { return []string{fact.TopicNodes, fact.TopicPods} },
		None:     check.Undeclared,
		Nothing:  noCluster,
		Judge: func(c fact.Cluster, p NodeCapacityParameters, _ time.Time) []check.Problem {
			var problems []check.Problem
			has, requested := c.Allocatable(), c.Requested()
			if over := above(requested, has, p.MaximumRequestedRatio); over != "" {
				problems = append(problems, full.Problem(over))
			} else if over := above(requested, largestLost(c, p.ToleratedNodeLosses), 1); over != "" {
				problems = append(problems, cannotLose.Problem(fmt.Sprintf("without %s: %s", plural(p.ToleratedNodeLosses, "node"), over)))
			}
			for _, node := range c.Nodes {
				if len(node.Pressures) > 0 {
					problems = append(problems, pressed.Problem(node.Name+": "+strings.Join(node.Pressures, ", ")))
				}
			}
			if c.Unschedulable > 0 {
				problems = append(problems, unschedulable.Problem(pods(c.Unschedulable)))
			}
			return problems
		},
	}
}

// largestLost is what is left for pods without the largest nodes, by memory and by processors, whichever is worse.
func largestLost(c fact.Cluster, losses int) (left fact.Resources) {
	var processors []float64
	var memory []int64
	for _, node := range c.Nodes {
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
	var words []string
	if of.CPU > whole.CPU*share {
		words = append(words, fmt.Sprintf("%.3g of %.3g cores are requested", of.CPU, whole.CPU))
	}
	if float64(of.Memory) > float64(whole.Memory)*share {
		words = append(words, fmt.Sprintf("%s of %s of memory are requested", quantity.Bytes(of.Memory), quantity.Bytes(whole.Memory)))
	}
	return strings.Join(words, ", ")
}
