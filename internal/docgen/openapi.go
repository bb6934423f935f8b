package docgen

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/web"
)

// An openAPI is a description of an HTTP API. https://spec.openapis.org/oas/v3.1.1
type openAPI struct {
	OpenAPI    string                    `json:"openapi"`
	Info       openAPIInfo               `json:"info"`
	Paths      map[string]openAPIPath    `json:"paths"`
	Components map[string]map[string]any `json:"components"`
}

type openAPIInfo struct {
	Title       string `json:"title"`
	Version     string `json:"version"`
	Description string `json:"description"`
}

type openAPIPath struct {
	Get openAPIOperation `json:"get"`
}

type openAPIOperation struct {
	OperationID string                     `json:"operationId"`
	Summary     string                     `json:"summary"`
	Parameters  []openAPIParameter         `json:"parameters,omitempty"`
	Responses   map[string]openAPIResponse `json:"responses"`
}

type openAPIParameter struct {
	Name        string `json:"name"`
	In          string `json:"in"`
	Description string `json:"description,omitempty"`
	Required    bool   `json:"required,omitempty"`
	Schema      any    `json:"schema"`
}

type openAPIResponse struct {
	Description string                  `json:"description"`
	Content     map[string]openAPIMedia `json:"content,omitempty"`
}

type openAPIMedia struct {
	Schema *jsonschema.Schema `json:"schema"`
}

var inPath = regexp.MustCompile(`\{(\w+)\}`)

// openAPI describes the JSON API as its code has it.
func (r *reference) openAPI() openAPI {
	schemas := make(map[string]any)
	described := openAPI{
		OpenAPI: "3.1.1",
		Info: openAPIInfo{
			Title: "readiness-exporter", Version: "1",
			Description: "What the exporter collected and what it concluded, as the pages show it. Answers carry an ETag, and travel by gzip. " +
				"Fields may be added within a version; none is renamed or removed.",
		},
		Paths:      make(map[string]openAPIPath),
		Components: map[string]map[string]any{"schemas": schemas},
	}
	missing := openAPIResponse{"There is no such thing.", jsonOf(r.answer(web.Error{}, schemas))}
	for _, endpoint := range web.Endpoints() {
		operation := openAPIOperation{
			OperationID: operationID(endpoint.Path), Summary: endpoint.Summary,
			Responses: map[string]openAPIResponse{
				"200": {"What was asked for.", jsonOf(r.answer(endpoint.Answer, schemas))},
				"304": {Description: "It is as the ETag in If-None-Match says."},
			},
		}
		if endpoint.Detailed {
			operation.Responses["403"] = openAPIResponse{"It is not for everybody.", jsonOf(r.answer(web.Error{}, schemas))}
		}
		for _, name := range inPath.FindAllStringSubmatch(endpoint.Path, -1) {
			operation.Parameters = append(operation.Parameters, openAPIParameter{Name: name[1], In: "path", Required: true, Schema: text()})
			operation.Responses["404"] = missing
		}
		for _, parameter := range endpoint.Query {
			operation.Parameters = append(operation.Parameters, openAPIParameter{
				Name: parameter.Name, In: "query", Description: parameter.Meaning, Schema: text(),
			})
		}
		described.Paths[endpoint.Path] = openAPIPath{operation}
	}
	return described
}

func jsonOf(schema *jsonschema.Schema) map[string]openAPIMedia {
	return map[string]openAPIMedia{"application/json": {schema}}
}

func text() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }

// operationID names an operation after its path: /api/v1/systems/{system}/{environment}/gates is getSystemGates.
func operationID(path string) string {
	path = strings.TrimPrefix(path, "/api/v1/")
	id := "get"
	for _, part := range strings.Split(path, "/") {
		switch {
		case part == "{environment}":
		case strings.HasPrefix(part, "{"):
			// What is named is one of what stands before it.
			id = strings.TrimSuffix(id, "s")
		default:
			id += strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return id
}

// answer gives the schema of an answer, and puts those of all types within it among the components.
func (r *reference) answer(example any, schemas map[string]any) *jsonschema.Schema {
	reflector := jsonschema.Reflector{
		Mapper: answered, AllowAdditionalProperties: true,
		LookupComment: func(t reflect.Type, field string) string {
			if field == "" {
				return r.sources.of(t).text
			}
			return r.sources.of(t).fields[field]
		},
	}
	t := reflect.TypeOf(example)
	list := t.Kind() == reflect.Slice
	if list {
		t = t.Elem()
	}
	schema := reflector.ReflectFromType(t)
	for _, name := range slices.Sorted(maps.Keys(schema.Definitions)) {
		definition := schema.Definitions[name]
		refer(definition)
		schemas[name] = definition
	}
	one := &jsonschema.Schema{Ref: "#/components/schemas/" + t.Name()}
	if list {
		return &jsonschema.Schema{Type: "array", Items: one}
	}
	return one
}

// refer makes references lead to the components of the description.
func refer(schema *jsonschema.Schema) {
	if schema == nil {
		return
	}
	if name, leads := strings.CutPrefix(schema.Ref, "#/$defs/"); leads {
		schema.Ref = "#/components/schemas/" + name
	}
	for pair := schema.Properties.Oldest(); pair != nil; pair = pair.Next() {
		refer(pair.Value)
	}
	refer(schema.Items)
	refer(schema.AdditionalProperties)
}

// answered gives the schemas of what is written as a text.
func answered(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[time.Time]():
		return &jsonschema.Schema{Type: "string", Format: "date-time"}
	case reflect.TypeFor[quantity.Duration]():
		return &jsonschema.Schema{Type: "string", Pattern: durationPattern, Examples: []any{"15m"}}
	case reflect.TypeFor[check.Status]():
		schema := text()
		for _, status := range check.Statuses() {
			schema.Enum = append(schema.Enum, status.String())
		}
		return schema
	case reflect.TypeFor[fact.Reason]():
		schema := text()
		for _, reason := range fact.Reasons() {
			schema.Enum = append(schema.Enum, string(reason))
		}
		return schema
	default:
		return nil
	}
}
