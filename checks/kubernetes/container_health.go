package kubernetes

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// ContainerHealthParameters say for how long containers must have run.
type ContainerHealthParameters struct {
	// How long ago the newest restart of a container must be.
	MinimumTimeSinceRestart quantity.Duration `yaml:"minimum_time_since_restart"`
}

// ContainerHealth judges whether somebody asks the containers how they are, and whether they are well.
func ContainerHealth() check.Kind[fact.Workload, ContainerHealthParameters] {
	noProbe := check.Reason{
		Name: "no_probe", Level: check.Fail, Sentence: "Nobody asks its containers how they are: none has a probe.",
		Remedy: "Add a readinessProbe and a livenessProbe to the containers that serve.",
	}
	restarted := check.Reason{
		Name: "restarted", Level: check.Fail, Sentence: "A container was restarted a short time ago.",
	}
	cannotStart := check.Reason{
		Name: "cannot_start", Level: check.Fail, Sentence: "A container cannot start.",
	}
	return check.Kind[fact.Workload, ContainerHealthParameters]{
		Name:     "container_health",
		Summary:  "The containers of every workload have probes, can start, and have not been restarted for a while.",
		Remedy:   "See why: kubectl describe pods -n NAMESPACE and kubectl logs --previous POD -c CONTAINER -n NAMESPACE.",
		Reasons:  []check.Reason{noProbe, restarted, cannotStart},
		Defaults: ContainerHealthParameters{MinimumTimeSinceRestart: quantity.Duration(time.Hour)},
		About:    fact.Workloads(),
		Topics:   func(ContainerHealthParameters) []string { return []string{fact.TopicPods} },
		None:     check.Undeclared,
		Nothing:  noWorkload,
		Judge: func(w fact.Workload, p ContainerHealthParameters, now time.Time) []check.Problem {
			var problems []check.Problem
			if !probed(w) {
				problems = append(problems, noProbe.Problem(plural(len(w.Containers), "container")+" without a probe"))
			}
			for _, waiting := range w.Pods.Waiting {
				problems = append(problems, cannotStart.Problem(fmt.Sprintf("container %s of %s waits: %s",
					waiting.Container, pods(waiting.Pods), waiting.Reason)))
			}
			if last := w.Pods.Restarted; last != nil && now.Sub(last.At) < p.MinimumTimeSinceRestart.Std() {
				problems = append(problems, restarted.Problem(fmt.Sprintf("container %s ended %s ago: %s",
					last.Container, quantity.InWords(now.Sub(last.At)), last.Reason)))
			}
			return problems
		},
	}
}

func probed(w fact.Workload) bool {
	for _, container := range w.Containers {
		if container.Readiness != nil || container.Liveness != nil {
			return true
		}
	}
	return false
}
