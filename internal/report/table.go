package report

import (
	"bufio"
	"fmt"
	"image/color"
	"io"

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
	tableHead(out, system)
	for _, section := range sections(system.Items) {
		fmt.Fprintf(out, "\n%s\n", lipgloss.NewStyle().Bold(true).Render(section[0].CategoryTitle+" / "+section[0].SectionTitle))
		for _, item := range section {
			tableItem(out, item)
		}
	}
	tableTargets(out, system.Discovered)
	fmt.Fprintln(out)
	tableFoot(out, system)
}

// tableItem writes an item on a line, and beneath it each problem that keeps it from passing with how to fix it.
func tableItem(out *bufio.Writer, item Item) {
	faint := lipgloss.NewStyle().Faint(true)
	status := fmt.Sprintf("%-14s", item.Status)
	fmt.Fprintf(out, "  %s %-36s %s\n", statusStyle(item.Status).Render(status), item.Check, Printable(item.Text))
	if item.Status == check.NotApplicable || item.Waiver != nil || item.Newer {
		fmt.Fprintf(out, "  %-14s %s\n", "", faint.Render(Printable(summary(item))))
	}
	remedies := make(map[string]bool)
	for _, problem := range item.Problems {
		fmt.Fprintf(out, "  %-14s %s\n", "", Printable(problemLine(problem)))
		// One way to fix many problems is shown once.
		if problem.Remedy != "" && !remedies[problem.Remedy] {
			fmt.Fprintf(out, "  %-14s %s\n", "", faint.Render(Printable(problem.Remedy)))
			remedies[problem.Remedy] = true
		}
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
