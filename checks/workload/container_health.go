package workload

import (
	"fmt"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// ContainerHealthParameters say for how long containers must have run.
type ContainerHealthParameters struct {
	// How long ago the newest restart of a container must be.
	MinimumTimeSinceRestart quantity.Duration `yaml:"minimum_time_since_restart"`
}

// ContainerHealth judges whether somebody asks the containers how they are, and whether they are well.
func ContainerHealth() check.Kind[ContainerHealthParameters] {
	noProbe := check.Reason{
		Name: "no_probe", Level: check.Fail,
		Sentence: "No container of the workload has a probe, so that nobody notices when one is not well.",
		Remedy:   "Add a readinessProbe and a livenessProbe to the containers that serve.",
	}
	restarted := check.Reason{Name: "restarted", Level: check.Fail, Sentence: "A container was restarted a short time ago."}
	cannotStart := check.Reason{Name: "cannot_start", Level: check.Fail, Sentence: "A container cannot start."}
	return check.Kind[ContainerHealthParameters]{
		Name:     "container_health",
		Summary:  "The containers of every workload have probes, can start, and have not been restarted for a while.",
		Remedy:   "Find out why: kubectl describe pods -n NAMESPACE and kubectl logs --previous POD -c CONTAINER -n NAMESPACE.",
		Reasons:  []check.Reason{noProbe, restarted, cannotStart},
		Defaults: ContainerHealthParameters{MinimumTimeSinceRestart: quantity.Duration(time.Hour)},
		Over: []check.Quantified[ContainerHealthParameters]{
			check.Each(fact.Workloads(), func(c check.Context, w *fact.Workload, p ContainerHealthParameters) (problems []check.Problem) {
				if !probed(w) {
					problems = append(problems, noProbe.Problem("The workload has "+words.Count(len(w.Containers), "container")+" and no probe."))
				}
				for _, waiting := range w.Pods.Waiting {
					problems = append(problems, cannotStart.Problem(fmt.Sprintf("The container %s cannot start in %s: %s.",
						waiting.Container, pods(waiting.Pods), waiting.Reason)))
				}
				if last := w.Pods.Restarted; last != nil && c.Now.Sub(last.At) < p.MinimumTimeSinceRestart.Std() {
					problems = append(problems, restarted.Problem(fmt.Sprintf(
						"The container %s was restarted %s ago (%s); at least %s without a restart are wanted.", last.Container,
						quantity.InWords(c.Now.Sub(last.At)), last.Reason, quantity.InWords(p.MinimumTimeSinceRestart.Std()))))
				}
				return problems
			}).Needs(fact.TopicPods),
		},
		WhenEmpty: noWorkload(),
	}
}

func probed(w *fact.Workload) bool {
	return slices.ContainsFunc(w.Containers, func(c fact.Container) bool { return c.Readiness != nil || c.Liveness != nil })
}
