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

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A System is what there is to say of one system.
type System struct {
	Name        string         `json:"system"`
	Environment string         `json:"environment"`
	Description string         `json:"description,omitempty"`
	Vantage     string         `json:"vantage,omitempty"` // the vantage point that judges it, by what is collected there alone
	Team        string         `json:"team,omitempty"`    // its owner
	Source      string         `json:"source,omitempty"`  // where its description stands, or how it was found
	Contacts    []Contact      `json:"contacts,omitempty"`
	Channel     string         `json:"channel,omitempty"` // where people talk while they fix it
	OnCall      []OnCall       `json:"on_call,omitempty"` // who is on call now, by schedule
	Checklist   string         `json:"checklist"`
	Title       string         `json:"title"`
	EvaluatedAt time.Time      `json:"evaluated_at"`
	Ready       bool           `json:"ready"`                    // every applicable item is, and there is one
	Score       *float64       `json:"score_ratio,omitempty"`    // the ready share of what is judged, by weight
	Coverage    *float64       `json:"coverage_ratio,omitempty"` // the judged share of what applies, by weight
	Checks      Tally          `json:"checks"`                   // how many items are judged, and ready
	Counts      map[string]int `json:"counts"`                   // of items, by status
	Gates       []Gate         `json:"gates"`
	Items       []Item         `json:"items,omitempty"` // in the checklist's order; a summary has none
	// Since is the time since which the items changed, where only those are reported; Recorded is when the first change is known.
	Since    time.Time `json:"changed_since,omitzero"`
	Recorded time.Time `json:"recorded_since,omitzero"`
	// Discovered are the targets that nobody has declared.
	Discovered []DiscoveredTarget `json:"discovered_targets,omitempty"`
	// Unsupported are the items of the checklist that this version cannot judge. They count nowhere.
	Unsupported []Unsupported `json:"unsupported,omitempty"`

	ofGate bool // only the items of one gate
	origin system.Origin
	places map[string]system.Origin // of subjects; nil where what runs was judged, and not manifests
}

// A Tally is of how many items something is known. Those that are newer than what is pinned count nowhere, and those that judge
// other items would count these twice.
type Tally struct {
	Applicable int `json:"applicable"`
	Judged     int `json:"judged"` // of those, all that are declared
	Ready      int `json:"ready"`  // of those
}

func (t *Tally) add(status check.Status) {
	if status.Applicable() {
		t.Applicable++
	}
	if status.Judged() {
		t.Judged++
	}
	if status.Ready() {
		t.Ready++
	}
}

// Unsupported is an item that this version cannot judge.
type Unsupported struct {
	Check        string `json:"check"`
	Text         string `json:"text"`
	Section      string `json:"section"`
	SectionTitle string `json:"section_title"`
	Severity     string `json:"severity"`
}

// A Contact is one who is on call, in the order in which they are.
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
	Kind          string `json:"kind,omitempty"` // of check; of several, joined by +
	Team          string `json:"team,omitempty"` // that owns it
	Page          bool   `json:"page"`           // its loss calls somebody
	Runbook       string `json:"runbook_url"`
	Composite     bool   `json:"composite,omitempty"` // it judges other items, and weighs nothing itself
	// Newer: it came after the version of the checklist that the system pins. It is judged, and counts nowhere.
	Newer bool `json:"newer,omitempty"`
	// Attestation is the newest that was signed for the item, whether it counts or has expired.
	Attestation *fact.Attestation `json:"attestation,omitempty"`
	// Changes are what it was at a time, and what it changed to since, where that is what is reported.
	Changes []assess.Change `json:"changes,omitempty"`
	// Regressed is since when it is not ready any more, after it was for a day.
	Regressed time.Time `json:"regressed_at,omitzero"`
}

// Of makes the report of an assessment.
func Of(a *assess.Assessment) System {
	report := Summarize(a)
	report.Items = make([]Item, len(a.Results))
	for i := range a.Results {
		report.Items[i] = itemOf(a, i)
	}
	for i := range a.Plan.Unsupported {
		item := &a.Plan.Unsupported[i]
		report.Unsupported = append(report.Unsupported, Unsupported{
			Check: item.Item.ID, Text: item.Item.Text, Section: item.Section.ID, SectionTitle: item.Section.Title,
			Severity: string(item.Severity),
		})
	}
	return report
}

// Summarize makes the report of an assessment without its items.
func Summarize(a *assess.Assessment) System {
	described := a.Plan.System
	counts := a.Counts()
	report := System{
		Name: described.Name, Environment: described.Environment, Description: described.Description, Vantage: described.Vantage,
		Team: described.Owner, Source: described.Origin.String(), origin: described.Origin,
		Contacts: contactsOf(described.Contacts), Channel: described.Contacts.Channel, OnCall: onCall(a),
		Checklist: a.Plan.Checklist.Name, Title: a.Plan.Checklist.Title,
		EvaluatedAt: a.At.UTC(), Ready: judge(counts) == Ready, Counts: make(map[string]int, len(check.Statuses())),
		Gates: make([]Gate, len(a.Gates)), Discovered: targetsOf(described),
	}
	for i := range a.Results {
		if a.Plan.Items[i].Weighs() {
			report.Checks.add(a.Results[i].Status)
		}
	}
	total := a.Total()
	if ratio, known := total.Ratio(); known {
		report.Score = &ratio
	}
	if ratio, known := total.Coverage(); known {
		report.Coverage = &ratio
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

// Detailed is the report as it is or, where details are not for the reader, without how contacts can be reached and
// where the description stands.
func (s System) Detailed(detailed bool) System {
	if detailed {
		return s
	}
	s.Source, s.Contacts = "", slices.Clone(s.Contacts)
	for i := range s.Contacts {
		s.Contacts[i].Phone, s.Contacts[i].Email, s.Contacts[i].Link = "", "", ""
	}
	return s
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
		Severity: string(item.Severity), Mode: string(item.Item.Mode), Kind: KindsOf(item.Item),
		Team: item.Owner, Page: item.Page, Runbook: item.Runbook, Composite: item.Composite(), Newer: item.Newer,
		Attestation: attestationOf(a, item), Regressed: a.Regressed(at).UTC(),
	}
}

// KindsOf names the kinds of check that an item is made of, as far as they are supported.
func KindsOf(item *checklist.Item) string {
	var names []string
	for leaf := range item.Leaves() {
		if leaf.IsSupported() && !slices.Contains(names, leaf.Kind) {
			names = append(names, leaf.Kind)
		}
	}
	return strings.Join(names, "+")
}

// attestationOf gives the newest attestation among the facts of an item; nil where there is none.
func attestationOf(a *assess.Assessment, item *assess.Item) (newest *fact.Attestation) {
	for _, f := range factsOf(a, item, a.View) {
		signed, is := f.(*fact.Attestation)
		if is && !signed.At.After(a.At) && (newest == nil || signed.At.After(newest.At)) {
			newest = signed
		}
	}
	return newest
}

// factsOf gives the facts of a view that an item is about.
func factsOf(a *assess.Assessment, item *assess.Item, view fact.View) (facts []any) {
	context := check.NewContext(view, a.Plan.System, item.Item.ID, a.At)
	for bound := range item.Rule.Clause.Bounds() {
		facts = append(facts, bound.Facts(context)...)
	}
	return facts
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
	only := s.only(slices.DeleteFunc(slices.Clone(s.Items), func(item Item) bool {
		return !slices.Contains(s.Gates[at].Items, item.Check)
	}))
	only.Gates = []Gate{s.Gates[at]}
	only.Ready, only.ofGate = s.Gates[at].Ready, true
	return only, nil
}

// countsOf tells how many items have each status, without those that count nowhere.
func countsOf(items []Item) map[check.Status]int {
	counts := make(map[check.Status]int)
	for _, item := range items {
		if !item.Newer {
			counts[item.Status]++
		}
	}
	return counts
}

// OfTeam leaves the items of one team, and no gate: those are of the whole.
func (s System) OfTeam(team string) System {
	only := s.only(slices.DeleteFunc(slices.Clone(s.Items), func(item Item) bool { return item.Team != team }))
	only.Gates, only.Ready = []Gate{}, judge(countsOf(only.Items)) == Ready
	return only
}

// only is the report with some of its items; the counts are of these, and there is no score of them.
func (s System) only(items []Item) System {
	s.Items = items
	s.Score, s.Coverage, s.Unsupported, s.Counts = nil, nil, nil, make(map[string]int)
	counts := countsOf(items)
	for _, status := range check.Statuses() {
		s.Counts[status.String()] = counts[status]
	}
	s.Checks = Tally{}
	for _, item := range items {
		if !item.Newer && !item.Composite {
			s.Checks.add(item.Status)
		}
	}
	return s
}

// A Verdict is what a pipeline acts on.
type Verdict int

// The verdicts.
const (
	Ready    Verdict = iota // every item that applies is ready, in each system at least one
	NotReady                // something fails, or nothing is said of it, or nothing applies
	Unjudged                // nothing fails, and something that should have been collected could not be
)

// Judge gives the verdict on several systems: the gravest of each.
func Judge(systems []System) Verdict {
	verdicts := map[Verdict]bool{NotReady: len(systems) == 0}
	for _, system := range systems {
		counts := countsOf(system.Items)
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
