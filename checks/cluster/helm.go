package cluster

import (
	"fmt"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// HelmReleases judges how the newest revision of every Helm release went.
func HelmReleases() check.Kind[struct{}] {
	failed := check.Reason{Name: "failed", Level: check.Fail, Sentence: "The newest revision of a release has failed."}
	pending := check.Reason{
		Name: "pending", Level: check.Fail, Sentence: "A release is being changed, or what changed it was cut off.",
		Remedy: "Where nothing changes it any more: helm rollback RELEASE REVISION, to the last revision that was deployed.",
	}
	return check.Kind[struct{}]{
		Name:    "helm_releases",
		Summary: "There are Helm releases, and the newest revision of each is deployed.",
		Remedy:  "Find out what went wrong: helm history RELEASE, helm status RELEASE; then fix it and helm upgrade, or helm rollback.",
		Reasons: []check.Reason{failed, pending},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.HelmReleases(), func(_ check.Context, r *fact.HelmRelease, _ struct{}) []check.Problem {
				detail := fmt.Sprintf("The status of the newest revision (%d) of the release %s is %s.", r.Revision, r.Name, r.Status)
				switch {
				case r.Status == "failed":
					return []check.Problem{failed.Problem(detail)}
				case strings.HasPrefix(r.Status, "pending-"), r.Status == "uninstalling":
					return []check.Problem{pending.Problem(detail)}
				default:
					return nil
				}
			}),
		},
		WhenEmpty: check.Reason{
			Name: "no_release", Level: check.Undeclared, Sentence: "No Helm release of the system is installed.",
			Remedy: "Add the cluster to kubernetes in the system description; where nothing is installed by Helm, list the item under " +
				"not_applicable with a reason.",
		},
	}
}
