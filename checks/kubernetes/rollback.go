package kubernetes

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// RollbackParameters are none.
type RollbackParameters struct{}

// Rollback judges whether a Deployment can go back to its previous revision. StatefulSets and DaemonSets keep theirs in
// ControllerRevisions, and are left out.
func Rollback() check.Kind[fact.Workload, RollbackParameters] {
	notKept := check.Reason{
		Name: "no_previous_revision", Level: check.Fail, Sentence: "No earlier revision is kept that a rollback could go back to.",
		Remedy: "Set revisionHistoryLimit to 2 or more. What has never been changed has no earlier revision: keep the manifests of one " +
			"that works.",
	}
	notFound := check.Reason{
		Name: "configuration_gone", Level: check.Fail, Sentence: "The previous revision refers to a Secret or a ConfigMap that does not " +
			"exist any more.",
	}
	return check.Kind[fact.Workload, RollbackParameters]{
		Name:    "rollback_readiness",
		Summary: "The previous revision of every Deployment is kept, and the Secrets and ConfigMaps that it refers to exist.",
		Remedy:  "Create what is gone again; keep the configuration of the last release until the one after the next.",
		Reasons: []check.Reason{notKept, notFound},
		About:   fact.Workloads(),
		Topics:  func(RollbackParameters) []string { return []string{fact.TopicRevisions, fact.TopicReferences} },
		None:    check.Undeclared,
		Nothing: noWorkload,
		Select:  func(w fact.Workload, _ RollbackParameters) bool { return w.Kind == fact.KindDeployment },
		Judge: func(w fact.Workload, _ RollbackParameters, _ time.Time) []check.Problem {
			if w.Previous == nil {
				return []check.Problem{notKept.Problem("there is the newest revision alone")}
			}
			var problems []check.Problem
			for _, each := range w.Previous.Unresolved {
				problems = append(problems, notFound.Problem(fmt.Sprintf("%s %s, for %s of %s", each.Kind, each.Name, each.From, w.Previous.Name)))
			}
			return problems
		},
	}
}
