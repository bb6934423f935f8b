package workload

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// Probes judges whether Kubernetes can tell when a container serves, and when it is stuck. Containers without a port
// serve nobody; workloads that have no other are left out.
func Probes() check.Kind[struct{}] {
	noReadiness := check.Reason{
		Name: "no_readiness_probe", Level: check.Fail,
		Sentence: "A container that serves has no readiness probe: it gets requests before it can answer them.",
		Remedy:   "Add a readinessProbe that asks for what a request needs, such as httpGet of /ready.",
	}
	noLiveness := check.Reason{
		Name: "no_liveness_probe", Level: check.Fail,
		Sentence: "A container that serves has no liveness probe: nothing restarts it when it is stuck.",
		Remedy:   "Add a livenessProbe that asks the process alone, such as httpGet of /live: a database that is away must not fail it.",
	}
	same := check.Reason{
		Name: "same_probes", Level: check.Warn,
		Sentence: "Liveness asks what readiness asks, with no more patience: a slow dependency restarts every pod.",
		Remedy:   "Let the livenessProbe ask the process alone, or raise its failureThreshold well above that of the readinessProbe.",
	}
	noPort := check.Reason{
		Name: "no_such_port", Level: check.Fail, Sentence: "A probe asks a port by a name that the container does not have: it can only fail.",
		Remedy: "Name the port under ports of the container, or give its number in the probe.",
	}
	undeclared := check.Reason{
		Name: "undeclared_port", Level: check.Warn, Sentence: "A probe asks a port that the container does not declare.",
		Remedy: "If the number is right, add it to ports of the container; else fix the probe.",
	}
	return check.Kind[struct{}]{
		Name:    "workload_probes",
		Summary: "Every container that serves has a readiness and a liveness probe that do not ask the same, on ports that it has.",
		Remedy:  "Fix the probes of the container where the workload is declared.",
		Reasons: []check.Reason{noReadiness, noLiveness, same, noPort, undeclared},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, _ struct{}) (problems []check.Problem) {
				for _, container := range w.Containers {
					if !container.Serving() {
						continue
					}
					if container.Readiness == nil {
						problems = append(problems, noReadiness.Problem("The container "+container.Name+" has no readiness probe."))
					}
					if container.Liveness == nil {
						problems = append(problems, noLiveness.Problem("The container "+container.Name+" has no liveness probe."))
					}
					if restartsWithDependency(container) {
						problems = append(problems, same.Problem(fmt.Sprintf(
							"The container %s is restarted after %s without an answer, and taken from service after %s, by the same probe.",
							container.Name, quantity.InWords(container.Liveness.Patience), quantity.InWords(container.Readiness.Patience))))
					}
					for _, asked := range portsAsked(container) {
						detail := fmt.Sprintf("The %s probe of the container %s asks port %s, which the container does not declare.",
							asked.probe, container.Name, asked.port)
						if _, err := strconv.Atoi(asked.port); err == nil {
							problems = append(problems, undeclared.Problem(detail))
						} else {
							problems = append(problems, noPort.Problem(detail))
						}
					}
				}
				return problems
			}).Where(func(_ check.Context, w *fact.Workload, _ struct{}) bool {
				return slices.ContainsFunc(w.Containers, fact.Container.Serving)
			}).Needs(),
		},
		WhenEmpty: check.Reason{
			Name: "no_port", Level: check.Undeclared, Sentence: "No workload of the system has a container with a port.",
			Remedy: "Add the cluster to kubernetes in the system description, and declare the ports of the containers.",
		},
	}
}

// restartsWithDependency tells whether a container is restarted as soon as it is not ready. That a port is open says
// nothing of dependencies.
func restartsWithDependency(c fact.Container) bool {
	return c.SameProbes && c.Liveness != nil && c.Readiness != nil &&
		c.Liveness.How != fact.ProbeTCP && c.Liveness.Patience <= c.Readiness.Patience
}

type portAsked struct{ probe, port string }

// portsAsked gives the ports that probes ask and the container does not declare.
func portsAsked(c fact.Container) []portAsked {
	var missing []portAsked
	for _, probe := range []struct {
		name string
		*fact.Probe
	}{{"readiness", c.Readiness}, {"liveness", c.Liveness}, {"startup", c.Startup}} {
		if probe.Probe == nil || probe.Port == "" || slices.ContainsFunc(c.Ports, func(p fact.ContainerPort) bool {
			return probe.Port == p.Name || probe.Port == strconv.Itoa(p.Number)
		}) {
			continue
		}
		missing = append(missing, portAsked{probe.name, probe.Port})
	}
	return missing
}
