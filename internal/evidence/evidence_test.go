package evidence_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/evidence"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

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
		"our own with a key that is unknown":   {`{"readiness_evidence":1,"quick":1}`, `unknown field "quick"`},
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
