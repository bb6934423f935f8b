package report

import (
	"bufio"
	"fmt"
	"image/color"
	"io"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
)

// Table writes the reports for a terminal, in colour; whoever writes to something else takes the colours out.
func Table(w io.Writer, systems []System) error {
	out := bufio.NewWriter(w)
	for i, system := range systems {
		if i > 0 {
			fmt.Fprintln(out)
		}
		tableSystem(out, system)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

func tableSystem(out *bufio.Writer, system System) {
	bold, faint := lipgloss.NewStyle().Bold(true), lipgloss.NewStyle().Faint(true)
	fmt.Fprintf(out, "%s (%s)  %s\n", bold.Render(Printable(system.Name)), Printable(system.Environment),
		faint.Render(system.Title+", "+system.EvaluatedAt.Format(time.RFC3339)))
	for _, section := range sections(system.Items) {
		fmt.Fprintf(out, "\n%s\n", bold.Render(section[0].CategoryTitle+" / "+section[0].SectionTitle))
		for _, item := range section {
			tableItem(out, item)
		}
	}
	fmt.Fprintln(out)
	for _, gate := range system.Gates {
		fmt.Fprintf(out, "gate %-16s %s", gate.ID, verdictStyle(gate.Ready).Render(readiness(gate.Ready)))
		if len(gate.Blocking) > 0 {
			fmt.Fprintf(out, ", %d of %d checks not ready", len(gate.Blocking), len(gate.Items))
		}
		fmt.Fprintln(out)
	}
	if len(system.Unsupported) > 0 {
		fmt.Fprintf(out, "%d items of the checklist are not supported yet; they count nowhere.\n", len(system.Unsupported))
	}
	fmt.Fprintf(out, "%s: %s\n", verdictStyle(system.Ready).Bold(true).Render(readiness(system.Ready)), countsInWords(system.Counts))
}

// tableItem writes an item on a line, and beneath it each problem that keeps it from passing with how to fix it.
func tableItem(out *bufio.Writer, item Item) {
	faint := lipgloss.NewStyle().Faint(true)
	status := fmt.Sprintf("%-14s", item.Status)
	fmt.Fprintf(out, "  %s %-36s %s\n", statusStyle(item.Status).Render(status), item.Check, Printable(item.Text))
	if item.Status == check.NotApplicable || item.Waiver != nil {
		fmt.Fprintf(out, "  %-14s %s\n", "", faint.Render(Printable(summary(item))))
	}
	remedy := ""
	for _, problem := range item.Problems {
		fmt.Fprintf(out, "  %-14s %s\n", "", Printable(problemLine(problem)))
		// One way to fix many problems is shown once.
		if problem.Remedy != remedy {
			fmt.Fprintf(out, "  %-14s %s\n", "", faint.Render(problem.Remedy))
		}
		remedy = problem.Remedy
	}
}

func statusStyle(status check.Status) lipgloss.Style {
	colors := map[check.Status]color.Color{
		check.Pass: lipgloss.Green, check.Warn: lipgloss.Yellow, check.Fail: lipgloss.Red, check.Unknown: lipgloss.Magenta,
		check.Undeclared: lipgloss.BrightBlack, check.Waived: lipgloss.Cyan, check.NotApplicable: lipgloss.BrightBlack,
	}
	return lipgloss.NewStyle().Foreground(colors[status])
}

func verdictStyle(ready bool) lipgloss.Style {
	if ready {
		return statusStyle(check.Pass)
	}
	return statusStyle(check.Fail)
}
