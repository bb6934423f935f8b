package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

func TestTheBriefReport(t *testing.T) {
	systems := []report.System{report.Of(example()), report.Of(example())}
	systems[1].Environment = "staging"
	var coloured, plain bytes.Buffer
	require.NoError(t, report.Brief(&coloured, systems))
	require.NoError(t, report.Brief(&colorprofile.Writer{Forward: &plain, Profile: colorprofile.NoTTY}, systems))
	requireGolden(t, "brief.ansi", coloured.String())
	requireGolden(t, "brief.txt", plain.String())
	for _, harm := range []string{"\x1b[2J", "\u009b", "\u202e", "\r"} {
		require.NotContains(t, coloured.String(), harm)
	}
}

func TestTheBriefReportIsShort(t *testing.T) {
	system := report.Of(example())
	problem := func(subject, remedy string) check.Problem {
		return check.Problem{Subject: subject, Reason: "empty", Level: check.Fail, Detail: "It is empty.", Remedy: remedy}
	}
	system.Items = []report.Item{
		{Result: check.Result{Check: "a.info", Status: check.Fail, Problems: []check.Problem{problem("a", "Fill it.")}}, Severity: "info"},
		{Result: check.Result{Check: "b.critical", Status: check.Fail, Problems: []check.Problem{
			problem("a", "Fill it."), problem("b", "Fill it."), problem("c", "Fill it."), problem("d", "Mend it."), problem("e", "Mend it."),
		}}, Severity: "critical"},
	}
	for _, status := range []check.Status{check.Undeclared, check.Unknown} {
		for _, id := range []string{"one", "two", "three", "four"} {
			system.Items = append(system.Items, report.Item{Severity: "info", Result: check.Result{
				Check: id, Status: status, Problems: []check.Problem{{Reason: "none", Level: status, Detail: "There is none."}},
			}})
		}
	}
	var out bytes.Buffer
	require.NoError(t, report.Brief(&colorprofile.Writer{Forward: &out, Profile: colorprofile.NoTTY}, []report.System{system}))
	require.Contains(t, out.String(), strings.Join([]string{
		"",
		"Fix first (2)",
		"  critical  b.critical                           ",
		"            a: It is empty.",
		"            Fill it.",
		"            b: It is empty.",
		"            and 3 more problems",
		"  info      a.info                               ",
		"            a: It is empty.",
		"",
		"Not judged",
		"  unknown     4 items   none: There is none. (one, two, three, …)",
		"  undeclared  4 items   none: There is none. (one, two, three, …)",
		"",
	}, "\n"), "the gravest first, five lines at most, a remedy once, a line for a cause")
}
