package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

//go:embed report.html
var page string

//go:embed report.css
var style string

// htmlReport is what the page is made from.
type htmlReport struct {
	Style   template.CSS
	Policy  string // what a browser may do with the page: apply its own style, and nothing else
	Systems []htmlSystem
}

type htmlSystem struct {
	System
	FixFirst []Item // the gravest first
	Sections [][]Item
}

// HTML writes the reports as one page that loads nothing, to keep or to mail.
func HTML(w io.Writer, systems []System) error {
	parsed, err := template.New("report").Funcs(template.FuncMap{
		"text": Printable, "evidence": evidence, "summary": summary, "counts": countsInWords, "readiness": readiness, "standing": Standing,
		"words":    func(status check.Status) string { return strings.ReplaceAll(status.String(), "_", " ") },
		"datetime": func(t time.Time) string { return t.Format(time.RFC3339) },
		"moment":   words.Moment,
		"linkable": Linkable,
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("write HTML report: %w", err)
	}
	sum := sha256.Sum256([]byte(style))
	shown := htmlReport{
		Style:  template.CSS(style),
		Policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'",
	}
	for _, system := range systems {
		shown.Systems = append(shown.Systems, htmlSystem{system, fixFirst(system.Items), sections(system.Items)})
	}
	if err := parsed.Execute(w, shown); err != nil {
		return fmt.Errorf("write HTML report: %w", err)
	}
	return nil
}

// fixFirst gives the items that fail or could not be judged, the gravest first. What is not declared is work to plan.
func fixFirst(items []Item) []Item {
	var found []Item
	for _, item := range items {
		if (item.Status == check.Fail || item.Status == check.Unknown) && !item.Newer {
			item.Problems = gravestFirst(item.Problems)
			found = append(found, item)
		}
	}
	slices.SortStableFunc(found, func(one, other Item) int {
		return compareItems(&one, &other)
	})
	return found
}
