package docgen

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
)

// checklistPage lists every item of the production checklist, by section.
func (r *reference) checklistPage() []byte {
	supported, all := 0, 0
	for entry := range r.production.Items() {
		all++
		if entry.Item.IsSupported() {
			supported++
		}
	}
	p := newPage("The production checklist", fmt.Sprintf("The %d items that a system is judged by which names no checklist "+
		"of its own; %d of them can be judged by this version, the [others](not-supported.md) count nowhere. How much an item "+
		"matters, its owner and its parameters can be [tuned](configuration.md#configuration-override) for each system, and "+
		"a [checklist of one's own](configuration.md#checklist-file) can extend this one.", all, supported))
	p.paragraph("The mode says where the knowledge comes from: `auto` is collected from the running system, `evidence` is a " +
		"machine's result, `attest` is a person's signature, and `auto+attest` needs both. An item that `pages` calls somebody an hour " +
		"after it was lost, since that breaks users or loses data now; any other loss is a ticket after a day.")
	for _, category := range r.production.Categories {
		p.heading(2, category.Title)
		for _, section := range category.Sections {
			p.heading(3, section.Title)
			p.table([]string{"item", "text", "severity", "mode", "kind", "parameters"}, r.rowsOf(section))
		}
	}
	p.heading(2, "Gates")
	p.paragraph("Named sets of items for pipelines to wait on: `readiness-exporter check --gate=…`, `readiness_gate_ready`.")
	var rows [][]string
	for _, gate := range r.production.Gates {
		selected := 0
		for entry := range r.production.Items() {
			if gate.Selects(entry) {
				selected++
			}
		}
		rows = append(rows, []string{code(gate.ID), gate.Title, fmt.Sprint(selected)})
	}
	p.table([]string{"gate", "title", "items"}, rows)
	return p.bytes()
}

func (r *reference) rowsOf(section checklist.Section) [][]string {
	var rows [][]string
	for i := range section.Items {
		item := &section.Items[i]
		kind, parameters := r.clauseInWords(&item.Clause), ""
		if item.Kind != "" {
			parameters = code(flow(item.Parameters))
		}
		if !item.IsSupported() {
			kind += " ([not supported yet](not-supported.md))"
		}
		severity := string(item.Severity)
		if item.Page {
			severity += ", pages"
		}
		rows = append(rows, []string{code(item.ID), item.Text, severity, string(item.Mode), kind, parameters})
	}
	return rows
}

// clauseInWords names the kinds that a clause is made of, with their operators and, within those, their parameters.
func (r *reference) clauseInWords(clause *checklist.Clause) string {
	var words []string
	switch {
	case clause.Kind == "":
	case r.has(clause.Kind):
		words = append(words, fmt.Sprintf("[%s](checks.md#%s)", clause.Kind, clause.Kind))
	default:
		words = append(words, code(clause.Kind))
	}
	for _, list := range clause.Lists() {
		var parts []string
		for i := range list.Clauses {
			part := r.clauseInWords(&list.Clauses[i])
			if parameters := flow(list.Clauses[i].Parameters); parameters != "" {
				part += " " + code(parameters)
			}
			parts = append(parts, part)
		}
		words = append(words, code(list.Key)+": "+strings.Join(parts, ", "))
	}
	return strings.Join(words, "; ")
}

// notSupported lists what the program cannot judge yet.
func (r *reference) notSupported() []byte {
	p := newPage("What is not supported yet", "Items of the production checklist whose kind of check is not in this version: "+
		"they have no status and no series, and count in no gate, score or objective.")
	var rows [][]string
	missing, all := 0, 0
	for _, category := range r.production.Categories {
		of, inCategory := 0, 0
		for entry := range (&checklist.Checklist{Categories: []checklist.Category{category}}).Items() {
			inCategory++
			if !entry.Item.IsSupported() {
				of++
			}
		}
		missing, all = missing+of, all+inCategory
		rows = append(rows, []string{category.Title, fmt.Sprint(inCategory), fmt.Sprint(inCategory - of), fmt.Sprint(of)})
	}
	rows = append(rows, []string{"**All**", fmt.Sprint(all), fmt.Sprint(all - missing), fmt.Sprint(missing)})
	p.table([]string{"category", "items", "supported", "not supported yet"}, rows)

	kinds := r.kindsNotSupported()
	p.heading(2, "By kind")
	p.paragraph("%s would be needed.", counted(len(kinds), "kind"))
	rows = nil
	for _, kind := range kinds {
		rows = append(rows, []string{code(kind.name), codes(kind.items)})
	}
	p.table([]string{"kind", "items"}, rows)
	return p.bytes()
}

// has tells whether the program has a kind of check.
func (r *reference) has(name string) bool {
	return slices.ContainsFunc(r.kinds, func(kind check.Any) bool { return kind.Describe().Name == name })
}

// A kindNotSupported is a kind that items name and the program does not have.
type kindNotSupported struct {
	name  string
	items []string
}

func (r *reference) kindsNotSupported() []kindNotSupported {
	var kinds []kindNotSupported
	for entry := range r.production.Items() {
		for leaf := range entry.Item.Leaves() {
			if r.has(leaf.Kind) {
				continue
			}
			i := slices.IndexFunc(kinds, func(kind kindNotSupported) bool { return kind.name == leaf.Kind })
			if i < 0 {
				i = len(kinds)
				kinds = append(kinds, kindNotSupported{name: leaf.Kind})
			}
			kinds[i].items = append(kinds[i].items, entry.Item.ID)
		}
	}
	slices.SortFunc(kinds, func(a, b kindNotSupported) int { return strings.Compare(a.name, b.name) })
	return kinds
}

// flow is a YAML node on one line; "" for none.
func flow(node yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		var pairs []string
		for i := 0; i+1 < len(node.Content); i += 2 {
			pairs = append(pairs, node.Content[i].Value+": "+flow(*node.Content[i+1]))
		}
		return "{" + strings.Join(pairs, ", ") + "}"
	case yaml.SequenceNode:
		var entries []string
		for _, entry := range node.Content {
			entries = append(entries, flow(*entry))
		}
		return "[" + strings.Join(entries, ", ") + "]"
	case yaml.AliasNode:
		return flow(*node.Alias)
	case yaml.ScalarNode:
		if node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			return fmt.Sprintf("%q", node.Value)
		}
		return node.Value
	default:
		return ""
	}
}
