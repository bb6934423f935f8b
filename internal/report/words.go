package report

import (
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// sections splits items where the section changes; they are in the checklist's order.
func sections(items []Item) [][]Item {
	var split [][]Item
	for i := range items {
		if i == 0 || items[i].Section != items[i-1].Section {
			split = append(split, nil)
		}
		split[len(split)-1] = append(split[len(split)-1], items[i])
	}
	return split
}

// summary says in a line why an item has its status.
func summary(item Item) string {
	switch {
	case item.Status == check.NotApplicable:
		return item.NotApplicable
	case item.Newer:
		return newerInWords
	case item.Waiver != nil:
		return fmt.Sprintf("waived by %s until %s: %s",
			item.Waiver.By, item.Waiver.Until.Format(time.DateOnly), item.Waiver.Reason)
	case len(item.Problems) == 1:
		return problemLine(item.Problems[0])
	case len(item.Problems) > 1:
		return fmt.Sprintf("%d problems", len(item.Problems))
	default:
		return ""
	}
}

// evidence states in a line what a status without problems rests on.
func evidence(item Item) string {
	text := fmt.Sprintf("%s since %s", strings.ReplaceAll(item.Status.String(), "_", " "), words.Moment(item.ChangedAt))
	switch {
	case item.Facts == 1:
		text += ", 1 fact judged"
	case item.Facts > 1:
		text += fmt.Sprintf(", %d facts judged", item.Facts)
	}
	if signed := item.Attestation; signed != nil {
		text += fmt.Sprintf(", signed by %s on %s", signed.By, signed.At.Format(time.DateOnly))
		for _, more := range []string{signed.Comment, signed.Link} {
			if more != "" {
				text += ", " + more
			}
		}
	}
	return text
}

// problemLine says one problem: the subject, and what is wrong with it.
func problemLine(problem check.Problem) string {
	if problem.Subject == "" {
		return problem.Detail
	}
	return problem.Subject + ": " + problem.Detail
}

func problemLines(item Item) string {
	var lines strings.Builder
	for _, problem := range item.Problems {
		fmt.Fprintf(&lines, "%s %s: %s\n", problem.Level, problem.Reason, problemLine(problem))
		if problem.Remedy != "" {
			fmt.Fprintf(&lines, "    %s\n", problem.Remedy)
		}
	}
	return lines.String()
}

// Printable takes out what moves the cursor, breaks a line or turns the direction of writing, with which a cluster or a
// certificate could make a terminal or a page show something else.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, text)
}

// countsInWords lists how many items have each status, the gravest first, without those that none has.
func countsInWords(counts map[string]int) string {
	var counted []string
	for _, status := range []check.Status{
		check.Fail, check.Unknown, check.Undeclared, check.Warn, check.Waived, check.Pass, check.NotApplicable,
	} {
		if count := counts[status.String()]; count > 0 {
			counted = append(counted, fmt.Sprintf("%d %s", count, strings.ReplaceAll(status.String(), "_", " ")))
		}
	}
	return strings.Join(counted, ", ")
}

// Standing says how much of a system is judged, how much of that is ready, and both by weight.
func Standing(system System) string {
	text := fmt.Sprintf("%d of %d judged: %d ready", system.Checks.Judged, system.Checks.Applicable, system.Checks.Ready)
	if system.Coverage != nil && system.Score != nil {
		text += fmt.Sprintf(" (score %s of what is judged, coverage %s)", Percent(system.Score), Percent(system.Coverage))
	}
	return text
}

// newerInWords marks an item that counts nowhere.
const newerInWords = "newer than the version of the checklist that is pinned; it counts nowhere"

// readiness says the verdict on a system in a word or two.
func readiness(ready bool) string {
	if ready {
		return "ready"
	}
	return "not ready"
}

// Percent writes a share in whole percent, rounded down: nothing but all is 100 %.
func Percent(ratio *float64) string { return fmt.Sprintf("%.0f %%", math.Floor(*ratio*100)) }

// Linkable tells whether a text is an address that a browser may be sent to.
func Linkable(text string) bool {
	parsed, err := url.Parse(text)
	return err == nil && (parsed.Scheme == "https" || parsed.Scheme == "http") && parsed.Host != ""
}
