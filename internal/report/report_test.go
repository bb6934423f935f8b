package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/checks/attestation"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

var update = flag.Bool("update", false, "write the golden files")

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// hostile is what a cluster or a certificate could be named to do harm.
const hostile = "a\x1b[2J\u009b31m\r\n| <script>alert(1)</script> [x](javascript:alert(1)) `code` *b* \u202egnp.exe &#60;img&#62; \xff"

// example has an item of each status, with hostile words where a system can put its own.
func example() *assess.Assessment {
	list := &checklist.Checklist{Name: "small", Title: "Small Checklist", Categories: []checklist.Category{
		{ID: "water", Title: "Water", Sections: []checklist.Section{{ID: "tank", Title: "Tanks", Items: []checklist.Item{
			{ID: "tank.pass", Text: "A tank", Severity: checklist.Critical, Mode: checklist.Auto, Clause: kind("tank_level")},
			{ID: "tank.warn", Text: "A big tank", Severity: checklist.Warning, Mode: checklist.Auto, Clause: kind("tank_level"), Parent: "tank.pass"},
			{ID: "tank.fail", Text: "A `blue` tank", Severity: checklist.Info, Mode: checklist.AutoAttest, Clause: kind("tank_level")},
		}}}},
		{ID: "fire", Title: "Fire", Sections: []checklist.Section{
			{ID: "hose", Title: "Hoses", Items: []checklist.Item{
				{ID: "hose.unknown", Text: "A hose", Severity: checklist.Critical, Mode: checklist.Auto, Clause: kind("hose_length")},
				{ID: "hose.undeclared", Text: "A long hose", Severity: checklist.Warning, Mode: checklist.Attest, Clause: kind("attestation")},
			}},
			{ID: "bell", Title: "Bells", Items: []checklist.Item{
				{ID: "bell.waived", Text: "A bell", Severity: checklist.Critical, Mode: checklist.Auto, Clause: kind("bell")},
				{ID: "bell.none", Text: "A second bell", Severity: checklist.Critical, Mode: checklist.Auto, Clause: kind("bell")},
			}},
		}},
	}}
	plan := &assess.Plan{
		System: &system.System{
			Name: "shop", Environment: "production", Description: "The shop.", Owner: "plumbers",
			Origin: system.Origin{File: "systems/shop.yaml", Line: 3},
			Contacts: system.Contacts{
				Primary: &system.Contact{Name: "Ann " + hostile, Phone: "+49 30 901820"}, Channel: "#plumbers " + hostile,
				Escalation: []system.EscalationLevel{
					{After: quantity.Duration(time.Hour), Call: system.Contact{Name: "Bo", Link: "https://pager.plumbers.io/bo"}},
				},
			},
		},
		Checklist: list, Categories: list.Categories,
	}
	for entry := range list.Items() {
		plan.Items = append(plan.Items, assess.Item{
			Entry: entry, Severity: entry.Item.Severity, Owner: "plumbers", Runbook: "https://example.com/" + entry.Item.ID,
		})
	}
	plan.Items[0].Page = true
	plan.Gates = []assess.Gate{{ID: "go-live", Title: "Go live", Items: []int{0, 2, 3, 5}}, {ID: "water", Title: "Water", Items: []int{0, 1}}}
	plan.Unsupported = []assess.Item{{
		Entry: checklist.Entry{
			Category: &list.Categories[1], Section: &list.Categories[1].Sections[1],
			Item: &checklist.Item{ID: "bell.future", Text: "A bell of the future", Clause: kind("bell_of_the_future")},
		},
		Severity: checklist.Info,
	}}
	signed := attestation.Attestation()
	plan.Items[0].Rule.Clause.Bound = signed.Bind(signed.Parameters())
	runs := []*fact.Run{{
		Collector: "attestation", Target: "attestations", CollectedAt: now, Interval: time.Minute,
		Sets: []fact.AnySet{fact.Attestations().Set(&fact.Set[fact.Attestation]{Facts: []*fact.Attestation{{
			Check: "tank.pass", By: "ann " + hostile, At: now.Add(-48 * time.Hour), Comment: "it is full", Link: "https://example.com/proof",
		}}})},
	}}
	problem := func(subject, reason string, level check.Status, detail string) check.Problem {
		return check.Problem{Subject: subject, Reason: reason, Level: level, Detail: detail, Remedy: "Fill it: tank fill NAME."}
	}
	results := []check.Result{
		{Check: "tank.pass", Status: check.Pass, Facts: 2},
		{Check: "tank.warn", Status: check.Warn, Problems: []check.Problem{problem("north", "low", check.Warn, "25 %; warns at 30 %")}},
		{Check: "tank.fail", Status: check.Fail, Problems: []check.Problem{
			problem("west", "empty", check.Fail, "0 %"), problem(hostile, "empty", check.Fail, hostile),
			problem("south", "low", check.Warn, "25 %"),
		}},
		{Check: "hose.unknown", Status: check.Unknown, Problems: []check.Problem{
			{Subject: "yard", Reason: "not_collected", Level: check.Unknown, Cause: fact.ReasonTimeout, Detail: "no answer within 5s", Remedy: "Try again."},
		}},
		{Check: "hose.undeclared", Status: check.Undeclared, Problems: []check.Problem{{
			Reason: "not_attested", Level: check.Undeclared, Detail: "nobody has signed it", Remedy: "Have somebody sign it.",
		}}},
		{
			Check: "bell.waived", Status: check.Waived,
			Problems: []check.Problem{problem("", "silent", check.Fail, "it does not ring")},
			Waiver:   &fact.Waiver{Check: "bell.waived", By: "ann", Reason: "it is on order " + hostile, Until: now.Add(48 * time.Hour)},
		},
		{Check: "bell.none", Status: check.NotApplicable, NotApplicable: "one will do " + hostile},
	}
	for i := range results {
		results[i].EvaluatedAt, results[i].ChangedAt = now, now.Add(-time.Hour)
	}
	return &assess.Assessment{
		Plan: plan, At: now, Runs: runs, View: fact.NewView(runs, now), Results: results,
		History: assess.History{"tank.fail": {
			{At: now.Add(-50 * time.Hour), Status: check.Pass}, {At: now.Add(-time.Hour), Status: check.Fail},
		}},
		Gates: []assess.GateResult{
			{Gate: &plan.Gates[0], Blocking: []int{2, 3}}, {Gate: &plan.Gates[1], Ready: true},
		},
		Scores: []assess.Score{{Category: "water", Ready: 13, Judged: 14, Applicable: 14}, {Category: "fire", Ready: 10, Judged: 20, Applicable: 23}},
	}
}

func kind(name string) checklist.Clause { return checklist.Clause{Kind: name} }

func written(t *testing.T, form string, systems ...report.System) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, report.Writers()[form](&out, systems))
	return out.String()
}

func requireGolden(t *testing.T, name, got string) {
	t.Helper()
	golden := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(string(want), got))
}

func TestEveryForm(t *testing.T) {
	systems := []report.System{report.Of(example()), report.Of(example())}
	systems[1].Environment = "staging"
	for form, file := range map[string]string{
		"table": "report.ansi", "json": "report.json", "markdown": "report.md", "junit": "report.xml", "html": "report.html", "sarif": "report.sarif",
	} {
		t.Run(form, func(t *testing.T) { requireGolden(t, file, written(t, form, systems...)) })
	}
	t.Run("a table without colours", func(t *testing.T) {
		var out bytes.Buffer
		plain := &colorprofile.Writer{Forward: &out, Profile: colorprofile.NoTTY}
		require.NoError(t, report.Table(plain, systems))
		require.NotContains(t, out.String(), "\x1b")
		requireGolden(t, "report.txt", out.String())
	})
	require.Equal(t, []string{"html", "json", "junit", "markdown", "sarif", "table"}, report.Forms())
}

func TestHostileWordsDoNoHarm(t *testing.T) {
	system := report.Of(example())
	markdown := written(t, "markdown", system)
	for _, harm := range []string{"<script", "[x](", "\x1b", "\u009b", "\u202e", "\r", "*b*", "<img"} {
		require.NotContains(t, markdown, harm)
	}
	table := written(t, "table", system)
	for _, harm := range []string{"\x1b[2J", "\u009b", "\u202e", "\r"} {
		require.NotContains(t, table, harm)
	}
	require.Equal(t, strings.Count(table, "\n"), strings.Count(written(t, "table", calm(system)), "\n"), "no line is broken")
	require.Equal(t, strings.Count(markdown, "\n"), strings.Count(written(t, "markdown", calm(system)), "\n"))

	var read []report.System
	require.NoError(t, json.Unmarshal([]byte(written(t, "json", system)), &read))
	require.Equal(t, strings.ToValidUTF8(hostile, "\uFFFD"), read[0].Items[2].Problems[1].Subject)
}

// calm puts harmless words in place of the hostile ones.
func calm(system report.System) report.System {
	var items []report.Item
	for _, item := range system.Items {
		if item.Attestation != nil {
			attestation := *item.Attestation
			attestation.By = "calm"
			item.Attestation = &attestation
		}
		item.NotApplicable = strings.ReplaceAll(item.NotApplicable, hostile, "calm")
		if item.Waiver != nil {
			waiver := *item.Waiver
			waiver.Reason = "calm"
			item.Waiver = &waiver
		}
		item.Problems = append([]check.Problem(nil), item.Problems...)
		for i := range item.Problems {
			item.Problems[i].Subject = strings.ReplaceAll(item.Problems[i].Subject, hostile, "calm")
			item.Problems[i].Detail = strings.ReplaceAll(item.Problems[i].Detail, hostile, "calm")
		}
		items = append(items, item)
	}
	system.Items = items
	return system
}

func TestJUnitCountsWhatItLists(t *testing.T) {
	type outcome struct {
		Message string `xml:"message,attr"`
	}
	var suites struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Tests int    `xml:"tests,attr"`
			Cases []struct {
				Name    string   `xml:"name,attr"`
				Failure *outcome `xml:"failure"`
				Error   *outcome `xml:"error"`
				Skipped *outcome `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal([]byte(written(t, "junit", report.Of(example()))), &suites))
	require.Equal(t, []int{7, 1, 1, 2}, []int{suites.Tests, suites.Failures, suites.Errors, suites.Skipped})
	tests, failures, errors, skipped := 0, 0, 0, 0
	for _, suite := range suites.Suites {
		require.Len(t, suite.Cases, suite.Tests)
		for _, each := range suite.Cases {
			tests++
			if each.Failure != nil {
				failures++
			}
			if each.Error != nil {
				errors++
			}
			if each.Skipped != nil {
				skipped++
			}
		}
	}
	require.Equal(t, []int{7, 1, 1, 2}, []int{tests, failures, errors, skipped})
}

func TestTheHTMLReportIsOneHarmlessPage(t *testing.T) {
	systems := []report.System{report.Of(example()), report.Of(example())}
	page := written(t, "html", systems...)
	for _, harm := range []string{"<script", "\x1b", "\u009b", "\u202e", "ZgotmplZ"} {
		require.NotContains(t, page, harm)
	}
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	counts := make(map[string]int)
	for node := range root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		counts[node.Data]++
		for _, attribute := range node.Attr {
			require.False(t, strings.HasPrefix(attribute.Key, "on") || attribute.Key == "src" || attribute.Key == "style", attribute.Key)
			if attribute.Key == "href" {
				require.Equal(t, "a", node.Data, "nothing is loaded")
				require.True(t, strings.HasPrefix(attribute.Val, "https://"), attribute.Val)
			}
			if attribute.Key == "content" && strings.Contains(attribute.Val, "default-src") {
				require.Regexp(t, `^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='$`, attribute.Val)
			}
		}
	}
	require.Zero(t, counts["img"]+counts["script"]+counts["link"])
	require.Equal(t, 1, counts["style"])
	require.Equal(t, len(systems), counts["h1"])
	first, second := strings.Index(page, "A `blue` tank"), strings.Index(page, "A hose")
	require.Positive(t, first)
	require.Less(t, first, second, "what fails stands before what is unknown")
}

func TestTheSARIFReportIsSARIF(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("testdata/sarif-schema-2.1.0.json")
	require.NoError(t, err)
	text := written(t, "sarif", report.Of(example()))
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	require.NoError(t, schema.Validate(value))
	var log struct {
		Runs []struct {
			Results []struct {
				RuleID, Kind, Level string
				PartialFingerprints map[string]string
				Suppressions        []struct{ Status string }
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &log))
	var got [][]string
	fingerprints := make(map[string]bool)
	for _, result := range log.Runs[0].Results {
		suppressed := ""
		if len(result.Suppressions) > 0 {
			suppressed = result.Suppressions[0].Status
		}
		got = append(got, []string{result.RuleID, result.Kind, result.Level, suppressed})
		fingerprints[result.PartialFingerprints["readinessProblem/v1"]] = true
	}
	require.Equal(t, [][]string{
		{"tank.warn", "fail", "warning", ""}, {"tank.fail", "fail", "note", ""}, {"tank.fail", "fail", "note", ""},
		{"tank.fail", "fail", "note", ""}, {"hose.unknown", "open", "none", ""}, {"hose.undeclared", "open", "none", ""},
		{"bell.waived", "fail", "error", "accepted"},
	}, got)
	require.Len(t, fingerprints, len(got), "each problem has an identity of its own")
}

func TestTheVerdict(t *testing.T) {
	with := func(statuses ...check.Status) report.System {
		var system report.System
		for _, status := range statuses {
			system.Items = append(system.Items, report.Item{Result: check.Result{Status: status}, Ready: status.Ready()})
		}
		return system
	}
	for _, c := range []struct {
		name    string
		systems []report.System
		want    report.Verdict
	}{
		{
			"what passes, warns, is waived or does not apply is ready",
			[]report.System{with(check.Pass, check.Warn, check.Waived, check.NotApplicable)}, report.Ready,
		},
		{"what fails is not ready", []report.System{with(check.Pass, check.Fail)}, report.NotReady},
		{"what is undeclared is not ready", []report.System{with(check.Pass, check.Undeclared)}, report.NotReady},
		{"what is unknown is unjudged", []report.System{with(check.Pass, check.Unknown)}, report.Unjudged},
		{"what is unknown outweighs what is undeclared", []report.System{with(check.Undeclared, check.Unknown)}, report.Unjudged},
		{"what fails outweighs what is unknown", []report.System{with(check.Unknown, check.Fail)}, report.NotReady},
		{"the gravest system decides", []report.System{with(check.Pass), with(check.Unknown), with(check.Fail)}, report.NotReady},
		{"no system is not ready", nil, report.NotReady},
		{"a system of which nothing applies is not ready", []report.System{with(check.Pass), with(check.NotApplicable)}, report.NotReady},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, report.Judge(c.systems)) })
	}
}

// TestWhatIsNewerThanWhatIsPinnedCountsNowhere has the only item that fails, and the only unknown one, be newer.
func TestWhatIsNewerThanWhatIsPinnedCountsNowhere(t *testing.T) {
	assessment := example()
	assessment.Plan.Items[2].Newer, assessment.Plan.Items[3].Newer = true, true
	system := report.Of(assessment)
	require.Equal(t, report.Tally{Applicable: 4, Judged: 3, Ready: 3}, system.Checks)
	require.Equal(t, "3 of 4 judged: 3 ready (score 67 % of what is judged, coverage 91 %)", report.Standing(system))
	require.Equal(t, report.NotReady, report.Judge([]report.System{system}), "one is not declared")
	require.Len(t, system.Items, 7, "they are shown")
	var brief bytes.Buffer
	require.NoError(t, report.Brief(&brief, []report.System{system}))
	require.NotContains(t, brief.String(), "Fix first")
	junit := written(t, "junit", system)
	require.Contains(t, junit, `<testsuites name="readiness" tests="7" failures="0" errors="0" skipped="4">`)
	require.NotContains(t, written(t, "sarif", system), `"ruleId": "tank.fail"`)
	for _, form := range []string{"table", "markdown", "html"} {
		require.Contains(t, written(t, form, system), "counts nowhere", form)
	}
}

func TestOfAGateWhatIsNotDeclaredIsAFailure(t *testing.T) {
	assessment := example()
	assessment.Plan.Gates[0].Items = []int{0, 4}
	only, err := report.Of(assessment).Only("go-live")
	require.NoError(t, err)
	require.Contains(t, written(t, "junit", only), `<testsuites name="readiness" tests="2" failures="1" errors="0" skipped="0">`)
	require.Equal(t, "1 of 2 judged: 1 ready", report.Standing(only))
}

func TestOnlyOneGate(t *testing.T) {
	whole := report.Of(example())
	only, err := whole.Only("water")
	require.NoError(t, err)
	require.True(t, only.Ready)
	require.Nil(t, only.Score)
	require.Equal(t, []report.Gate{whole.Gates[1]}, only.Gates)
	require.Len(t, only.Items, 2)
	require.Equal(t, 1, only.Counts["pass"])
	require.Equal(t, 0, only.Counts["fail"])
	require.Equal(t, report.Ready, report.Judge([]report.System{only}))
	require.Len(t, whole.Items, 7, "the whole stays as it is")
	_, err = whole.Only("fire")
	require.EqualError(t, err, `system shop has no gate "fire": expected one of go-live, water`)
}

func TestAWriterThatFailsIsAnError(t *testing.T) {
	for name, write := range report.Writers() {
		require.ErrorIs(t, write(full{}, []report.System{report.Of(example())}), os.ErrClosed, name)
	}
}

// full is a disk that is.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestFactsAsTheyWereCollected(t *testing.T) {
	assessment := example()
	waiver := &fact.Waiver{Check: "a.b", By: "ann"}
	assessment.Runs = []*fact.Run{
		{
			Collector: "waiver", Target: "file", CollectedAt: now.In(time.FixedZone("far", 3600)),
			Sets: []fact.AnySet{fact.Waivers().Set(&fact.Set[fact.Waiver]{
				Facts:       []*fact.Waiver{waiver},
				Unavailable: []fact.Unavailable[fact.Waiver]{{Subject: "s", Reason: fact.ReasonDenied, Detail: "no"}},
			})},
		},
		{
			Collector: "attestation", Target: "file", Declared: []fact.AnySet{fact.Attestations().NoFacts()},
			Failure: &fact.Failure{Reason: fact.ReasonTimeout, Detail: "late"},
		},
	}
	facts := report.FactsOf(assessment)
	require.Equal(t, report.SystemFacts{Name: "shop", Environment: "production", Runs: []report.Run{
		{
			Collector: "waiver", Target: "file", CollectedAt: &now, Sets: []report.Set{{
				Kind: "waiver", Facts: []report.Fact{{Subject: "a.b by ann", Fact: waiver}},
				Unavailable: []report.Unavailable{{Subject: "s", Reason: fact.ReasonDenied, Detail: "no"}},
			}},
		},
		{
			Collector: "attestation", Target: "file", Sets: []report.Set{},
			Failure: &fact.Failure{Reason: fact.ReasonTimeout, Detail: "late"},
		},
	}}, facts)
}
