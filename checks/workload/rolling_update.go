package workload

import (
	"fmt"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// RollingUpdate judges whether a release replaces the pods of a workload bit by bit, waiting for each to work, and
// whether the last one came through. DaemonSets, which serve each node by themselves, and what is scaled to zero are
// left out.
func RollingUpdate() check.Kind[struct{}] {
	notRolling := check.Reason{
		Name: "not_rolling", Level: check.Fail, Sentence: "The workload's pods are not replaced one after the other.",
	}
	allAtOnce := check.Reason{
		Name: "all_at_once", Level: check.Fail, Sentence: "A release may take all pods of the workload away at the same time.",
		Remedy: "Set maxUnavailable lower than replicas (of a Deployment to 0, with maxSurge: 1), and run at least 2 replicas.",
	}
	single := check.Reason{
		Name: "single_pod", Level: check.Warn,
		Sentence: "A release takes the only pod of the workload away; this follows from availability.replicas.",
		Remedy:   "Fix availability.replicas first; a Deployment of one pod can have maxUnavailable: 0 and maxSurge: 1.",
	}
	neverWaits := check.Reason{
		Name: "never_waits", Level: check.Fail, Sentence: "A release does not wait until a new pod works before it takes the next old one.",
		Remedy: "Add a readinessProbe to the container that serves, or minReadySeconds to the workload.",
	}
	stalled := check.Reason{
		Name: "stalled", Level: check.Fail, Sentence: "The last release is stuck: its deadline has passed without progress.",
		Remedy: "Find out why: kubectl rollout status KIND/NAME -n NAMESPACE and kubectl get events -n NAMESPACE; go back by " +
			"kubectl rollout undo.",
	}
	paused := check.Reason{
		Name: "paused", Level: check.Warn, Sentence: "The workload's rollout is paused: no release reaches it.",
		Remedy: "kubectl rollout resume KIND/NAME -n NAMESPACE; of a Rollout: kubectl argo rollouts promote NAME -n NAMESPACE.",
	}
	return check.Kind[struct{}]{
		Name:    "workload_rolling_update",
		Summary: "A release replaces the pods of every workload bit by bit, waits for each to work, and leaves some to serve.",
		Remedy:  "Set the strategy (of a StatefulSet: updateStrategy) to type: RollingUpdate.",
		Reasons: []check.Reason{notRolling, allAtOnce, single, neverWaits, stalled, paused},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, _ struct{}) (problems []check.Problem) {
				rollout := w.Rollout
				updated := func() string { return fmt.Sprintf("%d of %s updated", w.Replicas.Updated, pods(w.Replicas.Desired)) }
				switch {
				case !rolls(rollout.Strategy):
					problems = append(problems, notRolling.Problem(fmt.Sprintf("The strategy of the workload is %q.", rollout.Strategy)))
				case w.Replicas.Desired == 1 && rollout.MaxUnavailable == 1:
					problems = append(problems, single.Problem("During a release the only pod may be unavailable. "+
						"This follows from the number of replicas."))
				case rollout.MaxUnavailable >= w.Replicas.Desired:
					problems = append(problems, allAtOnce.Problem(fmt.Sprintf("During a release %d of %s may be unavailable.",
						rollout.MaxUnavailable, pods(w.Replicas.Desired))))
				}
				if rollout.MinReady == 0 && !asksReadiness(w) {
					problems = append(problems, neverWaits.Problem("No container has a readiness probe, and minReadySeconds is 0."))
				}
				if rollout.Stalled {
					problems = append(problems, stalled.Problem(fmt.Sprintf("The rollout is stuck with %s and %d available.",
						updated(), w.Replicas.Available)))
				}
				if rollout.Paused {
					problems = append(problems, paused.Problem("The rollout is paused with "+updated()+"."))
				}
				return problems
			}).Where(func(_ check.Context, w *fact.Workload, _ struct{}) bool { return isReplicated(w) }).Needs(),
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, _ struct{}) []check.Problem {
				least := w.Least()
				taken := w.Rollout.UnavailableOf(least)
				switch {
				case !rolls(w.Rollout.Strategy), least == 0, taken < least, w.Rollout.MaxUnavailable >= w.Replicas.Desired:
					return nil // It is none of the number of pods, or told already.
				case least == 1:
					return []check.Problem{single.Problem(leftWith(w) + ", which may be unavailable during a release. " +
						"This follows from the number of replicas.")}
				default:
					return []check.Problem{allAtOnce.Problem(fmt.Sprintf("%s. During a release %d of them may be unavailable.", leftWith(w), taken))}
				}
			}).Where(func(_ check.Context, w *fact.Workload, _ struct{}) bool { return isReplicated(w) && mayChange(w) }).
				Needs(fact.TopicAutoscalers),
		},
		WhenEmpty: noWorkload(),
	}
}

// rolls tells the strategies by which some pods serve while others are replaced.
func rolls(strategy string) bool {
	return slices.Contains([]string{"RollingUpdate", fact.StrategyCanary, fact.StrategyBlueGreen}, strategy)
}

func asksReadiness(w *fact.Workload) bool {
	return slices.ContainsFunc(w.Containers, func(c fact.Container) bool { return c.Readiness != nil })
}
