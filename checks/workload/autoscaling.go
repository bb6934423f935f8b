package workload

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// AutoscalingParameters say what scales by itself, and how long an autoscaler may want more than it is allowed.
type AutoscalingParameters struct {
	// Patterns of the names of workloads that must have an autoscaler: api-*. Empty: Deployments and Rollouts whose containers have
	// a port, and that run no database; and whatever has an autoscaler.
	Workloads []string `yaml:"workloads"`
	// How long an autoscaler may stand at its maximum while it wants more.
	MaximumTimeAtLimit quantity.Duration `yaml:"maximum_time_at_limit"`
}

// Validate says what cannot be.
func (p AutoscalingParameters) Validate() error { return validatePatterns("workloads", p.Workloads) }

// Autoscaling judges whether what should scale by itself has an autoscaler that can.
func Autoscaling() check.Kind[AutoscalingParameters] {
	none := check.Reason{
		Name: "no_autoscaler", Level: check.Fail, Sentence: "The workload has no autoscaler.",
		Remedy: "Add a HorizontalPodAutoscaler with minReplicas: 2 (kubectl autoscale deployment/NAME --min=2 --max=10 --cpu=70% -n " +
			"NAMESPACE); where only some workloads must scale, name them in the parameter workloads.",
	}
	inactive := check.Reason{Name: "inactive", Level: check.Fail, Sentence: "The autoscaler cannot scale the workload."}
	fixed := check.Reason{
		Name: "fixed", Level: check.Fail, Sentence: "The autoscaler has no room: its minimum is its maximum.",
		Remedy: "Raise maxReplicas, or lower minReplicas, of the autoscaler.",
	}
	atLimit := check.Reason{
		Name: "at_limit", Level: check.Fail, Sentence: "The autoscaler has wanted more than its maximum for too long.",
		Remedy: "Raise maxReplicas if the nodes have room for it, or find out why the workload needs so much.",
	}
	return check.Kind[AutoscalingParameters]{
		Name:     "workload_autoscaling",
		Summary:  "Every workload that should scale by itself has an autoscaler that is active and has room.",
		Remedy:   "Find out why: kubectl describe hpa -n NAMESPACE. Most often no metrics come: kubectl get apiservices | grep metrics.",
		Reasons:  []check.Reason{none, inactive, fixed, atLimit},
		Defaults: AutoscalingParameters{MaximumTimeAtLimit: quantity.Duration(time.Hour)},
		Over: []check.Quantified[AutoscalingParameters]{
			check.Each(fact.Workloads(), func(c check.Context, w *fact.Workload, p AutoscalingParameters) (problems []check.Problem) {
				scaler := w.Autoscaler
				if scaler == nil {
					return []check.Problem{none.Problem("No HorizontalPodAutoscaler and no ScaledObject scales the workload.")}
				}
				name := func() string { return "The " + scaler.Kind + " " + scaler.Name }
				if !scaler.Active {
					problems = append(problems, inactive.Problem(name()+" cannot scale the workload: "+scaler.Trouble+"."))
				}
				if scaler.Minimum >= scaler.Maximum {
					problems = append(problems, fixed.Problem(fmt.Sprintf("%s has no room: it scales from %d to %s.",
						name(), scaler.Minimum, pods(scaler.Maximum))))
				}
				if since := scaler.AtMaximumSince; !since.IsZero() && c.Now.Sub(since) > p.MaximumTimeAtLimit.Std() {
					problems = append(problems, atLimit.Problem(fmt.Sprintf("%s has wanted more than its maximum of %s for %s; at most %s is wanted.",
						name(), pods(scaler.Maximum), quantity.InWords(c.Now.Sub(since)), quantity.InWords(p.MaximumTimeAtLimit.Std()))))
				}
				return problems
			}).Where(func(_ check.Context, w *fact.Workload, p AutoscalingParameters) bool {
				if len(p.Workloads) > 0 {
					return named(w, p.Workloads)
				}
				return w.Autoscaler != nil || w.HasRevisions() && serves(w)
			}).Needs(fact.TopicAutoscalers),
		},
		WhenEmpty: noWorkload(),
	}
}
