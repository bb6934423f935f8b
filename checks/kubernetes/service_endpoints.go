package kubernetes

import (
	"fmt"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// ServiceEndpointsParameters are none.
type ServiceEndpointsParameters struct{}

// ServiceEndpoints judges whether somebody answers behind every Service.
func ServiceEndpoints() check.Kind[fact.Service, ServiceEndpointsParameters] {
	none := check.Reason{
		Name: "no_endpoint", Level: check.Fail, Sentence: "The Service selects no pod.",
		Remedy: "Compare its selector with the labels of the pods: kubectl get pods --show-labels; delete a Service that nobody needs.",
	}
	notReady := check.Reason{
		Name: "none_ready", Level: check.Fail, Sentence: "None of the pods of the Service is ready.",
		Remedy: "See why: kubectl describe pod, above all its readiness probe.",
	}
	lost := check.Reason{Name: "no_such_port", Level: check.Fail, Sentence: "A port of the Service leads nowhere."}
	return check.Kind[fact.Service, ServiceEndpointsParameters]{
		Name:    "service_endpoints",
		Summary: "Every Service with a selector has a ready endpoint, and its target ports are those of the pods.",
		Remedy:  "Name the port in the container, or correct targetPort in the Service.",
		Reasons: []check.Reason{none, notReady, lost},
		About:   fact.Services(),
		None:    check.Undeclared,
		Nothing: "no Service is known: add the cluster to kubernetes in the system description, with its namespaces",
		Judge: func(s fact.Service, _ ServiceEndpointsParameters, _ time.Time) []check.Problem {
			switch {
			case s.Endpoints == 0:
				return []check.Problem{none.Problem("no endpoint")}
			case s.Ready == 0:
				return []check.Problem{notReady.Problem(fmt.Sprintf("0 of %s ready", plural(s.Endpoints, "endpoint")))}
			case len(s.LostPorts) > 0:
				return []check.Problem{lost.Problem("no pod has port " + strings.Join(s.LostPorts, ", "))}
			default:
				return nil
			}
		},
	}
}
