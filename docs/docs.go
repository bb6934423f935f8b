// Package docs holds the documents that the program itself hands out.
package docs

import _ "embed"

//go:embed reference/openapi.json
var openAPI []byte

// OpenAPI is the description of the JSON API, as the code has it.
func OpenAPI() []byte { return openAPI }
