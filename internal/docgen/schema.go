package docgen

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/evidence"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// schemaAddress is where the schemas are published.
const schemaAddress = "https://raw.githubusercontent.com/readiness-exporter/readiness-exporter/main/docs/reference/"

// How quantities are written.
const (
	durationPattern = `^(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?$`
	sizePattern     = `^[0-9.,]+ ?([kKMGTPE]i?)?[bB]?$`
	datePattern     = `^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ].+)?$`
)

// configurationSchema is the schema of a configuration file, and of a further file with systems.
func (r *reference) configurationSchema() *jsonschema.Schema {
	schema := r.schema(&config.File{}, "configuration.schema.json", "Configuration of readiness-exporter")
	schema.AnyOf = []*jsonschema.Schema{{Required: []string{"systems"}}, {Required: []string{"system_files"}}}
	closed(schema, "Override", "severity", checklist.Severities())
	closed(schema, "Filesystem", "purpose", system.Purposes())
	closed(schema, "Certificate", "starttls", system.StartTLSProtocols())
	closed(schema, "Restic", "group_by", system.ResticGroups())
	closed(schema, "Review", "host", system.CodeHosts())
	return schema
}

// checklistSchema is the schema of a file with a checklist.
func (r *reference) checklistSchema() *jsonschema.Schema {
	schema := r.schema(&checklist.Checklist{}, "checklist.schema.json", "Checklist of readiness-exporter")
	closed(schema, "Item", "severity", checklist.Severities())
	closed(schema, "Item", "mode", checklist.Modes())
	closed(schema, "Gate", "severities", checklist.Severities())
	// What a checklist that extends another says of a section that is there already needs no title.
	section := schema.Definitions["Section"]
	section.Required = slices.DeleteFunc(section.Required, func(key string) bool { return key == "title" })
	return schema
}

// evidenceSchema is the schema of evidence in the exporter's own format.
func (r *reference) evidenceSchema() *jsonschema.Schema {
	reflector := jsonschema.Reflector{
		ExpandedStruct: true,
		LookupComment: func(t reflect.Type, field string) string {
			if field == "" {
				return r.sources.of(t).text
			}
			return r.sources.of(t).fields[field]
		},
	}
	schema := reflector.Reflect(&evidence.Plain{})
	schema.ID, schema.Title = schemaAddress+"evidence.schema.json", "Evidence for readiness-exporter"
	return schema
}

func (r *reference) schema(of any, name, title string) *jsonschema.Schema {
	reflector := jsonschema.Reflector{
		FieldNameTag: "yaml", ExpandedStruct: true, Mapper: mapped,
		LookupComment: func(t reflect.Type, field string) string {
			if field == "" {
				return r.sources.of(t).text
			}
			return r.sources.of(t).fields[field]
		},
	}
	schema := reflector.Reflect(of)
	schema.ID, schema.Title = jsonschema.ID(schemaAddress+name), title
	describeByType(schema, schema)
	for _, definition := range schema.Definitions {
		describeByType(definition, schema)
	}
	return schema
}

// mapped gives the schemas of what is written as a text, and of what only its user knows.
func mapped(t reflect.Type) *jsonschema.Schema {
	one := uint64(1)
	switch t {
	case reflect.TypeFor[quantity.Duration]():
		return &jsonschema.Schema{Type: "string", Pattern: durationPattern, MinLength: &one, Examples: []any{"30s", "26h", "21d"}}
	case reflect.TypeFor[system.Retention]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{mapped(reflect.TypeFor[quantity.Duration]()), retentionScheme()}}
	case reflect.TypeFor[quantity.Bytes]():
		return &jsonschema.Schema{Type: "string", Pattern: sizePattern, Examples: []any{"50GB", "10Gi"}}
	case reflect.TypeFor[time.Time]():
		return &jsonschema.Schema{Type: "string", Pattern: datePattern, Examples: []any{"2006-01-02", "2006-01-02T15:04:05Z"}}
	case reflect.TypeFor[system.WallTime]():
		return &jsonschema.Schema{Type: "string", Pattern: `^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}$`, Examples: []any{"2006-01-02 15:04"}}
	case reflect.TypeFor[yaml.Node]():
		return &jsonschema.Schema{Type: "object"}
	default:
		return nil
	}
}

// retentionScheme is the schema of a retention that keeps ever fewer of the older backups.
func retentionScheme() *jsonschema.Schema {
	one := uint64(1)
	scheme := &jsonschema.Schema{
		Type: "object", Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema, MinProperties: &one,
	}
	for _, each := range []string{"hourly", "daily", "weekly", "monthly", "yearly"} {
		scheme.Properties.Set(each, &jsonschema.Schema{Type: "integer", Minimum: "0"})
	}
	return scheme
}

// describeByType gives keys that say nothing of themselves the description of what stands there.
func describeByType(object, whole *jsonschema.Schema) {
	for pair := object.Properties.Oldest(); pair != nil; pair = pair.Next() {
		if target := whole.Definitions[targetOf(pair.Value)]; pair.Value.Description == "" && target != nil {
			pair.Value.Description = target.Description
		}
	}
}

// targetOf is the name of the definition that a key's value, or each of its entries, has; "" where there is none.
func targetOf(schema *jsonschema.Schema) string {
	const prefix = "#/$defs/"
	switch {
	case schema == nil:
		return ""
	case schema.Ref != "":
		return schema.Ref[len(prefix):]
	case schema.Items != nil:
		return targetOf(schema.Items)
	default:
		return targetOf(schema.AdditionalProperties)
	}
}

// closed restricts a key, or each entry of its list, to a set of values.
func closed[T ~string](schema *jsonschema.Schema, definition, key string, values []T) {
	property, _ := schema.Definitions[definition].Properties.Get(key)
	if property.Items != nil {
		property = property.Items
	}
	property.Enum = nil
	for _, value := range values {
		property.Enum = append(property.Enum, string(value))
	}
}

func encodeSchema(schema any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(schema)
	return buffer.Bytes(), err
}
