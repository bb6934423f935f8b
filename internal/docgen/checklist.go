package docgen

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
)

// checklistPage lists every item of the production checklist, by section.
func (r *reference) checklistPage() []byte {
	built, all := 0, 0
	for entry := range r.production.Items() {
		all++
		if !entry.Item.NotBuilt {
			built++
		}
	}
	p := newPage("The production checklist", fmt.Sprintf("The %d items that a system is judged by which names no checklist "+
		"of its own; %d of them can be judged by this version, the [others](not-built.md) are `undeclared`. How much an item "+
		"matters, its owner and its parameters can be [tuned](configuration.md#configuration-override) for each system, and "+
		"a [checklist of one's own](configuration.md#checklist-file) can extend this one.", all, built))
	p.paragraph("The mode says where the knowledge comes from: `auto` is read from the running system, `evidence` is a " +
		"machine's result, `attest` is a person's word, and `auto+attest` wants both.")
	for _, category := range r.production.Categories {
		p.heading(2, category.Title)
		for _, section := range category.Sections {
			p.heading(3, section.Title)
			p.table([]string{"item", "text", "severity", "mode", "kind", "parameters"}, rowsOf(section))
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

func rowsOf(section checklist.Section) [][]string {
	var rows [][]string
	for _, item := range section.Items {
		kind := ""
		switch {
		case item.NotBuilt:
			kind = code(item.Kind) + " ([not built](not-built.md))"
		case item.Kind != "":
			kind = fmt.Sprintf("[%s](checks.md#%s)", item.Kind, item.Kind)
		}
		rows = append(rows, []string{
			code(item.ID), item.Text, string(item.Severity), string(item.Mode), kind, code(flow(item.Parameters)),
		})
	}
	return rows
}

// notBuilt lists what the program cannot judge yet.
func (r *reference) notBuilt() []byte {
	p := newPage("What is not built yet", "Items of the production checklist whose kind of check is not in this version: "+
		"they are `undeclared` with the reason `not_built`, and pass nowhere by being left out.")
	var rows [][]string
	missing, all := 0, 0
	for _, category := range r.production.Categories {
		of, inCategory := 0, 0
		for entry := range (&checklist.Checklist{Categories: []checklist.Category{category}}).Items() {
			inCategory++
			if entry.Item.NotBuilt {
				of++
			}
		}
		missing, all = missing+of, all+inCategory
		rows = append(rows, []string{category.Title, fmt.Sprint(inCategory), fmt.Sprint(inCategory - of), fmt.Sprint(of)})
	}
	rows = append(rows, []string{"**All**", fmt.Sprint(all), fmt.Sprint(all - missing), fmt.Sprint(missing)})
	p.table([]string{"category", "items", "built", "not built"}, rows)

	kinds := r.kindsNotBuilt()
	p.heading(2, "By kind")
	p.paragraph("%s would be needed.", counted(len(kinds), "kind"))
	rows = nil
	for _, kind := range kinds {
		rows = append(rows, []string{code(kind.name), codes(kind.items)})
	}
	p.table([]string{"kind", "items"}, rows)
	return p.bytes()
}

// A kindNotBuilt is a kind that items name and the program does not have.
type kindNotBuilt struct {
	name  string
	items []string
}

func (r *reference) kindsNotBuilt() []kindNotBuilt {
	var kinds []kindNotBuilt
	for entry := range r.production.Items() {
		item := entry.Item
		if !item.NotBuilt {
			continue
		}
		i := slices.IndexFunc(kinds, func(kind kindNotBuilt) bool { return kind.name == item.Kind })
		if i < 0 {
			i = len(kinds)
			kinds = append(kinds, kindNotBuilt{name: item.Kind})
		}
		kinds[i].items = append(kinds[i].items, item.ID)
	}
	slices.SortFunc(kinds, func(a, b kindNotBuilt) int { return strings.Compare(a.name, b.name) })
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
