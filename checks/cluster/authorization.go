package cluster

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// Authorization judges whether applications, default service accounts and everybody may do no more than they need.
func Authorization() check.Kind[struct{}] {
	open := check.Reason{
		Name: "no_authorizer", Level: check.Fail, Sentence: "The API server permits everything to everybody.",
		Remedy: "Start the API server with --authorization-mode=Node,RBAC (MicroK8s: microk8s enable rbac).",
	}
	excessive := check.Reason{
		Name: "excessive_grant", Level: check.Fail, Sentence: "A role with wildcards is bound to an application, a default service " +
			"account, or everybody.",
	}
	return check.Kind[struct{}]{
		Name: "kubernetes_authorization",
		Summary: "The API server restricts who may do what, and no application, default service account or anonymous user has a role with " +
			"wildcards.",
		Remedy:  "Give the subject a Role of its own that names the verbs and resources it uses, and delete the binding.",
		Reasons: []check.Reason{open, excessive},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.Authorizations(), func(_ check.Context, a *fact.Authorization, _ struct{}) (problems []check.Problem) {
				if a.Open {
					return []check.Problem{open.Problem("The API server permits what no role names.")}
				}
				for _, grant := range a.Grants {
					problems = append(problems, excessive.Problem(fmt.Sprintf("The %s has too many permissions (%s), by the %s of the %s.",
						grant.Subject, grant.Risk, grant.Binding, grant.Role)))
				}
				return problems
			}),
		},
		WhenEmpty: noCluster(),
	}
}
