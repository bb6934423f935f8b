package kubernetes

import (
	"cmp"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// testExecutions are those of Testkube. Only executions that such an object started are noted in it, not those of the command line
// (https://github.com/kubeshop/testkube-operator/blob/main/api/testworkflows/v1/testworkflowexecution_types.go).
func testExecutions() watch.Resource[drillRun] {
	return drillsOf("testworkflows.testkube.io", "v1", "testworkflowexecutions", keepTestExecution)
}

func keepTestExecution(u *unstructured.Unstructured) drillRun {
	latest := func(path ...string) []string { return append([]string{"status", "latestExecution"}, path...) }
	run := drillRun{at: timeAt(u, latest("result", "finishedAt")...)}
	if run.at.IsZero() {
		run.at = timeAt(u, latest("statusAt")...)
	}
	run.result = testsOf(u, latest)
	switch status := textAt(u, latest("result", "status")...); status {
	case "", "queued", "assigned", "starting", "scheduling", "pausing", "paused", "resuming", "running", "stopping":
		run.state = drillRunning
	case "passed":
		run.state = drillEnded
	case "failed":
		run.state, run.result.Failed = drillEnded, max(1, run.result.Failed)
	case "aborted", "canceled":
		run.state, run.result = drillStopped, fact.EvidenceResult{Format: run.result.Format, Errored: 1, Faults: []string{"status " + status}}
	default:
		run.trouble = fmt.Sprintf("its status %.20q is not known", status)
	}
	return run
}

// testsOf counts what was run: the tests of its reports, where it has any: a step that passed can have let them fail. Else the steps, each
// of which is one test; optional ones can fail.
func testsOf(u *unstructured.Unstructured, latest func(path ...string) []string) fact.EvidenceResult {
	result := fact.EvidenceResult{Format: "testkube"}
	reported := false
	for _, report := range mapsAt(u, latest("reports")...) {
		summary, is := report["summary"].(map[string]any)
		reported = reported || is
		for field, counted := range map[string]*int{
			"passed": &result.Passed, "failed": &result.Failed, "errored": &result.Errored, "skipped": &result.Skipped,
		} {
			count, _ := numberAt(&unstructured.Unstructured{Object: summary}, field)
			*counted += max(0, count)
		}
	}
	if reported {
		return result
	}
	steps, _, _ := unstructured.NestedMap(u.Object, latest("result", "steps")...)
	for _, each := range steps {
		step, _ := each.(map[string]any)
		switch cmp.Or(text(step, "status"), "queued") {
		case "passed":
			result.Passed++
		default:
			result.Skipped++
		}
	}
	return result
}
