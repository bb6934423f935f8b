package kubernetes

import (
	"fmt"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// SpreadParameters say how far apart pods must run.
type SpreadParameters struct {
	// On how many nodes the pods of a workload must run.
	MinimumNodes int `yaml:"minimum_nodes"`
}

// Validate says what cannot be.
func (p SpreadParameters) Validate() error {
	if p.MinimumNodes < 2 {
		return fmt.Errorf("minimum_nodes %d: expected 2 or more, since one node is no spread", p.MinimumNodes)
	}
	return nil
}

// Spread judges whether the loss of a node leaves pods of a workload: by a rule that keeps them apart, and by where they
// do run. DaemonSets, which run on every node, and what is scaled to zero are left out.
func Spread() check.Kind[fact.Workload, SpreadParameters] {
	single := check.Reason{
		Name: "too_few_replicas", Level: check.Fail, Sentence: "It wants fewer pods than the nodes it should run on.",
		Remedy: "kubectl scale --replicas=2 KIND/NAME -n NAMESPACE, or raise replicas where it is declared.",
	}
	noRule := check.Reason{
		Name: "no_rule", Level: check.Fail, Sentence: "Nothing keeps its pods apart: neither anti-affinity to each other nor spread constraints.",
	}
	tooFewNodes := check.Reason{
		Name: "too_few_nodes", Level: check.Fail, Sentence: "Its pods run on too few nodes.",
		Remedy: "See where: kubectl get pods -n NAMESPACE -o wide. Add nodes that have room, then move the pods: " +
			"kubectl rollout restart KIND/NAME -n NAMESPACE.",
	}
	return check.Kind[fact.Workload, SpreadParameters]{
		Name:    "workload_spread",
		Summary: "The pods of every workload are kept apart by a rule, and do run on the minimum of nodes.",
		Remedy: "Add topologySpreadConstraints with topologyKey: kubernetes.io/hostname, maxSkew: 1 and a labelSelector that " +
			"takes the pods themselves, or podAntiAffinity by the same key.",
		Reasons:  []check.Reason{single, noRule, tooFewNodes},
		Defaults: SpreadParameters{MinimumNodes: 2},
		About:    fact.Workloads(),
		Topics:   func(SpreadParameters) []string { return []string{fact.TopicPods} },
		None:     check.Undeclared,
		Nothing:  noWorkload,
		Select:   func(w fact.Workload, _ SpreadParameters) bool { return isReplicated(w) },
		Judge: func(w fact.Workload, p SpreadParameters, _ time.Time) []check.Problem {
			if w.Replicas.Desired < p.MinimumNodes {
				return []check.Problem{single.Problem(fmt.Sprintf("it wants %s; %d nodes are needed", pods(w.Replicas.Desired), p.MinimumNodes))}
			}
			var problems []check.Problem
			rules := strings.Join(w.SpreadRules, ", ")
			if rules == "" {
				rules = "no rule keeps them apart"
				problems = append(problems, noRule.Problem("no rule in the pod template takes its own labels"))
			}
			if w.Pods.Nodes < p.MinimumNodes {
				problems = append(problems, tooFewNodes.Problem(fmt.Sprintf("%s on %s, %d needed; %s",
					pods(w.Pods.Running), plural(w.Pods.Nodes, "node"), p.MinimumNodes, rules)))
			}
			return problems
		},
	}
}
