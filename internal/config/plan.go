package config

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// documentation is where the reference of each kind of check is published: the runbook of items that name none.
const documentation = "https://github.com/readiness-exporter/readiness-exporter/blob/main/docs/reference/checks.md"

// plan makes the plan of one system: every item of its checklist as its description tunes it. It is nil when the
// checklist is not known.
func (l *loader) plan(described describedSystem) *assess.Plan {
	list, pinned := l.checklistOf(described)
	if list == nil {
		return nil
	}
	l.names(described, list)
	plan := &assess.Plan{System: described.System, Checklist: list.whole, Categories: list.whole.Categories}
	excluded := notApplicable(described.System)
	for entry := range list.whole.Items() {
		item := l.item(described, entry)
		item.Newer = entry.Item.NewerThan(pinned)
		item.Rule = check.Rule{ID: entry.Item.ID, NotApplicable: excluded[entry.Item.ID]}
		if entry.Item.IsSupported() {
			plan.Items = append(plan.Items, item)
		} else {
			plan.Unsupported = append(plan.Unsupported, item)
		}
	}
	for _, item := range plan.Unsupported {
		l.refuseParameters(described, item.Item)
	}
	references := referencesTo(plan, pinned)
	for i := range plan.Items {
		item := &plan.Items[i]
		binder := newBinder(l, described, list.items[item.Item.ID], item, references)
		item.Rule.Clause = binder.clause(&item.Item.Clause, binder.written.path)
	}
	if circle := plan.Order(); circle != nil {
		written := list.items[circle[0]]
		l.addOnce(Errors{written.doc.place(mistake.Mistake{
			Path: written.path, Message: "these items judge each other in a circle: " + strings.Join(circle, ", "),
		})})
	}
	allowPorts(plan)
	plan.Gates = gates(list.whole.Gates, plan.Items)
	plan.Objectives = objectives(plan)
	return plan
}

// item makes an item of the checklist as a system runs it, without its rule.
func (l *loader) item(described describedSystem, entry checklist.Entry) assess.Item {
	id := entry.Item.ID
	override := described.Checks[id]
	item := assess.Item{
		Entry:    entry,
		Severity: entry.Item.Severity,
		Page:     entry.Item.Page,
		Owner:    cmp.Or(override.Owner, entry.Item.Owner, described.Owner),
		Runbook:  cmp.Or(override.Runbook, entry.Item.Runbook, documentation+"#"+entry.Item.MainKind()),
	}
	if override.Page != nil {
		item.Page = *override.Page
	}
	if override.Severity != "" {
		item.Severity = checklist.Severity(override.Severity)
		if !slices.Contains(checklist.Severities(), item.Severity) {
			l.mistake(described.doc, mistake.At(described.path, "checks", id, "severity"),
				"severity %q: expected one of critical, warning, info", override.Severity)
		}
	}
	return item
}

// refuseParameters notes parameters of an item that this version does not support: it could not tell whether they are good.
func (l *loader) refuseParameters(described describedSystem, item *checklist.Item) {
	override := described.Checks[item.ID]
	path := mistake.At(described.path, "checks", item.ID)
	if override.Parameters.Kind != 0 {
		l.mistake(described.doc, mistake.At(path, "parameters"), "item %q is not supported yet: it has no parameters", item.ID)
	}
	for kind := range override.Clauses {
		l.mistake(described.doc, mistake.At(path, "clauses", kind), "item %q is not supported yet: it has no parameters", item.ID)
	}
}

// referencesTo gives all items of a checklist in their order, for parameters that select some. Those that are newer than
// the pinned version are selected by nobody else.
func referencesTo(plan *assess.Plan, pinned int) (all []check.ItemRef) {
	for entry := range plan.Checklist.Items() {
		all = append(all, check.ItemRef{
			ID: entry.Item.ID, Section: entry.Section.ID, Category: entry.Category.ID,
			Supported: entry.Item.IsSupported() && !entry.Item.NewerThan(pinned),
		})
	}
	for i := range plan.Items { // The severity is the one that the system sets.
		item := &plan.Items[i]
		at := slices.IndexFunc(all, func(r check.ItemRef) bool { return r.ID == item.Item.ID })
		all[at].Severity = string(item.Severity)
	}
	return all
}

// allowPorts notes in the description at which ports items have it that strangers may reach something, so that alerts on facts know it too.
func allowPorts(plan *assess.Plan) {
	var allowed []int
	for i := range plan.Items {
		for bound := range plan.Items[i].Rule.Clause.Bounds() {
			if ports, of := bound.Parameters.(interface{ AllowedPorts() []int }); of {
				allowed = append(allowed, ports.AllowedPorts()...)
			}
		}
	}
	slices.Sort(allowed)
	allowed = slices.Compact(allowed)
	for _, host := range plan.System.Hosts {
		if host.Ports != nil {
			host.Ports.Allowed = allowed
		}
	}
}

// gates give the items that each gate selects, by the severity that the system sets. What is newer than the checklist that
// the system pins closes no gate.
func gates(of []checklist.Gate, items []assess.Item) []assess.Gate {
	made := make([]assess.Gate, len(of))
	for i, gate := range of {
		made[i] = assess.Gate{ID: gate.ID, Title: gate.Title}
		for j, item := range items {
			tuned := *item.Item
			tuned.Severity = item.Severity
			// A composite of what is not supported yet closes no gate either.
			empty := item.Composite() && len(item.Rule.After()) == 0
			if !item.Newer && !empty && gate.Selects(checklist.Entry{Category: item.Category, Section: item.Section, Item: &tuned}) {
				made[i].Items = append(made[i].Items, j)
			}
		}
	}
	return made
}

// readinessObjective is the name of the objective over all categories.
const readinessObjective = "readiness"

// objectives are the promises of a system's description: of the whole checklist, then of its categories in their order.
// An objective is met while every critical item that is judged is ready.
func objectives(plan *assess.Plan) (made []assess.Objective) {
	declared := plan.System.Objectives
	if declared.Readiness != 0 {
		made = append(made, assess.Objective{
			Name: readinessObjective, Ratio: float64(declared.Readiness),
			Items: promised(plan.Items, func(*assess.Item) bool { return true }),
		})
	}
	for _, category := range plan.Categories {
		if ratio := declared.Categories[category.ID]; ratio != 0 {
			made = append(made, assess.Objective{
				Name: category.ID, Ratio: float64(ratio),
				Items: promised(plan.Items, func(item *assess.Item) bool { return item.Category.ID == category.ID }),
			})
		}
	}
	return made
}

// promised gives the critical items of those that an objective is about; all of them where none is critical.
func promised(items []assess.Item, about func(*assess.Item) bool) []int {
	var all, critical []int
	for i := range items {
		if items[i].Newer || !about(&items[i]) {
			continue
		}
		all = append(all, i)
		if items[i].Severity == checklist.Critical {
			critical = append(critical, i)
		}
	}
	if critical == nil {
		return all
	}
	return critical
}

// sortedKeys gives the keys of a map in their order.
func sortedKeys[V any](of map[string]V) []string { return slices.Sorted(maps.Keys(of)) }
