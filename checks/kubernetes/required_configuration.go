package kubernetes

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// RequiredConfigurationParameters are none.
type RequiredConfigurationParameters struct{}

// RequiredConfiguration judges whether the Secrets and ConfigMaps that workloads refer to exist. Whether a key of one does
// shows in the containers that wait for it.
func RequiredConfiguration() check.Kind[fact.Workload, RequiredConfigurationParameters] {
	missing := check.Reason{
		Name: "not_found", Level: check.Fail, Sentence: "A Secret or a ConfigMap that it refers to does not exist.",
	}
	empty := check.Reason{
		Name: "empty", Level: check.Warn, Sentence: "A variable is declared and has no value.",
		Remedy: "Set the variable, or take it away.",
	}
	return check.Kind[fact.Workload, RequiredConfigurationParameters]{
		Name:    "required_configuration",
		Summary: "Every Secret and ConfigMap that a workload refers to exists.",
		Remedy:  "Create it, or mark the reference as optional where the workload runs without it.",
		Reasons: []check.Reason{missing, empty},
		About:   fact.Workloads(),
		Topics:  func(RequiredConfigurationParameters) []string { return []string{fact.TopicReferences} },
		None:    check.Undeclared,
		Nothing: noWorkload,
		Judge: func(w fact.Workload, _ RequiredConfigurationParameters, _ time.Time) []check.Problem {
			var problems []check.Problem
			for _, each := range w.Unresolved {
				problems = append(problems, missing.Problem(fmt.Sprintf("%s %s, for %s", each.Kind, each.Name, each.From)))
			}
			for _, container := range w.Containers {
				for _, variable := range container.Variables {
					if variable.Empty {
						problems = append(problems, empty.Problem(fmt.Sprintf("%s of container %s", variable.Name, container.Name)))
					}
				}
			}
			return problems
		},
	}
}
