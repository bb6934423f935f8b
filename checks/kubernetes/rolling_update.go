package kubernetes

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// RollingUpdateParameters are none.
type RollingUpdateParameters struct{}

// RollingUpdate judges whether a release replaces the pods of a workload bit by bit, waiting for each to work, and
// whether the last one came through. DaemonSets, which serve each node by themselves, and what is scaled to zero are
// left out.
func RollingUpdate() check.Kind[fact.Workload, RollingUpdateParameters] {
	notRolling := check.Reason{
		Name: "not_rolling", Level: check.Fail, Sentence: "Its pods are not replaced one after the other.",
	}
	allAtOnce := check.Reason{
		Name: "all_at_once", Level: check.Fail, Sentence: "A release may take all its pods away at the same time.",
		Remedy: "Set maxUnavailable lower than replicas (of a Deployment to 0, with maxSurge: 1), and run at least 2 replicas.",
	}
	neverWaits := check.Reason{
		Name: "never_waits", Level: check.Fail, Sentence: "A release does not wait until a new pod works before it takes the next old one.",
		Remedy: "Add a readinessProbe to the container that serves, or minReadySeconds to the workload.",
	}
	stalled := check.Reason{
		Name: "stalled", Level: check.Fail, Sentence: "The last release is stuck: its deadline has passed without progress.",
		Remedy: "See why: kubectl rollout status KIND/NAME -n NAMESPACE and kubectl get events -n NAMESPACE; go back by kubectl rollout undo.",
	}
	paused := check.Reason{
		Name: "paused", Level: check.Warn, Sentence: "Its rollout is paused: no release reaches it.",
		Remedy: "kubectl rollout resume KIND/NAME -n NAMESPACE.",
	}
	return check.Kind[fact.Workload, RollingUpdateParameters]{
		Name:    "workload_rolling_update",
		Summary: "A release replaces the pods of every workload bit by bit, waits for each to work, and leaves some to serve.",
		Remedy:  "Set the strategy (of a StatefulSet: updateStrategy) to type: RollingUpdate.",
		Reasons: []check.Reason{notRolling, allAtOnce, neverWaits, stalled, paused},
		About:   fact.Workloads(),
		Topics:  func(RollingUpdateParameters) []string { return []string{} },
		None:    check.Undeclared,
		Nothing: noWorkload,
		Select:  func(w fact.Workload, _ RollingUpdateParameters) bool { return isReplicated(w) },
		Judge: func(w fact.Workload, _ RollingUpdateParameters, _ time.Time) []check.Problem {
			var problems []check.Problem
			rollout := w.Rollout
			switch {
			case rollout.Strategy != "RollingUpdate":
				problems = append(problems, notRolling.Problem(fmt.Sprintf("its strategy is %q", rollout.Strategy)))
			case rollout.MaxUnavailable >= w.Replicas.Desired:
				problems = append(problems, allAtOnce.Problem(fmt.Sprintf("%d of %s may be unavailable",
					rollout.MaxUnavailable, pods(w.Replicas.Desired))))
			}
			if rollout.MinReady == 0 && !asksReadiness(w) {
				problems = append(problems, neverWaits.Problem("no container has a readiness probe, and minReadySeconds is 0"))
			}
			if rollout.Stalled {
				problems = append(problems, stalled.Problem(fmt.Sprintf("%d of %s updated, %d available",
					w.Replicas.Updated, pods(w.Replicas.Desired), w.Replicas.Available)))
			}
			if rollout.Paused {
				problems = append(problems, paused.Problem(fmt.Sprintf("%d of %s updated", w.Replicas.Updated, pods(w.Replicas.Desired))))
			}
			return problems
		},
	}
}

func asksReadiness(w fact.Workload) bool {
	for _, container := range w.Containers {
		if container.Readiness != nil {
			return true
		}
	}
	return false
}
