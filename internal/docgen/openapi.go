package docgen

import (
	"maps"
	"net/http"
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

// An openAPIPath has the operations of an address, by the method in lower case.
type openAPIPath map[string]openAPIOperation

type openAPIOperation struct {
	OperationID string                     `json:"operationId"`
	Summary     string                     `json:"summary"`
	Parameters  []openAPIParameter         `json:"parameters,omitempty"`
	RequestBody *openAPIBody               `json:"requestBody,omitempty"`
	Security    []map[string][]string      `json:"security,omitempty"`
	Responses   map[string]openAPIResponse `json:"responses"`
}

type openAPIBody struct {
	Required bool                    `json:"required"`
	Content  map[string]openAPIMedia `json:"content"`
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
	Schema *jsonschema.Schema `json:"schema,omitempty"`
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
		if endpoint.Right != "" {
			operation.Security = []map[string][]string{{"token": {}}}
			delete(operation.Responses, "304")
			operation.Responses["401"] = openAPIResponse{"No known token was sent.", jsonOf(r.answer(web.Error{}, schemas))}
			operation.Responses["403"] = openAPIResponse{"The token does not permit it.", jsonOf(r.answer(web.Error{}, schemas))}
			operation.Responses["503"] = openAPIResponse{"Not everything has been collected yet.", jsonOf(r.answer(web.Error{}, schemas))}
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
		described.Paths[endpoint.Path] = openAPIPath{"get": operation}
	}
	for _, intaking := range web.Intakings() {
		if described.Paths[intaking.Path] == nil {
			described.Paths[intaking.Path] = make(openAPIPath)
		}
		described.Paths[intaking.Path][strings.ToLower(intaking.Method)] = r.intaking(intaking, schemas)
	}
	described.Components["securitySchemes"] = map[string]any{"token": map[string]string{"type": "http", "scheme": "bearer"}}
	return described
}

// intaking describes an address at which something is taken.
func (r *reference) intaking(of web.Intaking, schemas map[string]any) openAPIOperation {
	refused := jsonOf(r.answer(web.Error{}, schemas))
	operation := openAPIOperation{
		OperationID: strings.ToLower(of.Method) + strings.TrimPrefix(operationID(of.Path), "get"), Summary: of.Summary,
		Security: []map[string][]string{{"token": {}}},
		Responses: map[string]openAPIResponse{
			"200": {"It was stored.", jsonOf(r.answer(of.Answer, schemas))},
			"401": {"No known token was sent.", refused}, "403": {"The token does not permit it.", refused},
			"404": {"There is no such thing.", refused}, "409": {"The system description says it, and wins.", refused},
			"413": {"It is too large.", refused}, "422": {"It cannot be read, or is not good.", refused},
			"429": {"The token was used too often.", refused}, "503": {"It could not be stored: send it again.", refused},
		},
	}
	for _, name := range inPath.FindAllStringSubmatch(of.Path, -1) {
		operation.Parameters = append(operation.Parameters, openAPIParameter{Name: name[1], In: "path", Required: true, Schema: text()})
	}
	for _, parameter := range of.Query {
		operation.Parameters = append(operation.Parameters, openAPIParameter{
			Name: parameter.Name, In: "query", Description: parameter.Meaning, Schema: text(),
		})
	}
	switch {
	case of.Body != nil:
		operation.RequestBody = &openAPIBody{true, jsonOf(r.answer(of.Body, schemas))}
	case of.Method == http.MethodPost:
		operation.RequestBody = &openAPIBody{true, map[string]openAPIMedia{"*/*": {}}}
	}
	return operation
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
