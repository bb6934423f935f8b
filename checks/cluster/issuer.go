package cluster

import (
	"cmp"
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// Issuer judges whether the cert-manager of every cluster can have certificates signed.
func Issuer() check.Kind[struct{}] {
	none := check.Reason{
		Name: "no_issuer", Level: check.Fail, Sentence: "The cluster has no ClusterIssuer and no Issuer of cert-manager.", Absence: true,
		Remedy: "Create a ClusterIssuer: https://cert-manager.io/docs/configuration/; where certificates are had otherwise, list the item " +
			"under not_applicable with a reason.",
	}
	notReady := check.Reason{Name: "not_ready", Level: check.Fail, Sentence: "An issuer is not ready to have certificates signed."}
	return check.Kind[struct{}]{
		Name:    "cluster_issuer",
		Summary: "Every cluster has a ClusterIssuer or Issuer of cert-manager, and each is ready.",
		Remedy:  "Find out what is wrong with it: kubectl describe clusterissuer; the log of cert-manager says more.",
		Reasons: []check.Reason{notReady},
		Over: []check.Quantified[struct{}]{
			check.PerGroup(fact.Issuers(), func(i *fact.Issuer) string { return i.Cluster }, declared,
				func(_ check.Context, cluster string, all []*fact.Issuer, _ struct{}) (problems []check.Problem) {
					if len(all) == 0 {
						return []check.Problem{none.Problem("The cluster " + cluster + " has no ClusterIssuer and no Issuer of cert-manager.")}
					}
					for _, i := range all {
						if !i.Ready {
							problems = append(problems, notReady.On(i.Subject(), fmt.Sprintf("The %s %s is not ready: %s.",
								i.Kind, i.Name, cmp.Or(i.Trouble, "cert-manager has not processed it yet"))))
						}
					}
					return problems
				}),
		},
		WhenEmpty: none,
	}
}
