package importer

import (
	"regexp"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/checklist"
)

const (
	graveLabel = `must(?:[ -]have)?|critical|required|mandatory|blocker|blocking|p0|high`
	midLabel   = `should(?:[ -]have)?|warning|recommended|important|p1|medium`
	lightLabel = `nice[ -]to[ -]have|could(?:[ -]have)?|optional|info|informational|p2|p3|low`
	anyLabel   = graveLabel + "|" + midLabel + "|" + lightLabel
)

var (
	labelInFront  = regexp.MustCompile(`(?i)^(?:[\[(](` + anyLabel + `)[\])]:?|(` + anyLabel + `):)\s+`)
	labelAtTheEnd = regexp.MustCompile(`(?i)\s*[\[(](` + anyLabel + `)[\])][.:]?$`)
	graveWord     = regexp.MustCompile(`(?i)^(?:` + graveLabel + `|yes)\b`)
	midWord       = regexp.MustCompile(`(?i)^(?:` + midLabel + `)\b`)
	lightWord     = regexp.MustCompile(`(?i)^(?:` + lightLabel + `|no)\b`)
)

// severityOf reads how much an item matters, as far as that is said on purpose: by a label before or after its text, or in a
// column of its table. A word within a sentence says nothing.
func severityOf(from *item) (severity checklist.Severity, said bool) {
	label := from.gravity
	if found := labelInFront.FindStringSubmatch(from.text); found != nil {
		label = found[1] + found[2]
	} else if found := labelAtTheEnd.FindStringSubmatch(from.text); found != nil {
		label = found[1]
	}
	switch label = strings.TrimSpace(label); {
	case graveWord.MatchString(label):
		return checklist.Critical, true
	case midWord.MatchString(label):
		return checklist.Warning, true
	case lightWord.MatchString(label):
		return checklist.Info, true
	default:
		return checklist.Warning, false
	}
}

// withoutLabel is a text without the label that says how much it matters.
func withoutLabel(text string) string {
	return labelAtTheEnd.ReplaceAllString(labelInFront.ReplaceAllString(text, ""), "")
}
