package kubernetes

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// ClaimsParameters are none.
type ClaimsParameters struct{}

// noData is what checks on claims say when no workload has any, and none should.
const noData = "no workload of the system keeps data in the cluster; where that is meant, say so in not_applicable"

const bound = "Bound"

// Claims judges whether data is kept on claims that have their volumes.
func Claims() check.Kind[fact.Workload, ClaimsParameters] {
	notBound := check.Reason{
		Name: "not_bound", Level: check.Fail, Sentence: "A claim has no volume.",
		Remedy: "See why: kubectl describe pvc CLAIM; a claim that is Lost has lost its volume, whose data is to be restored.",
	}
	missing := check.Reason{
		Name: "claim_missing", Level: check.Fail, Sentence: "A claim that the workload wants does not exist.",
		Remedy: "Create the PersistentVolumeClaim, or correct its name in the workload.",
	}
	fleeting := check.Reason{
		Name: "not_on_claim", Level: check.Fail, Sentence: "A stateful workload keeps its data where it is lost with the pod or the node.",
	}
	return check.Kind[fact.Workload, ClaimsParameters]{
		Name:    "persistent_volume_claims",
		Summary: "Databases and StatefulSets keep their data on claims, and every claim of a workload is bound.",
		Remedy:  "Keep the data on a PersistentVolumeClaim: volumeClaimTemplates of a StatefulSet, or a claim of its own.",
		Reasons: []check.Reason{notBound, missing, fleeting},
		About:   fact.Workloads(),
		Topics:  func(ClaimsParameters) []string { return []string{fact.TopicClaims} },
		Select:  func(w fact.Workload, _ ClaimsParameters) bool { return keepsData(w) },
		None:    check.Undeclared,
		Nothing: noData,
		Judge: func(w fact.Workload, _ ClaimsParameters, _ time.Time) []check.Problem {
			claims := w.Claims()
			if len(claims) == 0 && w.Replicas.Desired > 0 {
				return []check.Problem{fleeting.Problem(where(w))}
			}
			var problems []check.Problem
			for _, claim := range claims {
				switch {
				case w.Planned:
				case claim.Phase == "":
					problems = append(problems, missing.Problem(claim.Name))
				case claim.Phase != bound:
					problems = append(problems, notBound.Problem(fmt.Sprintf("%s: %s", claim.Name, claim.Phase)))
				}
			}
			return problems
		},
	}
}

// keepsData tells whether a workload has data to lose: on claims, or in places that look like it.
func keepsData(w fact.Workload) bool {
	return len(w.Claims()) > 0 || w.Database != "" || w.Kind == fact.KindStatefulSet && len(w.Volumes) > 0
}

// where says in words where a workload without claims keeps its data.
func where(w fact.Workload) string {
	for _, volume := range w.Volumes {
		return fmt.Sprintf("volume %s is of type %s", volume.Name, volume.Type)
	}
	return fmt.Sprintf("it runs %s without a volume", w.Database)
}
