package kubernetes

import (
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

const (
	chaosMeshGroup   = "chaos-mesh.org"
	chaosMeshVersion = "v1alpha1"
)

// A chaosWorkflow is what is kept of a Workflow of Chaos Mesh
// (https://github.com/chaos-mesh/chaos-mesh/blob/master/api/v1alpha1/workflow_types.go). It is accomplished when nothing of it runs any
// more, however it went.
type chaosWorkflow struct {
	trouble      string // why it cannot be understood
	made, ended  time.Time
	accomplished bool
	aborted      bool   // by somebody, or by a check
	entry        string // the name of its first node
}

func chaosWorkflows() watch.Resource[chaosWorkflow] {
	return watch.Resource[chaosWorkflow]{
		GroupVersionResource: schema.GroupVersionResource{Group: chaosMeshGroup, Resource: "workflows"},
		Keep: func(object any) chaosWorkflow {
			u := object.(*unstructured.Unstructured)
			return chaosWorkflow{
				trouble: otherVersion(u, chaosMeshVersion), made: u.GetCreationTimestamp().UTC(), ended: timeAt(u, "status", "endTime"),
				accomplished: conditionOf(u, "Accomplished").status == "True", entry: textAt(u, "status", "entryNode"),
				aborted: u.GetAnnotations()["workflow.chaos-mesh.org/abort"] == "true",
			}
		},
	}
}

// A chaosNode is what is kept of a WorkflowNode, one step of a Workflow
// (https://github.com/chaos-mesh/chaos-mesh/blob/master/api/v1alpha1/workflownode_types.go).
type chaosNode struct {
	trouble      string // why it cannot be understood
	workflow     string
	template     string
	kind         string // Serial, PodChaos, StatusCheck, …
	made         time.Time
	began        time.Time
	watches      time.Duration // how long a check goes on; zero for one that ends when it is content
	aborts       bool          // whether a check that fails aborts the Workflow: else its outcome is kept nowhere
	accomplished bool
	failed       bool // the check has
	late         bool // its deadline came first
}

func chaosNodes() watch.Resource[chaosNode] {
	return watch.Resource[chaosNode]{
		GroupVersionResource: schema.GroupVersionResource{Group: chaosMeshGroup, Resource: "workflownodes"},
		Keep: func(object any) chaosNode {
			u := object.(*unstructured.Unstructured)
			aborted, deadline := conditionOf(u, "Aborted"), conditionOf(u, "DeadlineExceed")
			keep := chaosNode{
				trouble: otherVersion(u, chaosMeshVersion), workflow: u.GetLabels()["chaos-mesh.org/workflow"], made: u.GetCreationTimestamp().UTC(),
				template: textAt(u, "spec", "templateName"), kind: textAt(u, "spec", "type"), began: timeAt(u, "spec", "startTime"),
				aborts: boolAt(u, "spec", "abortWithStatusCheck"), accomplished: conditionOf(u, "Accomplished").status == "True",
				failed: aborted.status == "True" && aborted.reason == "StatusCheckNotExceedSuccessThreshold",
				late:   deadline.status == "True" && deadline.reason != "NodeDeadlineOmitted", // That came after it was accomplished.
			}
			if textAt(u, "spec", "statusCheck", "mode") == "Continuous" {
				keep.watches, _ = time.ParseDuration(textAt(u, "spec", "statusCheck", "duration"))
			}
			return keep
		},
	}
}

// workflowRuns join Workflows with their nodes. Those of an earlier Workflow of the same name are not its own.
func workflowRuns(s *snapshot) map[types.NamespacedName]drillRun {
	nodes := make(map[types.NamespacedName]map[string]chaosNode)
	stored(s, chaosNodes()).Each(func(name types.NamespacedName, n chaosNode) {
		of := types.NamespacedName{Namespace: name.Namespace, Name: n.workflow}
		if nodes[of] == nil {
			nodes[of] = make(map[string]chaosNode)
		}
		nodes[of][name.Name] = n
	})
	runs := make(map[types.NamespacedName]drillRun)
	stored(s, chaosWorkflows()).Each(func(name types.NamespacedName, w chaosWorkflow) {
		own := make(map[string]chaosNode)
		for each, n := range nodes[name] {
			if !n.made.Before(w.made) {
				own[each] = n
			}
		}
		runs[name] = w.run(own).dated()
	})
	return runs
}

// run reads how a Workflow went. That a fault was injected, and recovered from by Chaos Mesh itself, proves nothing of the system: only
// checks of its status do, that go on or begin after the first fault, and whose failure aborts the Workflow.
func (w chaosWorkflow) run(nodes map[string]chaosNode) drillRun {
	run := drillRun{at: w.ended, trouble: w.trouble, result: fact.EvidenceResult{Format: "chaos-mesh"}}
	fault := time.Time{}
	for _, n := range nodes {
		if n.trouble != "" {
			run.trouble = n.trouble
		}
		if n.injects() && !n.began.IsZero() && (fault.IsZero() || n.began.Before(fault)) {
			fault = n.began
		}
	}
	if run.trouble != "" {
		return run
	}
	for _, n := range nodes {
		if n.kind == "StatusCheck" {
			n.count(&run.result, fault)
		}
	}
	slices.Sort(run.result.Faults)
	run.result.Faults = firstOf(run.result.Faults)
	entry := nodes[w.entry]
	switch {
	case !w.accomplished:
		run.state = drillRunning
	case run.result.Failed > 0:
		run.state, run.result.Errored = drillEnded, 0 // What followed was aborted for it.
	case w.aborted || entry.late || run.result.Errored > 0:
		run.state = drillStopped
		run.result.Errored = max(1, run.result.Errored)
	default:
		run.state = drillEnded
	}
	return run
}

// injects tells whether a node injects a fault, or schedules some.
func (n chaosNode) injects() bool { return strings.HasSuffix(n.kind, "Chaos") || n.kind == "Schedule" }

// count counts a check: passed where it was content after the fault began. Skipped is what proves nothing.
func (n chaosNode) count(result *fact.EvidenceResult, fault time.Time) {
	switch {
	case n.failed:
		result.Failed++
		result.Faults = append(result.Faults, n.template)
	case !n.accomplished:
		result.Errored++
	case !n.aborts, fault.IsZero(), n.began.Add(n.watches).Before(fault):
		result.Skipped++
	default:
		result.Passed++
	}
}
