package kubernetes

import (
	"fmt"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// ServiceMonitorParameters are none.
type ServiceMonitorParameters struct{}

// ServiceMonitor judges whether Prometheus Operator is told to scrape the application, by ports that exist.
func ServiceMonitor() check.Kind[fact.Workload, ServiceMonitorParameters] {
	none := check.Reason{
		Name: "no_monitor", Level: check.Fail, Sentence: "No ServiceMonitor and no PodMonitor selects any workload.",
	}
	unknownPort := check.Reason{
		Name: "no_such_port", Level: check.Fail, Sentence: "A monitor names a port that does not exist.",
		Remedy: "Name in the endpoint a port of the Service (port), or of the container (targetPort), as it is declared there.",
	}
	return check.Kind[fact.Workload, ServiceMonitorParameters]{
		Name:    "service_monitor",
		Summary: "A ServiceMonitor or PodMonitor selects the application, and every port that one names exists.",
		Remedy: "Create a ServiceMonitor whose selector takes the labels of the Service; without Prometheus Operator, say that it does " +
			"not apply.",
		Reasons: []check.Reason{none, unknownPort},
		About:   fact.Workloads(),
		Topics:  func(ServiceMonitorParameters) []string { return []string{fact.TopicMonitors} },
		None:    check.Undeclared,
		Nothing: noWorkload,
		JudgeAll: func(batch fact.Batch[fact.Workload], _ ServiceMonitorParameters, _ time.Time) []check.Problem {
			var problems []check.Problem
			found := 0
			for _, w := range batch.Facts {
				for _, monitor := range w.Monitors {
					found++
					if len(monitor.UnknownPorts) > 0 {
						problem := unknownPort.Problem(fmt.Sprintf("%s %s: %s", monitor.Kind, monitor.Name, strings.Join(monitor.UnknownPorts, ", ")))
						problem.Subject = w.Subject()
						problems = append(problems, problem)
					}
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
