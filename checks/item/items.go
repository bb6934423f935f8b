// Package item judges the results of other items of the checklist.
package item

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// ItemsParameters select the items of which one is composed: those that checks names, and those that fit all else that is
// given. An item is never composed of itself.
type ItemsParameters struct {
	// Checks are ids of items.
	Checks []string `yaml:"checks"`
	// Sections are ids: the items in one of them, or of the categories, are selected.
	Sections []string `yaml:"sections"`
	// Categories are ids: the items in one of them, or of the sections, are selected.
	Categories []string `yaml:"categories"`
	// Severities are those of the items; empty: any.
	Severities []Severity `yaml:"severities"`
	// Above: only items that stand before this one in the checklist.
	Above bool `yaml:"above"`
	// Accept are the statuses that the items may have.
	Accept []Status `yaml:"accept"`

	selected []string       // ids, in the checklist's order
	place    map[string]int // of each in selected
}

// Validate finds parameters that select nothing.
func (p *ItemsParameters) Validate() error {
	if len(p.Checks) == 0 && !p.narrows() {
		return errors.New("expected at least one of checks, sections, categories, severities and above")
	}
	return nil
}

// A Severity is one of those that items have.
type Severity = quantity.Choice[severities]

// severities are those of items.
type severities struct{}

// Values lists them.
func (severities) Values() []string { return []string{"critical", "warning", "info"} }

// A Status is one of those that items can come to.
type Status = quantity.Choice[statuses]

// statuses are those of items.
type statuses struct{}

// Values lists them.
func (statuses) Values() (names []string) {
	for _, status := range check.Statuses() {
		names = append(names, status.String())
	}
	return names
}

// narrows tells whether items are selected by more than their ids.
func (p *ItemsParameters) narrows() bool {
	return p.Above || len(p.Sections)+len(p.Categories)+len(p.Severities) > 0
}

// Compose selects the items, as far as this version supports them. What is in no checklist is a mistake.
func (p *ItemsParameters) Compose(item check.ItemRef, all []check.ItemRef) error {
	if err := p.known(all); err != nil {
		return err
	}
	p.selected, p.place = nil, make(map[string]int)
	above := true
	for _, each := range all {
		if each.ID == item.ID {
			above = false
			continue
		}
		if each.Supported && (slices.Contains(p.Checks, each.ID) || p.fits(each, above)) {
			p.place[each.ID] = len(p.selected)
			p.selected = append(p.selected, each.ID)
		}
	}
	return nil
}

// known finds ids that no item of the checklist has.
func (p *ItemsParameters) known(all []check.ItemRef) error {
	var errs []error
	for _, each := range []struct {
		parameter string
		ids       []string
		of        func(check.ItemRef) string
	}{
		{"checks", p.Checks, func(r check.ItemRef) string { return r.ID }},
		{"sections", p.Sections, func(r check.ItemRef) string { return r.Section }},
		{"categories", p.Categories, func(r check.ItemRef) string { return r.Category }},
	} {
		for _, id := range each.ids {
			if !slices.ContainsFunc(all, func(r check.ItemRef) bool { return each.of(r) == id }) {
				errs = append(errs, &check.ParameterError{
					Parameter: each.parameter, Message: fmt.Sprintf("%q is not in the checklist: expected ids of its %s", id, each.parameter),
				})
			}
		}
	}
	return errors.Join(errs...)
}

// fits tells whether an item, which stands above or not, is selected by more than its id.
func (p *ItemsParameters) fits(item check.ItemRef, above bool) bool {
	anywhere := len(p.Sections)+len(p.Categories) == 0
	return p.narrows() && (above || !p.Above) &&
		(anywhere || slices.Contains(p.Sections, item.Section) || slices.Contains(p.Categories, item.Category)) &&
		(len(p.Severities) == 0 || quantity.ChoiceOf(p.Severities, item.Severity))
}

// reasonOf is the reason when items have a status that is not accepted.
func reasonOf(status check.Status) check.Reason {
	level := check.Fail
	if status == check.Unknown || status == check.Undeclared {
		level = status
	}
	return check.Reason{Name: "checks_" + status.String(), Level: level, Sentence: "Checks of which it is composed " + verb(status, 2) + "."}
}

// verb says of one or more checks that they have a status.
func verb(status check.Status, number int) string {
	does := map[check.Status]string{check.Pass: "pass", check.Warn: "warn", check.Fail: "fail"}[status]
	switch {
	case does == "":
		return words.Verb(number) + " " + strings.ReplaceAll(status.String(), "_", " ")
	case number > 1:
		return does
	case status == check.Pass:
		return does + "es"
	default:
		return does + "s"
	}
}

// Items judges the results of other items.
func Items() check.Kind[ItemsParameters] {
	var reasons []check.Reason
	for _, status := range check.Statuses() {
		reasons = append(reasons, reasonOf(status))
	}
	return check.Kind[ItemsParameters]{
		Name:     "items",
		Summary:  "Every item of which it is composed has a status that is accepted.",
		Remedy:   "See the pages of these checks for what to do.",
		Reasons:  reasons,
		Defaults: ItemsParameters{Accept: []Status{"pass", "warn", "waived", "not_applicable"}},
		Over: []check.Quantified[ItemsParameters]{
			check.AllOf(check.Results(), judgeItems).Where(func(_ check.Context, r *check.Result, p ItemsParameters) bool {
				_, selected := p.place[r.Check]
				return selected
			}),
		},
		WhenEmpty: check.Reason{
			Name: "no_checks", Level: check.Undeclared, Sentence: "None of the checks of which it is composed is supported yet.",
		},
		After: func(p ItemsParameters) []string { return p.selected },
	}
}

func judgeItems(_ check.Context, results []*check.Result, p ItemsParameters) []check.Problem {
	byStatus := make(map[check.Status][]string)
	for _, result := range results {
		if !quantity.ChoiceOf(p.Accept, result.Status.String()) {
			byStatus[result.Status] = append(byStatus[result.Status], result.Check)
		}
	}
	var problems []check.Problem
	for status, names := range byStatus {
		slices.SortFunc(names, func(a, b string) int { return p.place[a] - p.place[b] })
		problems = append(problems, reasonOf(status).Problem(
			fmt.Sprintf("%s %s: %s.", words.Count(len(names), "check"), verb(status, len(names)), words.List(names))))
	}
	return problems
}
