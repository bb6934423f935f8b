package evidence_test

import (
	"time"

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

// warned adds a number of warnings.
func warned(all map[string]float64, warnings float64) map[string]float64 {
	all["warnings"] = warnings
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
			"a test whose state is none that passed did not pass",
			`<testsuite name="a"><testcase name="undefined" status="undefined"/><testcase name="works" status="passed"/></testsuite>`,
			fact.EvidenceResult{Format: "junit", Passed: 1, Errored: 1, Faults: []string{"undefined"}},
		},
		{
			"what tests print need not be XML: bytes of another encoding, halves of characters, what is no character",
			"<?xml version=\"1.1\" encoding=\"UTF-8\"?><testsuite name=\"a\"><testcase name=\"works\"><system-out>caf\xe9 \uffff \ufffe &#xD83D; &#55357; &#xFFFF;</system-out></testcase></testsuite>",
			fact.EvidenceResult{Format: "junit", Passed: 1},
		},
		{
			"the encoding that a report declares is that of its bytes",
			"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><testsuite name=\"a\"><testcase name=\"caf\xe9\"><failure/></testcase></testsuite>",
			fact.EvidenceResult{Format: "junit", Failed: 1, Faults: []string{"café"}},
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
		return fact.EvidenceResult{Format: "sarif", Scans: 1, Failed: len(faults), Faults: faults, Values: warned(all, warnings)}
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
		{
			"the index of a rule of an extension is that of its list",
			`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"scan","rules":[{"id":"d"}]},"extensions":[{"rules":[]},{"rules":[{"id":"x"},{"id":"q","defaultConfiguration":{"level":"error"}}]}]},
"results":[{"rule":{"index":1,"toolComponent":{"index":1}}},{"rule":{"index":0,"toolComponent":{"index":9}}}]}]}`,
			found(1, values(0, 1, 1), "q"),
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
			"a tool that could not read a file has not examined all",
			`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"lint"}},"invocations":[{"executionSuccessful":true,` +
				`"toolExecutionNotifications":[{"level":"warning"},{"level":"error","message":{"text":"syntax error in a.js"}}]}],"results":[]}]}`,
			fact.EvidenceResult{
				Format: "sarif", Errored: 1, Faults: []string{"lint did not come to its end, or not without errors"}, Values: warned(values(), 0),
			},
		},
		{
			"what a tool says in passing changes nothing",
			`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"lint"}},"invocations":[{"executionSuccessful":true,` +
				`"toolExecutionNotifications":[{"level":"warning"},{"level":"note"},{}]}],"results":[]}]}`,
			fact.EvidenceResult{Format: "sarif", Scans: 1, Values: warned(values(), 0)},
		},
		{
			"a tool that broke off has found nothing for that alone",
			`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"lint"}},"invocations":[{"executionSuccessful":false,"endTimeUtc":"2026-11-20T10:00:00Z"}],"results":[]}]}`,
			fact.EvidenceResult{
				Format: "sarif", Errored: 1, Faults: []string{"lint did not come to its end, or not without errors"}, Values: warned(values(), 0),
				MadeAt: at("2026-11-20T10:00:00Z"),
			},
		},
		{
			"a run without a list of results has looked for none", `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"lint"}}}]}`,
			fact.EvidenceResult{Format: "sarif", Errored: 1, Faults: []string{"lint did not come to its end, or not without errors"}, Values: warned(values(), 0)},
		},
		{"no run at all has scanned nothing", `{"version":"2.1.0","runs":[]}`, fact.EvidenceResult{Format: "sarif", Values: warned(values(), 0)}},
	}
}
