package storage

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// Claims judges whether data is kept on claims that have their volumes.
func Claims() check.Kind[struct{}] {
	notBound := check.Reason{
		Name: "not_bound", Level: check.Fail, Sentence: "A claim has no volume.",
		Remedy: "Find out why: kubectl describe pvc CLAIM; a claim that is Lost has lost its volume, whose data is to be restored.",
	}
	missing := check.Reason{
		Name: "claim_missing", Level: check.Fail, Sentence: "A claim that the workload wants does not exist.",
		Remedy: "Create the PersistentVolumeClaim, or correct its name in the workload.",
	}
	fleeting := check.Reason{
		Name: "not_on_claim", Level: check.Fail, Sentence: "A stateful workload keeps its data where it is lost with the pod or the node.",
	}
	return check.Kind[struct{}]{
		Name:    "persistent_volume_claims",
		Summary: "Databases and StatefulSets keep their data on claims, and every claim of a workload is bound.",
		Remedy:  "Keep the data on a PersistentVolumeClaim: volumeClaimTemplates of a StatefulSet, or a claim of its own.",
		Reasons: []check.Reason{notBound, missing, fleeting},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, _ struct{}) (problems []check.Problem) {
				claims := w.Claims()
				if len(claims) == 0 && w.Replicas.Desired > 0 {
					return []check.Problem{fleeting.Problem(where(w))}
				}
				for _, claim := range claims {
					switch {
					case w.Planned:
					case claim.Phase == "":
						problems = append(problems, missing.Problem("The claim "+claim.Name+" does not exist."))
					case claim.Phase != bound:
						problems = append(problems, notBound.Problem(fmt.Sprintf("The claim %s has no volume: it is %s.", claim.Name, claim.Phase)))
					}
				}
				return problems
			}).Where(func(_ check.Context, w *fact.Workload, _ struct{}) bool { return keepsData(w) }).
				Needs(fact.TopicClaims),
		},
		WhenEmpty: noData(),
	}
}

// keepsData tells whether a workload has data to lose: on claims, as a database, or on volumes of a StatefulSet.
func keepsData(w *fact.Workload) bool {
	return len(w.Claims()) > 0 || w.Database != "" || w.Kind == fact.KindStatefulSet && len(w.Volumes) > 0
}

// where says in words where a workload without claims keeps its data.
func where(w *fact.Workload) string {
	for _, volume := range w.Volumes {
		return fmt.Sprintf("The workload keeps data on the volume %s of type %s, and on no claim.", volume.Name, volume.Type)
	}
	return fmt.Sprintf("The workload runs %s without a volume.", w.Database)
}
