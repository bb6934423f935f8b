package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
)

// mostLines is how many lines an item has in a brief report, its own among them.
const mostLines = 5

// Brief writes for a person at a terminal what to fix first, why items could not be judged, how each section stands, and
// where the rest is. It is in colour, as Table is.
func Brief(w io.Writer, systems []System) error {
	out := bufio.NewWriter(w)
	items := 0
	for i, system := range systems {
		if i > 0 {
			fmt.Fprintln(out)
		}
		briefSystem(out, system)
		items += len(system.Items)
	}
	fmt.Fprintf(out, "\nEvery item (%d): readiness-exporter check --all. One item: readiness-exporter checklist explain ITEM.\n", items)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write brief report: %w", err)
	}
	return nil
}

func briefSystem(out *bufio.Writer, system System) {
	tableHead(out, system)
	remedies := make(map[string]bool)
	for _, part := range []struct {
		title  string
		status check.Status
	}{{"Fix first", check.Fail}, {"Near a limit", check.Warn}} {
		items := ofStatus(system.Items, part.status)
		if len(items) == 0 {
			continue
		}
		fmt.Fprintf(out, "\n%s\n", lipgloss.NewStyle().Bold(true).Render(fmt.Sprintf("%s (%d)", part.title, len(items))))
		for _, item := range items {
			briefItem(out, item, remedies)
		}
	}
	briefCauses(out, system.Items)
	briefSections(out, system.Items)
	fmt.Fprintln(out)
	tableFoot(out, system)
}

// ofStatus gives the items of a status, without those that count nowhere, the most severe first, and of those the one that has
// it for the longest time.
func ofStatus(items []Item, status check.Status) (of []Item) {
	for _, item := range items {
		if item.Status == status && !item.Newer {
			of = append(of, item)
		}
	}
	slices.SortStableFunc(of, func(one, other Item) int {
		return cmp.Or(
			cmp.Compare(checklist.Severity(other.Severity).Weight(), checklist.Severity(one.Severity).Weight()),
			one.ChangedAt.Compare(other.ChangedAt))
	})
	return of
}

// briefItem writes an item on a few lines. A remedy that stands above is not repeated.
func briefItem(out *bufio.Writer, item Item, remedies map[string]bool) {
	status := fmt.Sprintf("%-9s", item.Severity)
	fmt.Fprintf(out, "  %s %-36s %s\n", statusStyle(item.Status).Render(status), item.Check, Printable(item.Text))
	problems := gravestFirst(item.Problems)
	lines, shown, taken := []string{}, 0, make(map[string]bool)
	for _, problem := range problems {
		each := []string{Printable(problemLine(problem))}
		if problem.Remedy != "" && !remedies[problem.Remedy] && !taken[problem.Remedy] {
			each = append(each, lipgloss.NewStyle().Faint(true).Render(Printable(problem.Remedy)))
		}
		room := mostLines - 1 - len(lines)
		if shown+1 < len(problems) { // for the line that says how many more there are
			room--
		}
		if len(each) > room {
			break
		}
		lines, shown, taken[problem.Remedy] = append(lines, each...), shown+1, true
	}
	maps.Copy(remedies, taken)
	if shown < len(problems) {
		lines = append(lines, "and "+counted(len(problems)-shown, "more problem"))
	}
	for _, line := range lines {
		fmt.Fprintf(out, "  %-9s %s\n", "", line)
	}
}

// A cause is why items could not be judged.
type cause struct {
	status check.Status
	name   string // the reason why something could not be collected, or else that of the problem
	line   string // the first of its problems
	items  []string
}

// causesOf folds the items that could not be judged by why, the cause of most items first.
func causesOf(items []Item) []*cause {
	var causes []*cause
	for _, status := range []check.Status{check.Unknown, check.Undeclared} {
		var found []*cause
		for _, item := range ofStatus(items, status) {
			at := slices.IndexFunc(item.Problems, func(problem check.Problem) bool { return problem.Level == status })
			if at < 0 {
				continue
			}
			problem := item.Problems[at]
			name := cmp.Or(string(problem.Cause), problem.Reason)
			same := slices.IndexFunc(found, func(each *cause) bool { return each.name == name })
			if same < 0 {
				same = len(found)
				found = append(found, &cause{status: status, name: name, line: problemLine(problem)})
			}
			found[same].items = append(found[same].items, item.Check)
		}
		slices.SortStableFunc(found, func(one, other *cause) int { return len(other.items) - len(one.items) })
		causes = append(causes, found...)
	}
	return causes
}

// mostExamples is how many items are named for a cause.
const mostExamples = 3

func briefCauses(out *bufio.Writer, items []Item) {
	causes := causesOf(items)
	if len(causes) == 0 {
		return
	}
	fmt.Fprintf(out, "\n%s\n", lipgloss.NewStyle().Bold(true).Render("Not judged"))
	for _, each := range causes {
		examples := strings.Join(each.items[:min(mostExamples, len(each.items))], ", ")
		if len(each.items) > mostExamples {
			examples += ", …"
		}
		fmt.Fprintf(out, "  %s %-9s %s: %s %s\n", statusStyle(each.status).Render(fmt.Sprintf("%-11s", each.status)),
			counted(len(each.items), "item"), each.name, Printable(each.line), lipgloss.NewStyle().Faint(true).Render("("+examples+")"))
	}
}

// briefSections writes on a line how the items of each section stand.
func briefSections(out *bufio.Writer, items []Item) {
	fmt.Fprintf(out, "\n%s\n", lipgloss.NewStyle().Bold(true).Render("Sections"))
	for _, section := range sections(items) {
		counts := make(map[string]int)
		open := 0
		for status, count := range countsOf(section) {
			counts[status.String()] = count
			if status.Applicable() && !status.Ready() {
				open += count
			}
		}
		verdict := fmt.Sprintf("%-9s", readiness(open == 0))
		fmt.Fprintf(out, "  %s %-50s %s\n", verdictStyle(open == 0).Render(verdict),
			section[0].CategoryTitle+" / "+section[0].SectionTitle, countsInWords(counts))
	}
}

// tableHead writes which system is reported, by which checklist, and when it was judged.
func tableHead(out *bufio.Writer, system System) {
	bold, faint := lipgloss.NewStyle().Bold(true), lipgloss.NewStyle().Faint(true)
	fmt.Fprintf(out, "%s (%s)  %s\n", bold.Render(Printable(system.Name)), Printable(system.Environment),
		faint.Render(system.Title+", "+system.EvaluatedAt.Format(time.RFC3339)))
}

// tableFoot writes the gates and the verdict.
func tableFoot(out *bufio.Writer, system System) {
	for _, gate := range system.Gates {
		fmt.Fprintf(out, "gate %-16s %s", gate.ID, verdictStyle(gate.Ready).Render(readiness(gate.Ready)))
		if len(gate.Blocking) > 0 {
			fmt.Fprintf(out, ", %d of %d checks not ready", len(gate.Blocking), len(gate.Items))
		}
		fmt.Fprintln(out)
	}
	switch count := len(system.Unsupported); count {
	case 0:
	case 1:
		fmt.Fprintln(out, "1 item of the checklist is not supported yet; it counts nowhere.")
	default:
		fmt.Fprintf(out, "%d items of the checklist are not supported yet; they count nowhere.\n", count)
	}
	fmt.Fprintln(out, Standing(system))
	fmt.Fprintf(out, "%s: %s\n", verdictStyle(system.Ready).Bold(true).Render(readiness(system.Ready)), countsInWords(system.Counts))
}

// counted says how many there are of something.
func counted(count int, noun string) string {
	if count != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", count, noun)
}
