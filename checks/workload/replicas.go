package workload

import (
	"fmt"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// ReplicasParameters say how many pods a workload needs.
type ReplicasParameters struct {
	// How many pods a Deployment or StatefulSet must want.
	Minimum quantity.Count `yaml:"minimum"`
	// How long after its newest pod was made the rollout of a StatefulSet or DaemonSet may take. Deployments have a
	// deadline of their own: progressDeadlineSeconds.
	RolloutDeadline quantity.Duration `yaml:"rollout_deadline"`
}

// Validate says what cannot be.
func (p ReplicasParameters) Validate() error {
	if p.Minimum < 1 {
		return check.Wrong("minimum", "expected 1 or more")
	}
	return nil
}

// Replicas judges whether workloads want enough pods, and have them. Of DaemonSets, which want a pod a node, it only
// judges whether they have them; those that no node wants are left out.
func Replicas() check.Kind[ReplicasParameters] {
	scaledToZero := check.Reason{
		Name: "scaled_to_zero", Level: check.Fail, Sentence: "The workload is scaled to zero: it does not run at all.",
		Remedy: "Set replicas to 2 or more where the workload is declared, or delete what is not needed any more.",
	}
	tooFew := check.Reason{
		Name: "too_few_desired", Level: check.Fail, Sentence: "The workload wants too few pods to outlive the loss of one.",
	}
	mayShrink := check.Reason{
		Name: "may_shrink", Level: check.Fail, Sentence: "The workload's autoscaler may leave it with too few pods to outlive the loss of one.",
		Remedy: "Set minReplicas (of a ScaledObject: minReplicaCount) to 2 or more where the autoscaler is declared.",
	}
	unavailable := check.Reason{
		Name: "unavailable", Level: check.Fail, Sentence: "Fewer pods are available than the workload wants.",
		Remedy: "Find out why: kubectl get pods -n NAMESPACE -o wide, then kubectl describe and kubectl logs --previous on those " +
			"that are not ready.",
	}
	updating := check.Reason{
		Name: "updating", Level: check.Warn, Sentence: "A rollout is in progress, and not all pods are available yet.",
		Remedy: "Wait for it: kubectl rollout status KIND/NAME -n NAMESPACE.",
	}
	unobserved := check.Reason{
		Name: "not_observed", Level: check.Warn, Sentence: "The workload's controller has not processed the newest specification yet.",
		Remedy: "If this lasts, the controller manager does not work: read its log, and kubectl get --raw /readyz?verbose.",
	}
	return check.Kind[ReplicasParameters]{
		Name:    "workload_replicas",
		Summary: "Every workload wants at least the minimum of pods, and all that it wants are available.",
		Remedy: "Set replicas (minReplicas of its autoscaler) to 2 or more where the workload is declared; at once: " +
			"kubectl scale --replicas=2 KIND/NAME -n NAMESPACE.",
		Reasons:  []check.Reason{scaledToZero, tooFew, mayShrink, unavailable, cannotMakePods(), updating, unobserved},
		Defaults: ReplicasParameters{Minimum: 2, RolloutDeadline: quantity.Duration(10 * time.Minute)},
		Over: []check.Quantified[ReplicasParameters]{
			check.Each(fact.Workloads(), func(c check.Context, w *fact.Workload, p ReplicasParameters) (problems []check.Problem) {
				replicas, least := w.Replicas, w.Least()
				switch {
				case replicas.Desired == 0 && !w.RestsAtZero():
					return []check.Problem{scaledToZero.Problem("The workload wants no pod.")}
				case least < int(p.Minimum) && least < replicas.Desired, w.RestsAtZero() && least < int(p.Minimum):
					problems = append(problems, mayShrink.Problem(fmt.Sprintf("The %s %s may scale the workload down to %s; at least %d are needed.",
						w.Autoscaler.Kind, w.Autoscaler.Name, pods(least), p.Minimum)))
				case replicas.Desired < int(p.Minimum) && replicas.Desired > 0 && w.Kind != fact.KindDaemonSet:
					problem := tooFew.Problem(fmt.Sprintf("The workload wants %s; at least %d are needed.", pods(replicas.Desired), p.Minimum))
					if w.Database != "" {
						problem.Remedy = moreOfDatabase
					}
					problems = append(problems, problem)
				}
				available := func() string {
					return fmt.Sprintf("%d of %s %s available", replicas.Available, pods(replicas.Desired), words.Verb(replicas.Desired))
				}
				switch {
				case !w.Observed:
					problems = append(problems, unobserved.Problem("By an older specification, "+available()+".").UrgentIf(w.Down()))
				case replicas.Available >= replicas.Desired:
				case w.Rollout.Trouble != "":
					problems = append(problems, cannotMakePods().Problem(fmt.Sprintf("Only %s. Its controller reports: %s.",
						available(), w.Rollout.Trouble)).UrgentIf(w.Down()))
				case replicas.Available > 0 && w.Rollout.InProgress && inTime(c, w, p):
					problems = append(problems, updating.Problem(fmt.Sprintf("During a rollout, %s, and %d %s updated.",
						available(), replicas.Updated, words.Verb(replicas.Updated))))
				default:
					problem := unavailable.Problem("Only " + available() + ".").UrgentIf(w.Down())
					problem.Remedy = strings.ReplaceAll(problem.Remedy, "NAMESPACE", w.Namespace)
					problems = append(problems, problem)
				}
				return problems
			}).Where(func(_ check.Context, w *fact.Workload, _ ReplicasParameters) bool {
				return w.Kind != fact.KindDaemonSet || w.Replicas.Desired > 0
			}).Needs(fact.TopicPods, fact.TopicAutoscalers),
		},
		WhenEmpty: noWorkload(),
	}
}

// moreOfDatabase is what to do where one pod of a database is too few: a second one would be another, empty database.
const moreOfDatabase = "Have the database replicate by its own means, such as an operator (CloudNativePG, Percona, MongoDB) or a managed " +
	"service; more replicas of the same pod do not share its data. Where one is meant, accept it by a waiver with a date."

// inTime tells whether a rollout can be waited for.
func inTime(c check.Context, w *fact.Workload, p ReplicasParameters) bool {
	return w.HasRevisions() || c.Now.Sub(w.Pods.NewestAt) <= p.RolloutDeadline.Std()
}
