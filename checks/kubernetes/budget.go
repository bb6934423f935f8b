package kubernetes

import (
	"fmt"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// DisruptionBudgetParameters are none.
type DisruptionBudgetParameters struct{}

// DisruptionBudget judges whether a PodDisruptionBudget keeps the drain of nodes from taking a workload down, and lets
// the nodes be drained at all. DaemonSets, which drains leave alone, and what is scaled to zero are left out.
func DisruptionBudget() check.Kind[fact.Workload, DisruptionBudgetParameters] {
	none := check.Reason{
		Name: "no_budget", Level: check.Fail, Sentence: "No PodDisruptionBudget covers its pods: a drain may take all of them at once.",
	}
	several := check.Reason{
		Name: "several_budgets", Level: check.Fail, Sentence: "Several PodDisruptionBudgets cover its pods: Kubernetes then evicts none of them.",
		Remedy: "Make the selectors of all but one of them narrower, or delete them: kubectl get pdb -n NAMESPACE.",
	}
	uncounted := check.Reason{
		Name: "not_counted", Level: check.Fail, Sentence: "Its PodDisruptionBudget does not work: no pod has been counted for it.",
		Remedy: "See why: kubectl describe pdb NAME -n NAMESPACE. Percentages and maxUnavailable need pods of a workload that has a scale.",
	}
	allowsNone := check.Reason{
		Name: "allows_none", Level: check.Fail, Sentence: "Its PodDisruptionBudget never allows a pod to go: no node it runs on can be drained.",
		Remedy: "Set maxUnavailable: 1, and run at least 2 replicas.",
	}
	allowsAll := check.Reason{
		Name: "allows_all", Level: check.Fail, Sentence: "Its PodDisruptionBudget allows all pods to go at once.",
		Remedy: "Set maxUnavailable: 1, and run at least 2 replicas.",
	}
	used := check.Reason{
		Name: "used_up", Level: check.Warn, Sentence: "Its PodDisruptionBudget allows no pod to go at present, since some are not healthy.",
		Remedy: "Mend the pods that are not ready: kubectl get pods -n NAMESPACE.",
	}
	shared := check.Reason{
		Name: "shared_budget", Level: check.Warn,
		Sentence: "Its PodDisruptionBudget covers other workloads too: all of this one may go for the sake of those.",
		Remedy:   "Give each workload a PodDisruptionBudget of its own, with the labels of its pods.",
	}
	return check.Kind[fact.Workload, DisruptionBudgetParameters]{
		Name:    "workload_disruption_budget",
		Summary: "One PodDisruptionBudget covers every workload, and allows at least one of its pods to go, and not all.",
		Remedy: "Add a PodDisruptionBudget with maxUnavailable: 1 and the labels of the pods: " +
			"kubectl create pdb NAME -n NAMESPACE --selector=app=NAME --max-unavailable=1.",
		Reasons: []check.Reason{none, several, uncounted, allowsNone, allowsAll, used, shared},
		About:   fact.Workloads(),
		Topics:  func(DisruptionBudgetParameters) []string { return []string{fact.TopicBudgets} },
		None:    check.Undeclared,
		Nothing: noWorkload,
		Select:  func(w fact.Workload, _ DisruptionBudgetParameters) bool { return isReplicated(w) },
		Judge: func(w fact.Workload, _ DisruptionBudgetParameters, _ time.Time) []check.Problem {
			switch len(w.Budgets) {
			case 0:
				return []check.Problem{none.Problem("no budget selects the labels of its pods")}
			case 1:
			default:
				return []check.Problem{several.Problem(strings.Join(names(w.Budgets), ", "))}
			}
			budget := w.Budgets[0]
			var problems []check.Problem
			if budget.Workloads > 1 {
				problems = append(problems, shared.Problem(fmt.Sprintf("%s covers %d workloads", budget.Name, budget.Workloads)))
			}
			detail := fmt.Sprintf("%s (%s) wants %d of %s healthy; %d are", budget.Name, rule(budget), budget.Needed,
				pods(budget.Expected), budget.Healthy)
			switch {
			case !budget.Counted:
				problems = append(problems, uncounted.Problem(budget.Name+" ("+rule(budget)+")"))
			case budget.Needed >= budget.Expected:
				problems = append(problems, allowsNone.Problem(detail))
			case budget.Needed <= 0:
				problems = append(problems, allowsAll.Problem(detail))
			case budget.Allowed == 0:
				problems = append(problems, used.Problem(detail))
			}
			return problems
		},
	}
}

func names(budgets []fact.DisruptionBudget) []string {
	names := make([]string, len(budgets))
	for i, budget := range budgets {
		names[i] = budget.Name
	}
	return names
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
