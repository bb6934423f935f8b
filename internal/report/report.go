// Package report shows an assessment to people and pipelines: as a table, Markdown, HTML, JSON, JUnit and SARIF. All forms
// are made from one model.
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
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A System is what there is to say of one system.
type System struct {
	Name        string         `json:"system"`
	Environment string         `json:"environment"`
	Description string         `json:"description,omitempty"`
	Owner       string         `json:"owner,omitempty"`
	Source      string         `json:"source,omitempty"` // where its description stands, or how it was found
	Contacts    []Contact      `json:"contacts,omitempty"`
	Channel     string         `json:"channel,omitempty"` // where people talk while they mend
	Checklist   string         `json:"checklist"`
	Title       string         `json:"title"`
	EvaluatedAt time.Time      `json:"evaluated_at"`
	Ready       bool           `json:"ready"` // every applicable item is, and there is one
	Score       *float64       `json:"score_ratio,omitempty"`
	Counts      map[string]int `json:"counts"` // of items, by status
	Gates       []Gate         `json:"gates"`
	Items       []Item         `json:"items,omitempty"` // in the checklist's order; a summary has none

	origin system.Origin
	places map[string]system.Origin // of subjects
}

// Placed is the report with the places where subjects are written: by file and line in SARIF and JUnit, and in words in
// every form.
func (s System) Placed(places map[string]system.Origin) System {
	s.places = places
	s.Items = slices.Clone(s.Items)
	for i := range s.Items {
		s.Items[i].Problems = slices.Clone(s.Items[i].Problems)
		for j := range s.Items[i].Problems {
			problem := &s.Items[i].Problems[j]
			if place, written := places[problem.Subject]; written {
				problem.Detail = fmt.Sprintf("%s (%s:%d)", problem.Detail, place.File, place.Line)
			}
		}
	}
	return s
}

// A Contact is one whom to call, in the order in which they are.
type Contact struct {
	Role  string            `json:"role"`            // primary, secondary or escalation
	After quantity.Duration `json:"after,omitempty"` // since the beginning; of an escalation
	Name  string            `json:"name"`
	Phone string            `json:"phone,omitempty"`
	Email string            `json:"email,omitempty"`
	Link  string            `json:"link,omitempty"`
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
	report := Summarize(a)
	report.Items = make([]Item, len(a.Results))
	for i := range a.Results {
		report.Items[i] = itemOf(a, i)
	}
	return report
}

// Summarize makes the report of an assessment without its items.
func Summarize(a *assess.Assessment) System {
	described := a.Plan.System
	counts := a.Counts()
	report := System{
		Name: described.Name, Environment: described.Environment, Description: described.Description,
		Owner: described.Owner, Source: described.Origin.String(), origin: described.Origin,
		Contacts: contactsOf(described.Contacts), Channel: described.Contacts.Channel,
		Checklist: a.Plan.Checklist.Name, Title: a.Plan.Checklist.Title,
		EvaluatedAt: a.At.UTC(), Ready: judge(counts) == Ready, Counts: make(map[string]int, len(check.Statuses())),
		Gates: make([]Gate, len(a.Gates)),
	}
	if ratio, known := a.Total().Ratio(); known {
		report.Score = &ratio
	}
	for _, status := range check.Statuses() {
		report.Counts[status.String()] = counts[status]
	}
	for i, result := range a.Gates {
		report.Gates[i] = Gate{
			ID: result.Gate.ID, Title: result.Gate.Title, Ready: result.Ready,
			Items: ids(a, result.Gate.Items), Blocking: ids(a, result.Blocking),
		}
	}
	return report
}

func contactsOf(contacts system.Contacts) []Contact {
	var list []Contact
	add := func(role string, after quantity.Duration, c *system.Contact) {
		if c != nil {
			list = append(list, Contact{role, after, c.Name, c.Phone, c.Email, c.Link})
		}
	}
	add("primary", 0, contacts.Primary)
	add("secondary", 0, contacts.Secondary)
	for i := range contacts.Escalation {
		add("escalation", contacts.Escalation[i].After, &contacts.Escalation[i].Call)
	}
	return list
}

func ids(a *assess.Assessment, items []int) []string {
	names := make([]string, len(items))
	for i, item := range items {
		names[i] = a.Results[item].Check
	}
	return names
}

func itemOf(a *assess.Assessment, at int) Item {
	item, result := &a.Plan.Items[at], a.Results[at]
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
	verdicts := map[Verdict]bool{NotReady: len(systems) == 0}
	for _, system := range systems {
		counts := make(map[check.Status]int)
		for _, item := range system.Items {
			counts[item.Status]++
		}
		if counts[check.Fail] > 0 {
			return NotReady
		}
		verdicts[judge(counts)] = true
	}
	switch {
	case verdicts[Unjudged]:
		return Unjudged
	case verdicts[NotReady]:
		return NotReady
	default:
		return Ready
	}
}

// judge gives the verdict on one system from how many of its items have each status.
func judge(counts map[check.Status]int) Verdict {
	applicable, ready := 0, 0
	for status, count := range counts {
		if status.Applicable() {
			applicable += count
		}
		if status.Ready() {
			ready += count
		}
	}
	switch {
	case counts[check.Fail] > 0:
		return NotReady
	case counts[check.Unknown] > 0:
		return Unjudged
	case applicable == 0 || ready < applicable:
		return NotReady
	default:
		return Ready
	}
}

// A Writer writes reports in one form.
type Writer func(w io.Writer, systems []System) error

// Writers gives every form by its name.
func Writers() map[string]Writer {
	return map[string]Writer{"table": Table, "json": JSON, "markdown": Markdown, "junit": JUnit, "html": HTML, "sarif": SARIF}
}

// Forms lists the names of the forms.
func Forms() []string { return slices.Sorted(maps.Keys(Writers())) }
