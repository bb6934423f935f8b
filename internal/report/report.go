// Package report shows an assessment to people and pipelines: as a table, Markdown, JSON and JUnit. All forms are made
// from one model.
package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
)

// A System is what there is to say of one system.
type System struct {
	Name        string         `json:"system"`
	Environment string         `json:"environment"`
	Description string         `json:"description,omitempty"`
	Owner       string         `json:"owner,omitempty"`
	Checklist   string         `json:"checklist"`
	Title       string         `json:"title"`
	EvaluatedAt time.Time      `json:"evaluated_at"`
	Ready       bool           `json:"ready"` // every applicable item is, and there is one
	Score       *float64       `json:"score_ratio,omitempty"`
	Counts      map[string]int `json:"counts"` // of items, by status
	Gates       []Gate         `json:"gates"`
	Items       []Item         `json:"items"` // in the checklist's order
}

// A Gate is a named set of items, open or not.
type Gate struct {
	ID       string   `json:"gate"`
	Title    string   `json:"title"`
	Ready    bool     `json:"ready"`
	Items    []string `json:"items"`    // ids of those it is made of
	Blocking []string `json:"blocking"` // ids of those that are not ready
}

// An Item is one item with its result.
type Item struct {
	check.Result
	Ready         bool   `json:"ready"`
	Text          string `json:"text"`
	Category      string `json:"category"`
	CategoryTitle string `json:"category_title"`
	Section       string `json:"section"`
	SectionTitle  string `json:"section_title"`
	Parent        string `json:"parent,omitempty"`
	Severity      string `json:"severity"`
	Mode          string `json:"mode"`
	Kind          string `json:"kind,omitempty"`
	Owner         string `json:"owner,omitempty"`
	Runbook       string `json:"runbook_url"`
}

// Of makes the report of an assessment.
func Of(a *assess.Assessment) System {
	described := a.Plan.System
	report := System{
		Name: described.Name, Environment: described.Environment, Description: described.Description,
		Owner: described.Owner, Checklist: a.Plan.Checklist.Name, Title: a.Plan.Checklist.Title,
		EvaluatedAt: a.At.UTC(), Counts: make(map[string]int),
	}
	if ratio, known := a.Total().Ratio(); known {
		report.Score = &ratio
	}
	for _, status := range check.Statuses() {
		report.Counts[status.String()] = a.Counts()[status]
	}
	for _, result := range a.Gates {
		report.Gates = append(report.Gates, Gate{
			ID: result.Gate.ID, Title: result.Gate.Title, Ready: result.Ready,
			Items: ids(a, result.Gate.Items), Blocking: ids(a, result.Blocking),
		})
	}
	for i := range a.Results {
		report.Items = append(report.Items, itemOf(&a.Plan.Items[i], a.Results[i]))
	}
	report.Ready = Judge([]System{report}) == Ready
	return report
}

func ids(a *assess.Assessment, items []int) []string {
	names := make([]string, len(items))
	for i, item := range items {
		names[i] = a.Results[item].Check
	}
	return names
}

func itemOf(item *assess.Item, result check.Result) Item {
	result.EvaluatedAt, result.ChangedAt = result.EvaluatedAt.UTC(), result.ChangedAt.UTC()
	return Item{
		Result: result, Ready: result.Status.Ready(), Text: item.Item.Text,
		Category: item.Category.ID, CategoryTitle: item.Category.Title,
		Section: item.Section.ID, SectionTitle: item.Section.Title, Parent: item.Item.Parent,
		Severity: string(item.Severity), Mode: string(item.Item.Mode), Kind: item.Item.Kind,
		Owner: item.Owner, Runbook: item.Runbook,
	}
}

// Only leaves the items of one gate; an unknown gate is an error that names those there are.
func (s System) Only(gate string) (System, error) {
	at := slices.IndexFunc(s.Gates, func(g Gate) bool { return g.ID == gate })
	if at < 0 {
		var names []string
		for _, each := range s.Gates {
			names = append(names, each.ID)
		}
		return System{}, fmt.Errorf("system %s has no gate %q: expected one of %s", s.Name, gate, strings.Join(names, ", "))
	}
	only := s
	only.Gates = []Gate{s.Gates[at]}
	only.Ready = s.Gates[at].Ready
	only.Items = slices.DeleteFunc(slices.Clone(s.Items), func(item Item) bool {
		return !slices.Contains(s.Gates[at].Items, item.Check)
	})
	// The counts and the score are of what is shown.
	only.Score, only.Counts = nil, make(map[string]int)
	for _, status := range check.Statuses() {
		only.Counts[status.String()] = 0
	}
	for _, item := range only.Items {
		only.Counts[item.Status.String()]++
	}
	return only, nil
}

// A Verdict is what a pipeline acts on.
type Verdict int

// The verdicts.
const (
	Ready    Verdict = iota // every item that applies is ready, in each system at least one
	NotReady                // something fails, or nothing is said of it, or nothing applies
	Unjudged                // nothing fails, and something that should have been seen could not be
)

// Judge gives the verdict on several systems: the gravest of each.
func Judge(systems []System) Verdict {
	unknown, missing := false, len(systems) == 0
	for _, system := range systems {
		missing = missing || !slices.ContainsFunc(system.Items, func(item Item) bool { return item.Status.Applicable() })
		for _, item := range system.Items {
			switch {
			case item.Status == check.Fail:
				return NotReady
			case item.Status == check.Unknown:
				unknown = true
			case !item.Ready && item.Status.Applicable():
				missing = true
			}
		}
	}
	switch {
	case unknown:
		return Unjudged
	case missing:
		return NotReady
	default:
		return Ready
	}
}

// A Writer writes reports in one form.
type Writer func(w io.Writer, systems []System) error

// Writers gives every form by its name.
func Writers() map[string]Writer {
	return map[string]Writer{"table": Table, "json": JSON, "markdown": Markdown, "junit": JUnit}
}

// Forms lists the names of the forms.
func Forms() []string { return slices.Sorted(maps.Keys(Writers())) }
