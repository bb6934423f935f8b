package kubernetes

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// drilled reads the result of a drill from objects.
func drilled(t *testing.T, resource, name, content string) *fact.Set[fact.Evidence] {
	t.Helper()
	target := Target{Drill: system.ClusterEvidence{Check: "a.b", Cluster: "main", Resource: resource, Namespace: "shop", Name: name}}
	s := &snapshot{target: target, stores: make(map[string]watch.Stored)}
	j, all := drillOf(target), read(t, content)
	for _, p := range j.parts {
		store, err := fill(p.Source, all)
		require.NoError(t, err)
		s.stores[p.Key()] = store
	}
	var set fact.Set[fact.Evidence]
	j.add(s, &set)
	return &set
}

// A drillCase is what is read of objects: a result, or why there is none.
type drillCase struct {
	name, content string
	at            int // the hour of the result; zero: it has none
	want          fact.EvidenceResult
	lack          fact.Reason
	detail        string
}

func (c drillCase) test(t *testing.T, resource, name string) {
	t.Run(c.name, func(t *testing.T) {
		set := drilled(t, resource, name, c.content)
		if c.lack != "" {
			require.Empty(t, set.Facts)
			require.Len(t, set.Unavailable, 1)
			require.Equal(t, "a.b", set.Unavailable[0].Known.Check)
			require.Equal(t, c.lack, set.Unavailable[0].Reason)
			require.Contains(t, set.Unavailable[0].Detail, c.detail)
			return
		}
		require.Empty(t, set.Unavailable)
		require.Len(t, set.Facts, 1)
		if c.at == 0 {
			require.Empty(t, set.Facts[0].Reports)
			return
		}
		require.Len(t, set.Facts[0].Reports, 1)
		require.Equal(t, time.Date(2026, time.June, 1, c.at, 0, 0, 0, time.UTC), set.Facts[0].Reports[0].At)
		require.Equal(t, c.want, set.Facts[0].Reports[0].Result)
		require.Contains(t, set.Facts[0].Reports[0].By, " shop/"+strings.TrimSuffix(name, "*"))
	})
}

// chaosResult is one of Litmus, whose verdict was written at an hour, and a label of it by somebody else at another.
func chaosResult(name, hour, status string) string {
	return `
---
apiVersion: litmuschaos.io/v1alpha1
kind: ChaosResult
metadata:
  name: ` + name + `
  namespace: shop
  managedFields:
    - {manager: experiments, operation: Update, time: "2026-06-01T` + hour + `:00:00Z", fieldsType: FieldsV1,
       fieldsV1: {"f:status": {"f:experimentStatus": {"f:verdict": {}}}}}
    - {manager: kubectl-annotate, operation: Update, time: "2026-06-01T23:00:00Z", fieldsType: FieldsV1, fieldsV1: {"f:metadata": {"f:annotations": {}}}}
status: ` + status
}

// Numbers are of issues of litmuschaos.
func TestWhatChaosResultsProve(t *testing.T) {
	const passed = `{experimentStatus: {phase: Completed, verdict: Pass}, probeStatuses: [{name: a, status: {verdict: Passed}}]}`
	result := func(passed, failed, errored, skipped int, faults ...string) fact.EvidenceResult {
		return fact.EvidenceResult{Format: "litmus", Passed: passed, Failed: failed, Errored: errored, Skipped: skipped, Faults: faults}
	}
	for _, c := range []drillCase{
		{name: "there is none"},
		{name: "one of another name", content: chaosResult("shop", "10", passed)},
		{name: "it passed, as old as its verdict and not as its annotations", content: chaosResult("kill", "10", passed), at: 10, want: result(1, 0, 0, 0)},
		{
			name: "a probe failed", at: 10, want: result(1, 1, 0, 0, "b"),
			content: chaosResult("kill", "10", `{experimentStatus: {phase: Completed_With_Probe_Failure, verdict: Fail},
  probeStatuses: [{name: a, status: {verdict: Passed}}, {name: b, status: {verdict: Failed}}]}`),
		},
		{name: "it failed without a probe", content: chaosResult("kill", "10", "{experimentStatus: {phase: Completed, verdict: Fail}}"), at: 10, want: result(0, 1, 0, 0)},
		{name: "it passed without a probe, which nobody checked anything by", content: chaosResult("kill", "10", "{experimentStatus: {phase: Completed, verdict: Pass}}"), at: 10, want: result(0, 0, 0, 0)},
		{
			name: "it passed, and its probe did not run", at: 10, want: result(0, 0, 0, 1),
			content: chaosResult("kill", "10", `{experimentStatus: {phase: Completed, verdict: Pass}, probeStatuses: [{name: a, status: {verdict: N/A}}]}`),
		},
		{name: "it was stopped", content: chaosResult("kill", "10", "{experimentStatus: {phase: Stopped, verdict: Stopped}}"), at: 10, want: result(0, 0, 1, 0, "verdict Stopped")},
		{name: "it ended with an error", content: chaosResult("kill", "10", "{experimentStatus: {phase: Error, verdict: Error}}"), at: 10, want: result(0, 0, 1, 0, "verdict Error")},
		{
			name: "its verdict is awaited for ever (litmus #1724), though it passed before", lack: fact.ReasonNotFound, detail: "has no result yet",
			content: chaosResult("kill", "10", "{experimentStatus: {phase: Running, verdict: Awaited}, history: {passedRuns: 3}}"),
		},
		{
			name: "it has no verdict (chaos-operator #368)", lack: fact.ReasonNotFound, detail: "has no result yet",
			content: chaosResult("kill", "10", `{experimentStatus: {phase: "", verdict: ""}, history: {failedRuns: 1}}`),
		},
		{
			name: "a verdict that is not known", lack: fact.ReasonInvalid, detail: `"Perfect"`,
			content: chaosResult("kill", "10", "{experimentStatus: {phase: Completed, verdict: Perfect}}"),
		},
		{
			name: "another version", lack: fact.ReasonInvalid, detail: `"v2" is not known; expected v1alpha1`,
			content: strings.Replace(chaosResult("kill", "10", passed), "v1alpha1", "v2", 1),
		},
		{
			name: "nothing notes when", lack: fact.ReasonInvalid, detail: "does not report when",
			content: strings.Replace(chaosResult("kill", "10", passed), "f:verdict", "f:phase", 1),
		},
	} {
		c.test(t, system.DrillLitmus, "kill")
	}
	for _, c := range []drillCase{
		{name: "the newest counts", content: chaosResult("kill-1", "10", passed) + chaosResult("kill-2", "09", "{experimentStatus: {phase: Completed, verdict: Fail}}"), at: 10, want: result(1, 0, 0, 0)},
		{
			name: "what runs or was stopped hides nothing", at: 10, want: result(1, 0, 0, 0),
			content: chaosResult("kill-1", "10", passed) + chaosResult("kill-2", "11", "{experimentStatus: {phase: Running, verdict: Awaited}}") +
				chaosResult("kill-3", "12", "{experimentStatus: {phase: Stopped, verdict: Stopped}}"),
		},
		{
			name: "what is not understood may be the newest", lack: fact.ReasonInvalid,
			content: chaosResult("kill-1", "10", passed) + chaosResult("kill-2", "11", "{experimentStatus: {verdict: Perfect}}"),
		},
	} {
		c.test(t, system.DrillLitmus, "kill-*")
	}
}

// chaosWorkflowOf is a Workflow with its nodes, as name: spec, conditions.
func chaosWorkflowOf(accomplished, annotations string, nodes ...string) string {
	return `
apiVersion: chaos-mesh.org/v1alpha1
kind: Workflow
metadata: {name: kill, namespace: shop, creationTimestamp: "2026-06-01T08:00:00Z", annotations: {` + annotations + `}}
status: {entryNode: all, endTime: "2026-06-01T10:00:00Z", conditions: [{type: Accomplished, status: "` + accomplished + `"}]}
` + strings.Join(nodes, "")
}

func chaosNodeOf(name, spec, conditions string) string {
	return `
---
apiVersion: chaos-mesh.org/v1alpha1
kind: WorkflowNode
metadata: {name: ` + name + `, namespace: shop, creationTimestamp: "2026-06-01T08:00:00Z", labels: {chaos-mesh.org/workflow: kill}}
spec: {templateName: ` + name + `, ` + spec + `}
status: {conditions: [` + conditions + `]}
`
}

// Numbers are of issues of chaos-mesh/chaos-mesh.
func TestWhatWorkflowsOfChaosMeshProve(t *testing.T) {
	const (
		done      = `{type: Accomplished, status: "True", reason: StatusCheckCompleted}`
		failed    = `{type: Aborted, status: "True", reason: StatusCheckNotExceedSuccessThreshold}`
		late      = `{type: DeadlineExceed, status: "True", reason: NodeDeadlineExceed}`
		omitted   = `{type: DeadlineExceed, status: "True", reason: NodeDeadlineOmitted}`
		check     = `type: StatusCheck, abortWithStatusCheck: true, startTime: "2026-06-01T08:30:00Z"`
		unheeded  = `type: StatusCheck, startTime: "2026-06-01T08:30:00Z"`
		before    = `type: StatusCheck, abortWithStatusCheck: true, startTime: "2026-06-01T08:10:00Z"`
		lasting   = before + `, statusCheck: {mode: Continuous, duration: 1h}`
		annotated = `workflow.chaos-mesh.org/abort: "true"`
	)
	kill := chaosNodeOf("kill", `type: PodChaos, startTime: "2026-06-01T08:20:00Z"`, late)
	result := func(passed, failed, errored, skipped int, faults ...string) fact.EvidenceResult {
		return fact.EvidenceResult{Format: "chaos-mesh", Passed: passed, Failed: failed, Errored: errored, Skipped: skipped, Faults: faults}
	}
	for _, c := range []drillCase{
		{name: "a check passed after the fault", content: chaosWorkflowOf("True", "", kill, chaosNodeOf("answers", check, done)), at: 10, want: result(1, 0, 0, 0)},
		{name: "its deadline came after it had passed", content: chaosWorkflowOf("True", "", kill, chaosNodeOf("answers", check, done+","+omitted)), at: 10, want: result(1, 0, 0, 0)},
		{name: "a check that went on through the fault", content: chaosWorkflowOf("True", "", kill, chaosNodeOf("answers", lasting, done)), at: 10, want: result(1, 0, 0, 0)},
		{name: "it failed, and the Workflow is accomplished all the same", content: chaosWorkflowOf("True", annotated, kill, chaosNodeOf("answers", check, done+","+failed)), at: 10, want: result(0, 1, 0, 0, "answers")},
		{name: "a fault that ended proves nothing (#3127)", content: chaosWorkflowOf("True", "", kill), at: 10, want: result(0, 0, 0, 0)},
		{name: "nor does a task, which succeeds with a pod that failed (#2407)", content: chaosWorkflowOf("True", "", kill, chaosNodeOf("task", "type: Task", done)), at: 10, want: result(0, 0, 0, 0)},
		{name: "nor a check whose outcome is kept nowhere", content: chaosWorkflowOf("True", "", kill, chaosNodeOf("answers", unheeded, done)), at: 10, want: result(0, 0, 0, 1)},
		{name: "nor one before the fault", content: chaosWorkflowOf("True", "", kill, chaosNodeOf("answers", before, done)), at: 10, want: result(0, 0, 0, 1)},
		{name: "nor one without a fault (#3374)", content: chaosWorkflowOf("True", "", chaosNodeOf("answers", check, done)), at: 10, want: result(0, 0, 0, 1)},
		{name: "the check ran out of time", content: chaosWorkflowOf("True", "", kill, chaosNodeOf("answers", check, late)), at: 10, want: result(0, 0, 1, 0)},
		{name: "the Workflow did, before its next step", content: chaosWorkflowOf("True", "", chaosNodeOf("all", "type: Serial", late), kill, chaosNodeOf("answers", check, done)), at: 10, want: result(1, 0, 1, 0)},
		{name: "somebody aborted it", content: chaosWorkflowOf("True", annotated, kill), at: 10, want: result(0, 0, 1, 0)},
		{name: "it hangs after a pod was killed (#3345)", content: chaosWorkflowOf("False", "", kill, chaosNodeOf("answers", check, done)), lack: fact.ReasonNotFound, detail: "has no result yet"},
		{
			name: "nodes of an earlier Workflow of the same name are not its own", at: 10, want: result(0, 0, 0, 0),
			content: chaosWorkflowOf("True", "", kill, strings.Replace(chaosNodeOf("answers", check, done), "T08:00", "T07:00", 1)),
		},
		{name: "another version", content: strings.Replace(chaosWorkflowOf("True", ""), "v1alpha1", "v1", 1), lack: fact.ReasonInvalid, detail: "version"},
		{
			name: "another version of a node", lack: fact.ReasonInvalid, detail: "version",
			content: chaosWorkflowOf("True", "", kill, strings.Replace(chaosNodeOf("answers", check, done), "v1alpha1", "v1", 1)),
		},
		{name: "no end", content: strings.Replace(chaosWorkflowOf("True", "", kill), "endTime", "stopTime", 1), lack: fact.ReasonInvalid, detail: "does not report when"},
	} {
		c.test(t, system.DrillChaosMesh, "kill")
	}
}

func testExecution(name, latest string) string {
	return `
---
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflowExecution
metadata: {name: ` + name + `, namespace: shop}
status: {latestExecution: ` + latest + `}
`
}

// Numbers are of issues of kubeshop/testkube.
func TestWhatExecutionsOfTestkubeProve(t *testing.T) {
	const at = `finishedAt: "2026-06-01T10:00:00Z"`
	result := func(passed, failed, errored, skipped int, faults ...string) fact.EvidenceResult {
		return fact.EvidenceResult{Format: "testkube", Passed: passed, Failed: failed, Errored: errored, Skipped: skipped, Faults: faults}
	}
	for _, c := range []drillCase{
		{name: "it passed", content: testExecution("kill-1", `{result: {status: passed, `+at+`, steps: {a: {status: passed}, b: {status: skipped}}}}`), at: 10, want: result(1, 0, 0, 1)},
		{name: "only the change of its status is dated", content: testExecution("kill-1", `{statusAt: "2026-06-01T09:00:00Z", result: {status: passed, finishedAt: null, steps: {a: {status: passed}}}}`), at: 9, want: result(1, 0, 0, 0)},
		{name: "it failed", content: testExecution("kill-1", `{result: {status: failed, `+at+`}}`), at: 10, want: result(0, 1, 0, 0)},
		{name: "all steps were skipped", content: testExecution("kill-1", `{result: {status: passed, `+at+`, steps: {a: {status: skipped}}}}`), at: 10, want: result(0, 0, 0, 1)},
		{
			name: "its step passed, and let tests fail", at: 10, want: result(3, 2, 0, 1),
			content: testExecution("kill-1", `{reports: [{summary: {tests: 6, passed: 3, failed: 2, skipped: 1}}, {}], result: {status: passed, `+at+`, steps: {a: {status: passed}}}}`),
		},
		{name: "its step passed without any test", content: testExecution("kill-1", `{reports: [{summary: {}}], result: {status: passed, `+at+`, steps: {a: {status: passed}}}}`), at: 10, want: result(0, 0, 0, 0)},
		{name: "it was aborted", content: testExecution("kill-1", `{result: {status: aborted, `+at+`}}`), at: 10, want: result(0, 0, 1, 0, "status aborted")},
		{name: "it was canceled, though it would have passed", content: testExecution("kill-1", `{result: {status: canceled, predictedStatus: passed, `+at+`}}`), at: 10, want: result(0, 0, 1, 0, "status canceled")},
		{name: "it seems to run for ever (#3070)", content: testExecution("kill-1", `{result: {status: running, predictedStatus: passed}}`), lack: fact.ReasonNotFound, detail: "has no result yet"},
		{name: "an error left no status (#6819)", content: testExecution("kill-1", `{}`), lack: fact.ReasonNotFound, detail: "has no result yet"},
		{name: "a status that is not known", content: testExecution("kill-1", `{result: {status: perfect}}`), lack: fact.ReasonInvalid, detail: `"perfect"`},
		{
			name: "one that is queued or aborted hides nothing", at: 10, want: result(1, 0, 0, 0),
			content: testExecution("kill-1", `{result: {status: passed, `+at+`, steps: {a: {status: passed}}}}`) + testExecution("kill-2", `{result: {status: queued}}`) +
				testExecution("kill-3", `{result: {status: aborted, finishedAt: "2026-06-01T11:00:00Z"}}`),
		},
	} {
		c.test(t, system.DrillTestkube, "kill-*")
	}
}

func TestADrillTakesAPermissionInItsNamespaceAlone(t *testing.T) {
	s := &system.System{
		Name: "shop", Environment: "production", Kubernetes: []system.Cluster{{Name: "main", Selector: "app=shop"}, {Name: "other"}},
		Evidence: system.Evidence{Cluster: []system.ClusterEvidence{
			{Check: "a.b", Cluster: "main", Resource: system.DrillLitmus, Namespace: "litmus", Name: "kill"},
			{Check: "a.c", Component: "api", Cluster: "main", Resource: system.DrillChaosMesh, Namespace: "chaos", Name: "kill"},
		}},
	}
	jobs := opened(t).Drills().Jobs(s, fact.Needs{Topics: asking(fact.Evidences())})
	require.Len(t, jobs, 2)
	var taken []string
	for _, job := range jobs {
		for _, p := range job.Permissions(asking(fact.Evidences())) {
			taken = append(taken, p.Namespace+" "+p.Resource+"."+p.Group+" "+strings.Join(p.Verbs, ","))
		}
	}
	require.Equal(t, []string{
		"litmus chaosresults.litmuschaos.io list,watch", "litmus namespaces. get",
		"chaos workflows.chaos-mesh.org list,watch", "chaos workflownodes.chaos-mesh.org list,watch", "chaos namespaces. get",
	}, taken)
}
