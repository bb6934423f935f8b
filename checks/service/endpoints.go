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
		Name: "no_endpoint", Level: check.Fail, Sentence: "The Service selects no pod.",
		Remedy: "Compare its selector with the labels of the pods: kubectl get pods --show-labels; delete a Service that nobody needs.",
	}
	notReady := check.Reason{
		Name: "none_ready", Level: check.Fail, Sentence: "None of the pods of the Service is ready.",
		Remedy: "Find out why: kubectl describe pod, above all its readiness probe.",
	}
	lost := check.Reason{Name: "no_such_port", Level: check.Fail, Sentence: "A port of the Service leads nowhere."}
	return check.Kind[struct{}]{
		Name:    "service_endpoints",
		Summary: "Every Service with a selector has a ready endpoint, and its target ports are those of the pods.",
		Remedy:  "Name the port in the container, or correct targetPort in the Service.",
		Reasons: []check.Reason{none, notReady, lost},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.Services(), func(_ check.Context, s *fact.Service, _ struct{}) []check.Problem {
				switch {
				case s.Endpoints == 0:
					return []check.Problem{none.Problem("The Service has no endpoint: its selector takes no pod.")}
				case s.Ready == 0:
					return []check.Problem{notReady.Problem(fmt.Sprintf("The Service has %s, and none is ready.", words.Count(s.Endpoints, "endpoint")))}
				case len(s.LostPorts) > 0:
					return []check.Problem{lost.Problem("No pod of the Service has the " + words.Named("port", s.LostPorts) + ".")}
				default:
					return nil
				}
			}),
		},
		WhenEmpty: check.Reason{
			Name: "no_service", Level: check.Undeclared, Sentence: "The system has no Service with a selector.",
			Remedy: "Add the cluster to kubernetes in the system description, with its namespaces, or list the item under not_applicable " +
				"with a reason.",
		},
	}
}
