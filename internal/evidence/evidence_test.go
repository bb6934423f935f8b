package evidence_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/evidence"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// values are severities as scanners give them, in the order critical, high, medium, low, unrated.
func values(numbers ...float64) map[string]float64 {
	all := make(map[string]float64)
	for i, name := range []string{"critical", "high", "medium", "low", "unrated"} {
		all[name] = 0
		if i < len(numbers) {
			all[name] = numbers[i]
		}
	}
	return all
}

// with adds a value.
func with(all map[string]float64, name string, value float64) map[string]float64 {
	all[name] = value
	return all
}

func at(text string) time.Time {
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return parsed
}

// A sample is a report with what it says.
type sample struct {
	name   string
	report string
	want   fact.EvidenceResult
}

func junitSamples() []sample {
	return []sample{
		{
			"Maven: errors and failures are told apart, and a test that passed when it was run again is flaky",
			`<?xml version="1.0" encoding="UTF-8"?>
<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="3.0" name="com.example.CartTest" time="0.1" tests="6" errors="1" skipped="1" failures="3">
  <properties><property name="java.version" value="21"/></properties>
  <testcase name="adds" classname="com.example.CartTest" time="0.01"/>
  <testcase name="removes" classname="com.example.CartTest"><failure message="expected 1" type="AssertionError">at …</failure></testcase>
  <testcase name="pays" classname="com.example.CartTest"><error message="refused" type="IOException"/><system-out><![CDATA[<failure/>]]></system-out></testcase>
  <testcase name="ships" classname="com.example.CartTest"><skipped message="later"/></testcase>
  <testcase name="mails" classname="com.example.CartTest"><flakyFailure message="once"><stackTrace>…</stackTrace></flakyFailure></testcase>
  <testcase name="prints" classname="com.example.CartTest"><failure>never</failure><rerunFailure>again</rerunFailure></testcase>
</testsuite>`,
			fact.EvidenceResult{Format: "junit", Passed: 1, Failed: 2, Errored: 1, Skipped: 1, Flaky: 1, Faults: []string{
				"com.example.CartTest removes", "com.example.CartTest pays", "com.example.CartTest prints",
			}},
		},
		{
			"pytest: what is expected to fail counts as skipped",
			`<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="0" failures="0" skipped="1" tests="2" time="0.02" timestamp="2026-11-20T10:11:12.345678+01:00" hostname="ci">
<testcase classname="tests.test_a" name="test_one" time="0.001" /><testcase classname="tests.test_a" name="test_two" time="0.001"><skipped type="pytest.xfail" message="" /></testcase></testsuite></testsuites>`,
			fact.EvidenceResult{Format: "junit", Passed: 1, Skipped: 1, MadeAt: at("2026-11-20T09:11:12.345678Z")},
		},
		{
			// https://github.com/dorny/test-reporter/issues/221
			"Jest: a suite that does not compile has an error, and no test",
			`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="jest tests" tests="0" failures="0" errors="1" time="5.73">
  <testsuite name="src\app.test.ts" errors="1" failures="0" skipped="0" timestamp="1970-01-01T00:00:00" time="0" tests="0">
    <testcase classname="Test suite failed to run" name="src\app.test.ts" time="0"><error>throw new Error(&apos;x&apos;);</error></testcase>
  </testsuite>
</testsuites>`,
			fact.EvidenceResult{Format: "junit", Errored: 1, Faults: []string{`Test suite failed to run src\app.test.ts`}},
		},
		{
			"Jest: an error that only the suite counts is one",
			`<testsuites name="jest tests" tests="1" failures="0" errors="1"><testsuite name="a.test.ts" errors="1" tests="0"></testsuite>
<testsuite name="b.test.ts" errors="0" tests="1"><testcase classname="b" name="works"/></testsuite></testsuites>`,
			fact.EvidenceResult{Format: "junit", Passed: 1, Errored: 1, Faults: []string{"a.test.ts"}},
		},
		{
			// https://github.com/EnricoMi/publish-unit-test-result-action/issues/539
			"Maven: a suite that counts each run of a flaky test has no failure for that",
			`<testsuite name="s" tests="1" errors="0" failures="2"><testcase name="a" classname="s"><flakyFailure/><flakyFailure/></testcase></testsuite>`,
			fact.EvidenceResult{Format: "junit", Flaky: 1},
		},
		{
			"go-junit-report: suites are packages",
			`<testsuites tests="2" failures="1"><testsuite name="example.com/shop/cart" tests="2" failures="1" errors="0" id="0" timestamp="2026-11-20T10:00:00Z">
<properties><property name="go.version" value="go1.26"></property></properties>
<testcase name="TestAdd" classname="example.com/shop/cart" time="0.000"></testcase>
<testcase name="TestPay" classname="example.com/shop/cart" time="0.010"><failure message="Failed"><![CDATA[cart_test.go:9: no]]></failure></testcase></testsuite></testsuites>`,
			fact.EvidenceResult{
				Format: "junit", Passed: 1, Failed: 1, Faults: []string{"example.com/shop/cart TestPay"}, MadeAt: at("2026-11-20T10:00:00Z"),
			},
		},
		{
			"Playwright: suites are files, with their attachments in the output",
			`<testsuites id="" name="" tests="2" failures="0" skipped="1" errors="0" time="3.1"><testsuite name="shop.spec.ts" timestamp="2026-11-20T10:00:00.123Z" hostname="chromium" tests="2" failures="0" skipped="1" time="2" errors="0">
<testcase name="buys a cup" classname="shop.spec.ts" time="1.5"><system-out><![CDATA[[[ATTACHMENT|trace.zip]]]]></system-out></testcase>
<testcase name="buys none" classname="shop.spec.ts" time="0"><skipped></skipped></testcase></testsuite></testsuites>`,
			fact.EvidenceResult{Format: "junit", Passed: 1, Skipped: 1, MadeAt: at("2026-11-20T10:00:00.123Z")},
		},
		{
			"PHPUnit: suites are within suites, and each fault counts once",
			`<?xml version="1.0" encoding="ISO-8859-1"?><testsuites><testsuite name="all" tests="3" assertions="3" errors="1" failures="1" skipped="0" time="0.1">
<testsuite name="CartTest" file="/src/CartTest.php" tests="3" errors="1" failures="1"><testcase name="testAdd" class="CartTest" classname="CartTest" assertions="1"/>
<testcase name="testPay" classname="CartTest"><failure type="E">Bezahlt f` + "\xfc" + `r 1</failure></testcase>
<testcase name="testShip" classname="CartTest"><error type="E">x</error></testcase></testsuite></testsuite></testsuites>`,
			fact.EvidenceResult{Format: "junit", Passed: 1, Failed: 1, Errored: 1, Faults: []string{"CartTest testPay", "CartTest testShip"}},
		},
		{
			// https://github.com/bats-core/bats-core/issues/846
			"the colours of a terminal, which XML cannot have, hide no failure",
			"<testsuite name=\"bats\"><testcase name=\"a\"><failure>\x1b[31mred&#27;[0m&#x1B;[0m&#0;&#11;</failure></testcase></testsuite>",
			fact.EvidenceResult{Format: "junit", Failed: 1, Faults: []string{"a"}},
		},
		{
			"reports one behind the other are one",
			`<?xml version="1.0"?><testsuite name="a"><testcase name="x"/></testsuite>` + "\n" + `<?xml version="1.0"?><testsuite name="b"><testcase name="y"/></testsuite>`,
			fact.EvidenceResult{Format: "junit", Passed: 2},
		},
		{
			"GoogleTest and CTest: what was not run is skipped, and a status counts where there is no element",
			`<testsuites><testsuite name="a"><testcase name="x" status="notrun" result="suppressed"/><testcase name="y" status="fail"/><testcase name="z" status="run"/></testsuite></testsuites>`,
			fact.EvidenceResult{Format: "junit", Passed: 1, Failed: 1, Skipped: 1, Faults: []string{"y"}},
		},
		{"no test at all is no test that passed", `<testsuites tests="0" failures="0" errors="0"/>`, fact.EvidenceResult{Format: "junit"}},
		{
			// https://github.com/jeremiah-c-leary/vhdl-style-guide/issues/167
			"faults that only the suite counts are faults", `<testsuite errors="0" failures="7" name="style"><testcase name="f"/></testsuite>`,
			fact.EvidenceResult{Format: "junit", Passed: 1, Errored: 7, Faults: []string{"style"}},
		},
		{
			"a suite that could not be set up is an error", `<testsuite name="db"><error>refused</error></testsuite>`,
			fact.EvidenceResult{Format: "junit", Errored: 1, Faults: []string{"db"}},
		},
	}
}

func sarifSamples() []sample {
	run := func(results string) string {
		return `{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":{"driver":{"name":"lint","rules":[
{"id":"a","defaultConfiguration":{"level":"error"}},{"id":"b"},{"id":"c","properties":{"security-severity":"9.8"}}]},
"extensions":[{"name":"pack","rules":[{"id":"q","defaultConfiguration":{"level":"error"}}]}]},"results":` + results + `}]}`
	}
	found := func(warnings float64, all map[string]float64, faults ...string) fact.EvidenceResult {
		return fact.EvidenceResult{Format: "sarif", Scans: 1, Failed: len(faults), Faults: faults, Values: with(all, "warnings", warnings)}
	}
	return []sample{
		{"a tool that found nothing has looked", run(`[]`), found(0, values())},
		{"a level that is written counts", run(`[{"ruleId":"b","level":"error"},{"ruleId":"a","level":"note"}]`), found(0, values(0, 1, 0, 1), "b")},
		{
			// https://github.com/trailofbits/skills/issues/262
			"a level that is left out is that of the rule, by its id or its index, also of an extension",
			run(`[{"ruleId":"a"},{"ruleIndex":0},{"ruleId":"a/variant"},{"rule":{"id":"q"}},{"ruleId":"b"},{"ruleId":"none"}]`),
			found(2, values(0, 4, 2), "a", "a", "a/variant", "q"),
		},
		{"a score of the rule rates it", run(`[{"ruleId":"c","level":"error"}]`), found(0, values(1), "c")},
		{
			"what is suppressed, has gone or is no fault does not count",
			run(`[{"ruleId":"a","suppressions":[{"kind":"inSource"}]},{"ruleId":"a","suppressions":[{"kind":"external","status":"accepted"}]},
{"ruleId":"a","baselineState":"absent"},{"ruleId":"a","kind":"pass"}]`), found(0, values()),
		},
		{
			"a suppression that nobody has accepted yet is none", run(`[{"ruleId":"a","suppressions":[{"status":"underReview"}]}]`),
			found(0, values(0, 1), "a"),
		},
		{
			"a tool that broke off has found nothing for that alone",
			`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"lint"}},"invocations":[{"executionSuccessful":false,"endTimeUtc":"2026-11-20T10:00:00Z"}],"results":[]}]}`,
			fact.EvidenceResult{
				Format: "sarif", Errored: 1, Faults: []string{"lint did not come to its end"}, Values: with(values(), "warnings", 0),
				MadeAt: at("2026-11-20T10:00:00Z"),
			},
		},
		{
			"a run without a list of results has looked for none", `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"lint"}}}]}`,
			fact.EvidenceResult{Format: "sarif", Errored: 1, Faults: []string{"lint did not come to its end"}, Values: with(values(), "warnings", 0)},
		},
		{"no run at all has scanned nothing", `{"version":"2.1.0","runs":[]}`, fact.EvidenceResult{Format: "sarif", Values: with(values(), "warnings", 0)}},
	}
}

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

func TestReportsAreRecognisedByWhatTheySay(t *testing.T) {
	known := make(map[string]bool)
	for _, each := range samples() {
		t.Run(each.name, func(t *testing.T) {
			got, err := evidence.Parse([]byte(each.report))
			require.NoError(t, err)
			require.Equal(t, each.want, got)
			known[got.Format] = true
		})
	}
	for _, name := range evidence.Formats() {
		require.True(t, known[name], "the format %s has no sample", name)
	}
}

func TestWhatCannotBeReadIsNoResult(t *testing.T) {
	for name, test := range map[string]struct{ report, want string }{
		"nothing":                              {" \n", "the report is empty"},
		"a text":                               {"all good", "the report is in none of the known formats"},
		"a page":                               {"<html><body>404</body></html>", "the report is in none of the known formats"},
		"an object of somebody else's":         {`{"ok":true}`, "the report is in none of the known formats"},
		"a list":                               {`[]`, "the report is in none of the known formats"},
		"results of another scanner":           {`{"errors":[],"generated_at":"x","metrics":{},"results":[]}`, "the report is in none of the known formats"},
		"XML that is cut off":                  {`<testsuite name="a"><testcase name="x"/>`, "format junit: XML syntax error"},
		"XML whose entities would grow":        {`<!DOCTYPE a [<!ENTITY x "xx"><!ENTITY y "&x;&x;">]><testsuite name="&y;"/>`, "format junit: XML syntax error"},
		"XML that is too deep":                 {strings.Repeat("<testsuite>", 200), "elements are within each other more than 100 times"},
		"JSON that is cut off":                 {`{"version":"2.1.0","runs":[`, "read JSON: "},
		"JSON that is too deep":                {`{"version":"2.1.0","runs":` + strings.Repeat("[", 20_000), "read JSON: "},
		"JSON with more members than any":      {`{` + manyMembers() + `"b":1}`, "more elements than any report"},
		"SARIF with an end that is of no list": {`{"version":"2.1.0","runs":{}}`, "format sarif: expected ["},
		"a list longer than any":               {`{"version":"2.1.0","runs":[{"results":[` + strings.Repeat("{},", 600_000) + `{}]}]}`, "more elements than any report"},
		"an audit without its counts":          {`{"auditReportVersion":2,"vulnerabilities":{},"metadata":{}}`, "it does not say how many vulnerabilities there are"},
		"an audit by Yarn that is cut off":     {`{"type":"auditAdvisory","data":{}}`, "it does not say how many vulnerabilities there are"},
		"go test with half a line":             {"{\"Action\":\"pass\",\"Package\":\"p\",\"Test\":\"A\"}\n{\"Action\":\"fa", "a line is no event"},
		"our own with a key that is unknown":   {`{"readiness_evidence":1,"pased":1}`, `unknown field "pased"`},
		"our own of another version":           {`{"readiness_evidence":2,"passed":1}`, "expected readiness_evidence: 1"},
		"our own with a negative number":       {`{"readiness_evidence":1,"failed":-1}`, "numbers that are not negative"},
		"our own with a strange value":         {`{"readiness_evidence":1,"values":{"A b":1}}`, "names in lower case"},
		"our own with more behind it":          {`{"readiness_evidence":1,"passed":1}{}`, "expected readiness_evidence: 1"},
		"more bytes than any":                  {strings.Repeat(" ", evidence.MaximumBytes+1), "the report has more than 16 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := evidence.Parse([]byte(test.report))
			require.ErrorContains(t, err, test.want)
			require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err))
			require.Zero(t, got)
		})
	}
}

// manyMembers are more of an object than any report has.
func manyMembers() string {
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, `"a%d":1,`, i)
	}
	return b.String()
}

func TestEncodings(t *testing.T) {
	report := `<?xml version="1.0" encoding="utf-16"?><testsuite name="a"><testcase name="é"><failure/></testcase></testsuite>`
	want := fact.EvidenceResult{Format: "junit", Failed: 1, Faults: []string{"é"}}
	little, big := []byte{0xff, 0xfe}, []byte{0xfe, 0xff}
	for _, unit := range utf16.Encode([]rune(report)) {
		little, big = binary.LittleEndian.AppendUint16(little, unit), binary.BigEndian.AppendUint16(big, unit)
	}
	for _, content := range [][]byte{little, big, []byte("\ufeff" + strings.Replace(report, "utf-16", "utf-8", 1))} {
		got, err := evidence.Parse(content)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestOurOwnFormatSaysAllThatAnotherSays(t *testing.T) {
	for _, each := range samples() {
		written, err := evidence.PlainOf(each.want)
		require.NoError(t, err)
		read, err := evidence.Parse(written)
		require.NoError(t, err, "%s", written)
		require.Equal(t, each.want, read)
	}
}

func TestResultsOfSeveralFilesAreOne(t *testing.T) {
	first := fact.EvidenceResult{
		Format: "junit", Passed: 1, Failed: 1, Skipped: 1, Faults: []string{"a"}, MadeAt: at("2026-11-20T10:00:00Z"),
		Values: map[string]float64{"high": 1, "success_ratio": 0.9, "duration_p95_seconds": 1},
	}
	second := fact.EvidenceResult{
		Format: "junit", Passed: 2, Errored: 1, Flaky: 1, Scans: 1, Faults: []string{"b"}, MadeAt: at("2026-11-19T10:00:00Z"),
		Values: map[string]float64{"high": 2, "success_ratio": 0.8, "duration_p95_seconds": 2},
	}
	want := fact.EvidenceResult{
		Format: "junit", Passed: 3, Failed: 1, Errored: 1, Skipped: 1, Flaky: 1, Scans: 1, Faults: []string{"a", "b"},
		MadeAt: at("2026-11-19T10:00:00Z"), Values: map[string]float64{"high": 3, "success_ratio": 0.8, "duration_p95_seconds": 2},
	}
	require.Equal(t, want, evidence.Merge([]fact.EvidenceResult{first, second}))
	require.Equal(t, map[string]float64{"high": 1, "success_ratio": 0.9, "duration_p95_seconds": 1}, first.Values, "it stays as it was")
	require.Equal(t, "junit, tap", evidence.Merge([]fact.EvidenceResult{first, {Format: "tap"}}).Format)
	require.Zero(t, evidence.Merge(nil))
}

// FuzzParse wants of whatever is sent an error or a result whose numbers are sound, and that our own format can say.
func FuzzParse(f *testing.F) {
	for _, each := range samples() {
		f.Add([]byte(each.report))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		result, err := evidence.Parse(content)
		if err != nil {
			require.Zero(t, result)
			return
		}
		for _, count := range []int{result.Passed, result.Failed, result.Errored, result.Skipped, result.Flaky, result.Scans} {
			require.GreaterOrEqual(t, count, 0)
		}
		require.LessOrEqual(t, len(result.Faults), 10)
		for _, value := range result.Values {
			require.False(t, math.IsNaN(value) || math.IsInf(value, 0))
		}
		_, err = evidence.PlainOf(result)
		require.NoError(t, err)
	})
}
