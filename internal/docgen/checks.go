package docgen

import (
	"cmp"
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
)

// checks is the reference of every kind of check. Its headings are the kinds' names: items that name no runbook of their
// own refer to them.
func (r *reference) checks() []byte {
	p := newPage("Checks", "Every kind of check: what it requires, which problems it reports, and how to fix them. An item "+
		"of a [checklist](checklist.md) is a kind with parameters, or several of them as clauses.")
	p.paragraph("A kind passes when none of its reasons applies. `warn` still counts as ready; `fail`, `unknown` and " +
		"`undeclared` do not. Beside its own reasons each kind has `not_collected` (unknown), when something should have been " +
		"collected and could not be, and `no_target` (undeclared), when nothing is declared or discovered from which it could be " +
		"judged.")
	p.paragraph("Clauses are joined by `all_of` (every clause must hold), `any_of` (the best clause that is ready) and `first_of` " +
		"(the first clause that is not undeclared decides: a signature under `attestation` counts where nothing can be collected, " +
		"and never over a failure).")
	for _, kind := range r.kinds {
		r.kind(p, kind.Describe())
	}
	p.heading(2, "Kinds that are not supported yet")
	p.paragraph("Items of these kinds are not judged by this version, see [what is not supported yet](not-supported.md).")
	for _, kind := range r.kindsNotSupported() {
		fmt.Fprintf(p, "- <a id=%q></a>%s: %s\n", kind.name, code(kind.name), codes(kind.items))
	}
	return p.bytes()
}

func (r *reference) kind(p *page, kind check.Description) {
	p.heading(2, kind.Name)
	p.paragraph("%s", kind.Summary)
	p.paragraph("**Judges** %s", r.judged(kind))
	if kind.WhenEmpty.Name != "" {
		p.paragraph("**Where there is none**, the status is `%s` (`%s`): %s", kind.WhenEmpty.Level, kind.WhenEmpty.Name, kind.WhenEmpty.Sentence)
	}
	if kind.Declare != "" {
		p.paragraph("**Must be declared**: %s", kind.Declare)
	}
	p.parameters(r, kind.Defaults)
	p.reasons(kind.Reasons, kind.Remedy)
	p.items(r.itemsOf(func(item *checklist.Item) bool {
		for leaf := range item.Leaves() {
			if leaf.Kind == kind.Name {
				return true
			}
		}
		return false
	}), kind.Name)
}

// judged names the kinds of fact that a kind of check is about.
func (r *reference) judged(kind check.Description) string {
	if len(kind.FactKinds) == 0 {
		return "facts of any kind that its parameters name."
	}
	var names []string
	for i, name := range kind.FactKinds {
		if slices.Contains(kind.FactKinds[:i], name) {
			continue // It is judged by several of its topics, each by itself.
		}
		names = append(names, r.linkToFact(name)+": "+strings.TrimSuffix(r.facts[name].KindHelp(), "."))
	}
	text := strings.Join(names, "; ") + "."
	for _, name := range kind.Inputs {
		text += " It also reads " + r.linkToFact(name) + "."
	}
	return text
}

// linkToFact refers to the metrics of a kind of fact, where it has any.
func (r *reference) linkToFact(kind string) string {
	if len(r.ofSource(kind)) == 0 {
		return code(kind)
	}
	return fmt.Sprintf("[%s](metrics.md#%s)", kind, kind)
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
	p.table([]string{"reason", "level", "meaning", "how to fix it"}, rows)
	p.paragraph("**To fix** the others: %s", remedy)
}

// items lists the items of the production checklist that use a kind.
func (p *page) items(items []*checklist.Item, kind string) {
	if len(items) == 0 {
		p.paragraph("No item of the production checklist uses it.")
		return
	}
	p.paragraph("**Used by** the items of the production checklist:")
	for _, item := range items {
		fmt.Fprintf(p, "- `%s` (%s): %s", item.ID, item.Severity, escaped(item.Text))
		for leaf := range item.Leaves() {
			if parameters := flow(leaf.Parameters); leaf.Kind == kind && parameters != "" {
				fmt.Fprintf(p, " — `%s`", parameters)
			}
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

// A reason is what a label value of a problem means, for programs that show it: the dashboards. What nobody declared is no problem.
type reason struct {
	Kind     string `json:"kind"`
	Reason   string `json:"reason"`
	Level    string `json:"level"`
	Sentence string `json:"sentence"`
	Remedy   string `json:"remedy"`
}

func (r *reference) reasons() (all []reason) {
	for _, kind := range r.kinds {
		description := kind.Describe()
		for _, each := range description.AllReasons() {
			if each.Level != check.Undeclared {
				all = append(all, reason{description.Name, each.Name, each.Level.String(), each.Sentence, cmp.Or(each.Remedy, description.Remedy)})
			}
		}
	}
	return all
}
