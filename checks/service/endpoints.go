// Package service judges the Services of Kubernetes clusters.
package service

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// Endpoints judges whether somebody answers behind every Service.
func Endpoints() check.Kind[struct{}] {
	none := check.Reason{
		Name: "no_endpoint", Level: check.Fail, Sentence: "No pod has the labels that the Service selects.",
		Remedy: "Compare its selector with the labels in the pod templates (kubectl get pods --show-labels), and correct the one that is " +
			"wrong; delete a Service that nobody needs.",
	}
	noneRuns := check.Reason{
		Name: "none_running", Level: check.Fail, Sentence: "None of the pods that the Service selects runs.",
		Remedy: "Find out why: kubectl get pods -n NAMESPACE -o wide, then kubectl describe pod; a workload that is scaled to zero has none.",
	}
	notReady := check.Reason{
		Name: "none_ready", Level: check.Fail, Sentence: "None of the pods of the Service is ready.",
		Remedy: "Find out why: kubectl describe pod, above all its readiness probe.",
	}
	gone := check.Reason{
		Name: "no_such_backend", Level: check.Fail, Sentence: "An ingress leads to a Service, or to a port of it, that does not exist.",
		Remedy: "Correct the backend in the Ingress or HTTPRoute, or add the Service.",
	}
	unresolved := check.Reason{
		Name: "backend_not_resolved", Level: check.Fail, Sentence: "The controller of an HTTPRoute cannot resolve what it leads to.",
		Remedy: "Find out why: kubectl describe httproute NAME -n NAMESPACE. What is in another namespace takes a ReferenceGrant there.",
	}
	lost := check.Reason{Name: "no_such_port", Level: check.Fail, Sentence: "A port of the Service leads nowhere."}
	return check.Kind[struct{}]{
		Name: "service_endpoints",
		Summary: "Every Service with a selector has a ready endpoint, its target ports are those of the pods, and what ingresses " +
			"lead to exists.",
		Remedy:  "Name the port in the container, or correct targetPort in the Service.",
		Reasons: []check.Reason{none, noneRuns, notReady, lost, gone, unresolved},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.Services(), func(_ check.Context, s *fact.Service, _ struct{}) []check.Problem {
				switch {
				case s.Endpoints == 0 && len(s.Workloads) > 0:
					return []check.Problem{noneRuns.Problem("The Service has no endpoint: no pod of " + words.List(s.Workloads) + " has an address yet.")}
				case s.Endpoints == 0 && s.Planned:
					return []check.Problem{none.Problem("No pod of the manifests has the labels " + s.Selector + " that the Service selects.")}
				case s.Endpoints == 0:
					return []check.Problem{none.Problem("The Service has no endpoint: no pod with an address has the labels " + s.Selector + ".")}
				case s.Ready == 0:
					return []check.Problem{notReady.Problem(fmt.Sprintf("The Service has %s, and none is ready.", words.Count(s.Endpoints, "endpoint")))}
				case len(s.LostPorts) > 0:
					return []check.Problem{lost.Problem("No pod of the Service has the " + words.Named("port", s.LostPorts) + ".")}
				default:
					return nil
				}
			}),
			check.Each(fact.Ingresses(), func(_ check.Context, i *fact.Ingress, _ struct{}) (problems []check.Problem) {
				for _, backend := range i.LostBackends {
					problems = append(problems, gone.Problem("The "+i.Kind+" leads to "+backend+", which does not exist."))
				}
				return problems
			}).Needs(fact.TopicBackends),
			check.Each(fact.Ingresses(), func(_ check.Context, i *fact.Ingress, _ struct{}) []check.Problem {
				return []check.Problem{unresolved.Problem("The controller of the " + i.Kind + " cannot resolve what it leads to: " +
					i.Unresolved + ".")}
			}).Where(func(_ check.Context, i *fact.Ingress, _ struct{}) bool {
				return i.Unresolved != "" && len(i.LostBackends) == 0
			}).Needs(),
		},
		WhenEmpty: check.Reason{
			Name: "no_service", Level: check.Undeclared, Sentence: "The system has no Service with a selector.",
			Remedy: "Add the cluster to kubernetes in the system description, with its namespaces, or list the item under not_applicable " +
				"with a reason.",
		},
	}
}
