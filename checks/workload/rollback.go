package workload

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// Rollback judges whether a Deployment or Rollout can go back to its previous revision. StatefulSets and DaemonSets keep theirs in
// ControllerRevisions, and are left out.
func Rollback() check.Kind[struct{}] {
	notKept := check.Reason{
		Name: "no_previous_revision", Level: check.Fail, Sentence: "No earlier revision is kept that a rollback could go back to.",
		Remedy: "Set revisionHistoryLimit to 2 or more. What has never been changed has no earlier revision: keep the manifests of one " +
			"that works.",
	}
	notFound := check.Reason{
		Name: "configuration_gone", Level: check.Fail, Sentence: "The previous revision refers to a Secret or a ConfigMap that does not " +
			"exist any more.",
	}
	return check.Kind[struct{}]{
		Name:    "rollback_readiness",
		Summary: "The previous revision of every Deployment and Rollout is kept, and the Secrets and ConfigMaps that it refers to exist.",
		Remedy:  "Create what is gone again; keep the configuration of the last release until the one after the next.",
		Reasons: []check.Reason{notKept, notFound},
		Over: []check.Quantified[struct{}]{
			// What is declared is known even before there is any revision.
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, _ struct{}) []check.Problem {
				return []check.Problem{notKept.Problem("The revisionHistoryLimit of the " + w.Kind + " is 0, so that no earlier revision is kept.")}
			}).Where(func(_ check.Context, w *fact.Workload, _ struct{}) bool { return w.Rollout.NoHistory }).Needs(),
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, _ struct{}) (problems []check.Problem) {
				if w.Previous == nil {
					return []check.Problem{notKept.Problem("Only the newest revision of the " + w.Kind + " is kept.")}
				}
				for _, each := range w.Previous.Unresolved {
					problems = append(problems, notFound.Problem(fmt.Sprintf("The %s %s does not exist; the revision %s needs it for %s.",
						each.Kind, each.Name, w.Previous.Name, each.From)))
				}
				return problems
			}).Where(func(_ check.Context, w *fact.Workload, _ struct{}) bool {
				return w.HasRevisions() && !w.Rollout.NoHistory
			}).
				Needs(fact.TopicRevisions, fact.TopicReferences),
		},
		WhenEmpty: noWorkload(),
	}
}
