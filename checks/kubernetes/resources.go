package kubernetes

import (
	"fmt"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// ResourcesParameters say what containers must ask for.
type ResourcesParameters struct {
	// The resource: cpu or memory.
	Resource string `yaml:"resource"`
	// Whether a limit must be set too: required or optional.
	Limits string `yaml:"limits"`
}

// Validate says what cannot be.
func (p ResourcesParameters) Validate() error {
	if !slices.Contains([]string{"cpu", "memory"}, p.Resource) {
		return fmt.Errorf("resource %q: expected cpu or memory", p.Resource)
	}
	if !slices.Contains([]string{"required", "optional"}, p.Limits) {
		return fmt.Errorf("limits %q: expected required or optional", p.Limits)
	}
	return nil
}

// of gives what a container says of the resource, in words; empty where it says nothing.
func (p ResourcesParameters) of(r fact.Resources) string {
	switch {
	case p.Resource == "cpu" && r.CPU > 0:
		return fmt.Sprintf("%g cores", r.CPU)
	case p.Resource == "memory" && r.Memory > 0:
		return quantity.Bytes(r.Memory).String()
	default:
		return ""
	}
}

// Resources judges whether every container says how much of a resource it needs, and how much it may take.
func Resources() check.Kind[fact.Workload, ResourcesParameters] {
	noRequest := check.Reason{
		Name: "no_request", Level: check.Fail, Sentence: "A container requests none of the resource: the scheduler counts it as nothing.",
	}
	noLimit := check.Reason{
		Name: "no_limit", Level: check.Fail, Sentence: "A container has no limit of the resource: it can take all that a node has.",
		Remedy: "Set resources.limits of the container, or limits: optional where that is meant.",
	}
	return check.Kind[fact.Workload, ResourcesParameters]{
		Name:     "workload_resources",
		Summary:  "Every container of every workload requests the resource and, where that is required, limits it.",
		Remedy:   "Set resources.requests of the container, from what it has used: kubectl top pods --containers -n NAMESPACE.",
		Reasons:  []check.Reason{noRequest, noLimit},
		Defaults: ResourcesParameters{Resource: "memory", Limits: "required"},
		About:    fact.Workloads(),
		Topics:   func(ResourcesParameters) []string { return []string{} },
		None:     check.Undeclared,
		Nothing:  noWorkload,
		Judge: func(w fact.Workload, p ResourcesParameters, _ time.Time) []check.Problem {
			var problems []check.Problem
			for _, container := range w.Containers {
				request, limit := p.of(container.Requests), p.of(container.Limits)
				if request == "" { // The API server makes a limit a request where none is set; manifests do not.
					if request = limit; request == "" {
						problems = append(problems, noRequest.Problem(fmt.Sprintf("container %s requests no %s", container.Name, p.Resource)))
					}
				}
				if limit == "" && p.Limits == "required" {
					problems = append(problems, noLimit.Problem(fmt.Sprintf("container %s has no limit of %s", container.Name, p.Resource)))
				}
			}
			return problems
		},
	}
}
