package openapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/openapi"
)

const shop = `
openapi: 3.0.3
info: {title: Shop, version: "1.0"}
servers: [{url: https://shop.example.com}]
paths:
  /orders/{id}:
    get:
      operationId: order
      summary: An order
      tags: [orders, shop]
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
      responses:
        200:
          description: The order
          content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}
components:
  schemas:
    Order:
      type: object
      required: [id, description]
      properties:
        id: {type: string, example: 2012-10-12, maxLength: 10}
        description: {type: string}
        servers: {type: number, maximum: 1e3}
        next: {$ref: "#/components/schemas/Order"}
`

const shopInJSON = `{"paths":{"/orders/{id}":{"get":{"tags":["shop","orders"],"summary":"An order","operationId":"order",
"responses":{"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Order"}}},"description":"The order"}},
"parameters":[{"schema":{"type":"string"},"required":true,"in":"path","name":"id"}]}}},
"info":{"version":"1.0","title":"Shop"},"openapi":"3.0.3","servers":[{"url":"https:\/\/shop.example.com"}],
"components":{"schemas":{"Order":{"required":["description","id"],"type":"object","properties":{"description":{"type":"string"},
"servers":{"maximum":1000.0,"type":"number"},"id":{"maxLength":10,"example":"2012-10-12","type":"string"},
"next":{"$ref":"#/components/schemas/Order"}}}}}}`

func read(t *testing.T, text string) *openapi.Document {
	t.Helper()
	d, err := openapi.Read(t.Context(), []byte(text))
	require.NoError(t, err)
	return d
}

// changed replaces a text, once.
func changed(t *testing.T, old, other string) string {
	t.Helper()
	require.Contains(t, shop, old)
	return strings.Replace(shop, old, other, 1)
}

func TestADocumentIsRead(t *testing.T) {
	d := read(t, shop)
	require.Empty(t, d.Faults)
	require.Empty(t, d.External)
	require.Equal(t, []any{"OpenAPI 3.0.3", "Shop", "1.0", 1}, []any{d.Format, d.Title, d.Version, d.Operations})
}

func TestTheSameInYAMLAndJSONDoesNotDiffer(t *testing.T) {
	require.Empty(t, openapi.Differences(read(t, shop), read(t, shopInJSON)))
	require.Empty(t, openapi.Differences(read(t, "\ufeff"+shop), read(t, shop)))
}

func TestDifferencesAreToldByTheirParts(t *testing.T) {
	for _, c := range []struct {
		name, old, other string
		want             []openapi.Difference
	}{
		{"another server", "https://shop.example.com", "http://localhost", []openapi.Difference{{Pointer: "/servers/0/url", Part: openapi.Servers}}},
		{"another text", "An order", "One order", []openapi.Difference{{Pointer: "/paths/~1orders~1{id}/get/summary", Part: openapi.Descriptions}}},
		{"a property named description is no description", "description: {type: string}", "description: {type: number}", []openapi.Difference{
			{Pointer: "/components/schemas/Order/properties/description/type", Part: openapi.Contract},
		}},
		{"a property named servers is no server", "maximum: 1e3", "maximum: 1001", []openapi.Difference{
			{Pointer: "/components/schemas/Order/properties/servers/maximum", Part: openapi.Contract},
		}},
		{"an operation more", "paths:", "paths:\n  /a: {get: {responses: {200: {description: a}}}}", []openapi.Difference{{Pointer: "/paths/~1a", Part: openapi.Contract}}},
		{"another version", `version: "1.0"`, `version: "1.1"`, []openapi.Difference{{Pointer: "/info/version", Part: openapi.Contract}}},
		{"what a gateway adds", "      operationId", "      x-gateway: {description: a}\n      operationId", []openapi.Difference{
			{Pointer: "/paths/~1orders~1{id}/get/x-gateway", Part: openapi.Extensions},
		}},
		{"another example", "2012-10-12", "2013-10-12", []openapi.Difference{{Pointer: "/components/schemas/Order/properties/id/example", Part: openapi.Descriptions}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, openapi.Differences(read(t, shop), read(t, changed(t, c.old, c.other))))
		})
	}
}

func TestWhatIsNotValidIsTold(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a version that is a number", changed(t, `"1.0"`, "1.0"), "cannot unmarshal number"},
		{"a reference to nothing", changed(t, "components/schemas/Order\"}", "components/schemas/Gone\"}"), "Gone"},
		{"a parameter of a path that is not there", changed(t, "name: id", "name: other"), "path parameter"},
		{"no description of an answer", changed(t, "description: The order", "x-a: b"), "description of the response is required"},
		{"an unknown type", changed(t, "type: number", "type: decimal"), "unsupported 'type' value"},
		{"a type of 3.1 in 3.0", changed(t, "type: number", "type: [number, 'null']"), "type"},
		{"references in a circle", changed(t, "    Order:\n", "    A: {$ref: '#/components/schemas/B'}\n    B: {$ref: '#/components/schemas/A'}\n    Order:\n"), "unresolved ref"},
		{"no paths", "openapi: 3.0.0\ninfo: {title: a, version: '1'}", "paths"},
		{"no paths in Swagger", "swagger: '2.0'\ninfo: {title: a, version: '1'}", "paths"},
		{"Swagger as a number", "swagger: 2.0\ninfo: {title: a, version: '1'}\npaths: {}", "no text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Contains(t, strings.Join(read(t, c.text).Faults, "\n"), c.want)
		})
	}
}

func TestWhatIsValidPasses(t *testing.T) {
	for name, text := range map[string]string{
		"3.1 with webhooks alone":   "openapi: 3.1.0\ninfo: {title: a, version: '1'}\nwebhooks: {n: {post: {responses: {'200': {description: a}}}}}",
		"types of 3.1":              "openapi: 3.1.0\ninfo: {title: a, version: '1'}\npaths: {}\ncomponents: {schemas: {A: {type: [string, 'null'], const: a}}}",
		"a pattern that Go lacks":   changed(t, "maxLength: 10", "pattern: '(?<=a)b'"),
		"a merge":                   changed(t, "{type: number, maximum: 1e3}", "{<<: {type: number}, maximum: 1}"),
		"Swagger 2.0":               "swagger: '2.0'\ninfo: {title: a, version: '1'}\nhost: h\npaths: {/a: {get: {responses: {200: {description: a}}}}}",
		"a reference in an example": changed(t, "example: 2012-10-12", "example: {$ref: other.yaml}"),
	} {
		d := read(t, text)
		require.Empty(t, d.Faults, name)
		require.Empty(t, d.External, name)
	}
}

func TestWhatRefersElsewhereIsNotFollowed(t *testing.T) {
	for _, other := range []string{"file:///etc/passwd", "http://169.254.169.254/latest", "other.yaml#/Order", "/etc/passwd"} {
		d := read(t, changed(t, "#/components/schemas/Order", other))
		require.Equal(t, other, d.External)
		require.Empty(t, d.Faults)
	}
}

func TestWhatIsNoDocumentIsSaidToBeNone(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 10), ", "))
	}
	for _, c := range []struct{ name, text, want string }{
		{"nothing", " \n", "empty"},
		{"a list", "[]", "no object"},
		{"another object", `{"error":"not found"}`, "neither the key openapi"},
		{"a newer one", "openapi: 4.0.0", "4.0.0"},
		{"an older one", "swagger: '1.2'", "1.2"},
		{"a text", "a page", "no object"},
		{"no YAML", "a: [", "neither JSON nor YAML"},
		{"two documents", shop + "\n---\n" + shop, "2 documents"},
		{"a path that stands twice", "openapi: 3.0.0\npaths:\n  /a: {}\n  /a: {}\n", "line 4: the key \"/a\" stands twice"},
		{"a path that stands twice in JSON", `{"openapi":"3.0.0","paths":{"/a":{},"/a":{}}}`, "stands twice"},
		{"aliases that multiply", bomb, "more than"},
		{"an alias of itself", "a: &a {b: *a}", ""},
		{"references to very much", referring(2001), "more than 2000 parts"},
		{"deep JSON", `{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}", "deeper"},
		{"deep YAML", "a: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "deeper"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := openapi.Read(t.Context(), []byte(c.text))
			require.ErrorContains(t, err, c.want)
		})
	}
}

// TestReferencesThatMultiplyAreReadOnce: each of 30 schemas refers to the next twice.
func TestReferencesThatMultiplyAreReadOnce(t *testing.T) {
	for _, version := range []string{"3.0.3", "3.1.0"} {
		text := "openapi: " + version + "\ninfo: {title: a, version: '1'}\npaths: {}\ncomponents:\n  schemas:\n    S30: {type: string}\n"
		for i := range 30 {
			text += fmt.Sprintf("    S%d: {type: object, properties: {a: {$ref: '#/components/schemas/S%d'}, b: {$ref: '#/components/schemas/S%d'}}}\n", i, i+1, i+1)
		}
		require.Empty(t, read(t, text).Faults)
	}
}

// referring is a document in which each of so many schemas refers to the next.
func referring(count int) string {
	text := "openapi: 3.1.0\ninfo: {title: a, version: '1'}\npaths: {}\ncomponents:\n  schemas:\n"
	for i := range count {
		text += fmt.Sprintf("    S%d: {type: object, properties: {a: {$ref: '#/components/schemas/S%d'}}}\n", i, (i+1)%count)
	}
	return text
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{shop, shopInJSON, "swagger: '2.0'\ninfo: {title: a, version: '1'}\npaths: {/a: {$ref: '#/paths/~1a'}}", "a: &a [*a]", `{"openapi":"3.1.0"}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		d, err := openapi.Read(t.Context(), content)
		if err == nil {
			require.Empty(t, openapi.Differences(d, d))
		}
	})
}
