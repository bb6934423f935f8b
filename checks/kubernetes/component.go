package kubernetes

import (
	"fmt"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// ComponentParameters are none.
type ComponentParameters struct{}

// ofRole selects the components of one role.
func ofRole(role fact.ComponentRole) func(fact.Component, ComponentParameters) bool {
	return func(c fact.Component, _ ComponentParameters) bool { return c.Role == role }
}

// unavailable is the reason of a component whose pods are away.
func unavailable() check.Reason {
	return check.Reason{
		Name: "unavailable", Level: check.Fail, Sentence: "Pods of it are not available.",
		Remedy: "See why: kubectl -n NAMESPACE describe pod, kubectl -n NAMESPACE logs.",
	}
}

// away tells of the pods of a component that are not available.
func away(c fact.Component) string {
	switch {
	case c.Desired == 0:
		return "it wants no pod"
	case c.Available < c.Desired:
		return fmt.Sprintf("%d of %s available", c.Available, pods(c.Desired))
	default:
		return ""
	}
}

// IngressController judges whether a controller answers to the IngressClasses.
func IngressController() check.Kind[fact.Component, ComponentParameters] {
	noClass := check.Reason{
		Name: "no_class", Level: check.Fail, Sentence: "No IngressClass names the controller, so that no Ingress reaches it.",
		Remedy: "Create an IngressClass for it: https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class.",
	}
	notFound := check.Reason{
		Name: "controller_unknown", Level: check.Unknown, Sentence: "No workload is found of the controller that an IngressClass names.",
		Remedy: "Where the cloud runs it, watch its endpoint; where it is installed without labels, add app.kubernetes.io/name to its workload.",
	}
	unavailable := unavailable()
	return check.Kind[fact.Component, ComponentParameters]{
		Name:    "ingress_controller",
		Summary: "An IngressClass names a known ingress controller, all of whose pods are available.",
		Remedy:  "Install an ingress controller, with an IngressClass.",
		Reasons: []check.Reason{noClass, notFound, unavailable},
		About:   fact.Components(),
		Topics:  func(ComponentParameters) []string { return []string{fact.TopicIngressClasses} },
		Select:  ofRole(fact.RoleIngressController),
		None:    check.Fail,
		Nothing: "there is neither an IngressClass nor an ingress controller that is known by its labels",
		Judge: func(c fact.Component, _ ComponentParameters, _ time.Time) []check.Problem {
			if c.Namespace == "" {
				return []check.Problem{notFound.Problem(c.Part)}
			}
			var problems []check.Problem
			if len(c.Classes) == 0 {
				problems = append(problems, noClass.Problem(c.Part))
			}
			if gone := away(c); gone != "" {
				problems = append(problems, unavailable.Problem(gone))
			}
			return problems
		},
	}
}

// IngressExposure judges whether ingress controllers can be reached from outside.
func IngressExposure() check.Kind[fact.Component, ComponentParameters] {
	noWay := check.Reason{
		Name: "not_exposed", Level: check.Fail, Sentence: "Nothing leads to the ingress controller from outside of the cluster.",
		Remedy: "Make its Service one of type LoadBalancer or NodePort, or give its pods ports of their nodes.",
	}
	pending := check.Reason{
		Name: "no_address", Level: check.Fail, Sentence: "The load balancer of the ingress controller has no address.",
		Remedy: "See why nothing gives it one: kubectl describe service; on bare metal that takes MetalLB, kube-vip or K3s' own.",
	}
	return check.Kind[fact.Component, ComponentParameters]{
		Name:    "ingress_exposure",
		Summary: "Every ingress controller has an external address, a node port, or ports of its nodes.",
		Remedy:  "Expose the ingress controller.",
		Reasons: []check.Reason{noWay, pending},
		About:   fact.Components(),
		Topics:  func(ComponentParameters) []string { return []string{fact.TopicServices} },
		Select: func(c fact.Component, _ ComponentParameters) bool {
			return c.Role == fact.RoleIngressController && c.Namespace != ""
		},
		None:    check.Undeclared,
		Nothing: "no ingress controller is known by its labels",
		Judge: func(c fact.Component, _ ComponentParameters, _ time.Time) []check.Problem {
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
				return []check.Problem{pending.Problem("Service " + waits)}
			}
			return []check.Problem{noWay.Problem(plural(len(c.Services), "Service") + " of it, none of which can be reached from outside")}
		},
	}
}

// CertManager judges whether cert-manager is whole.
func CertManager() check.Kind[fact.Component, ComponentParameters] {
	missing := check.Reason{Name: "part_missing", Level: check.Fail, Sentence: "A part of cert-manager is not there."}
	notServed := check.Reason{
		Name: "not_served", Level: check.Fail, Sentence: "The API server does not offer cert-manager's custom resources.",
		Remedy: "Install its CustomResourceDefinitions: helm upgrade with crds.enabled=true.",
	}
	unavailable := unavailable()
	return check.Kind[fact.Component, ComponentParameters]{
		Name:    "cert_manager",
		Summary: "The controller, webhook and cainjector of cert-manager are available, and its custom resources are served.",
		Remedy:  "Install cert-manager whole: https://cert-manager.io/docs/installation/.",
		Reasons: []check.Reason{missing, notServed, unavailable},
		About:   fact.Components(),
		Topics:  func(ComponentParameters) []string { return []string{} },
		Select:  ofRole(fact.RoleCertManager),
		None:    check.Fail,
		Nothing: "there is no cert-manager that is known by its labels; where certificates renew otherwise, say so in not_applicable",
		JudgeAll: func(batch fact.Batch[fact.Component], _ ComponentParameters, _ time.Time) []check.Problem {
			var problems []check.Problem
			for _, part := range []string{"cert-manager", "webhook", "cainjector"} {
				if !slices.ContainsFunc(batch.Facts, func(c fact.Component) bool { return c.Part == part }) {
					problems = append(problems, missing.Problem(part))
				}
			}
			if !slices.Contains(batch.Facts[0].Serves, "certificates") {
				problems = append(problems, notServed.Problem("certificates.cert-manager.io is not among what it offers"))
			}
			for _, c := range batch.Facts {
				if gone := away(c); gone != "" {
					problem := unavailable.Problem(gone)
					problem.Subject = c.Subject()
					problems = append(problems, problem)
				}
			}
			return problems
		},
	}
}
