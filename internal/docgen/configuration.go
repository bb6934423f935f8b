package docgen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
)

// configuration is the reference of what can be written, from the schemas.
func (r *reference) configuration(file, own *jsonschema.Schema) []byte {
	p := newPage("Configuration", "What a configuration can say, key by key. Editors know it too, from the schemas "+
		"[configuration.schema.json](configuration.schema.json) and [checklist.schema.json](checklist.schema.json): begin a "+
		"file with `# yaml-language-server: $schema=` and the address of the schema. A key that is not known is a mistake, "+
		"and every mistake is reported at once: `readiness-exporter serve --config.check --config.file=…`.")
	p.paragraph("A *duration* is a number with a unit, such as `30s`, `26h`, `21d` or `1d12h`; a *size* is one such as " +
		"`50GB` or `10Gi`; a *date* is one such as `2006-01-02`, with a time where that matters: `2006-01-02T15:04:05Z`. " +
		"Keys in bold must be there. There are [examples](../examples/).")
	p.document("Configuration file", file)
	p.document("Checklist file", own)
	return p.bytes()
}

// document writes the keys of a file, and of everything in it, in the order in which it is met.
func (p *page) document(title string, schema *jsonschema.Schema) {
	p.heading(2, title)
	p.object(title, schema)
	queue := targets(schema)
	for i := 0; i < len(queue); i++ {
		definition := schema.Definitions[queue[i]]
		p.heading(3, sectionOf(title, queue[i]))
		p.object(title, definition)
		for _, target := range targets(definition) {
			if !slices.Contains(queue, target) {
				queue = append(queue, target)
			}
		}
	}
}

// sectionOf names the part of a document that describes a definition, uniquely on the page.
func sectionOf(document, definition string) string {
	return strings.TrimSuffix(document, " file") + ": " + definition
}

// targets are the definitions that an object's keys refer to.
func targets(object *jsonschema.Schema) []string {
	var names []string
	for pair := object.Properties.Oldest(); pair != nil; pair = pair.Next() {
		if target := targetOf(pair.Value); target != "" && !slices.Contains(names, target) {
			names = append(names, target)
		}
	}
	return names
}

func (p *page) object(document string, object *jsonschema.Schema) {
	p.paragraph("%s", object.Description)
	var rows [][]string
	for pair := object.Properties.Oldest(); pair != nil; pair = pair.Next() {
		key := code(pair.Key)
		if slices.Contains(object.Required, pair.Key) {
			key = "**" + key + "**"
		}
		rows = append(rows, []string{key, kindOfValue(document, pair.Value), pair.Value.Description})
	}
	p.table([]string{"key", "value", "meaning"}, rows)
}

// kindOfValue says in words what can stand at a key.
func kindOfValue(document string, schema *jsonschema.Schema) string {
	switch {
	case schema.Ref != "":
		return linkTo(document, targetOf(schema))
	case schema.Items != nil:
		return "list of " + kindOfValue(document, schema.Items)
	case len(schema.Enum) > 0:
		values := make([]string, len(schema.Enum))
		for i, value := range schema.Enum {
			values[i] = fmt.Sprint(value)
		}
		return "one of " + codes(values)
	case schema.Pattern == durationPattern:
		return "duration"
	case schema.Pattern == sizePattern:
		return "size"
	case schema.Pattern == datePattern:
		return "date"
	case schema.Type == "object" && targetOf(schema) != "":
		return "names, each with " + linkTo(document, targetOf(schema))
	case schema.Type == "object":
		return "names with values"
	case schema.Type == "boolean":
		return "`true` or `false`"
	case schema.Type == "string":
		return "text"
	default:
		return schema.Type
	}
}

// linkTo refers to the section of a definition, by the anchor that Markdown gives its heading.
func linkTo(document, definition string) string {
	anchor := strings.NewReplacer(" ", "-", ":", "").Replace(strings.ToLower(sectionOf(document, definition)))
	return fmt.Sprintf("[%s](#%s)", definition, anchor)
}
