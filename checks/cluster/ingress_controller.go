package cluster

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// IngressController judges whether in every cluster a controller answers to the IngressClasses.
func IngressController() check.Kind[struct{}] {
	none := check.Reason{
		Name: "no_controller", Level: check.Fail, Absence: true,
		Sentence: "The cluster has neither an IngressClass nor an ingress controller that is known by its labels.",
		Remedy:   "Install an ingress controller with an IngressClass; where there need be none, list the item under not_applicable.",
	}
	noClass := check.Reason{
		Name: "no_class", Level: check.Fail, Sentence: "No IngressClass names the controller, so that no Ingress reaches it.",
		Remedy: "Create an IngressClass for it: https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class.",
	}
	notFound := check.Reason{
		Name: "controller_unknown", Level: check.Unknown, Sentence: "No workload is found of the controller that an IngressClass names.",
		Remedy: "Where the cloud runs it, watch its endpoint; where it is installed without labels, add app.kubernetes.io/name to its workload.",
	}
	return check.Kind[struct{}]{
		Name:    "ingress_controller",
		Summary: "In every cluster an IngressClass names a known ingress controller, all of whose pods are available.",
		Remedy:  "Install an ingress controller, with an IngressClass.",
		Reasons: []check.Reason{noClass, notFound, unavailable()},
		Over: []check.Quantified[struct{}]{
			check.PerGroup(fact.Components(), clusterOf, declared,
				func(_ check.Context, cluster string, all []*fact.Component, _ struct{}) (problems []check.Problem) {
					if len(all) == 0 {
						return []check.Problem{none.Problem("The cluster " + cluster + " has neither an IngressClass nor a known ingress controller.")}
					}
					for _, c := range all {
						if c.Namespace == "" {
							problems = append(problems, notFound.On(c.Subject(), "No workload of the controller "+c.Part+" is found."))
							continue
						}
						if len(c.Classes) == 0 {
							problems = append(problems, noClass.On(c.Subject(), "No IngressClass names the controller "+c.Part+"."))
						}
						problems = append(problems, away(c)...)
					}
					return problems
				}).Where(ofRole(fact.RoleIngressController)).Needs(fact.TopicIngressClasses),
		},
		WhenEmpty: none,
	}
}

// IngressExposure judges whether ingress controllers can be reached from outside.
func IngressExposure() check.Kind[struct{}] {
	noWay := check.Reason{
		Name: "not_exposed", Level: check.Fail, Sentence: "Nothing leads to the ingress controller from outside of the cluster.",
		Remedy: "Make its Service one of type LoadBalancer or NodePort, or give its pods ports of their nodes.",
	}
	pending := check.Reason{
		Name: "no_address", Level: check.Fail, Sentence: "The load balancer of the ingress controller has no address.",
		Remedy: "Find out why nothing gives it one: kubectl describe service; on bare metal that takes MetalLB, kube-vip or K3s' own.",
	}
	return check.Kind[struct{}]{
		Name:    "ingress_exposure",
		Summary: "Every ingress controller has an external address, a node port, or ports of its nodes.",
		Remedy:  "Expose the ingress controller.",
		Reasons: []check.Reason{noWay, pending},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.Components(), func(_ check.Context, c *fact.Component, _ struct{}) []check.Problem {
				if c.OnNodes {
					return nil
				}
				var waits string
				for _, service := range c.Services {
					switch {
					case len(service.Addresses) > 0, service.Type == "NodePort":
						return nil
					case service.Type == "LoadBalancer":
						waits = service.Name
					}
				}
				if waits != "" {
					return []check.Problem{pending.Problem("The load balancer of the Service " + waits + " has no address.")}
				}
				return []check.Problem{noWay.Problem(fmt.Sprintf("The controller has %s, and no way in from outside of the cluster.",
					words.Count(len(c.Services), "Service")))}
			}).Where(func(_ check.Context, c *fact.Component, _ struct{}) bool {
				return c.Role == fact.RoleIngressController && c.Namespace != ""
			}).Needs(fact.TopicServices),
		},
		WhenEmpty: check.Reason{
			Name: "no_controller", Level: check.Undeclared, Sentence: "No ingress controller is known by its labels.",
			Remedy: "Add the cluster to kubernetes in the system description; where its cloud runs the controller, list the item under " +
				"not_applicable with a reason.",
		},
	}
}
