package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
)

// Markdown writes the checklist with its boxes ticked by what is true, and beneath each item what was found.
func Markdown(w io.Writer, systems []System) error {
	out := bufio.NewWriter(w)
	for i, system := range systems {
		if i > 0 {
			fmt.Fprintln(out)
		}
		markdownSystem(out, system)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write Markdown report: %w", err)
	}
	return nil
}

func markdownSystem(out *bufio.Writer, system System) {
	fmt.Fprintf(out, "# %s: %s (%s)\n\n", system.Title, markdownText(system.Name), markdownText(system.Environment))
	fmt.Fprintf(out, "**%s** at %s: %s\n", readiness(system.Ready),
		system.EvaluatedAt.Format(time.RFC3339), countsInWords(system.Counts))
	fmt.Fprintf(out, "\n%s\n", Standing(system))
	if len(system.Gates) > 0 {
		fmt.Fprint(out, "\n| gate | | not ready |\n|---|---|---|\n")
	}
	for _, gate := range system.Gates {
		fmt.Fprintf(out, "| %s | %s | %d of %d |\n", gate.ID, readiness(gate.Ready), len(gate.Blocking), len(gate.Items))
	}
	category := ""
	for _, section := range sections(system.Items) {
		if section[0].CategoryTitle != category {
			category = section[0].CategoryTitle
			fmt.Fprintf(out, "\n## %s\n", category)
		}
		fmt.Fprintf(out, "\n### %s\n", section[0].SectionTitle)
		for _, item := range section {
			markdownItem(out, item)
		}
	}
	if len(system.Unsupported) > 0 {
		fmt.Fprint(out, "\n## Not supported yet\n\n")
	}
	for _, item := range system.Unsupported {
		fmt.Fprintf(out, "- %s: %s\n", markdownText(item.SectionTitle), item.Text)
	}
}

func markdownItem(out *bufio.Writer, item Item) {
	indent, box := "", " "
	if item.Parent != "" {
		indent = "  "
	}
	if item.Ready {
		box = "x"
	}
	text := item.Text
	if item.Status == check.NotApplicable {
		text = "~~" + text + "~~"
	}
	fmt.Fprintf(out, "%s- [%s] %s\n", indent, box, text)
	switch {
	case item.Status == check.NotApplicable:
		fmt.Fprintf(out, "%s  - not applicable: %s\n", indent, markdownText(summary(item)))
	case item.Waiver != nil, item.Newer:
		fmt.Fprintf(out, "%s  - %s\n", indent, markdownText(summary(item)))
	}
	for _, problem := range item.Problems {
		fmt.Fprintf(out, "%s  - %s: %s\n", indent, problem.Level, markdownText(problemLine(problem)))
	}
	if item.Ready && len(item.Problems) == 0 {
		fmt.Fprintf(out, "%s  - %s\n", indent, markdownText(evidence(item)))
	}
}

// markdownText keeps what a cluster or a certificate says from being read as Markdown or HTML.
func markdownText(text string) string {
	return strings.NewReplacer(
		`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "|", `\|`,
		"&", "&amp;", "~", `\~`,
	).Replace(Printable(text))
}
