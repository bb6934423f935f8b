package kubernetes

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// RolloutHealthParameters are none.
type RolloutHealthParameters struct{}

// RolloutHealth judges whether the last rollout of every workload is complete and its pods are ready.
func RolloutHealth() check.Kind[fact.Workload, RolloutHealthParameters] {
	inProgress := check.Reason{
		Name: "in_progress", Level: check.Warn, Sentence: "Its pods are being replaced.",
		Remedy: "Wait for it: kubectl rollout status KIND/NAME -n NAMESPACE.",
	}
	stalled := check.Reason{Name: "stalled", Level: check.Fail, Sentence: "Its rollout is stuck: the deadline has passed without progress."}
	notReady := check.Reason{Name: "not_ready", Level: check.Fail, Sentence: "Not all of its pods are ready."}
	return check.Kind[fact.Workload, RolloutHealthParameters]{
		Name:    "rollout_health",
		Summary: "The last rollout of every workload is complete, and all its pods are ready.",
		Remedy:  "See why: kubectl rollout status KIND/NAME -n NAMESPACE and kubectl describe pods; go back by kubectl rollout undo KIND/NAME.",
		Reasons: []check.Reason{inProgress, stalled, notReady},
		About:   fact.Workloads(),
		Topics:  func(RolloutHealthParameters) []string { return []string{fact.TopicPods, fact.TopicRollout} },
		None:    check.Undeclared,
		Nothing: noWorkload,
		Judge: func(w fact.Workload, _ RolloutHealthParameters, _ time.Time) []check.Problem {
			detail := fmt.Sprintf("%d of %s updated, %d ready", w.Replicas.Updated, pods(w.Replicas.Desired), w.Replicas.Ready)
			switch {
			case w.Rollout.Stalled:
				return []check.Problem{stalled.Problem(detail)}
			case w.Rollout.InProgress && len(w.Pods.Waiting) == 0 && w.Pods.Unschedulable == 0:
				return []check.Problem{inProgress.Problem(detail)}
			case w.Replicas.Ready < w.Replicas.Desired:
				return []check.Problem{notReady.Problem(detail)}
			default:
				return nil
			}
		},
	}
}

// RolloutAgeParameters say how long a release is watched.
type RolloutAgeParameters struct {
	// How long ago the newest rollout must have begun.
	MinimumDuration quantity.Duration `yaml:"minimum_duration"`
}

// RolloutAge judges whether the newest rollout of every Deployment has stood for a while.
func RolloutAge() check.Kind[fact.Workload, RolloutAgeParameters] {
	tooRecent := check.Reason{
		Name: "too_recent", Level: check.Fail, Sentence: "Its newest rollout has not been watched for long enough.",
	}
	return check.Kind[fact.Workload, RolloutAgeParameters]{
		Name:     "rollout_age",
		Summary:  "The newest rollout of every Deployment began long enough ago to have been watched.",
		Remedy:   "Watch it until the time has passed: this item becomes ready by itself.",
		Reasons:  []check.Reason{tooRecent},
		Defaults: RolloutAgeParameters{MinimumDuration: quantity.Duration(24 * time.Hour)},
		About:    fact.Workloads(),
		Topics:   func(RolloutAgeParameters) []string { return []string{fact.TopicRevisions} },
		None:     check.Undeclared,
		Nothing:  noWorkload,
		Select:   func(w fact.Workload, _ RolloutAgeParameters) bool { return !w.Rollout.BeganAt.IsZero() },
		Judge: func(w fact.Workload, p RolloutAgeParameters, now time.Time) []check.Problem {
			if age := now.Sub(w.Rollout.BeganAt); age < p.MinimumDuration.Std() {
				return []check.Problem{tooRecent.Problem(fmt.Sprintf("it began %s ago; %s are wanted",
					quantity.InWords(age), quantity.InWords(p.MinimumDuration.Std())))}
			}
			return nil
		},
	}
}
