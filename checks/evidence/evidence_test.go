package evidence_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/evidence"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

var now = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)

const (
	day    = 24 * time.Hour
	commit = "1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b"
)

// passed is a result of some age that is good.
func passed(age time.Duration, revisions ...string) fact.EvidenceReport {
	return reported(age, fact.EvidenceResult{Format: "junit", Passed: 412, Skipped: 3}, revisions...)
}

func reported(age time.Duration, result fact.EvidenceResult, revisions ...string) fact.EvidenceReport {
	return fact.EvidenceReport{At: now.Add(-age), By: "ci", Revisions: revisions, Result: result}
}

// of is the evidence of the item that is judged.
func of(component string, reports ...fact.EvidenceReport) fact.Evidence {
	return fact.Evidence{Check: checktest.Item, Component: component, Reports: reports}
}

func some(all ...fact.Evidence) fact.AnySet { return checktest.Facts(fact.Evidences(), all...) }

// judge judges on sets of facts.
func judge(t *testing.T, p evidence.Parameters, sets ...fact.AnySet) []checktest.Finding {
	t.Helper()
	if p.MaximumAge == 0 {
		p.MaximumAge = quantity.Duration(100 * day)
	}
	return checktest.Case{Kind: evidence.Evidence(), Parameters: &p, Now: now, Sets: sets}.Judge(t)
}

func TestEvidenceOfAnyRevision(t *testing.T) {
	other := of("", passed(day))
	other.Check = "other.item"
	result := func(r fact.EvidenceResult) fact.AnySet { return some(of("", reported(day, r))) }
	for _, c := range []struct {
		name string
		set  fact.AnySet
		want []checktest.Finding
	}{
		{"a good result that is young enough passes", some(of("", passed(day))), nil},
		{"no result is undeclared", some(), checktest.One("no_evidence", check.Undeclared, "No result has been reported.")},
		{"a result of another item is none", some(other), checktest.One("no_evidence", check.Undeclared, "No result has been reported.")},
		{"declared files that are not there fail", some(of("")), checktest.One("evidence_missing", check.Fail, "There is no result.")},
		{"a result exactly a fortnight before it is too old does not warn", some(of("", passed(86*day))), nil},
		{
			"a result warns in its last fortnight", some(of("", passed(87*day))),
			checktest.One("evidence_stale_soon", check.Warn, "The newest result that counts is of 2026-03-06 12:00 UTC, and too old in 13 d (limit 100d)."),
		},
		{
			"a result is too old on the second", some(of("", passed(100*day))),
			checktest.One("evidence_stale", check.Fail, "The newest result that counts is of 2026-02-21 12:00 UTC, 100 d ago (limit 100d)."),
		},
		{"of several results the newest counts", some(of("", reported(2*day, fact.EvidenceResult{Failed: 1}), passed(day))), nil},
		{"a clock that is a little ahead does no harm", some(of("", passed(-4*time.Minute))), nil},
		{
			"a result of the future does not stay young", some(of("", passed(-day))),
			checktest.One("evidence_dated_ahead", check.Fail, "The result is dated 2026-06-02 12:00 UTC, which is in the future."),
		},
		{
			"failed tests fail", result(fact.EvidenceResult{Passed: 1, Failed: 2, Faults: []string{"a", "b"}}),
			checktest.One("failed", check.Fail, "2 of 3 tests failed: a and b."),
		},
		{
			"faults that a scan found fail", result(fact.EvidenceResult{Scans: 1, Failed: 2, Faults: []string{"a"}}),
			checktest.One("failed", check.Fail, "2 faults found: a."),
		},
		{
			"what could not be run to its end is no failed test", result(fact.EvidenceResult{Passed: 1, Errored: 1, Faults: []string{"a"}}),
			checktest.One("errored", check.Fail, "1 could not be run to the end: a."),
		},
		{
			"no test at all is not all tests passed", result(fact.EvidenceResult{Format: "junit"}),
			checktest.One("nothing_run", check.Fail, "The result in the format junit says of nothing that it was run."),
		},
		{
			"only skipped tests are no test that passed", result(fact.EvidenceResult{Skipped: 2}),
			checktest.One("all_skipped", check.Fail, "All of 2 tests were skipped."),
		},
		{
			"flaky tests warn", result(fact.EvidenceResult{Passed: 1, Flaky: 1}),
			checktest.One("flaky", check.Warn, "1 test passed only when run again."),
		},
		{
			"a grave vulnerability is over the limit that nobody wrote", result(fact.EvidenceResult{Scans: 1, Values: map[string]float64{"critical": 2, "medium": 9}}),
			checktest.One("over_limit", check.Fail, "critical is 2 (limit 0)."),
		},
		{
			"evidence that could not be collected is unknown", checktest.Lacking(fact.Evidences(), of("")),
			checktest.Unavailable(),
		},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, judge(t, evidence.Parameters{}, c.set)) })
	}
}

func TestEvidenceOfAnotherItemThatCannotBeCollectedIsNoConcern(t *testing.T) {
	require.Nil(t, judge(t, evidence.Parameters{}, checktest.Lacking(fact.Evidences(), fact.Evidence{Check: "other.item"}, of("", passed(day)))))
}

func TestLimits(t *testing.T) {
	p := evidence.Parameters{
		MaximumValues:  map[string]float64{"high": 3, "duration_p95_seconds": 0.5},
		MinimumValues:  map[string]float64{"success_ratio": 0.99},
		RequiredValues: []string{"high"},
	}
	values := func(high, success, p95 float64) fact.AnySet {
		return some(of("", reported(day, fact.EvidenceResult{
			Format: "vegeta", Values: map[string]float64{"high": high, "success_ratio": success, "duration_p95_seconds": p95, "critical": 9},
		})))
	}
	require.Nil(t, judge(t, p, values(3, 0.99, 0.5)), "limits are what a load test without thresholds is held to")
	require.Equal(t, checktest.One("over_limit", check.Fail, "high is 4 (limit 3)."), judge(t, p, values(4, 1, 0.1)))
	require.Equal(t, checktest.One("below_limit", check.Fail, "success_ratio is 0.98 (at least 0.99)."), judge(t, p, values(0, 0.98, 0.1)))
	require.Len(t, judge(t, p, some(of("", passed(day)))), 2, "success_ratio and high are missing")
	require.Equal(t, checktest.One("value_missing", check.Fail, "The result in the format junit has no value high."),
		judge(t, evidence.Parameters{RequiredValues: []string{"high"}}, some(of("", passed(day)))))
}

func TestEvidenceOfTheDeployedRevision(t *testing.T) {
	workload := func(name, image string, labels ...string) fact.Workload {
		return fact.Workload{Cluster: "main", Namespace: "shop", Kind: "Deployment", Name: name, Revisions: labels, Containers: []fact.Container{{Image: image}}}
	}
	runs := func(all ...fact.Workload) fact.AnySet { return checktest.Facts(fact.Workloads(), all...) }
	says := func(all ...fact.DeployedRevision) fact.AnySet {
		return checktest.Facts(fact.DeployedRevisions(), all...)
	}
	p := evidence.Parameters{DeployedRevision: true}
	for _, c := range []struct {
		name string
		sets []fact.AnySet
		want []checktest.Finding
	}{
		{"the label of a workload tells what runs", []fact.AnySet{some(of("", passed(day, commit))), runs(workload("api", "api", "1a2b3c4"))}, nil},
		{"the tag of an image does", []fact.AnySet{some(of("", passed(day, commit))), runs(workload("api", "r/api:sha-1a2b3c4"))}, nil},
		{"its digest does", []fact.AnySet{some(of("", passed(day, "sha256:aa"))), runs(workload("api", "r/api@sha256:aa"))}, nil},
		{"a file does", []fact.AnySet{some(of("", passed(day, "2.0"))), says(fact.DeployedRevision{File: "/r", Revision: "v2.0"})}, nil},
		{
			"evidence of another revision does not count", []fact.AnySet{some(of("", passed(day, "2.0"))), runs(workload("api", "r/api:2.1"))},
			checktest.One("other_revision", check.Fail, "The newest result is of 2.0; deployed is 2.1."),
		},
		{
			"after a rollback the evidence of before counts, and nothing newer",
			[]fact.AnySet{some(of("", passed(2*day, "2.0"), reported(day, fact.EvidenceResult{Failed: 1}, "2.1"))), runs(workload("api", "r/api:2.0"))}, nil,
		},
		{
			"evidence that names no revision does not count", []fact.AnySet{some(of("", passed(day))), runs(workload("api", "r/api:2.1"))},
			checktest.One("other_revision", check.Fail, "The newest result is of no revision that it names; deployed is 2.1."),
		},
		{
			"a component is compared with the workload of its name",
			[]fact.AnySet{some(of("api", passed(day, "2.0"))), runs(workload("api", "r/api:2.1"), workload("web", "r/web:2.0"))},
			checktest.One("other_revision", check.Fail, "The newest result of api is of 2.0; deployed is 2.1."),
		},
		{
			"where nothing says what is deployed it is not declared", []fact.AnySet{some(of("", passed(day, "2.0"))), runs()},
			checktest.One("revision_not_declared", check.Undeclared, "Nothing says which revision is deployed."),
		},
		{
			"a cluster that does not answer makes it unknown",
			[]fact.AnySet{some(of("", passed(day, "2.0"))), checktest.Lacking(fact.Workloads(), fact.Workload{})}, nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := judge(t, p, c.sets...)
			if c.name == "a cluster that does not answer makes it unknown" {
				require.Equal(t, "not_collected", got[0].Reason)
				return
			}
			require.Equal(t, c.want, got)
		})
	}
	require.Nil(t, judge(t, evidence.Parameters{}, some(of("", passed(day, "2.0"))), checktest.Lacking(fact.Workloads(), fact.Workload{})),
		"of any revision, no cluster is asked")
}

func TestEveryComponentHasEvidence(t *testing.T) {
	p := evidence.Parameters{Components: []string{"api", "web"}}
	require.Nil(t, judge(t, p, some(of("api", passed(day)), of("web", passed(day)))))
	require.Equal(t, checktest.One("evidence_missing", check.Fail, "There is no result of web."),
		judge(t, p, some(of("api", passed(day)))))
}

func TestParametersThatMakeNoSense(t *testing.T) {
	require.NoError(t, evidence.Evidence().Defaults.Validate())
	require.ErrorContains(t, evidence.Parameters{}.Validate(), "maximum_age: expected more than 0")
	require.ErrorContains(t, evidence.Parameters{
		MaximumAge: 1, MaximumValues: map[string]float64{"a": 1}, MinimumValues: map[string]float64{"a": 2},
	}.Validate(), "minimum_values: a: expected at most 1, its maximum")
}
