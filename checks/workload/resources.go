package workload

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// ResourcesParameters say what containers must ask for.
type ResourcesParameters struct {
	// The resource: cpu or memory.
	Resource quantity.Choice[resources] `yaml:"resource"`
	// Whether a limit must be set too: required or optional.
	Limits quantity.Choice[limits] `yaml:"limits"`
}

// resources are those that containers can request.
type resources struct{}

// Values lists them.
func (resources) Values() []string { return []string{"cpu", "memory"} }

// limits say whether there must be any.
type limits struct{}

// Values lists them.
func (limits) Values() []string { return []string{"required", "optional"} }

// in tells whether a container says anything of the resource.
func (p ResourcesParameters) in(r fact.Resources) bool {
	return p.Resource == "cpu" && r.CPU > 0 || p.Resource == "memory" && r.Memory > 0
}

// Resources judges whether every container says how much of a resource it needs, and how much it may take.
func Resources() check.Kind[ResourcesParameters] {
	noRequest := check.Reason{
		Name: "no_request", Level: check.Fail, Sentence: "A container requests none of the resource: the scheduler counts it as nothing.",
	}
	noLimit := check.Reason{
		Name: "no_limit", Level: check.Fail, Sentence: "A container has no limit of the resource: it can take all that a node has.",
		Remedy: "Set resources.limits of the container, or limits: optional where that is meant.",
	}
	return check.Kind[ResourcesParameters]{
		Name:     "workload_resources",
		Summary:  "Every container of every workload, or its pod as a whole, requests the resource and, where that is required, limits it.",
		Remedy:   "Set resources.requests of the container, from what it has used: kubectl top pods --containers -n NAMESPACE.",
		Reasons:  []check.Reason{noRequest, noLimit},
		Defaults: ResourcesParameters{Resource: "memory", Limits: "required"},
		Over: []check.Quantified[ResourcesParameters]{
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, p ResourcesParameters) (problems []check.Problem) {
				for _, container := range w.Containers {
					limited := p.in(container.Limits) || p.in(w.PodLimits)
					// The API server makes a limit a request where none is set; manifests do not.
					if !limited && !p.in(container.Requests) && !p.in(w.PodRequests) {
						problems = append(problems, noRequest.Problem(fmt.Sprintf("The container %s requests no %s.", container.Name, p.Resource)))
					}
					if !limited && p.Limits == "required" {
						problems = append(problems, noLimit.Problem(fmt.Sprintf("The container %s has no %s limit.", container.Name, p.Resource)))
					}
				}
				return problems
			}).Needs(fact.TopicPods), // Pods have the defaults of their namespace.
		},
		WhenEmpty: noWorkload(),
	}
}
