package kubernetes

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// DatabaseExposureParameters are none.
type DatabaseExposureParameters struct{}

// DatabaseExposure judges whether databases can be reached from the cluster alone.
func DatabaseExposure() check.Kind[fact.Workload, DatabaseExposureParameters] {
	service := check.Reason{Name: "exposed_by_service", Level: check.Fail, Sentence: "A Service makes the database reachable from " +
		"outside of the cluster."}
	node := check.Reason{
		Name: "exposed_on_node", Level: check.Fail, Sentence: "The pods of the database have ports of their nodes.",
		Remedy: "Remove hostPort and hostNetwork from its pods.",
	}
	routed := check.Reason{
		Name: "exposed_by_ingress", Level: check.Fail, Sentence: "An Ingress leads to the database.",
		Remedy: "Remove the rule that leads to it.",
	}
	return check.Kind[fact.Workload, DatabaseExposureParameters]{
		Name:    "database_exposure",
		Summary: "No NodePort, load balancer, port of a node or Ingress leads to a database that runs in the cluster.",
		Remedy:  "Make the Service one of type ClusterIP; reach the database by kubectl port-forward or from a pod.",
		Reasons: []check.Reason{service, node, routed},
		About:   fact.Workloads(),
		Topics: func(DatabaseExposureParameters) []string {
			return []string{fact.TopicServices, fact.TopicRoutes}
		},
		Select:  func(w fact.Workload, _ DatabaseExposureParameters) bool { return w.Database != "" },
		None:    check.Undeclared,
		Nothing: "no workload of the system runs a database that is known by its image; where it is elsewhere, say so in not_applicable",
		Judge: func(w fact.Workload, _ DatabaseExposureParameters, _ time.Time) []check.Problem {
			var problems []check.Problem
			for _, s := range w.Services {
				if len(s.NodePorts) > 0 || len(s.Addresses) > 0 || s.Type == "LoadBalancer" || s.Type == "NodePort" {
					problems = append(problems, service.Problem(fmt.Sprintf("Service %s is of type %s", s.Name, s.Type)))
				}
			}
			for _, container := range w.Containers {
				if slices.ContainsFunc(container.Ports, func(p fact.ContainerPort) bool { return p.Node != 0 }) {
					problems = append(problems, node.Problem("container "+container.Name))
				}
			}
			if len(w.Routes) > 0 {
				problems = append(problems, routed.Problem(strings.Join(w.Routes, ", ")))
			}
			return problems
		},
	}
}
