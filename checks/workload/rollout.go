package workload

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// RolloutHealth judges whether the last rollout of every workload is complete and its pods are ready.
func RolloutHealth() check.Kind[struct{}] {
	inProgress := check.Reason{
		Name: "in_progress", Level: check.Warn, Sentence: "The workload's pods are being replaced.",
		Remedy: "Wait for it: kubectl rollout status KIND/NAME -n NAMESPACE.",
	}
	stalled := check.Reason{Name: "stalled", Level: check.Fail, Sentence: "The rollout is stuck: its deadline has passed without progress."}
	notReady := check.Reason{Name: "not_ready", Level: check.Fail, Sentence: "Not all pods of the workload are ready."}
	return check.Kind[struct{}]{
		Name:    "rollout_health",
		Summary: "The last rollout of every workload is complete, and all its pods are ready.",
		Remedy: "Find out why: kubectl rollout status KIND/NAME -n NAMESPACE and kubectl describe pods; go back by " +
			"kubectl rollout undo KIND/NAME.",
		Reasons: []check.Reason{inProgress, stalled, notReady},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, _ struct{}) []check.Problem {
				detail := fmt.Sprintf("Of %s, %d %s updated and %d %s ready.", pods(w.Replicas.Desired),
					w.Replicas.Updated, words.Verb(w.Replicas.Updated), w.Replicas.Ready, words.Verb(w.Replicas.Ready))
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
			}).Needs(fact.TopicPods, fact.TopicRollout),
		},
		WhenEmpty: noWorkload(),
	}
}

// RolloutAgeParameters say how long a release is watched.
type RolloutAgeParameters struct {
	// How long ago the newest rollout must have begun.
	MinimumDuration quantity.Duration `yaml:"minimum_duration"`
}

// Validate says what cannot be.
func (p RolloutAgeParameters) Validate() error {
	return check.Positive("minimum_duration", p.MinimumDuration)
}

// RolloutAge judges whether the newest rollout of every Deployment has stood for a while.
func RolloutAge() check.Kind[RolloutAgeParameters] {
	tooRecent := check.Reason{
		Name: "too_recent", Level: check.Fail, Sentence: "The newest rollout has not been watched for long enough.",
	}
	return check.Kind[RolloutAgeParameters]{
		Name:     "rollout_age",
		Summary:  "The newest rollout of every Deployment began long enough ago to have been watched.",
		Remedy:   "Watch it until the time has passed: this item becomes ready by itself.",
		Reasons:  []check.Reason{tooRecent},
		Defaults: RolloutAgeParameters{MinimumDuration: quantity.Duration(24 * time.Hour)},
		Over: []check.Quantified[RolloutAgeParameters]{
			check.Each(fact.Workloads(), func(c check.Context, w *fact.Workload, p RolloutAgeParameters) []check.Problem {
				if age := c.Now.Sub(w.Rollout.BeganAt); age < p.MinimumDuration.Std() {
					return []check.Problem{tooRecent.Problem(fmt.Sprintf("The newest rollout began %s ago; at least %s is wanted.",
						quantity.InWords(age), quantity.InWords(p.MinimumDuration.Std())))}
				}
				return nil
			}).Where(func(_ check.Context, w *fact.Workload, _ RolloutAgeParameters) bool {
				return !w.Rollout.BeganAt.IsZero()
			}).
				Needs(fact.TopicRevisions),
		},
		WhenEmpty: noWorkload(),
	}
}
