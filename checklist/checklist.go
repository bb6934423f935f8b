// Package checklist is the model of a checklist: categories of sections of items, and the gates that name sets of
// items. A checklist is data, in YAML; the built-in one is production.yaml. The config package reads it and decodes the
// parameters of each item for its kind of check.
package checklist

import (
	"iter"
	"slices"
)

// A Checklist is what a system is judged by.
type Checklist struct {
	// Name is what a system calls the checklist by.
	Name string `yaml:"name"`
	// Title is the heading that people see.
	Title string `yaml:"title"`
	// Version grows by one whenever items are added; default: 1. A system can pin it: checklist: NAME@VERSION.
	Version int `yaml:"version,omitempty"`
	// Extends names a checklist whose items come before those written here, such as production, or production@1 to pin
	// its version. What is written here under an id that it has too stands in its place.
	Extends    string     `yaml:"extends,omitempty"`
	Categories []Category `yaml:"categories"`
	Gates      []Gate     `yaml:"gates,omitempty"`
}

// A Category is a chapter of a checklist, and a value of the label category.
type Category struct {
	ID       string    `yaml:"id"`
	Title    string    `yaml:"title,omitempty"`
	Sections []Section `yaml:"sections"`
}

// A Section is a group of items within a category.
type Section struct {
	// ID is what the ids of its items begin with.
	ID    string `yaml:"id"`
	Title string `yaml:"title"`
	Items []Item `yaml:"items"`
}

// An Item is one line of a checklist.
type Item struct {
	// ID is the stable name: the section's id, a dot, and a word of its own.
	ID string `yaml:"id"`
	// Text is the line as people read it.
	Text     string   `yaml:"text"`
	Severity Severity `yaml:"severity" jsonschema:"enum=critical,enum=warning,enum=info"`
	// Page: its loss breaks users or loses data now, so that somebody is called; any other loss becomes a ticket. Default: false.
	Page bool `yaml:"page,omitempty"`
	Mode Mode `yaml:"mode" jsonschema:"enum=auto,enum=evidence,enum=attest,enum=auto+attest"`
	// Clause is how the item is judged: a kind with parameters, or clauses of several.
	Clause `yaml:",inline"`
	// Since is the version of the checklist that brought the item; default: 1.
	Since int `yaml:"since,omitempty"`
	// Newer: the item is newer than the version of the checklist that another one extends.
	Newer bool `yaml:"-"`
	// Owner is the team whose item it is; a system's description can name another.
	Owner string `yaml:"owner,omitempty"`
	// Runbook is the address of what to read when the item is not ready; default: the reference of its kind.
	Runbook string `yaml:"runbook,omitempty"`
	// Parent is the id of the item above, in the same section, that this one is a part of.
	Parent string `yaml:"parent,omitempty"`
}

// A Gate is a named set of items that pipelines wait on. Each list that is given narrows the set: an item belongs to it
// when it matches every one. A gate without lists selects every item.
type Gate struct {
	ID         string     `yaml:"id"`
	Title      string     `yaml:"title"`
	Severities []Severity `yaml:"severities,omitempty" jsonschema:"enum=critical,enum=warning,enum=info"`
	Categories []string   `yaml:"categories,omitempty"` // ids of categories
	Sections   []string   `yaml:"sections,omitempty"`   // ids of sections
	Checks     []string   `yaml:"checks,omitempty"`     // ids of items
}

// An Entry is an item with where it stands.
type Entry struct {
	Category *Category
	Section  *Section
	Item     *Item
}

// Items gives every item with its category and section, in the order of the checklist.
func (c *Checklist) Items() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for i := range c.Categories {
			category := &c.Categories[i]
			for j := range category.Sections {
				section := &category.Sections[j]
				for k := range section.Items {
					if !yield(Entry{Category: category, Section: section, Item: &section.Items[k]}) {
						return
					}
				}
			}
		}
	}
}

// Selects tells whether an item belongs to the gate.
func (g Gate) Selects(entry Entry) bool {
	return allows(g.Severities, entry.Item.Severity) &&
		allows(g.Categories, entry.Category.ID) &&
		allows(g.Sections, entry.Section.ID) &&
		allows(g.Checks, entry.Item.ID)
}

// allows tells whether a list that narrows lets a value through; an empty one does not narrow.
func allows[T comparable](list []T, value T) bool {
	return len(list) == 0 || slices.Contains(list, value)
}

// A Severity says how much an item matters.
type Severity string

// The severities.
const (
	Critical Severity = "critical" // stops a go-live, or wakes somebody
	Warning  Severity = "warning"  // must be fixed soon
	Info     Severity = "info"     // good practice
)

// Severities lists every severity, the gravest first.
func Severities() []Severity { return []Severity{Critical, Warning, Info} }

// Weight is how much an item of this severity counts in a score; 0 for what is no severity.
func (s Severity) Weight() float64 {
	switch s {
	case Critical:
		return 10
	case Warning:
		return 3
	case Info:
		return 1
	default:
		return 0
	}
}

// A Mode says where the knowledge about an item comes from.
type Mode string

// The modes.
const (
	Auto       Mode = "auto"        // read from the running system
	Evidence   Mode = "evidence"    // a machine's result, delivered by a pipeline
	Attest     Mode = "attest"      // a person's signature
	AutoAttest Mode = "auto+attest" // both the running system and a person's signature
)

// Modes lists every mode.
func Modes() []Mode { return []Mode{Auto, Evidence, Attest, AutoAttest} }

// CurrentVersion is the version of the checklist, which is 1 where it does not say.
func (c *Checklist) CurrentVersion() int { return max(1, c.Version) }

// NewerThan tells whether the item came after a version that is pinned; 0: none is.
func (i *Item) NewerThan(pinned int) bool { return i.Newer || pinned > 0 && i.Since > pinned }
