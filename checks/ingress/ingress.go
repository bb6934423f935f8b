// Package ingress judges the Ingresses and HTTPRoutes by which requests reach a system: their hosts, and the certificates of
// these.
package ingress

import "github.com/readiness-exporter/readiness-exporter/internal/check"

// noIngress is the reason when nothing leads requests to the system.
func noIngress() check.Reason {
	return check.Reason{
		Name: "no_ingress", Level: check.Undeclared, Sentence: "The system has no Ingress and no HTTPRoute.",
		Remedy: "Add the cluster to kubernetes in the system description, with its namespaces; where requests come otherwise, list the " +
			"item under not_applicable with a reason.",
	}
}
