package kubernetes

import (
	"fmt"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// HelmParameters are none.
type HelmParameters struct{}

// HelmReleases judges how the newest revision of every Helm release went.
func HelmReleases() check.Kind[fact.HelmRelease, HelmParameters] {
	failed := check.Reason{Name: "failed", Level: check.Fail, Sentence: "The newest revision of a release has failed."}
	pending := check.Reason{
		Name: "pending", Level: check.Fail, Sentence: "A release is being changed, or what changed it was cut off.",
		Remedy: "Where nothing changes it any more: helm rollback RELEASE REVISION, to the last revision that was deployed.",
	}
	return check.Kind[fact.HelmRelease, HelmParameters]{
		Name:    "helm_releases",
		Summary: "There are Helm releases, and the newest revision of each is deployed.",
		Remedy:  "See what went wrong: helm history RELEASE, helm status RELEASE; then mend it and helm upgrade, or helm rollback.",
		Reasons: []check.Reason{failed, pending},
		About:   fact.HelmReleases(),
		None:    check.Undeclared,
		Nothing: "no Helm release is known; where nothing is installed by Helm, say so in not_applicable",
		Judge: func(r fact.HelmRelease, _ HelmParameters, _ time.Time) []check.Problem {
			detail := fmt.Sprintf("revision %d: %s", r.Revision, r.Status)
			switch {
			case r.Status == "failed":
				return []check.Problem{failed.Problem(detail)}
			case strings.HasPrefix(r.Status, "pending-"), r.Status == "uninstalling":
				return []check.Problem{pending.Problem(detail)}
			default:
				return nil
			}
		},
	}
}
