package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

// timeOfJudging is the time that ages on a page count back from: what a page says follows from what was judged alone.
type timeOfJudging time.Time

// functions are what templates call.
func functions() template.FuncMap {
	return template.FuncMap{
		"text":     report.Printable,
		"lines":    lines,
		"datetime": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"moment":   func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"date":     func(t time.Time) string { return t.UTC().Format(time.DateOnly) },
		"ago":      func(at timeOfJudging, t time.Time) string { return quantity.InWords(time.Time(at).Sub(t)) },
		"percent":  report.Percent,
		"standing": report.Standing,
		"anchor":   anchor,
		"words":    func(status fmt.Stringer) string { return strings.ReplaceAll(status.String(), "_", " ") },
		"mark":     mark,
		"system":   systemPath,
		"item": func(system, environment, check string) string {
			return systemPath(system, environment) + "/checks/" + url.PathEscape(check)
		},
		"linkable":   report.Linkable,
		"severities": checklist.Severities,
		"telephone": func(phone string) template.URL {
			return template.URL("tel:" + strings.Map(digit, phone)) // Digits and a plus sign only.
		},
	}
}

func systemPath(system, environment string) string {
	return "/systems/" + url.PathEscape(system) + "/" + url.PathEscape(environment)
}

// anchor names an element after what it is about, so that a page that refreshes automatically keeps its place.
func anchor(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "fault-" + hex.EncodeToString(sum[:6])
}

// mark is a sign for a status, so that colour is not all that tells them apart.
func mark(status check.Status) string {
	switch status {
	case check.Pass:
		return "✓"
	case check.Warn:
		return "!"
	case check.Fail:
		return "✗"
	case check.Unknown:
		return "?"
	case check.Waived:
		return "~"
	case check.Undeclared:
		return "…"
	default:
		return "–"
	}
}

func digit(r rune) rune {
	if r >= '0' && r <= '9' || r == '+' {
		return r
	}
	return -1
}

// lines is a text of several lines.
func lines(text string) string {
	split := strings.Split(text, "\n")
	for i, line := range split {
		split[i] = report.Printable(line)
	}
	return strings.Join(split, "\n")
}
