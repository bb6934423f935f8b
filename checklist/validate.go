package checklist

import (
	"regexp"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

var (
	validID   = regexp.MustCompile(`^[a-z0-9-]+$`)
	validItem = regexp.MustCompile(`^([a-z0-9-]+)\.[a-z0-9-]+$`)
	validKind = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
)

// Validate gives every mistake that the checklist itself shows, in the order in which they stand. Whether a kind exists
// and takes the parameters is the config package's to check. A path may end in a key that was left out. The base is the
// checklist that this one extends, nil for none: what it has need not be said again.
func (c *Checklist) Validate(base *Checklist) mistake.List {
	if base == nil {
		base = &Checklist{}
	}
	v := validation{
		base: base, whole: c.Over(base), version: c.CurrentVersion(),
		categories: place{}, sections: place{}, items: place{},
	}
	v.name(nil, "name", c.Name)
	v.title(nil, c.Title)
	if c.Version < 0 {
		v.mistakes.Add(mistake.At(nil, "version"), "version %d: expected a number from 1 on", c.Version)
	}
	if len(c.Categories) == 0 {
		v.mistakes.Add(mistake.At(nil, "categories"), "categories are missing: expected at least one")
	}
	for i, category := range c.Categories {
		v.category(mistake.At(nil, "categories", i), category)
	}
	gates := place{}
	for i, gate := range c.Gates {
		v.gate(mistake.At(nil, "gates", i), gate, gates)
	}
	return v.mistakes
}

// place is where an id stood first, in words.
type place map[string]string

// A validation collects the mistakes of a checklist together with the ids seen so far.
type validation struct {
	base       *Checklist // that is extended
	whole      *Checklist // with the base
	version    int
	mistakes   mistake.List
	categories place
	sections   place
	items      place
}

func (v *validation) category(path []any, category Category) {
	v.id(path, category.ID, v.categories, "another category")
	base := find(v.base.Categories, func(c Category) bool { return c.ID == category.ID })
	v.title(path, orElse(category.Title, base.Title))
	for i, section := range category.Sections {
		v.section(mistake.At(path, "sections", i), section, category)
	}
}

func (v *validation) section(path []any, section Section, category Category) {
	v.id(path, section.ID, v.sections, "a section of category "+category.ID)
	baseCategory := find(v.base.Categories, func(c Category) bool { return c.ID == category.ID })
	base := find(baseCategory.Sections, func(s Section) bool { return s.ID == section.ID })
	v.title(path, orElse(section.Title, base.Title))
	above := make(map[string]bool)
	for _, item := range base.Items {
		above[item.ID] = true
	}
	for i, item := range section.Items {
		at := mistake.At(path, "items", i)
		v.item(at, item, section)
		if item.Parent != "" && !above[item.Parent] {
			v.mistakes.Add(mistake.At(at, "parent"),
				"parent %q: expected the id of an item above, in the same section", item.Parent)
		}
		above[item.ID] = true
	}
}

func (v *validation) item(path []any, item Item, section Section) {
	parts := validItem.FindStringSubmatch(item.ID)
	at := mistake.At(path, "id")
	switch {
	case item.ID == "":
		v.mistakes.Add(at, "id is missing")
	case parts == nil:
		v.mistakes.Add(at, "id %q: expected section.item, of lower-case letters, digits and '-'", item.ID)
	case section.ID != "" && parts[1] != section.ID:
		v.mistakes.Add(at, "id %q: expected it to begin with the section's id, %q", item.ID, section.ID+".")
	}
	v.once(at, item.ID, v.items, "an item of section "+section.ID)

	if item.Text == "" {
		v.mistakes.Add(mistake.At(path, "text"), "text is missing")
	}
	checkOneOf(&v.mistakes, mistake.At(path, "severity"), "severity", item.Severity, Severities())
	checkOneOf(&v.mistakes, mistake.At(path, "mode"), "mode", item.Mode, Modes())
	item.validate(&v.mistakes, path)
	v.mode(path, item)
	if item.Since < 0 || item.Since > v.version {
		v.mistakes.Add(mistake.At(path, "since"), "since %d: expected a version of this checklist, from 1 to %d", item.Since, v.version)
	}
}

// mode checks that an item's mode and its clauses agree.
func (v *validation) mode(path []any, item Item) {
	if item.Main() == nil {
		return // which is a mistake of its own
	}
	at := mistake.At(path, "mode")
	judged := item.MainKind() != AttestationKind
	switch {
	case (item.Mode == Auto || item.Mode == Evidence) && !judged:
		v.mistakes.Add(at, "mode %s: expected a clause of another kind than %s", item.Mode, AttestationKind)
	case item.Mode == Attest && !item.Attested():
		v.mistakes.Add(at, "mode %s: expected a clause of kind %s", item.Mode, AttestationKind)
	case item.Mode == AutoAttest && (len(item.AllOf) == 0 || !judged || !item.Attested()):
		v.mistakes.Add(at, "mode %s: expected all_of with a clause of kind %s and one of another kind", item.Mode, AttestationKind)
	}
}

func (v *validation) gate(path []any, gate Gate, gates place) {
	v.id(path, gate.ID, gates, "another gate")
	v.title(path, gate.Title)
	before := len(v.mistakes)
	for i, severity := range gate.Severities {
		checkOneOf(&v.mistakes, mistake.At(path, "severities", i), "severity", severity, Severities())
	}
	v.known(mistake.At(path, "categories"), "category", gate.Categories, func(e Entry) string { return e.Category.ID })
	v.known(mistake.At(path, "sections"), "section", gate.Sections, func(e Entry) string { return e.Section.ID })
	v.known(mistake.At(path, "checks"), "check", gate.Checks, func(e Entry) string { return e.Item.ID })
	if len(v.mistakes) > before {
		return // what the unknown names would have selected cannot be told
	}
	for entry := range v.whole.Items() {
		if gate.Selects(entry) {
			return
		}
	}
	v.mistakes.Add(path, "the gate selects nothing: no item matches all of its lists")
}

// known checks that there is an item for each of the ids that a gate lists.
func (v *validation) known(path []any, word string, ids []string, of func(Entry) string) {
	for i, id := range ids {
		found := false
		for entry := range v.whole.Items() {
			found = found || of(entry) == id
		}
		if !found {
			v.mistakes.Add(mistake.At(path, i), "%s %q is not in the checklist", word, id)
		}
	}
}

// find gives the first that matches, or the zero value.
func find[T any](all []T, matches func(T) bool) T {
	for _, each := range all {
		if matches(each) {
			return each
		}
	}
	var none T
	return none
}

// id checks the id of a category, section or gate.
func (v *validation) id(path []any, id string, taken place, here string) {
	v.name(path, "id", id)
	v.once(mistake.At(path, "id"), id, taken, here)
}

func (v *validation) name(path []any, key, name string) {
	switch {
	case name == "":
		v.mistakes.Add(mistake.At(path, key), "%s is missing", key)
	case !validID.MatchString(name):
		v.mistakes.Add(mistake.At(path, key), "%s %q: expected lower-case letters, digits and '-'", key, name)
	}
}

// once notes an id that was there before, and remembers where it stands for the next.
func (v *validation) once(path []any, id string, taken place, here string) {
	if id == "" {
		return
	}
	if first, ok := taken[id]; ok {
		v.mistakes.Add(path, "id %q stands twice: %s has it already", id, first)
		return
	}
	taken[id] = here
}

func (v *validation) title(path []any, title string) {
	if title == "" {
		v.mistakes.Add(mistake.At(path, "title"), "title is missing")
	}
}

// checkOneOf notes a value that is missing or none of those there are.
func checkOneOf[T ~string](list *mistake.List, path []any, word string, value T, allowed []T) {
	if slices.Contains(allowed, value) {
		return
	}
	words := make([]string, len(allowed))
	for i, one := range allowed {
		words[i] = string(one)
	}
	expected := strings.Join(words, ", ")
	if value == "" {
		list.Add(path, "%s is missing: expected one of %s", word, expected)
		return
	}
	list.Add(path, "%s %q: expected one of %s", word, value, expected)
}
