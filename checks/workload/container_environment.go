package workload

import (
	"fmt"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// ContainerEnvironmentParameters say what the environment of containers must have.
type ContainerEnvironmentParameters struct {
	// Names of variables that some container of every workload must set.
	RequiredVariables []string `yaml:"required_variables"`
}

// Validate says what cannot be.
func (p ContainerEnvironmentParameters) Validate() error {
	return check.NotBlank("required_variables", p.RequiredVariables)
}

// configurationErrors are what the kubelet says of a container whose environment cannot be made.
func configurationErrors() []string {
	return []string{"CreateContainerConfigError", "CreateContainerError"}
}

// ContainerEnvironment judges whether containers get the environment that they need, and no secret as a plain value.
func ContainerEnvironment() check.Kind[ContainerEnvironmentParameters] {
	configurationError := check.Reason{
		Name: "configuration_error", Level: check.Fail, Sentence: "A container waits for configuration that cannot be made.",
		Remedy: "Find out which: kubectl describe pods -n NAMESPACE. Most often a Secret, a ConfigMap or a key of one does not exist.",
	}
	notSet := check.Reason{
		Name: "variable_not_set", Level: check.Fail, Sentence: "A variable that is required is not set, or is empty.",
		Remedy: "Set the variable by env or, for secrets, by env with valueFrom.secretKeyRef.",
	}
	plainSecret := check.Reason{
		Name: "plain_secret", Level: check.Fail,
		Sentence: "A variable holds a secret as plain text, which everybody reads who may read the workload.",
	}
	return check.Kind[ContainerEnvironmentParameters]{
		Name:    "container_environment",
		Summary: "Containers get the variables that they need, and no secret as a plain value.",
		Remedy:  "Put the value into a Secret, refer to it by valueFrom.secretKeyRef, and change it: whoever may read the workload knows it.",
		Reasons: []check.Reason{configurationError, notSet, plainSecret},
		Over: []check.Quantified[ContainerEnvironmentParameters]{
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, p ContainerEnvironmentParameters) (problems []check.Problem) {
				for _, waiting := range w.Pods.Waiting {
					if slices.Contains(configurationErrors(), waiting.Reason) {
						problems = append(problems, configurationError.Problem(fmt.Sprintf("The container %s waits for its configuration in %s: %s.",
							waiting.Container, pods(waiting.Pods), waiting.Reason)))
					}
				}
				set := make(map[string]bool)
				for _, container := range w.Containers {
					for _, variable := range container.Variables {
						set[variable.Name] = set[variable.Name] || !variable.Empty
					}
				}
				for _, containers := range [...][]fact.Container{w.InitContainers, w.Containers} {
					for i := range containers {
						problems = appendPlain(problems, &containers[i], plainSecret)
					}
				}
				for _, name := range p.RequiredVariables {
					if !set[name] {
						problems = append(problems, notSet.Problem("No container sets the variable "+name+" by its name."))
					}
				}
				return problems
			}).Needs(fact.TopicPods),
		},
		WhenEmpty: noWorkload(),
	}
}

// appendPlain adds a problem for each variable of a container that is a secret as plain text.
func appendPlain(problems []check.Problem, container *fact.Container, plain check.Reason) []check.Problem {
	for _, variable := range container.Variables {
		if variable.PlainSecret {
			problems = append(problems, plain.Problem(fmt.Sprintf("The container %s has the variable %s as plain text.",
				container.Name, variable.Name)))
		}
	}
	return problems
}
