package prose

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// frontMatter is what generators of pages read at the beginning of a document.
var frontMatter = regexp.MustCompile(`\A---\r?\n(?s:.*?)\n---[ \t]*(\r?\n|\z)`)

// deepest bounds how deep quotes and lists may lie in each other: a parser takes quadratic time for them.
const deepest = 50

// markdown reads Markdown as GitHub does.
func (r *reader) markdown(source []byte) {
	if front := frontMatter.Find(source); front != nil {
		source = append(bytes.Repeat([]byte("\n"), bytes.Count(front, []byte("\n"))), source[len(front):]...)
	}
	source = shallow(source)
	m := &markdownReader{reader: r, source: source}
	document := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote)).Parser().Parse(text.NewReader(source))
	_ = ast.Walk(document, m.visit) // It never fails: visit does not.
}

// shallow leaves out what lies deeper than anybody writes.
func shallow(source []byte) []byte {
	var kept bytes.Buffer
	for line := range bytes.Lines(source) {
		marks := line[:len(line)-len(bytes.TrimLeft(line, "> \t*+-0123456789.)"))]
		if bytes.Count(marks, []byte(">"))+bytes.Count(marks, []byte("* "))+bytes.Count(marks, []byte("- ")) > deepest ||
			bytes.Count(line, []byte("[")) > 20*deepest {
			line = []byte("\n")
		}
		kept.Write(line)
	}
	return kept.Bytes()
}

type markdownReader struct {
	*reader
	source []byte
	// The line of a place in the source, counted on from the last one.
	counted, at int
}

// line is that of an offset in the source.
func (m *markdownReader) line(offset int) int {
	if offset < m.counted {
		m.counted, m.at = 0, 0
	}
	m.at += bytes.Count(m.source[m.counted:offset], []byte("\n"))
	m.counted = offset
	return m.at + 1
}

// lineOf is that of the block that a node is in.
func (m *markdownReader) lineOf(node ast.Node) int {
	for ; node != nil; node = node.Parent() {
		if node.Type() == ast.TypeBlock && node.Lines().Len() > 0 {
			return m.line(node.Lines().At(0).Start)
		}
	}
	return 1
}

func (m *markdownReader) visit(node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	switch n := node.(type) {
	case *ast.Heading:
		m.heading(n.Level, m.plain(n, true))
	case *ast.FencedCodeBlock:
		m.block(string(n.Language(m.source)), string(n.Lines().Value(m.source)))
	case *ast.CodeBlock:
		m.code(string(n.Lines().Value(m.source)))
	case *ast.HTMLBlock:
		content := n.Lines().Value(m.source)
		if n.HasClosure() {
			content = append(content, n.ClosureLine.Value(m.source)...)
		}
		m.fragment(m.lineOf(n), content)
	case *ast.RawHTML:
		m.fragment(m.lineOf(n), n.Segments.Value(m.source))
	case *ast.Link:
		m.link(m.lineOf(n), string(n.Destination))
	case *ast.Image:
		m.image(m.lineOf(n), string(n.Destination))
	case *ast.CodeSpan:
		m.code(m.plain(n, true))
	}
	if node.Type() == ast.TypeBlock && node.Kind() != ast.KindHeading && hasText(node) {
		m.say(m.lineOf(node), m.plain(node, false))
	}
	return ast.WalkContinue, nil
}

// hasText tells whether a block holds text itself, and no further blocks.
func hasText(node ast.Node) bool {
	first := node.FirstChild()
	return first != nil && first.Type() == ast.TypeInline
}

// plain is the text beneath a node, as it is read. Without code each piece of it is a number, which counts as one word.
func (m *markdownReader) plain(node ast.Node, code bool) string {
	var plain strings.Builder
	_ = ast.Walk(node, func(each ast.Node, entering bool) (ast.WalkStatus, error) { // It never fails.
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := each.(type) {
		case *ast.CodeSpan:
			if !code {
				plain.WriteString("1")
				return ast.WalkSkipChildren, nil
			}
		case *ast.Text:
			plain.Write(n.Value(m.source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				plain.WriteByte(' ')
			}
		case *ast.String:
			plain.Write(n.Value)
		case *ast.AutoLink:
			plain.Write(n.Label(m.source))
		}
		return ast.WalkContinue, nil
	})
	return plain.String()
}
