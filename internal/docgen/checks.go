package docgen

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
)

// checks is the reference of every kind of check. Its headings are the kinds' names: items that name no runbook of their
// own refer to them.
func (r *reference) checks() []byte {
	p := newPage("Checks", "Every kind of check: what it wants, what it finds fault with, and how to mend that. An item "+
		"of a [checklist](checklist.md) is a kind with parameters.")
	p.paragraph("A kind passes when none of its reasons applies. `warn` still counts as ready; `fail`, `unknown` and " +
		"`undeclared` do not. Beside its own reasons each kind has `not_seen`, when something should have been seen and " +
		"could not be, and `nothing_seen`, when there is nothing to judge at all.")
	for _, kind := range r.kinds {
		r.kind(p, kind.Describe())
	}
	p.heading(2, "attestations")
	p.paragraph("Items that rest on a person's word: somebody who knows looks, and signs it under `attestations` of the " +
		"[system](configuration.md#configuration-attestation). A word runs out, at the latest after the `maximum_age` that " +
		"the item allows.")
	p.reasons(check.AttestationReasons(), "")
	p.items(r.itemsOf(func(item *checklist.Item) bool { return item.Mode.NeedsAttestation() }))

	p.heading(2, "Kinds that are not built yet")
	p.paragraph("Items of these kinds are `undeclared` in this version, see [what is not built](not-built.md).")
	for _, kind := range r.kindsNotBuilt() {
		fmt.Fprintf(p, "- <a id=%q></a>%s: %s\n", kind.name, code(kind.name), codes(kind.items))
	}
	return p.bytes()
}

func (r *reference) kind(p *page, kind check.Description) {
	p.heading(2, kind.Name)
	p.paragraph("%s", kind.Summary)
	looksAt := "facts of any kind that its parameters name."
	if seen := r.facts[kind.FactKind]; seen != nil {
		looksAt = fmt.Sprintf("[%s](metrics.md#%s). %s", kind.FactKind, kind.FactKind, seen.KindHelp())
	}
	p.paragraph("**Looks at** %s Where there is none, the status is `%s`.", looksAt, kind.None)
	p.parameters(r, kind.Defaults)
	p.reasons(kind.Reasons, kind.Remedy)
	p.items(r.itemsOf(func(item *checklist.Item) bool { return item.Kind == kind.Name }))
}

func (p *page) parameters(r *reference, defaults any) {
	value := reflect.ValueOf(defaults)
	if value.NumField() == 0 {
		p.paragraph("**Parameters**: none.")
		return
	}
	commented := r.sources.of(value.Type())
	p.paragraph("**Parameters**: %s", commented.text)
	var rows [][]string
	for i := range value.NumField() {
		field := value.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		rows = append(rows, []string{code(keyOf(field)), code(written(value.Field(i))), commented.fields[field.Name]})
	}
	p.table([]string{"parameter", "default", "meaning"}, rows)
}

// written is a value as it stands in YAML.
func written(value reflect.Value) string {
	if text, can := value.Interface().(encoding.TextMarshaler); can {
		if marshalled, err := text.MarshalText(); err == nil {
			return string(marshalled)
		}
	}
	if value.Kind() != reflect.Slice {
		return fmt.Sprint(value.Interface())
	}
	entries := make([]string, value.Len())
	for i := range entries {
		entries[i] = written(value.Index(i))
	}
	return "[" + strings.Join(entries, ", ") + "]"
}

func (p *page) reasons(reasons []check.Reason, remedy string) {
	var rows [][]string
	for _, reason := range reasons {
		rows = append(rows, []string{code(reason.Name), reason.Level.String(), reason.Sentence, reason.Remedy})
	}
	p.table([]string{"reason", "level", "what it says", "how to mend it"}, rows)
	if remedy != "" {
		p.paragraph("**To mend** what says nothing else: %s", remedy)
	}
}

// items lists the items of the production checklist that use a kind.
func (p *page) items(items []*checklist.Item) {
	if len(items) == 0 {
		p.paragraph("No item of the production checklist uses it.")
		return
	}
	p.paragraph("**Used by** the items of the production checklist:")
	for _, item := range items {
		fmt.Fprintf(p, "- `%s` (%s): %s", item.ID, item.Severity, escaped(item.Text))
		if parameters := flow(item.Parameters); parameters != "" {
			fmt.Fprintf(p, " — `%s`", parameters)
		}
		p.WriteString("\n")
	}
	p.WriteString("\n")
}

func (r *reference) itemsOf(selects func(*checklist.Item) bool) []*checklist.Item {
	var items []*checklist.Item
	for entry := range r.production.Items() {
		if selects(entry.Item) {
			items = append(items, entry.Item)
		}
	}
	return items
}
