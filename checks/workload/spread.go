package workload

import (
	"fmt"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// SpreadParameters say how far apart pods must run.
type SpreadParameters struct {
	// On how many nodes the pods of a workload must run.
	MinimumNodes quantity.Count `yaml:"minimum_nodes"`
}

// Validate says what cannot be.
func (p SpreadParameters) Validate() error {
	if p.MinimumNodes < 2 {
		return check.Wrong("minimum_nodes", "expected 2 or more, since one node is no spread")
	}
	return nil
}

// Spread judges whether the loss of a node leaves pods of a workload: by a rule that keeps them apart, by where they do run, and
// by how many an autoscaler may leave. DaemonSets, which run on every node, and what is scaled to zero are left out.
func Spread() check.Kind[SpreadParameters] {
	single := check.Reason{
		Name: "too_few_replicas", Level: check.Warn,
		Sentence: "The workload wants fewer pods than the nodes that it should run on; this follows from availability.replicas.",
		Remedy:   "Fix availability.replicas first: with enough pods this item judges whether they are kept apart.",
	}
	noRule := check.Reason{
		Name: "no_rule", Level: check.Fail,
		Sentence: "Nothing keeps the workload's pods apart: neither anti-affinity to each other nor spread constraints.",
	}
	tooFewNodes := check.Reason{
		Name: "too_few_nodes", Level: check.Fail, Sentence: "The workload's pods run on too few nodes.",
		Remedy: "Find out where: kubectl get pods -n NAMESPACE -o wide. Add nodes that have room, then move the pods: " +
			"kubectl rollout restart KIND/NAME -n NAMESPACE.",
	}
	return check.Kind[SpreadParameters]{
		Name:    "workload_spread",
		Summary: "The pods of every workload are kept apart by a rule, and do run on the minimum of nodes.",
		Remedy: "Add topologySpreadConstraints with topologyKey: kubernetes.io/hostname, maxSkew: 1 and a labelSelector that " +
			"takes the pods themselves, or podAntiAffinity by the same key.",
		Reasons:  []check.Reason{single, noRule, tooFewNodes},
		Defaults: SpreadParameters{MinimumNodes: 2},
		Over: []check.Quantified[SpreadParameters]{
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, p SpreadParameters) (problems []check.Problem) {
				if w.Replicas.Desired < int(p.MinimumNodes) {
					return []check.Problem{single.Problem(fmt.Sprintf(
						"The workload wants %s; to run on %d nodes it needs as many. This follows from the number of replicas.",
						pods(w.Replicas.Desired), p.MinimumNodes))}
				}
				rules := strings.Join(w.SpreadRules, ", ")
				if rules == "" {
					rules = "no rule keeps them apart"
					problems = append(problems, noRule.Problem("No rule of the pod template keeps pods with its own labels apart."))
				}
				if w.Pods.Nodes < int(p.MinimumNodes) {
					problems = append(problems, tooFewNodes.Problem(fmt.Sprintf("The workload has %s on %s; at least %d nodes are needed (%s).",
						pods(w.Pods.Running), words.Count(w.Pods.Nodes, "node"), p.MinimumNodes, rules)))
				}
				return problems
			}).Where(func(_ check.Context, w *fact.Workload, _ SpreadParameters) bool { return isReplicated(w) }).
				Needs(fact.TopicPods),
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, p SpreadParameters) []check.Problem {
				switch resting := w.Replicas.Desired == 0; {
				case w.Least() < int(p.MinimumNodes) && (resting || w.Replicas.Desired >= int(p.MinimumNodes)):
					return []check.Problem{single.Problem(fmt.Sprintf(
						"%s; to run on %d nodes it needs as many. This follows from the number of replicas.", leftWith(w), p.MinimumNodes))}
				case resting && len(w.SpreadRules) == 0:
					return []check.Problem{noRule.Problem("No rule of the pod template keeps pods with its own labels apart.")}
				default:
					return nil
				}
			}).Where(func(_ check.Context, w *fact.Workload, _ SpreadParameters) bool { return mayChange(w) }).
				Needs(fact.TopicAutoscalers),
		},
		WhenEmpty: noWorkload(),
	}
}
