package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// An Error is one mistake in a file. Line and Column count from 1; 0 means the file as a whole.
type Error struct {
	File         string
	Line, Column int
	Message      string
}

func (e Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// Errors are all mistakes of a configuration, in the order of files and lines.
type Errors []Error

// Error puts each mistake on a line of its own.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, each := range e {
		lines[i] = each.Error()
	}
	return strings.Join(lines, "\n")
}

// orNil is the errors as an error: sorted within each file, nil when there is none.
func (e Errors) orNil(files []string) error {
	if len(e) == 0 {
		return nil
	}
	slices.SortStableFunc(e, func(a, b Error) int {
		if a.File != b.File {
			return slices.Index(files, a.File) - slices.Index(files, b.File)
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return slices.Compact(e)
}

// A document is one YAML file, kept with its nodes so that mistakes can be placed.
type document struct {
	file    string
	content []byte
	root    *yaml.Node
	// unreadable are the lines on which something could not be decoded.
	unreadable map[int]bool
}

// strict is how every piece of configuration is decoded.
func strict() []yaml.Option {
	return []yaml.Option{yaml.WithV4Defaults(), yaml.WithKnownFields()}
}

// readDocument reads a file and decodes it strictly into a struct.
func readDocument(file string, into any) (*document, Errors) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, Errors{{File: file, Message: "read configuration: " + err.Error()}}
	}
	return parseDocument(file, content, into)
}

func parseDocument(file string, content []byte, into any) (*document, Errors) {
	doc := &document{file: file, content: content, root: &yaml.Node{}, unreadable: make(map[int]bool)}
	if len(strings.TrimSpace(string(content))) == 0 {
		return doc, Errors{{File: file, Message: "the file is empty"}}
	}
	if err := yaml.Load(content, doc.root, yaml.WithV4Defaults()); err != nil {
		return doc, doc.loadErrors(err)
	}
	if err := yaml.Load(content, into, strict()...); err != nil {
		return doc, doc.loadErrors(err)
	}
	return doc, nil
}

// loadErrors places what the YAML library found.
func (d *document) loadErrors(err error) Errors {
	var several *yaml.LoadErrors
	if errors.As(err, &several) {
		list := make(Errors, len(several.Errors))
		for i, each := range several.Errors {
			list[i] = d.loadError(each)
		}
		return list
	}
	var one *yaml.LoadError
	if errors.As(err, &one) {
		return Errors{d.loadError(one)}
	}
	return Errors{{File: d.file, Message: err.Error()}}
}

func (d *document) loadError(err *yaml.LoadError) Error {
	d.unreadable[err.Mark.Line] = true
	return Error{File: d.file, Line: err.Mark.Line, Column: err.Mark.Column, Message: plain(err.Message)}
}

// plain words what the YAML library says for people who do not write Go.
func plain(message string) string {
	if name, isField := strings.CutPrefix(message, "field "); isField {
		if name, _, isUnknown := strings.Cut(name, " not found in type "); isUnknown {
			return fmt.Sprintf("unknown key %q", name)
		}
	}
	if value, target, isType := strings.Cut(message, " into "); isType && strings.HasPrefix(value, "cannot construct ") {
		return fmt.Sprintf("expected %s, found %s", inWords(target), strings.TrimPrefix(value, "cannot construct "))
	}
	return message
}

// inWords names a Go type as a user of YAML would.
func inWords(goType string) string {
	switch {
	case strings.HasPrefix(goType, "int"), strings.HasPrefix(goType, "uint"):
		return "a whole number"
	case strings.HasPrefix(goType, "float"):
		return "a number"
	case goType == "bool":
		return "true or false"
	case goType == "string":
		return "a text"
	case goType == "time.Time":
		return "a date or time, like 2006-01-02 or 2006-01-02T15:04:05Z"
	case strings.HasPrefix(goType, "quantity.Duration"):
		return "a duration, like 26h or 21d"
	case strings.HasPrefix(goType, "quantity.Bytes"):
		return "a size, like 50GB or 10Gi"
	case strings.HasPrefix(goType, "[]"):
		return "a list"
	default:
		return "keys and values"
	}
}

// place turns a mistake's path into a line and a column. A path that goes on beyond what is written, such as to a key
// that is missing, is placed at the deepest part that is there.
func (d *document) place(m mistake.Mistake) Error {
	node := d.root
	if node.Kind == yaml.DocumentNode && len(node.Content) > 0 {
		node = node.Content[0]
	}
	for _, step := range m.Path {
		next := child(node, step)
		if next == nil {
			break
		}
		node = next
	}
	return Error{File: d.file, Line: node.Line, Column: node.Column, Message: m.Message}
}

func child(node *yaml.Node, step any) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch step := step.(type) {
	case string:
		for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i+1]
			}
		}
	case int:
		if node.Kind == yaml.SequenceNode && step < len(node.Content) {
			return node.Content[step]
		}
	}
	return nil
}
