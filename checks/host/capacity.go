package host

import (
	"fmt"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// CapacityParameters tune host_capacity.
type CapacityParameters struct {
	// MinimumMemory is how much memory each machine must have.
	MinimumMemory quantity.Bytes `yaml:"minimum_memory"`
	// MinimumCores is how many logical processors each machine must have.
	MinimumCores quantity.Count `yaml:"minimum_cores"`
	// ToleranceRatio is how much may be missing: firmware and kernel keep some of the memory that was bought, so that an
	// 8 GB machine shows 7.7 GB; and a kubelet keeps some of its memory and processors from pods.
	ToleranceRatio quantity.Ratio `yaml:"tolerance_ratio"`
}

// Validate tells what makes no sense.
func (p CapacityParameters) Validate() error {
	if p.ToleranceRatio == 1 {
		return check.Wrong("tolerance_ratio", "expected less than 1, or nothing is wanted")
	}
	return nil
}

func lowMemory() check.Reason {
	return check.Reason{
		Name: "low_memory", Level: check.Fail, Sentence: "The machine has less memory than it should.",
		Remedy: "Give the machine more memory, or move to a larger one; see it with: free --giga.",
	}
}

func fewCores() check.Reason {
	return check.Reason{
		Name: "few_cores", Level: check.Fail, Sentence: "The machine has fewer processors than it should.",
		Remedy: "Give the machine more processors, or move to a larger one; see them with: nproc --all.",
	}
}

// Capacity judges the memory and processors of each host, and of each node that takes pods.
func Capacity() check.Kind[CapacityParameters] {
	return check.Kind[CapacityParameters]{
		Name:     "host_capacity",
		Summary:  "Every host, and every node that takes pods, has enough memory and processors.",
		Remedy:   "Move to a larger machine.",
		Reasons:  []check.Reason{lowMemory(), fewCores()},
		Defaults: CapacityParameters{MinimumMemory: 8e9, MinimumCores: 4, ToleranceRatio: 0.05},
		Over: []check.Quantified[CapacityParameters]{
			check.Each(fact.Hosts(), judgeHostCapacity),
			check.Each(fact.Clusters(), judgeNodeCapacities).Needs(fact.TopicNodes).
				Where(func(_ check.Context, c *fact.Cluster, _ CapacityParameters) bool {
					return slices.ContainsFunc(c.Nodes, takesPods)
				}),
		},
		WhenEmpty: noMachine(),
	}
}

func takesPods(node fact.Node) bool { return !node.Cordoned }

func judgeHostCapacity(_ check.Context, h *fact.Host, p CapacityParameters) []check.Problem {
	return p.judge(float64(h.Memory), float64(h.Cores), float64(p.MinimumCores))
}

func judgeNodeCapacities(_ check.Context, c *fact.Cluster, p CapacityParameters) []check.Problem {
	var problems []check.Problem
	for i := range c.Nodes {
		if node := &c.Nodes[i]; takesPods(*node) {
			has := node.Allocatable
			cores := float64(p.MinimumCores) * (1 - float64(p.ToleranceRatio))
			problems = append(problems, onNode(c, node, p.judge(float64(has.Memory), has.CPU, cores))...)
		}
	}
	return problems
}

// judge judges what a machine has; how many processors will do depends on who counts them.
func (p CapacityParameters) judge(memory, cores, enoughCores float64) []check.Problem {
	var problems []check.Problem
	if memory < float64(p.MinimumMemory)*(1-float64(p.ToleranceRatio)) {
		problems = append(problems, lowMemory().Problem(fmt.Sprintf("It has %s of memory (minimum %s).",
			quantity.BytesInWords(memory), quantity.BytesInWords(float64(p.MinimumMemory)))))
	}
	if cores < enoughCores {
		problems = append(problems, fewCores().Problem(fmt.Sprintf("It has %.3g processors (minimum %d).", cores, p.MinimumCores)))
	}
	return problems
}
