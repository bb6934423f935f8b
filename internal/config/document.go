package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
)

// An Error is one mistake in a file. Line and Column count from 1; 0 means the file as a whole.
type Error struct {
	File         string
	Line, Column int
	Message      string
	public       string // the message without what the file says; empty: what that leaves is not known
}

// Error is for whoever may read the file. It has no character that a terminal would obey.
func (e Error) Error() string { return printable(e.at(e.File) + e.Message) }

// Public is for anybody: it repeats nothing of what the file says.
func (e Error) Public() string {
	public := e.public
	if strings.Trim(public, "…") == "" {
		public = "not what is expected here; the exporter's log says more"
	}
	return printable(e.at(filepath.Base(e.File)) + public)
}

func (e Error) at(file string) string {
	if e.Line == 0 {
		return file + ": "
	}
	return fmt.Sprintf("%s:%d:%d: ", file, e.Line, e.Column)
}

// printable writes out the invisible characters, such as those that colour a terminal or begin a line.
func printable(text string) string {
	if !strings.ContainsFunc(text, isHidden) && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if isHidden(r) {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isHidden(r rune) bool { return !strconv.IsPrint(r) }

// Errors are all mistakes of a configuration, in the order of files and lines.
type Errors []Error

// Error puts each mistake on a line of its own.
func (e Errors) Error() string { return e.lines(Error.Error) }

// Public is what may be shown to anybody: where the mistakes are and what was expected, without what the files say.
func (e Errors) Public() string { return e.lines(Error.Public) }

func (e Errors) lines(line func(Error) string) string {
	lines := make([]string, len(e))
	for i, each := range e {
		lines[i] = line(each)
	}
	return strings.Join(lines, "\n")
}

// orNil is the errors as an error: in order, each once, nil when there is none.
func (e Errors) orNil(files []string) error {
	if len(e) == 0 {
		return nil
	}
	slices.SortFunc(e, func(a, b Error) int {
		return cmp.Or(
			slices.Index(files, a.File)-slices.Index(files, b.File),
			a.Line-b.Line, a.Column-b.Column, strings.Compare(a.Message, b.Message))
	})
	return slices.Compact(e)
}

// A document is one YAML file, kept with its nodes so that mistakes can be placed.
type document struct {
	file    string
	content []byte
	root    *yaml.Node // the document node; nil where the file is no YAML of a kind that is taken
	// unreadable are the lines on which something could not be decoded.
	unreadable map[int]bool
}

// decoding is how every piece of configuration is decoded, once it was compared with what it is decoded into. That keys
// stand once is checked for the whole document before.
func decoding() []yaml.Option {
	return []yaml.Option{yaml.WithV4Defaults(), yaml.WithUniqueKeys(false)}
}

// maximumFileSize is that of one file in bytes: more than a thousand systems need.
const maximumFileSize = 16 << 20

// readDocument reads a file and decodes it strictly into a struct. The document has no root where it is no YAML.
func readDocument(file string, into any) (*document, Errors) {
	content, err := readfile.Read(file, maximumFileSize)
	if err != nil {
		var cause *fs.PathError
		if errors.As(err, &cause) {
			err = cause.Err
		}
		message := "read configuration: " + err.Error()
		return nil, Errors{{File: file, Message: message, public: message}}
	}
	return parseDocument(file, content, into)
}

func parseDocument(file string, content []byte, into any) (*document, Errors) {
	doc := &document{file: file, content: content, unreadable: make(map[int]bool)}
	if found := doc.notText(); found != nil {
		return doc, Errors{*found}
	}
	var roots []yaml.Node
	if err := yaml.Load(content, &roots, yaml.WithV4Defaults(), yaml.WithAllDocuments()); err != nil {
		return doc, doc.loadErrors(err)
	}
	switch len(roots) {
	case 0:
		return doc, Errors{{File: file, Message: "the file is empty", public: "the file is empty"}}
	case 1:
		doc.root = &roots[0]
	default:
		return doc, Errors{doc.at(roots[1].Content[0], "a second document begins here, after ---: expected one in a file")}
	}
	errs := doc.walk(doc.root, nil)
	if len(doc.unreadable) > 0 {
		doc.root = nil
		return doc, errs
	}
	return doc, append(errs, doc.decode(doc.root.Content[0], into)...)
}

// decode decodes a node strictly, as far as it can be. What does not fit is reported in our own words; the library's error
// counts only where there is no other, such as for an alias that stands for too much.
func (d *document) decode(node *yaml.Node, into any) Errors {
	errs := d.compare(node, into)
	if err := node.Load(into, decoding()...); err != nil && len(errs) == 0 {
		return d.loadErrors(err)
	}
	return errs
}

// notText finds the first thing that YAML does not take for text; nil where there is none.
func (d *document) notText() *Error {
	line, column := 1, 1
	for rest := d.content; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			found := d.at(&yaml.Node{Line: line, Column: column}, "expected text in UTF-8, found the byte %#x", rest[0])
			return &found
		case r < ' ' && !strings.ContainsRune("\t\n\r", r), r == '\uFFFE', r == '\uFFFF':
			found := d.at(&yaml.Node{Line: line, Column: column}, "expected text, found the character %U", r)
			return &found
		}
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
		rest = rest[size:]
	}
	return nil
}

// walk finds what decoding would pass over, or stop at: keys that stand twice, and tags.
func (d *document) walk(node *yaml.Node, errs Errors) Errors {
	if node.Style&yaml.TaggedStyle != 0 {
		d.unreadable[node.Line] = true
		errs = append(errs, d.at(node, "tag %q: expected a value without a tag", node.Tag))
	}
	first := make(map[string]int)
	for i, each := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 0 && each.Kind == yaml.ScalarNode {
			if line, taken := first[each.Value]; taken {
				errs = append(errs, d.at(each, "key %q stands twice: line %d has it already", each.Value, line))
			} else {
				first[each.Value] = each.Line
			}
		}
		errs = d.walk(each, errs)
	}
	return errs
}

// at places a message; see the package mistake for its verbs.
func (d *document) at(node *yaml.Node, format string, args ...any) Error {
	return d.put(node, mistake.New(nil, format, args...))
}

// put places a mistake, whatever its path is.
func (d *document) put(node *yaml.Node, m mistake.Mistake) Error {
	return Error{File: d.file, Line: node.Line, Column: node.Column, Message: m.Message, public: m.Public}
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
	message := "invalid YAML: " + err.Message
	if err.ContextMsg != "" {
		message = fmt.Sprintf("%s, %s that begins at line %d", message, err.ContextMsg, err.ContextMark.Line)
	}
	return Error{File: d.file, Line: err.Mark.Line, Column: err.Mark.Column, Message: message, public: "invalid YAML"}
}

// has tells whether something is written at a path.
func (d *document) has(path []any) bool {
	node := d.root.Content[0]
	for _, step := range path {
		if node = child(node, step); node == nil {
			return false
		}
	}
	return true
}

// within places a mistake in a text that stands at a path, by line and column within it.
func (d *document) within(path []any, line, column int, message string) Error {
	node := d.root.Content[0]
	for _, step := range path {
		if next := child(node, step); next != nil {
			node = next
		}
	}
	lines := strings.Split(string(d.content), "\n")
	switch {
	case node.Line == 0 || node.Line > len(lines): // described by other means than a file
		return d.put(node, mistake.Mistake{Message: message})
	case node.Style&yaml.LiteralStyle != 0 && node.Line+line <= len(lines):
		// The text begins on the line below; all of it is indented as that is.
		first := lines[node.Line]
		indent := len(first) - len(strings.TrimLeft(first, " "))
		return Error{File: d.file, Line: node.Line + line, Column: indent + column, Message: message}
	case line == 1 && strings.Contains(lines[node.Line-1], node.Value):
		if node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			column++
		}
		return Error{File: d.file, Line: node.Line, Column: node.Column + column - 1, Message: message}
	default:
		// Folded or escaped, it does not stand in the file as it reads.
		return d.put(node, mistake.Mistake{Message: fmt.Sprintf("%d:%d in it: %s", line, column, message)})
	}
}

// place turns a mistake's path into a line and a column. A path that goes on beyond what is written, such as to a key
// that is missing, is placed at the deepest part that is there.
func (d *document) place(m mistake.Mistake) Error {
	node := d.root.Content[0]
	for _, step := range m.Path {
		next := child(node, step)
		if next == nil {
			break
		}
		node = next
	}
	return d.put(node, m)
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
