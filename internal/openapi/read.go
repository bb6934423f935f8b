// Package openapi reads documents that describe an API (OpenAPI 3.0 to 3.2, Swagger 2.0), validates them and compares two of them. It
// reads nothing but the bytes that it is given: what a document refers to elsewhere is neither read nor fetched.
package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

const (
	// maximumDepth is how deep values of a document may be nested.
	maximumDepth = 200
	// maximumValues is how many values a document may have once aliases of YAML are replaced.
	maximumValues = 300_000
	// maximumReferenced is how many parts of itself a document may refer to: validating a chain of them takes the square of its length.
	maximumReferenced = 2000
)

// ErrTooMuch is the error of a document that is larger than what is read.
var ErrTooMuch = fmt.Errorf("it has more than %d values, is nested deeper than %d levels, or refers to more than %d parts of itself",
	maximumValues, maximumDepth, maximumReferenced)

// A reader makes one tree of a document, whatever it is written in: map[string]any, []any, string, bool, json.Number and nil.
type reader struct{ values int }

// tree reads JSON or YAML.
func tree(content []byte) (any, error) {
	content = bytes.TrimSpace(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")))
	if len(content) == 0 {
		return nil, errors.New("it is empty")
	}
	if json.Valid(content) {
		decoder := json.NewDecoder(bytes.NewReader(content))
		decoder.UseNumber()
		return (&reader{}).ofJSON(decoder, 0)
	}
	var documents []yaml.Node
	err := yaml.Load(content, &documents, yaml.WithV4Defaults(), yaml.WithAllDocuments())
	switch {
	case err != nil:
		return nil, fmt.Errorf("it is neither JSON nor YAML: %w", err)
	case len(documents) != 1 || len(documents[0].Content) != 1:
		return nil, fmt.Errorf("it has %d documents of YAML, and one is expected", len(documents))
	}
	return (&reader{}).ofYAML(documents[0].Content[0], 0)
}

// more counts a value.
func (r *reader) more(depth int) error {
	if r.values++; r.values > maximumValues || depth > maximumDepth {
		return ErrTooMuch
	}
	return nil
}

func (r *reader) ofJSON(from *json.Decoder, depth int) (any, error) {
	if err := r.more(depth); err != nil {
		return nil, err
	}
	token, err := from.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		object := make(map[string]any)
		for from.More() {
			key, err := from.Token()
			if err != nil {
				return nil, err
			}
			name, _ := key.(string) // In JSON that is valid a key is nothing else.
			if _, twice := object[name]; twice {
				return nil, fmt.Errorf("the key %q stands twice in one object", name)
			}
			if object[name], err = r.ofJSON(from, depth+1); err != nil {
				return nil, err
			}
		}
		_, err = from.Token()
		return object, err
	case json.Delim('['):
		list := []any{}
		for from.More() {
			each, err := r.ofJSON(from, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, each)
		}
		_, err = from.Token()
		return list, err
	}
	return token, nil
}

func (r *reader) ofYAML(node *yaml.Node, depth int) (any, error) {
	if err := r.more(depth); err != nil {
		return nil, err
	}
	switch node.Kind {
	case yaml.AliasNode:
		return r.ofYAML(node.Alias, depth+1)
	case yaml.SequenceNode:
		list := make([]any, len(node.Content))
		for i, each := range node.Content {
			var err error
			if list[i], err = r.ofYAML(each, depth+1); err != nil {
				return nil, err
			}
		}
		return list, nil
	case yaml.MappingNode:
		return r.ofMapping(node, depth)
	case yaml.ScalarNode:
		return scalar(node), nil
	default:
		return nil, io.ErrUnexpectedEOF
	}
}

// ofMapping reads a mapping. What is merged into it (<<) gives way to its own keys.
func (r *reader) ofMapping(node *yaml.Node, depth int) (any, error) {
	object, merged := make(map[string]any), make(map[string]any)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		value, err := r.ofYAML(node.Content[i+1], depth+1)
		switch _, twice := object[key.Value]; {
		case err != nil:
			return nil, err
		case key.Kind != yaml.ScalarNode:
			return nil, fmt.Errorf("line %d: a key is no text", key.Line)
		case twice:
			return nil, fmt.Errorf("line %d: the key %q stands twice in one mapping", key.Line, key.Value)
		case key.Value == "<<" && key.Style == 0:
			parts, several := value.([]any)
			if !several {
				parts = []any{value}
			}
			for i := len(parts) - 1; i >= 0; i-- { // The first counts.
				part, _ := parts[i].(map[string]any) // What is none merges nothing.
				for name, each := range part {
					merged[name] = each
				}
			}
			continue
		}
		object[key.Value] = value
	}
	for name, each := range merged {
		if _, own := object[name]; !own {
			object[name] = each
		}
	}
	return object, nil
}

var (
	integer = regexp.MustCompile(`^[-+]?[0-9]+$`)
	radix   = regexp.MustCompile(`^0(o[0-7]+|x[0-9a-fA-F]+)$`)
	decimal = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
)

// scalar gives a value by the core schema of YAML 1.2 (10.3.2), which OpenAPI names: a date and "no" are texts.
func scalar(node *yaml.Node) any {
	text := node.Value
	const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	if node.Style&quoted != 0 || node.Tag == "!!str" && node.Style&yaml.TaggedStyle != 0 {
		return text
	}
	switch text {
	case "", "~", "null", "Null", "NULL":
		return nil
	case "true", "True", "TRUE":
		return true
	case "false", "False", "FALSE":
		return false
	}
	switch {
	case integer.MatchString(text):
		sign, digits := "", strings.TrimPrefix(text, "+")
		if rest, negative := strings.CutPrefix(digits, "-"); negative {
			sign, digits = "-", rest
		}
		if digits = strings.TrimLeft(digits, "0"); digits == "" {
			return json.Number("0")
		}
		return json.Number(sign + digits)
	case radix.MatchString(text):
		if number, err := strconv.ParseUint(text, 0, 64); err == nil {
			return json.Number(strconv.FormatUint(number, 10))
		}
	case decimal.MatchString(text):
		if number, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(number, 0) {
			return json.Number(strconv.FormatFloat(number, 'g', -1, 64))
		}
	}
	return text
}
