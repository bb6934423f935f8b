package workload

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// ServiceMonitorParameters say what must be scraped.
type ServiceMonitorParameters struct {
	// Patterns of the names of workloads that must have a monitor: api-*. Empty: those whose containers have a port, and that
	// run no database; and whatever has a monitor.
	Workloads []string `yaml:"workloads"`
}

// Validate says what cannot be.
func (p ServiceMonitorParameters) Validate() error { return validatePatterns("workloads", p.Workloads) }

// ServiceMonitor judges whether Prometheus Operator has the application scraped, by ports that exist.
func ServiceMonitor() check.Kind[ServiceMonitorParameters] {
	none := check.Reason{
		Name: "no_monitor", Level: check.Fail, Sentence: "No ServiceMonitor and no PodMonitor selects the workload.",
	}
	unknownPort := check.Reason{
		Name: "no_such_port", Level: check.Fail, Sentence: "A monitor names a port that does not exist.",
		Remedy: "Name in the endpoint a port of the Service (port), or of the container (targetPort), as it is declared there.",
	}
	return check.Kind[ServiceMonitorParameters]{
		Name:    "service_monitor",
		Summary: "A ServiceMonitor or PodMonitor selects every workload that serves, and every port that one names exists.",
		Remedy: "Create a ServiceMonitor whose selector takes the labels of the Service; where only some workloads have metrics, name them " +
			"in the parameter workloads; without Prometheus Operator, list the item under not_applicable.",
		Reasons: []check.Reason{none, unknownPort},
		Over: []check.Quantified[ServiceMonitorParameters]{
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, _ ServiceMonitorParameters) (problems []check.Problem) {
				if len(w.Monitors) == 0 {
					return []check.Problem{none.Problem("No ServiceMonitor selects its Services, and no PodMonitor its pods.")}
				}
				for _, monitor := range w.Monitors {
					if len(monitor.UnknownPorts) > 0 {
						problems = append(problems, unknownPort.Problem(fmt.Sprintf("The %s %s names the %s, which %s not there.",
							monitor.Kind, monitor.Name, words.Named("port", monitor.UnknownPorts), words.Verb(len(monitor.UnknownPorts)))))
					}
				}
				return problems
			}).Where(func(_ check.Context, w *fact.Workload, p ServiceMonitorParameters) bool {
				if len(p.Workloads) > 0 {
					return named(w, p.Workloads)
				}
				return len(w.Monitors) > 0 || serves(w)
			}).Needs(fact.TopicMonitors),
		},
		WhenEmpty: noWorkload(),
	}
}
