package kubernetes

import (
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// IssuerParameters are none.
type IssuerParameters struct{}

// ClusterIssuer judges whether cert-manager can have certificates signed.
func ClusterIssuer() check.Kind[fact.Issuer, IssuerParameters] {
	notReady := check.Reason{Name: "not_ready", Level: check.Fail, Sentence: "An issuer is not ready to have certificates signed."}
	return check.Kind[fact.Issuer, IssuerParameters]{
		Name:    "cluster_issuer",
		Summary: "There is a ClusterIssuer or Issuer of cert-manager, and each is ready.",
		Remedy:  "Create a ClusterIssuer, or see what is wrong with it: kubectl describe clusterissuer; the log of cert-manager says more.",
		Reasons: []check.Reason{notReady},
		About:   fact.Issuers(),
		None:    check.Fail,
		Nothing: "there is no ClusterIssuer and no Issuer of cert-manager; where certificates are had otherwise, say so in not_applicable",
		Judge: func(i fact.Issuer, _ IssuerParameters, _ time.Time) []check.Problem {
			switch {
			case i.Ready:
				return nil
			case i.Trouble == "":
				return []check.Problem{notReady.Problem("cert-manager has said nothing of it yet")}
			default:
				return []check.Problem{notReady.Problem(i.Trouble)}
			}
		},
	}
}
