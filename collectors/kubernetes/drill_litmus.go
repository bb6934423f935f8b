package kubernetes

import (
	"encoding/json"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// chaosResults are those of Litmus, one of each experiment of an engine, which every run writes anew
// (https://github.com/litmuschaos/chaos-operator/blob/master/api/litmuschaos/v1alpha1/chaosresult_types.go).
func chaosResults() watch.Resource[drillRun] {
	return drillsOf("litmuschaos.io", "v1alpha1", "chaosresults", keepChaosResult)
}

// keepChaosResult counts the probes: an experiment without any passes where its own checks of the pods are turned off too, and then
// proves nothing.
func keepChaosResult(u *unstructured.Unstructured) drillRun {
	run := drillRun{at: writtenAt(u, "f:status", "f:experimentStatus", "f:verdict"), result: fact.EvidenceResult{Format: "litmus"}}
	phase, verdict := textAt(u, "status", "experimentStatus", "phase"), textAt(u, "status", "experimentStatus", "verdict")
	for _, probe := range mapsAt(u, "status", "probeStatuses") {
		status, _ := probe["status"].(map[string]any)
		switch text(status, "verdict") {
		case "Passed":
			run.result.Passed++
		case "Failed":
			run.result.Failed++
			run.result.Faults = append(run.result.Faults, text(probe, "name"))
		case "N/A":
			run.result.Skipped++
		default:
			run.result.Errored++
		}
	}
	run.result.Faults = firstOf(run.result.Faults)
	switch {
	case verdict == "" || verdict == "Awaited" || phase == "Running":
		run.state = drillRunning
	case verdict == "Pass" && phase == "Completed":
		run.state = drillEnded
	case verdict == "Fail":
		run.state, run.result.Failed = drillEnded, max(1, run.result.Failed)
	case verdict == "Stopped", verdict == "Error":
		run.state, run.result = drillStopped, fact.EvidenceResult{Format: run.result.Format, Errored: 1, Faults: []string{"verdict " + verdict}}
	default:
		run.trouble = fmt.Sprintf("its verdict %.20q in the phase %.40q is not known", verdict, phase)
	}
	return run
}

// longestFaults is how many faults are named.
const longestFaults = 10

func firstOf(faults []string) []string { return faults[:min(len(faults), longestFaults)] }

// writtenAt is when a field was given the value that it has, as the API server notes it of whoever wrote it
// (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management); of several who gave it the same, the first. It is
// later than that where the same one has changed another field since. Zero where nothing is noted.
func writtenAt(u *unstructured.Unstructured, path ...string) (at time.Time) {
	for _, each := range u.GetManagedFields() {
		var fields map[string]any
		if each.Time == nil || each.FieldsV1 == nil || json.Unmarshal(each.FieldsV1.GetRawBytes(), &fields) != nil {
			continue
		}
		if _, owns, err := unstructured.NestedFieldNoCopy(fields, path...); !owns || err != nil {
			continue
		}
		if at.IsZero() || each.Time.Time.Before(at) {
			at = each.Time.UTC()
		}
	}
	return at
}
