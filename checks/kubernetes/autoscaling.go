package kubernetes

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// AutoscalingParameters say how long an autoscaler may want more than it is allowed.
type AutoscalingParameters struct {
	// How long an autoscaler may stand at its maximum while it wants more.
	MaximumTimeAtLimit quantity.Duration `yaml:"maximum_time_at_limit"`
}

// Autoscaling judges whether anything of the system scales by itself, and whether what does can.
func Autoscaling() check.Kind[fact.Workload, AutoscalingParameters] {
	none := check.Reason{
		Name: "no_autoscaler", Level: check.Fail, Sentence: "No workload has an autoscaler.",
		Remedy: "kubectl autoscale deployment/NAME --min=2 --max=10 --cpu=70% -n NAMESPACE, or say why it does not apply.",
	}
	inactive := check.Reason{
		Name: "inactive", Level: check.Fail, Sentence: "Its autoscaler cannot scale it.",
	}
	fixed := check.Reason{
		Name: "fixed", Level: check.Fail, Sentence: "Its autoscaler has no room: the minimum is the maximum.",
		Remedy: "Raise maxReplicas, or lower minReplicas, of the autoscaler.",
	}
	atLimit := check.Reason{
		Name: "at_limit", Level: check.Fail, Sentence: "Its autoscaler has wanted more than its maximum for too long.",
		Remedy: "Raise maxReplicas if the nodes have room for it, or find out why the workload needs so much.",
	}
	return check.Kind[fact.Workload, AutoscalingParameters]{
		Name:     "workload_autoscaling",
		Summary:  "Some workload scales by itself, and every autoscaler is active and has room.",
		Remedy:   "See why: kubectl describe hpa -n NAMESPACE. Most often no metrics come: kubectl get apiservices | grep metrics.",
		Reasons:  []check.Reason{none, inactive, fixed, atLimit},
		Defaults: AutoscalingParameters{MaximumTimeAtLimit: quantity.Duration(time.Hour)},
		About:    fact.Workloads(),
		Topics:   func(AutoscalingParameters) []string { return []string{fact.TopicAutoscalers} },
		None:     check.Undeclared,
		Nothing:  noWorkload,
		JudgeAll: func(batch fact.Batch[fact.Workload], p AutoscalingParameters, now time.Time) []check.Problem {
			var problems []check.Problem
			found := 0
			for _, w := range batch.Facts {
				scaler := w.Autoscaler
				if scaler == nil {
					continue
				}
				found++
				name := scaler.Kind + " " + scaler.Name
				var own []check.Problem
				if !scaler.Active {
					own = append(own, inactive.Problem(name+": "+scaler.Trouble))
				}
				if scaler.Minimum >= scaler.Maximum {
					own = append(own, fixed.Problem(fmt.Sprintf("%s: %d to %d", name, scaler.Minimum, scaler.Maximum)))
				}
				if since := scaler.AtMaximumSince; !since.IsZero() && now.Sub(since) > p.MaximumTimeAtLimit.Std() {
					own = append(own, atLimit.Problem(fmt.Sprintf("%s: at %d for %s", name, scaler.Maximum, quantity.InWords(now.Sub(since)))))
				}
				for _, problem := range own {
					problem.Subject = w.Subject()
					problems = append(problems, problem)
				}
			}
			if found > 0 {
				return problems
			}
			if len(batch.Missed) > 0 {
				return []check.Problem{check.NotSeen(batch.Missed[0])}
			}
			return []check.Problem{none.Problem(fmt.Sprintf("none of %s", plural(len(batch.Facts), "workload")))}
		},
	}
}
