package storage

import (
	"fmt"
	"slices"

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
		Name: "claim_missing", Level: check.Fail, Sentence: "A claim that pods of the workload mount does not exist.",
		Remedy: "Create the PersistentVolumeClaim, or correct its name in the workload; one of a StatefulSet's template is made anew, and " +
			"empty, with its pod: kubectl delete pod POD.",
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
			// Where data is kept is declared; whether claims have volumes is not.
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, _ struct{}) []check.Problem {
				if w.Replicas.Desired == 0 {
					return nil
				}
				return []check.Problem{fleeting.Problem(where(w))}
			}).Where(func(_ check.Context, w *fact.Workload, _ struct{}) bool { return keepsData(w) && !onClaims(w) }).Needs(),
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, _ struct{}) (problems []check.Problem) {
				for _, claim := range w.Claims() {
					switch {
					case w.Planned:
					case claim.Phase == "":
						problems = append(problems, missing.Problem("The claim "+claim.Name+" does not exist."))
					case claim.Phase != bound:
						problems = append(problems, notBound.Problem(fmt.Sprintf("The claim %s has no volume: it is %s.", claim.Name, claim.Phase)))
					}
				}
				return problems
			}).Where(func(_ check.Context, w *fact.Workload, _ struct{}) bool { return onClaims(w) }).Needs(fact.TopicClaims),
		},
		WhenEmpty: noData(),
	}
}

// keepsData tells whether a workload has data to lose: on claims, as a database, or on volumes of a StatefulSet.
func keepsData(w *fact.Workload) bool {
	return onClaims(w) || w.Database != "" || w.Kind == fact.KindStatefulSet && len(w.Volumes) > 0
}

// onClaims tells whether a workload keeps data on claims. A StatefulSet may not have made any of them yet.
func onClaims(w *fact.Workload) bool {
	return slices.ContainsFunc(w.Volumes, func(v fact.Volume) bool { return v.Template || len(v.Claims) > 0 })
}

// where says in words where a workload without claims keeps its data.
func where(w *fact.Workload) string {
	for _, volume := range w.Volumes {
		return fmt.Sprintf("The workload keeps data on the volume %s of type %s, and on no claim.", volume.Name, volume.Type)
	}
	return fmt.Sprintf("The workload runs %s without a volume.", w.Database)
}
