package cluster

import (
	"fmt"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// CertManager judges whether the cert-manager of every cluster is whole.
func CertManager() check.Kind[struct{}] {
	none := check.Reason{
		Name: "no_cert_manager", Level: check.Fail, Absence: true,
		Sentence: "The cluster has no cert-manager that is known by its labels.",
		Remedy: "Install cert-manager: https://cert-manager.io/docs/installation/; where certificates renew otherwise, list the item under " +
			"not_applicable with a reason.",
	}
	missing := check.Reason{Name: "part_missing", Level: check.Fail, Sentence: "A part of cert-manager is not there.", Absence: true}
	notServed := check.Reason{
		Name: "not_served", Level: check.Fail, Sentence: "The API server does not offer cert-manager's custom resources.", Absence: true,
		Remedy: "Install its CustomResourceDefinitions: helm upgrade with crds.enabled=true.",
	}
	return check.Kind[struct{}]{
		Name: "cert_manager",
		Summary: "The controller, webhook and cainjector of cert-manager are available in every cluster, and its custom resources are " +
			"served.",
		Remedy:  "Install cert-manager whole: https://cert-manager.io/docs/installation/.",
		Reasons: []check.Reason{missing, notServed, unavailable()},
		Over: []check.Quantified[struct{}]{
			check.PerGroup(fact.Components(), clusterOf, declared,
				func(_ check.Context, cluster string, all []*fact.Component, _ struct{}) (problems []check.Problem) {
					if len(all) == 0 {
						return []check.Problem{none.Problem("The cluster " + cluster + " has no cert-manager that is known by its labels.")}
					}
					var lacks []string
					for _, part := range []string{"cert-manager", "webhook", "cainjector"} {
						if !slices.ContainsFunc(all, func(c *fact.Component) bool { return c.Part == part }) {
							lacks = append(lacks, part)
						}
					}
					if len(lacks) > 0 {
						problems = append(problems, missing.Problem(fmt.Sprintf("The cluster %s lacks the %s of cert-manager.",
							cluster, words.Named("part", lacks))))
					}
					if !slices.ContainsFunc(all, func(c *fact.Component) bool { return slices.Contains(c.Serves, "certificates") }) {
						problems = append(problems, notServed.Problem(fmt.Sprintf(
							"The API server of the cluster %s does not offer certificates.cert-manager.io.", cluster)))
					}
					for _, c := range all {
						problems = append(problems, away(c)...)
					}
					return problems
				}).Where(ofRole(fact.RoleCertManager)).Needs(),
		},
		WhenEmpty: none,
	}
}
