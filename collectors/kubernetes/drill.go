package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// Drills makes the collector of results of drills that the system description names: each is one target.
func (c *Clusters) Drills() collector.Collector[Target] {
	made := c.collector("kubernetes_drill",
		"Results of drills that Litmus, Chaos Mesh and Testkube keep in Kubernetes clusters, where the system description names them.",
		[]joiner{drillOf(Target{})}, nil, nil)
	made.Schedule = "@every 1m"
	made.Targets = drillTargets
	made.Target = func(t Target) string {
		of := evidenceOf(t)
		return of.Subject()
	}
	made.Known = func(t Target) []fact.AnySet { return []fact.AnySet{fact.Evidences().Missing(evidenceOf(t))} }
	made.Collect = func(ctx context.Context, t Target, asked fact.Topics) ([]fact.AnySet, error) {
		return c.collect(ctx, t, t.user(made.Name), []joiner{drillOf(t)}, asked)
	}
	made.Permissions = func(t Target, asked fact.Topics) []collector.Permission { return permissions(t, drillOf(t), asked) }
	return made
}

// drillTargets are the results that are declared, each in its namespace, whichever belong to the system.
func drillTargets(s *system.System) (all []Target) {
	for _, drill := range s.Evidence.Cluster {
		named := func(cluster system.Cluster) bool { return cluster.Name == drill.Cluster }
		for _, t := range targets(s, named, nil) {
			t.Cluster.Namespaces, t.Cluster.Selector, t.Drill = []string{drill.Namespace}, "", drill
			all = append(all, t)
		}
	}
	return all
}

// evidenceOf is what the description tells of a result.
func evidenceOf(t Target) fact.Evidence {
	d := t.Drill
	return fact.Evidence{
		Check: d.Check, Component: d.Component, Resource: d.Cluster + "/" + d.Namespace + "/" + d.Resource + "/" + d.Name,
	}
}

// drillOf joins the result of one target.
func drillOf(t Target) join[fact.Evidence] {
	tool := drillToolOf(t.Drill.Resource)
	j := join[fact.Evidence]{
		kind: fact.Evidences(),
		add:  func(s *snapshot, set *fact.Set[fact.Evidence]) { joinDrill(s, tool, set) },
		place: func(string, string) fact.Evidence {
			return evidenceOf(t)
		},
	}
	for _, source := range tool.sources {
		j.parts = append(j.parts, part{"", source})
	}
	return j
}

// A drillTool keeps results of drills.
type drillTool struct {
	name    string // as people call it
	kind    string // of its objects
	sources []watch.Source
	runs    func(s *snapshot) map[types.NamespacedName]drillRun
}

// drillToolOf finds who keeps results in a resource; a tool without sources for a resource that is none of them.
func drillToolOf(resource string) drillTool {
	switch resource {
	case system.DrillLitmus:
		r := chaosResults()
		return drillTool{"Litmus", "ChaosResult", []watch.Source{r}, runsIn(r)}
	case system.DrillChaosMesh:
		return drillTool{"Chaos Mesh", "Workflow", []watch.Source{chaosWorkflows(), chaosNodes()}, workflowRuns}
	case system.DrillTestkube:
		r := testExecutions()
		return drillTool{"Testkube", "TestWorkflowExecution", []watch.Source{r}, runsIn(r)}
	default:
		return drillTool{}
	}
}

// runsIn gives the runs that stand in the objects of one resource.
func runsIn(r watch.Resource[drillRun]) func(s *snapshot) map[types.NamespacedName]drillRun {
	return func(s *snapshot) map[types.NamespacedName]drillRun {
		runs := make(map[types.NamespacedName]drillRun)
		stored(s, r).Each(func(name types.NamespacedName, run drillRun) { runs[name] = run })
		return runs
	}
}

// A drillState is how far a run has come.
type drillState int

const (
	drillUnread  drillState = iota // it cannot be understood
	drillRunning                   // it has not begun, or not ended
	drillStopped                   // it ended before its verdict: stopped, aborted, failed to run
	drillEnded                     // it has a verdict
)

// A drillRun is what an object reports of one run of a drill.
type drillRun struct {
	state   drillState
	at      time.Time // when it stopped or ended
	result  fact.EvidenceResult
	trouble string // why it cannot be understood
}

// drillsOf reads the objects of one resource in the one version whose form is known. Another version, or an end without a time, is not
// understood.
func drillsOf(group, version, resource string, keep func(u *unstructured.Unstructured) drillRun) watch.Resource[drillRun] {
	return watch.Resource[drillRun]{
		GroupVersionResource: schema.GroupVersionResource{Group: group, Resource: resource}, Variant: " as drills",
		Keep: func(object any) drillRun {
			u := object.(*unstructured.Unstructured)
			if trouble := otherVersion(u, version); trouble != "" {
				return drillRun{trouble: trouble}
			}
			return keep(u).dated()
		},
	}
}

// otherVersion says that an object is of a version whose form is not known; empty of the one that is.
func otherVersion(u *unstructured.Unstructured, known string) string {
	if version := u.GroupVersionKind().Version; version != known {
		return fmt.Sprintf("its version %q is not known; expected %s", version, known)
	}
	return ""
}

// dated wants a time of what has come to an end.
func (r drillRun) dated() drillRun {
	if r.state > drillRunning && r.at.IsZero() {
		return drillRun{trouble: "it has ended, and does not report when"}
	}
	return r
}

// joinDrill gives the newest run that has a verdict; of those without any, the newest that was stopped. Where one is not understood, that
// may be the newest, and nothing is known.
func joinDrill(s *snapshot, tool drillTool, set *fact.Set[fact.Evidence]) {
	drill, found := s.target.Drill, evidenceOf(s.target)
	for _, source := range tool.sources {
		if s.stores[source.Key()] == nil {
			set.Lack(found, "", fact.Errorf(fact.ReasonNotFound, "watch %s: the API server offers no such resource", source.Named().GroupResource()))
			return
		}
	}
	var names []types.NamespacedName
	runs := tool.runs(s)
	for name := range runs {
		if name.Namespace == drill.Namespace && drill.Holds(name.Name) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b types.NamespacedName) int {
		return cmp.Or(cmp.Compare(runs[b].state, runs[a].state), runs[b].at.Compare(runs[a].at), byName(a, b))
	})
	for _, name := range names {
		if run := runs[name]; run.state == drillUnread {
			set.Lack(found, "", fact.Errorf(fact.ReasonInvalid, "read the %s %s: %s", tool.kind, name, run.trouble))
			return
		}
	}
	if len(names) > 0 {
		newest := runs[names[0]]
		if newest.state == drillRunning {
			set.Lack(found, "", fact.Errorf(fact.ReasonNotFound,
				"the %s %s has no result yet: it has not ended, and does not report how it ended before", tool.kind, names[0]))
			return
		}
		found.Reports = []fact.EvidenceReport{{
			At: newest.at, By: fmt.Sprintf("%s: %s %s of the cluster %s", tool.name, tool.kind, names[0], drill.Cluster), Result: newest.result,
		}}
	}
	set.Add(found)
}
