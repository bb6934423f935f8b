// Package kubernetes judges what runs in Kubernetes clusters: whether it stays available when a pod, a node or a release
// goes wrong.
package kubernetes

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// noWorkload is what every check on workloads says when there is none.
const noWorkload = "no workload is known: add the cluster to kubernetes in the system description, with namespaces and a selector"

// ReplicasParameters say how many pods a workload needs.
type ReplicasParameters struct {
	// How many pods a Deployment or StatefulSet must want.
	Minimum int `yaml:"minimum"`
	// How long after its newest pod was made the rollout of a StatefulSet or DaemonSet may take. Deployments have a
	// deadline of their own: progressDeadlineSeconds.
	RolloutDeadline quantity.Duration `yaml:"rollout_deadline"`
}

// Validate says what cannot be.
func (p ReplicasParameters) Validate() error {
	if p.Minimum < 1 {
		return fmt.Errorf("minimum %d: expected 1 or more", p.Minimum)
	}
	return nil
}

// Replicas judges whether workloads want enough pods, and have them. Of DaemonSets, which want a pod a node, it only
// judges whether they have them; those that no node wants are left out.
func Replicas() check.Kind[fact.Workload, ReplicasParameters] {
	scaledToZero := check.Reason{
		Name: "scaled_to_zero", Level: check.Fail, Sentence: "It is scaled to zero: it does not run at all.",
		Remedy: "kubectl scale --replicas=2 KIND/NAME -n NAMESPACE, or delete what is not needed any more.",
	}
	tooFew := check.Reason{
		Name: "too_few_desired", Level: check.Fail, Sentence: "It wants too few pods to outlive the loss of one.",
	}
	unavailable := check.Reason{
		Name: "unavailable", Level: check.Fail, Sentence: "Fewer pods are available than it wants.",
		Remedy: "See why: kubectl get pods -n NAMESPACE -o wide, then kubectl describe and kubectl logs --previous on those that are not ready.",
	}
	updating := check.Reason{
		Name: "updating", Level: check.Warn, Sentence: "A rollout is in progress, and not all pods are available yet.",
		Remedy: "Wait for it: kubectl rollout status KIND/NAME -n NAMESPACE.",
	}
	unobserved := check.Reason{
		Name: "not_observed", Level: check.Warn, Sentence: "Its controller has not seen the newest specification yet.",
		Remedy: "If this lasts, the controller manager does not work: look at its log, and at kubectl get --raw /readyz?verbose.",
	}
	return check.Kind[fact.Workload, ReplicasParameters]{
		Name:     "workload_replicas",
		Summary:  "Every workload wants at least the minimum of pods, and all that it wants are available.",
		Remedy:   "kubectl scale --replicas=2 KIND/NAME -n NAMESPACE, or raise replicas (minReplicas of its autoscaler) where it is declared.",
		Reasons:  []check.Reason{scaledToZero, tooFew, unavailable, updating, unobserved},
		Defaults: ReplicasParameters{Minimum: 2, RolloutDeadline: quantity.Duration(10 * time.Minute)},
		About:    fact.Workloads(),
		Topics:   func(ReplicasParameters) []string { return []string{fact.TopicPods} },
		None:     check.Undeclared,
		Nothing:  noWorkload,
		Select: func(w fact.Workload, _ ReplicasParameters) bool {
			return w.Kind != fact.KindDaemonSet || w.Replicas.Desired > 0
		},
		Judge: func(w fact.Workload, p ReplicasParameters, now time.Time) []check.Problem {
			var problems []check.Problem
			replicas := w.Replicas
			switch {
			case replicas.Desired == 0:
				return []check.Problem{scaledToZero.Problem("it wants no pod")}
			case replicas.Desired < p.Minimum && w.Kind != fact.KindDaemonSet:
				problems = append(problems, tooFew.Problem(fmt.Sprintf("it wants %s; %d are needed", pods(replicas.Desired), p.Minimum)))
			}
			available := fmt.Sprintf("%d of %s available", replicas.Available, pods(replicas.Desired))
			switch {
			case !w.Observed:
				problems = append(problems, unobserved.Problem(available+", by an older specification"))
			case replicas.Available >= replicas.Desired:
			case replicas.Available > 0 && w.Rollout.InProgress && inTime(w, p, now):
				problems = append(problems, updating.Problem(fmt.Sprintf("%s, %d updated", available, replicas.Updated)))
			default:
				problems = append(problems, unavailable.Problem(available))
			}
			return problems
		},
	}
}

// inTime tells whether a rollout can be waited for.
func inTime(w fact.Workload, p ReplicasParameters, now time.Time) bool {
	return w.Kind == fact.KindDeployment || now.Sub(w.Pods.NewestAt) <= p.RolloutDeadline.Std()
}

// pods writes a number of pods.
func pods(n int) string { return plural(n, "pod") }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// isReplicated tells the workloads that want a number of pods, one at least.
func isReplicated(w fact.Workload) bool {
	return w.Kind != fact.KindDaemonSet && w.Replicas.Desired > 0
}
