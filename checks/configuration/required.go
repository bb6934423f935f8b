// Package configuration judges what systems are configured by: whether it is there, is meant for production, hard to guess,
// changed now and then, and tried in staging.
package configuration

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// Required judges whether the Secrets and ConfigMaps that workloads refer to exist. Whether a key of one does shows in the
// containers that wait for it.
func Required() check.Kind[struct{}] {
	missing := check.Reason{
		Name: "not_found", Level: check.Fail, Sentence: "A Secret or a ConfigMap that the workload refers to does not exist.",
	}
	empty := check.Reason{
		Name: "empty", Level: check.Warn, Sentence: "A variable is declared and has no value.",
		Remedy: "Set the variable, or take it away.",
	}
	return check.Kind[struct{}]{
		Name:    "required_configuration",
		Summary: "Every Secret and ConfigMap that a workload refers to exists.",
		Remedy:  "Create it, or mark the reference as optional where the workload runs without it.",
		Reasons: []check.Reason{missing, empty},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, _ struct{}) (problems []check.Problem) {
				for _, each := range w.Unresolved {
					problems = append(problems, missing.Problem(fmt.Sprintf("The %s %s does not exist; the workload needs it for %s.",
						each.Kind, each.Name, each.From)))
				}
				for _, container := range w.Containers {
					for _, variable := range container.Variables {
						if variable.Empty {
							problems = append(problems, empty.Problem(fmt.Sprintf("The variable %s of the container %s has no value.",
								variable.Name, container.Name)))
						}
					}
				}
				return problems
			}).Needs(fact.TopicReferences),
		},
		WhenEmpty: check.Reason{
			Name: "no_workload", Level: check.Undeclared, Sentence: "The system has no workload.",
			Remedy: "Add the cluster to kubernetes in the system description, with namespaces and a selector, or list the item under " +
				"not_applicable with a reason.",
		},
	}
}
