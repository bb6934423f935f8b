package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// ChangedSince leaves those items of a report whose status changed since a time, each with what it was then and what it
// changed to, as the history of the assessment tells. One that was judged for the first time since then did not change.
func (s System) ChangedSince(a *assess.Assessment, since time.Time) System {
	s.Since = since.UTC()
	var items []Item
	for _, item := range s.Items {
		history := a.History[item.Check]
		if len(history) > 0 && (s.Recorded.IsZero() || history[0].At.Before(s.Recorded)) {
			s.Recorded = history[0].At.UTC()
		}
		later := slices.IndexFunc(history, func(change assess.Change) bool { return change.At.After(since) })
		if later < 0 || item.Newer {
			continue
		}
		item.Changes = history[max(0, later-1):]
		if len(item.Changes) > 1 {
			items = append(items, item)
		}
	}
	s.Items = items
	return s
}

// A turn is how an item is now, beside how it was.
type turn struct {
	title string
	items []Item
}

// turnsOf splits items by how they turned out, the gravest first of each.
func turnsOf(items []Item) []turn {
	turns := []turn{{title: "Lost"}, {title: "Fixed"}, {title: "Changed otherwise"}}
	for _, item := range items {
		was := item.Changes[0].Status
		switch {
		case was.Ready() && item.Status.Applicable() && !item.Ready:
			turns[0].items = append(turns[0].items, item)
		case !was.Ready() && item.Ready:
			turns[1].items = append(turns[1].items, item)
		default:
			turns[2].items = append(turns[2].items, item)
		}
	}
	for i := range turns {
		slices.SortStableFunc(turns[i].items, func(one, other Item) int { return compareItems(&one, &other) })
	}
	return turns
}

// changesInWords says what an item was, and what it changed to: of many, the last.
func changesInWords(item Item) string {
	const most = 4
	changes := item.Changes
	text := []string{strings.ReplaceAll(changes[0].Status.String(), "_", " ")}
	if left := len(changes) - most; left > 0 {
		text = append(text, fmt.Sprintf("%d more", left))
		changes = changes[left:]
	}
	for _, change := range changes[1:] {
		text = append(text, strings.ReplaceAll(change.Status.String(), "_", " "))
	}
	return strings.Join(text, " → ") + ", since " + words.Moment(item.Changes[len(item.Changes)-1].At)
}

// turnsInWords sums up what changed.
func turnsInWords(items []Item) string {
	var text []string
	for _, each := range turnsOf(items) {
		if len(each.items) > 0 {
			text = append(text, fmt.Sprintf("%d %s", len(each.items), strings.ToLower(each.title)))
		}
	}
	if len(text) == 0 {
		return "Nothing changed."
	}
	return strings.Join(text, ", ") + "."
}

// beginning says that the record does not reach back as far as was asked for; empty where it does.
func beginning(system System) string {
	switch {
	case system.Recorded.IsZero():
		return "The record has nothing of this system before now."
	case system.Recorded.After(system.Since):
		return "The record of this system begins at " + words.Moment(system.Recorded) + ": what was before is not known."
	default:
		return ""
	}
}

// byTeam splits items by the team that owns them, those without one last.
func byTeam(items []Item) [][]Item {
	sorted := slices.Clone(items)
	slices.SortStableFunc(sorted, func(one, other Item) int {
		if (one.Team == "") != (other.Team == "") {
			return strings.Compare(other.Team, one.Team)
		}
		return strings.Compare(one.Team, other.Team)
	})
	var teams [][]Item
	for i, item := range sorted {
		if i == 0 || sorted[i-1].Team != item.Team {
			teams = append(teams, nil)
		}
		teams[len(teams)-1] = append(teams[len(teams)-1], item)
	}
	return teams
}

// MarkdownChanges writes what changed, by team, to be posted.
func MarkdownChanges(w io.Writer, systems []System) error {
	out := bufio.NewWriter(w)
	for i, system := range systems {
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "# %s (%s): changes since %s\n\n%s\n\n%s\n", markdownText(system.Name), markdownText(system.Environment),
			words.Moment(system.Since), turnsInWords(system.Items), Standing(system))
		if known := beginning(system); known != "" {
			fmt.Fprintf(out, "\n%s\n", known)
		}
		for _, team := range byTeam(system.Items) {
			fmt.Fprintf(out, "\n## %s\n", markdownText(cmp.Or(team[0].Team, "No team")))
			for _, each := range turnsOf(team) {
				markdownTurn(out, each)
			}
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write Markdown report: %w", err)
	}
	return nil
}

func markdownTurn(out *bufio.Writer, each turn) {
	if len(each.items) == 0 {
		return
	}
	fmt.Fprintf(out, "\n### %s\n\n", each.title)
	for _, item := range each.items {
		fmt.Fprintf(out, "- **%s** (`%s`, %s): %s\n", markdownText(item.Text), item.Check, item.Severity, changesInWords(item))
		for _, problem := range gravestFirst(item.Problems) {
			if problem.Level != check.Warn || item.Ready {
				fmt.Fprintf(out, "  - %s\n", markdownText(problemLine(problem)))
			}
		}
	}
}

// TableChanges writes what changed for a terminal.
func TableChanges(w io.Writer, systems []System) error {
	out := bufio.NewWriter(w)
	for i, system := range systems {
		if i > 0 {
			fmt.Fprintln(out)
		}
		tableHead(out, system)
		fmt.Fprintf(out, "Changes since %s: %s\n", words.Moment(system.Since), turnsInWords(system.Items))
		if known := beginning(system); known != "" {
			fmt.Fprintln(out, known)
		}
		for _, each := range turnsOf(system.Items) {
			for _, item := range each.items {
				fmt.Fprintf(out, "\n%s: %s", each.title, changesInWords(item))
				fmt.Fprintln(out)
				tableItem(out, item)
			}
		}
		fmt.Fprintln(out)
		fmt.Fprintln(out, Standing(system))
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

// ChangesWriters gives every form in which changes can be written: JUnit and SARIF have no word for them, and HTML shows how a
// system is.
func ChangesWriters() map[string]Writer {
	return map[string]Writer{"table": TableChanges, "json": JSON, "markdown": MarkdownChanges}
}
