package workload

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// DisruptionBudget judges whether a PodDisruptionBudget keeps the drain of nodes from taking a workload down, and lets
// the nodes be drained at all: with the pods that there are, and with the fewest that an autoscaler may leave. DaemonSets, which
// drains leave alone, and what is scaled to zero are left out.
func DisruptionBudget() check.Kind[struct{}] {
	none := check.Reason{
		Name: "no_budget", Level: check.Fail,
		Sentence: "No PodDisruptionBudget covers the workload's pods: a drain may take all of them at once.",
	}
	several := check.Reason{
		Name: "several_budgets", Level: check.Fail,
		Sentence: "Several PodDisruptionBudgets cover the workload's pods: Kubernetes then evicts none of them.",
		Remedy:   "Make the selectors of all but one of them narrower, or delete them: kubectl get pdb -n NAMESPACE.",
	}
	uncounted := check.Reason{
		Name: "not_counted", Level: check.Fail, Sentence: "The PodDisruptionBudget does not work: no pod has been counted for it.",
		Remedy: "Find out why: kubectl describe pdb NAME -n NAMESPACE. Percentages and maxUnavailable need pods of a workload that has a scale.",
	}
	allowsNone := check.Reason{
		Name: "allows_none", Level: check.Fail,
		Sentence: "The PodDisruptionBudget never allows a pod to go: no node that the workload runs on can be drained.",
		Remedy:   "Set maxUnavailable: 1, and run at least 2 replicas.",
	}
	allowsAll := check.Reason{
		Name: "allows_all", Level: check.Fail, Sentence: "The PodDisruptionBudget allows all pods to go at once.",
		Remedy: "Set maxUnavailable: 1, and run at least 2 replicas.",
	}
	single := check.Reason{
		Name: "single_pod", Level: check.Warn,
		Sentence: "No PodDisruptionBudget can help a workload of one pod; this follows from availability.replicas.",
		Remedy:   "Fix availability.replicas first, and give the workload a PodDisruptionBudget with maxUnavailable: 1 then.",
	}
	used := check.Reason{
		Name: "used_up", Level: check.Warn, Sentence: "The PodDisruptionBudget allows no pod to go at present, since some are not healthy.",
		Remedy: "Fix the pods that are not ready: kubectl get pods -n NAMESPACE.",
	}
	shared := check.Reason{
		Name: "shared_budget", Level: check.Warn,
		Sentence: "The PodDisruptionBudget covers other workloads too: all pods of this one may go for the sake of those.",
		Remedy:   "Give each workload a PodDisruptionBudget of its own, with the labels of its pods.",
	}
	return check.Kind[struct{}]{
		Name:    "workload_disruption_budget",
		Summary: "One PodDisruptionBudget covers every workload, and allows at least one of its pods to go, and not all.",
		Remedy: "Add a PodDisruptionBudget with maxUnavailable: 1 and the labels of the pods: " +
			"kubectl create pdb NAME -n NAMESPACE --selector=app=NAME --max-unavailable=1.",
		Reasons: []check.Reason{none, several, uncounted, allowsNone, allowsAll, single, used, shared},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, _ struct{}) (problems []check.Problem) {
				if w.Replicas.Desired == 1 && len(w.Budgets) < 2 {
					return []check.Problem{single.Problem("The workload wants 1 pod: a drain takes it down, or waits for ever. " +
						"This follows from the number of replicas.")}
				}
				switch len(w.Budgets) {
				case 0:
					return []check.Problem{none.Problem("No PodDisruptionBudget selects the labels of its pods.")}
				case 1:
				default:
					return []check.Problem{several.Problem("Its pods are covered by the PodDisruptionBudgets " + words.List(names(w.Budgets)) + ".")}
				}
				budget := w.Budgets[0]
				if budget.Workloads > 1 {
					problems = append(problems, shared.Problem(fmt.Sprintf("%s covers %d workloads.", called(budget), budget.Workloads)))
				}
				detail := func() string {
					return fmt.Sprintf("%s wants %d of %s to be healthy, and %d %s.", called(budget), budget.Needed, pods(budget.Expected),
						budget.Healthy, words.Verb(budget.Healthy))
				}
				switch {
				case !budget.Counted:
					problems = append(problems, uncounted.Problem(called(budget)+" has no pod that is counted for it."))
				case budget.Needed >= budget.Expected:
					problems = append(problems, allowsNone.Problem(detail()))
				case budget.Needed <= 0:
					problems = append(problems, allowsAll.Problem(detail()))
				case budget.Allowed == 0:
					problems = append(problems, used.Problem(detail()))
				}
				return problems
			}).Where(func(_ check.Context, w *fact.Workload, _ struct{}) bool { return isReplicated(w) }).
				Needs(fact.TopicBudgets),
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, _ struct{}) []check.Problem {
				resting := w.Replicas.Desired == 0
				switch {
				case w.Least() < 2 && len(w.Budgets) < 2:
					return []check.Problem{single.Problem(leftWith(w) + ": a drain takes it down, or waits for ever. " +
						"This follows from the number of replicas.")}
				case len(w.Budgets) == 0 && resting:
					return []check.Problem{none.Problem("No PodDisruptionBudget selects the labels of its pods.")}
				case len(w.Budgets) > 1 && resting:
					return []check.Problem{several.Problem("Its pods are covered by the PodDisruptionBudgets " + words.List(names(w.Budgets)) + ".")}
				case len(w.Budgets) != 1:
					return nil // Of what runs now that is told already.
				}
				budget := w.Budgets[0]
				left := max(0, budget.Expected-w.Replicas.Desired) + w.Least() // With those of other workloads.
				needed := budget.NeededOf(left)
				detail := func() string {
					return fmt.Sprintf("%s. %s then wants %d of %s to be healthy.", leftWith(w), called(budget), needed, pods(left))
				}
				switch told := budget.Counted && !resting; {
				case told && (budget.Needed >= budget.Expected || budget.Needed <= 0):
					return nil // It is wrong whatever the number of pods.
				case needed >= left:
					return []check.Problem{allowsNone.Problem(detail())}
				case needed <= 0:
					return []check.Problem{allowsAll.Problem(detail())}
				default:
					return nil
				}
			}).Where(func(_ check.Context, w *fact.Workload, _ struct{}) bool { return mayChange(w) }).
				Needs(fact.TopicBudgets, fact.TopicAutoscalers),
		},
		WhenEmpty: noWorkload(),
	}
}

func names(budgets []fact.DisruptionBudget) []string {
	names := make([]string, len(budgets))
	for i, budget := range budgets {
		names[i] = budget.Name
	}
	return names
}

// called names a budget, with what it declares.
func called(budget fact.DisruptionBudget) string {
	return fmt.Sprintf("The PodDisruptionBudget %s (%s)", budget.Name, rule(budget))
}

// rule is what a budget declares.
func rule(budget fact.DisruptionBudget) string {
	switch {
	case budget.MaxUnavailable != "":
		return "maxUnavailable " + budget.MaxUnavailable
	case budget.MinAvailable != "":
		return "minAvailable " + budget.MinAvailable
	default:
		return "minAvailable 1 by default"
	}
}
