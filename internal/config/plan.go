package config

import (
	"errors"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// documentation is where the reference of each kind of check is published: the runbook of items that name none.
const documentation = "https://github.com/readiness-exporter/readiness-exporter/blob/main/docs/reference/checks.md"

// plan makes the plan of one system: every item of its checklist as its description tunes it. It is nil when the
// checklist is not known.
func (l *loader) plan(described describedSystem) *assess.Plan {
	list := l.checklistOf(described)
	if list == nil {
		return nil
	}
	l.names(described, list)
	plan := &assess.Plan{System: described.System, Checklist: list.whole, Categories: list.whole.Categories}
	excluded := notApplicable(described.System)
	for entry := range list.whole.Items() {
		item := l.item(described, list, entry)
		item.Rule.NotApplicable = excluded[entry.Item.ID]
		plan.Items = append(plan.Items, item)
	}
	for _, gate := range list.whole.Gates {
		selected := assess.Gate{ID: gate.ID, Title: gate.Title}
		for i, item := range plan.Items {
			tuned := *item.Item
			tuned.Severity = item.Severity
			if gate.Selects(checklist.Entry{Category: item.Category, Section: item.Section, Item: &tuned}) {
				selected.Items = append(selected.Items, i)
			}
		}
		plan.Gates = append(plan.Gates, selected)
	}
	return plan
}

// item makes an item of the checklist as a system runs it.
func (l *loader) item(described describedSystem, list *loadedChecklist, entry checklist.Entry) assess.Item {
	id := entry.Item.ID
	override := described.Checks[id]
	path := mistake.At(described.path, "checks", id)
	item := assess.Item{
		Entry:    entry,
		Severity: entry.Item.Severity,
		Owner:    firstOf(override.Owner, entry.Item.Owner, described.Owner),
		Runbook:  firstOf(override.Runbook, entry.Item.Runbook, documentation+"#"+firstOf(entry.Item.Kind, "attestations")),
		Rule: check.Rule{
			ID: id, NotBuilt: entry.Item.NotBuilt, Attested: entry.Item.Mode.NeedsAttestation(),
		},
	}
	if override.Severity != "" {
		item.Severity = checklist.Severity(override.Severity)
		if !slices.Contains(checklist.Severities(), item.Severity) {
			l.mistake(described.doc, mistake.At(path, "severity"), "severity %q: expected one of critical, warning, info", override.Severity)
		}
	}
	if entry.Item.Attestation != nil {
		item.Rule.AttestationAge = entry.Item.Attestation.MaximumAge.Std()
		item.Rule.AttestationSuffices = !item.Rule.Attested
	}
	if kind := l.kinds[entry.Item.Kind]; kind != nil && !entry.Item.NotBuilt {
		item.Rule.Bound = l.bind(described, list.items[id], kind, entry.Item, override)
	} else if override.Parameters.Kind != 0 {
		l.mistake(described.doc, mistake.At(path, "parameters"), "item %q has no parameters in this version", id)
	}
	return item
}

// bind decodes an item's parameters over its kind's defaults: first the checklist's, then the system's own.
func (l *loader) bind(
	described describedSystem, written writtenItem, kind check.Any, item *checklist.Item, override system.Override,
) *check.Bound {
	parameters := kind.Parameters()
	itemPath := mistake.At(written.path, "parameters")
	ownPath := mistake.At(described.path, "checks", item.ID, "parameters")
	good := l.decode(written.doc, itemPath, item.Parameters, parameters)
	good = l.decode(described.doc, ownPath, override.Parameters, parameters) && good
	if !good {
		return nil
	}
	if validated, can := parameters.(interface{ Validate() error }); can {
		if err := validated.Validate(); err != nil {
			for _, each := range mistakesOf(err) {
				doc, path := written.doc, itemPath
				// A parameter is the system's own where its description has it.
				if override.Parameters.Kind != 0 && (each.Parameter == "" || described.doc.has(mistake.At(ownPath, each.Parameter))) {
					doc, path = described.doc, ownPath
				}
				l.parameterMistake(doc, path, each)
			}
			return nil
		}
	}
	bound := kind.Bind(parameters)
	return &bound
}

// mistakesOf splits what validating parameters found.
func mistakesOf(err error) []*check.ParameterError {
	if several, joined := err.(interface{ Unwrap() []error }); joined {
		var found []*check.ParameterError
		for _, each := range several.Unwrap() {
			found = append(found, mistakesOf(each)...)
		}
		return found
	}
	var one *check.ParameterError
	if errors.As(err, &one) {
		return []*check.ParameterError{one}
	}
	return []*check.ParameterError{{Message: err.Error()}}
}

func (l *loader) parameterMistake(doc *document, path []any, found *check.ParameterError) {
	if found.Parameter != "" {
		path = mistake.At(path, found.Parameter)
	}
	if found.Line == 0 {
		l.mistake(doc, path, "%s", found.Message)
		return
	}
	l.addOnce(Errors{doc.within(path, found.Line, found.Column, found.Message)})
}

// decode reads parameters strictly; it tells whether it could.
func (l *loader) decode(doc *document, path []any, node yaml.Node, into any) bool {
	if node.Kind == 0 {
		return true
	}
	if node.Kind == yaml.AliasNode {
		node = *node.Alias
	}
	if node.Kind != yaml.MappingNode {
		l.mistake(doc, path, "parameters: expected names with values")
		return false
	}
	if err := node.Load(into, strict()...); err != nil {
		l.addOnce(doc.loadErrors(err))
		return false
	}
	return true
}

// addOnce notes mistakes of a checklist's item once, however many systems run it.
func (l *loader) addOnce(errs Errors) {
	for _, err := range errs {
		if !slices.Contains(l.errors, err) {
			l.errors = append(l.errors, err)
		}
	}
}

// firstOf gives the first text that is not empty.
func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
