package evidence_test

import (
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func lineSamples() []sample {
	return []sample{
		{
			"TAP: directives are told from failures, and subtests count by their own point",
			"TAP version 14\n1..4\n    # Subtest: inner\n    not ok 1 - inside\n    1..1\nnot ok 1 - outer\n  ---\n  message: no\n  ...\nok 2 - adds # SKIP no database\nnot ok 3 - later # TODO\nok 4\n",
			fact.EvidenceResult{Format: "tap", Passed: 1, Failed: 1, Skipped: 2, Faults: []string{"outer"}},
		},
		{
			"TAP: fewer tests than planned are errors", "1..5\nok 1\nok 2\n",
			fact.EvidenceResult{Format: "tap", Passed: 2, Errored: 3, Faults: []string{"planned 5 tests, ran 2"}},
		},
		{
			"TAP: without a plan the end may be missing", "TAP version 13\nok 1 - a\n",
			fact.EvidenceResult{Format: "tap", Passed: 1, Errored: 1, Faults: []string{"the report has no plan, and may be cut off"}},
		},
		{
			"TAP: bailing out is an error", "1..2\nok 1\nBail out! no database\n",
			fact.EvidenceResult{Format: "tap", Passed: 1, Errored: 2, Faults: []string{"Bail out! no database", "planned 2 tests, ran 1"}},
		},
		{
			"TAP: a directive needs no space, and what runs the tests may print before them",
			"\n> shop@1.0.0 test\n> tape test.js\n\nTAP version 13\nok 1 - a #skip no database\nnot ok 2 - b #TODO later\nnot ok 3 - issue#1 # is back\n1..3\n",
			fact.EvidenceResult{Format: "tap", Failed: 1, Skipped: 2, Faults: []string{"issue#1"}},
		},
		{"TAP: all skipped is no test", "1..0 # SKIP not here\n", fact.EvidenceResult{Format: "tap"}},
		{
			"go test: subtests, skips and a retry that passed",
			`{"Time":"2026-11-20T10:00:00Z","Action":"start","Package":"p"}
{"Time":"2026-11-20T10:00:01Z","Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA/one"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"fail","Package":"p","Test":"TestC"}
{"Action":"fail","Package":"p"}
{"Action":"pass","Package":"p","Test":"TestC"}
{"Action":"fail","Package":"q","Test":"TestD"}
{"Action":"fail","Package":"q"}
{"Action":"skip","Package":"r"}
`, fact.EvidenceResult{Format: "go-test", Passed: 2, Failed: 1, Skipped: 1, Flaky: 1, Faults: []string{"q TestD"}, MadeAt: at("2026-11-20T10:00:01Z")},
		},
		{
			// https://github.com/golang/go/issues/38382
			"go test: a test that a panic ended has no result, and is an error",
			`{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"panic: x\n"}
{"Action":"fail","Package":"p"}`,
			fact.EvidenceResult{Format: "go-test", Errored: 1, Faults: []string{"p TestA did not end"}},
		},
		{
			// https://github.com/golang/go/issues/37555
			"go test: a package that fails while its tests pass is an error",
			`{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`,
			fact.EvidenceResult{Format: "go-test", Passed: 1, Errored: 1, Faults: []string{"p did not come to its end"}},
		},
		{
			"go test: a package that does not compile is an error, counted once",
			`{"ImportPath":"q [q.test]","Action":"build-output","Output":"# q\n"}
{"ImportPath":"q [q.test]","Action":"build-fail"}
{"Action":"start","Package":"q"}
{"Action":"fail","Package":"q","FailedBuild":"q [q.test]"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}`,
			fact.EvidenceResult{Format: "go-test", Passed: 1, Errored: 1, Faults: []string{"q [q.test] does not compile"}},
		},
		{
			"go test: what compilers of before Go 1.24 print between events is passed over",
			"# q\nq/a.go:3: undefined: x\n" + `{"Action":"output","Package":"q","Output":"FAIL\tq [build failed]\n"}
{"Action":"fail","Package":"q"}`,
			fact.EvidenceResult{Format: "go-test", Errored: 1, Faults: []string{"q did not come to its end"}},
		},
		{
			"go test: a report that is cut off between its lines has a test without an end",
			`{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestB"}`,
			fact.EvidenceResult{Format: "go-test", Passed: 1, Errored: 1, Faults: []string{"p TestB did not end"}},
		},
		{
			"go test: a package that was killed before its first test is an error",
			`{"Action":"start","Package":"p"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}
{"Action":"start","Package":"q"}
{"Action":"output","Package":"q","Output":"signal: killed\n"}`,
			fact.EvidenceResult{Format: "go-test", Passed: 1, Errored: 1, Faults: []string{"q did not come to its end"}},
		},
		{
			"promtool: a file of tests passes or fails as a whole",
			"Unit Testing:  a.test.yaml\n  SUCCESS\n\nUnit Testing:  b.test.yaml\n  FAILED:\n    alertname: X, time: 5m,\n        exp:[], got:[1]\n\nUnit Testing:  c.test.yaml\n",
			fact.EvidenceResult{Format: "promtool", Passed: 1, Failed: 1, Errored: 1, Faults: []string{"b.test.yaml", "c.test.yaml"}},
		},
		{
			"Prisma: a schema that is valid", "Prisma schema loaded from prisma/schema.prisma\n\x1b[32mThe schema at prisma/schema.prisma is valid 🚀\x1b[39m\n",
			fact.EvidenceResult{Format: "prisma", Passed: 1},
		},
		{
			"Prisma: a schema that is not", "Error: Prisma schema validation - (validate wasm)\nError code: P1012\nerror: Type \"Cup\" is neither a built-in type",
			fact.EvidenceResult{Format: "prisma", Failed: 1, Faults: []string{"Prisma schema validation"}},
		},
		{
			"Prisma: migrations that are not applied", "2 migrations found in prisma/migrations\nFollowing migration have not yet been applied:\n20261120_cups\n",
			fact.EvidenceResult{Format: "prisma", Failed: 1, Faults: []string{"migration have not yet been applied"}},
		},
		{
			"Prisma: all migrations applied", "2 migrations found in prisma/migrations\n\nDatabase schema is up to date!\n",
			fact.EvidenceResult{Format: "prisma", Passed: 1},
		},
		{
			"Prisma: a database that nothing was migrated in", "1 migration found in prisma/migrations\n\nThe current database is not managed by Prisma Migrate.\n",
			fact.EvidenceResult{Format: "prisma", Failed: 1, Faults: []string{"database is not managed by Prisma Migrate"}},
		},
		{
			"Prisma: a database that does not answer", "2 migrations found in prisma/migrations\nError: P1001: Can't reach database server at `db:5432`\n",
			fact.EvidenceResult{Format: "prisma", Errored: 1, Faults: []string{"Error: P1001"}},
		},
	}
}

func loadSamples() []sample {
	return []sample{
		{
			// https://github.com/grafana/k6/issues/1498
			"k6: in what --summary-export writes, true is a threshold that was crossed",
			`{"root_group":{"name":"","checks":{}},"metrics":{"http_req_duration":{"avg":120.5,"p(95)":480,"thresholds":{"p(95)<500":false,"max<600":true}},
"http_req_failed":{"passes":1,"fails":99,"value":0.01,"thresholds":{"rate<0.05":false}},"http_reqs":{"count":100,"rate":10}}}`,
			fact.EvidenceResult{
				Format: "k6", Passed: 2, Failed: 1, Faults: []string{"http_req_duration: max<600"},
				Values: map[string]float64{"duration_p95_seconds": 0.48, "success_ratio": 0.99, "requests": 100},
			},
		},
		{
			"k6: in what handleSummary is given, ok is a threshold that was met",
			`{"state":{"isStdOutTTY":false},"metrics":{"http_req_duration":{"type":"trend","contains":"time","values":{"p(95)":250},"thresholds":{"p(95)<500":{"ok":true}}},
"http_req_failed":{"type":"rate","values":{"rate":0,"passes":0,"fails":10},"thresholds":{"rate<0.01":{"ok":false}}}}}`,
			fact.EvidenceResult{
				Format: "k6", Passed: 1, Failed: 1, Faults: []string{"http_req_failed: rate<0.01"},
				Values: map[string]float64{"duration_p95_seconds": 0.25, "success_ratio": 1},
			},
		},
		{
			// https://github.com/grafana/k6/issues/4283
			"k6: a threshold on what was never measured is not met",
			`{"state":{},"metrics":{"checks":{"type":"rate","values":{"passes":0,"fails":0,"rate":0},"thresholds":{"rate>=0.9":{"ok":true}}}}}`,
			fact.EvidenceResult{
				Format: "k6", Errored: 1, Faults: []string{"checks: rate>=0.9 was not measured"},
				Values: map[string]float64{"checks_passed": 0, "checks_failed": 0},
			},
		},
		{
			"k6: nor is one of a duration that no request has, such as of a tag with a mistake",
			`{"root_group":{},"metrics":{"http_req_duration{name:chekout}":{"avg":0,"min":0,"med":0,"max":0,"p(95)":0,"thresholds":{"p(95)<500":false}},"http_req_tls_handshaking":{"max":0,"thresholds":{"max<9":false}}}}`,
			fact.EvidenceResult{Format: "k6", Passed: 1, Errored: 1, Faults: []string{"http_req_duration{name:chekout}: p(95)<500 was not measured"}},
		},
		{
			"k6: without thresholds the checks are the tests", `{"root_group":{},"metrics":{"checks":{"passes":9,"fails":1,"value":0.9}}}`,
			fact.EvidenceResult{Format: "k6", Passed: 9, Failed: 1, Values: map[string]float64{"checks_passed": 9, "checks_failed": 1}},
		},
		{"k6: with neither nothing was tested", `{"root_group":{},"metrics":{"iterations":{"count":9,"rate":1}}}`, fact.EvidenceResult{Format: "k6"}},
		{
			"vegeta", `{"latencies":{"mean":1,"50th":1,"95th":250000000,"99th":1,"max":1},"bytes_in":{},"bytes_out":{},"earliest":"2026-11-20T10:00:00Z","latest":"2026-11-20T10:01:00Z","end":"2026-11-20T10:01:01Z","duration":1,"wait":1,"requests":600,"rate":10,"throughput":10,"success":0.995,"status_codes":{"200":597,"500":3},"errors":["500"]}`,
			fact.EvidenceResult{
				Format: "vegeta", MadeAt: at("2026-11-20T10:01:01Z"),
				Values: map[string]float64{"requests": 600, "success_ratio": 0.995, "duration_p95_seconds": 0.25},
			},
		},
		{
			"vegeta: an attack without a request says nothing", `{"latencies":{},"requests":0,"success":0,"status_codes":{}}`,
			fact.EvidenceResult{Format: "vegeta"},
		},
		{
			"Gatling", `{"name":"All Requests","numberOfRequests":{"total":200,"ok":190,"ko":10},"percentiles3":{"total":400,"ok":300,"ko":900}}`,
			fact.EvidenceResult{Format: "gatling", Values: map[string]float64{"requests": 200, "success_ratio": 0.95, "duration_p95_seconds": 0.4}},
		},
		{
			"JMeter", `{"Total":{"transaction":"Total","sampleCount":100,"errorCount":25,"errorPct":25.0,"pct2ResTime":1500.0},"GET /":{"sampleCount":100}}`,
			fact.EvidenceResult{Format: "jmeter", Values: map[string]float64{"requests": 100, "success_ratio": 0.75, "duration_p95_seconds": 1.5}},
		},
	}
}

func auditSamples() []sample {
	scan := func(format string, numbers ...float64) fact.EvidenceResult {
		return fact.EvidenceResult{Format: format, Scans: 1, Values: values(numbers...)}
	}
	return []sample{
		{
			"npm 7 and later", `{"auditReportVersion":2,"vulnerabilities":{"minimist":{"severity":"critical"}},"metadata":{"vulnerabilities":{"info":1,"low":2,"moderate":3,"high":4,"critical":5,"total":15},"dependencies":{"prod":10,"total":10}}}`,
			scan("npm-audit", 5, 4, 3, 3),
		},
		{
			"npm 6 and pnpm", `{"actions":[],"advisories":{},"muted":[],"metadata":{"vulnerabilities":{"info":0,"low":0,"moderate":0,"high":0,"critical":0},"dependencies":10,"totalDependencies":10}}`,
			scan("npm-audit"),
		},
		{
			// https://github.com/wrsmith108/claude-skill-security-auditor/issues/4
			"npm: an audit that could not be made found nothing for that alone", `{"error":{"code":"ENOLOCK","summary":"This command requires an existing lockfile.","detail":""}}`,
			fact.EvidenceResult{Format: "npm-audit", Errored: 1, Faults: []string{"the audit could not be made ENOLOCK"}},
		},
		{
			"npm: a registry that answers with an error", `{"message":"request failed","method":"POST","statusCode":502,"error":"Bad Gateway"}`,
			fact.EvidenceResult{Format: "npm-audit", Errored: 1, Faults: []string{"the audit could not be made"}},
		},
		{
			"Yarn 1", `{"type":"auditAdvisory","data":{"advisory":{"severity":"high"}}}` + "\n" + `{"type":"auditSummary","data":{"vulnerabilities":{"info":0,"low":0,"moderate":0,"high":1,"critical":0},"dependencies":10}}`,
			scan("yarn-audit", 0, 1),
		},
		{
			"Yarn 2 and later", `{"value":"minimist","children":{"ID":1,"Issue":"Pollution","Severity":"critical"}}` + "\n" + `{"value":"ws","children":{"ID":2,"Severity":"moderate"}}`,
			scan("yarn-audit", 1, 0, 1),
		},
		{
			"govulncheck: what is called is high, and each vulnerability counts once",
			`{"config":{"protocol_version":"v1.0.0","scanner_name":"govulncheck","scan_level":"symbol"}}
{"progress":{"message":"Scanning"}}
{"osv":{"id":"GO-1"}}
{"finding":{"osv":"GO-1","trace":[{"module":"m","version":"v1"}]}}
{"finding":{"osv":"GO-1","trace":[{"module":"m","package":"p","function":"F"},{"module":"shop","function":"main"}]}}
{"finding":{"osv":"GO-1","trace":[{"module":"m","package":"p"}]}}
{"finding":{"osv":"GO-2","trace":[{"module":"n","package":"q"}]}}`,
			scan("govulncheck", 0, 1, 0, 1),
		},
		{
			"govulncheck: where calls were not looked for nothing is rated",
			`{"config":{"protocol_version":"v1.0.0","scanner_name":"govulncheck","scan_level":"module"}}{"finding":{"osv":"GO-1","trace":[{"module":"m"}]}}`,
			scan("govulncheck", 0, 0, 0, 0, 1),
		},
		{"osv-scanner: nothing found", `{"results":[],"experimental_config":{"licenses":{}}}`, scan("osv-scanner")},
		{
			"osv-scanner: groups are rated by their score",
			`{"results":[{"source":{"path":"go.mod"},"packages":[{"package":{"name":"a"},"vulnerabilities":[{"id":"x"},{"id":"y"}],"groups":[{"ids":["x","y"],"max_severity":"9.8"}]},
{"package":{"name":"b"},"vulnerabilities":[{"id":"z"}],"groups":[{"ids":["z"],"max_severity":""}]},{"package":{"name":"c"},"vulnerabilities":[{"id":"o"},{"id":"p"}]}]}]}`,
			scan("osv-scanner", 1, 0, 0, 0, 3),
		},
		{
			"Trivy: vulnerabilities, misconfigurations that fail, and secrets",
			`{"SchemaVersion":2,"CreatedAt":"2026-11-20T10:00:00Z","ArtifactName":"shop","Results":[{"Target":"a","Class":"os-pkgs","Vulnerabilities":[{"Severity":"CRITICAL"},{"Severity":"UNKNOWN"}]},
{"Target":"b","Misconfigurations":[{"Severity":"HIGH","Status":"FAIL"},{"Severity":"HIGH","Status":"PASS"}]},{"Target":"c","Secrets":[{"Severity":"MEDIUM"}]}]}`,
			fact.EvidenceResult{Format: "trivy", Scans: 1, Values: values(1, 1, 1, 0, 1), MadeAt: at("2026-11-20T10:00:00Z")},
		},
		{
			// https://github.com/aquasecurity/harbor-scanner-trivy/issues/161
			"Trivy: of a distribution that is no longer supported nobody lists what its packages have",
			`{"SchemaVersion":2,"ArtifactName":"old","Metadata":{"OS":{"Family":"alpine","Name":"3.4.4","EOSL":true}},"Results":[{"Target":"old","Class":"os-pkgs"}]}`,
			fact.EvidenceResult{
				Format: "trivy", Scans: 1, Errored: 1, Values: values(), Faults: []string{"alpine 3.4.4 is no longer supported, and has no list of vulnerabilities"},
			},
		},
		{
			"Trivy: what has nothing to scan was not scanned", `{"SchemaVersion":2,"ArtifactName":"empty"}`,
			fact.EvidenceResult{Format: "trivy", Values: values()},
		},
		{
			"Grype", `{"matches":[{"vulnerability":{"id":"a","severity":"High"}},{"vulnerability":{"severity":"Negligible"}},{"vulnerability":{"severity":"Unknown"}}],"ignoredMatches":[{}],"source":{},"descriptor":{"name":"grype","version":"0.1","timestamp":"2026-11-20T10:00:00Z"}}`,
			fact.EvidenceResult{Format: "grype", Scans: 1, Values: values(0, 1, 0, 1, 1), MadeAt: at("2026-11-20T10:00:00Z")},
		},
	}
}

func plainSamples() []sample {
	return []sample{
		{"a drill that went well", `{"readiness_evidence":1,"passed":1}`, fact.EvidenceResult{Format: "readiness", Passed: 1}},
		{
			"everything that there is",
			`{"readiness_evidence":1,"passed":1,"failed":2,"errored":3,"skipped":4,"flaky":5,"scans":6,"values":{"success_ratio":0.5},"faults":[" a  b\n","` + strings.Repeat("x", 200) + `"],"made_at":"2026-11-20T10:00:00+01:00","format":"junit"}`,
			fact.EvidenceResult{
				Format: "junit", Passed: 1, Failed: 2, Errored: 3, Skipped: 4, Flaky: 5, Scans: 6, Values: map[string]float64{"success_ratio": 0.5},
				Faults: []string{"a b", strings.Repeat("x", 120) + "…"}, MadeAt: at("2026-11-20T09:00:00Z"),
			},
		},
	}
}

func samples() []sample {
	return slices.Concat(junitSamples(), sarifSamples(), lineSamples(), loadSamples(), auditSamples(), plainSamples())
}
