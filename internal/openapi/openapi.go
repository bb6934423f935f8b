package openapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
)

// A Document describes an API.
type Document struct {
	Format     string   // what it is written by: "OpenAPI 3.0.3", "Swagger 2.0"
	Title      string   // of the API
	Version    string   // of the API
	Operations int      // how many its paths have
	Faults     []string // why it is not valid, in the order of the document; none: it is
	// External is the first reference to another document, in the order of paths; empty: there is none. With one, it is not validated.
	External string

	root map[string]any
}

// Read reads a document of JSON or YAML. An error says why it is none that describes an API.
func Read(ctx context.Context, content []byte) (*Document, error) {
	read, err := tree(content)
	if err != nil {
		return nil, err
	}
	root, is := read.(map[string]any)
	if !is {
		return nil, errors.New("it is no object with the key openapi or swagger")
	}
	d := &Document{root: root}
	if d.Format, err = format(root); err != nil {
		return nil, err
	}
	info, _ := root["info"].(map[string]any) // Validating tells what it lacks.
	d.Title, d.Version = text(info["title"]), text(info["version"])
	d.Operations = operations(root)
	referenced := make(map[string]bool)
	walk(root, func(at place, value any) {
		reference, is := value.(string)
		if !is || at.key != "$ref" {
			return
		}
		referenced[reference] = true
		if d.External == "" && !strings.HasPrefix(reference, "#") {
			d.External = reference
		}
	})
	if len(referenced) > maximumReferenced {
		return nil, ErrTooMuch
	}
	if d.External == "" {
		d.Faults = faults(ctx, root)
	}
	return d, nil
}

func text(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	}
	return ""
}

// format tells by which specification a document is written.
func format(root map[string]any) (string, error) {
	if version := text(root["openapi"]); version != "" {
		for _, known := range []string{"3.0", "3.1", "3.2"} {
			if version == known || strings.HasPrefix(version, known+".") {
				return "OpenAPI " + version, nil
			}
		}
		return "", fmt.Errorf("it is written by OpenAPI %q, and 3.0, 3.1 and 3.2 are supported", version)
	}
	if version := text(root["swagger"]); version != "" {
		if version == "2.0" || version == "2" {
			return "Swagger 2.0", nil
		}
		return "", fmt.Errorf("it is written by Swagger %q, and 2.0 is supported", version)
	}
	return "", errors.New("it has neither the key openapi nor the key swagger")
}

// operations counts those of the paths of a document.
func operations(root map[string]any) (count int) {
	paths, _ := root["paths"].(map[string]any) // Validating tells what is wrong with them.
	for _, each := range paths {
		item, _ := each.(map[string]any)
		for _, method := range []string{"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"} {
			if _, has := item[method]; has {
				count++
			}
		}
	}
	return count
}

// faults validates a document whose references all lead to itself.
func faults(ctx context.Context, root map[string]any) []string {
	content, err := json.Marshal(root)
	if err != nil {
		return []string{err.Error()}
	}
	loader := openapi3.NewLoader()
	loader.ReadFromURIFunc = func(*openapi3.Loader, *url.URL) ([]byte, error) {
		return nil, errors.New("it refers to another document")
	}
	// Examples and patterns are left out: an example is text for people, and a pattern may use what regular expressions of Go lack.
	options := []openapi3.ValidationOption{
		openapi3.EnableMultiError(), openapi3.DisableExamplesValidation(), openapi3.DisableSchemaPatternValidation(),
		openapi3.DisableSchemaDefaultsValidation(),
	}
	if _, two := root["swagger"]; two {
		return validateSwagger(ctx, loader, content, root, options)
	}
	var described openapi3.T
	if err := json.Unmarshal(content, &described); err != nil {
		return told(err)
	}
	if err := loader.ResolveRefsIn(&described, nil); err != nil {
		return told(err)
	}
	return told(described.Validate(ctx, options...))
}

// validateSwagger validates a document of Swagger 2.0 as the one of OpenAPI that it stands for.
func validateSwagger(
	ctx context.Context, loader *openapi3.Loader, content []byte, root map[string]any, options []openapi3.ValidationOption,
) []string {
	if _, is := root["swagger"].(string); !is {
		return []string{`the value of swagger is no text: expected "2.0" in quotation marks`}
	}
	var described openapi2.T
	if err := json.Unmarshal(content, &described); err != nil {
		return told(err)
	}
	if root["paths"] == nil {
		return []string{"invalid paths: must be an object"}
	}
	converted, err := openapi2conv.ToV3WithLoader(&described, loader, nil)
	if err != nil {
		return told(err)
	}
	return told(converted.Validate(ctx, options...))
}

// told gives each fault in words.
func told(err error) (all []string) {
	var several openapi3.MultiError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &several):
		for _, each := range several {
			all = append(all, told(each)...)
		}
	default:
		all = []string{strings.TrimPrefix(err.Error(), "json: ")}
	}
	return slices.Compact(all)
}
