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
	older := check.Reason{
		Name: "older_revision", Level: check.Fail, Sentence: "Pods run an older revision than the newest: nothing replaces them by itself.",
		Remedy: "Delete the pods one after the other once each new one is ready: kubectl delete pod POD -n NAMESPACE; or set the update " +
			"strategy to RollingUpdate.",
	}
	held := check.Reason{
		Name: "held_back", Level: check.Warn, Sentence: "The newest revision is held back from some pods.",
		Remedy: "Let it go on once it has proven itself: lower rollingUpdate.partition, or kubectl rollout resume KIND/NAME -n NAMESPACE.",
	}
	return check.Kind[struct{}]{
		Name:    "rollout_health",
		Summary: "The last rollout of every workload is complete, and all its pods are ready.",
		Remedy: "Find out why: kubectl rollout status KIND/NAME -n NAMESPACE and kubectl describe pods; go back by " +
			"kubectl rollout undo KIND/NAME.",
		Reasons: []check.Reason{inProgress, stalled, notReady, older, held, cannotMakePods()},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, _ struct{}) []check.Problem {
				detail := func() string {
					return fmt.Sprintf("Of %s, %d %s updated and %d %s ready.", pods(w.Replicas.Desired),
						w.Replicas.Updated, words.Verb(w.Replicas.Updated), w.Replicas.Ready, words.Verb(w.Replicas.Ready))
				}
				outdated := w.Replicas.Updated < w.Replicas.Desired
				switch {
				case w.Rollout.Trouble != "" && (outdated || w.Replicas.Ready < w.Replicas.Desired):
					return []check.Problem{cannotMakePods().Problem(detail() + " Its controller reports: " + w.Rollout.Trouble + ".")}
				case w.Rollout.Stalled:
					return []check.Problem{stalled.Problem(detail())}
				case !w.Observed:
					return []check.Problem{inProgress.Problem("Its controller has not processed the newest specification yet. " + detail())}
				case w.Rollout.InProgress && len(w.Pods.Waiting) == 0 && w.Pods.Unschedulable == 0:
					return []check.Problem{inProgress.Problem(detail())}
				case w.Replicas.Ready < w.Replicas.Desired:
					return []check.Problem{notReady.Problem(detail())}
				case outdated && w.Rollout.Strategy == onDelete:
					return []check.Problem{older.Problem(detail() + " With the strategy OnDelete a pod is replaced only once it is deleted.")}
				case outdated && (w.Rollout.Partition > 0 || w.Rollout.Paused):
					return []check.Problem{held.Problem(detail())}
				default:
					return nil
				}
			}).Needs(fact.TopicPods, fact.TopicRollout),
		},
		WhenEmpty: noWorkload(),
	}
}

// onDelete is the strategy by which pods are replaced only once somebody deletes them.
const onDelete = "OnDelete"

// cannotMakePods is the reason of a workload whose controller may not, or cannot, make its pods.
func cannotMakePods() check.Reason {
	return check.Reason{
		Name: "cannot_create_pods", Level: check.Fail, Sentence: "The controller of the workload cannot create its pods.",
		Remedy: "Find out why: kubectl get events -n NAMESPACE; most often a ResourceQuota, a LimitRange or an admission webhook refuses " +
			"them: kubectl describe quota,limits -n NAMESPACE.",
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
