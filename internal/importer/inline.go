package importer

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	extensionast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

// A passage is what stands between two breaks of a line, without marks of Markdown.
type passage struct {
	text string // as people read it
	raw  string // with code in backquotes, as the matcher reads it
	link bool   // it is a link within the document, and nothing else
	row  int    // which line of its block it is in, from 0
}

// A writing collects the passages of a block.
type writing struct {
	source   []byte
	passages []passage
	row      int
	within   bool // details that a summary stands for
}

// passagesOf gives what a block says, split at each break of a line.
func passagesOf(block ast.Node, source []byte) []passage {
	w := &writing{source: source, passages: []passage{{}}}
	w.children(block)
	for i := range w.passages {
		p := &w.passages[i]
		p.text, p.raw = printable(p.text), printable(p.raw)
	}
	if first, isLink := block.FirstChild().(*ast.Link); isLink && first.NextSibling() == nil {
		w.passages[0].link = strings.HasPrefix(string(first.Destination), "#")
	}
	return w.passages
}

func (w *writing) children(node ast.Node) {
	for child := node.FirstChild(); child != nil; child = child.NextSibling() {
		w.inline(child)
	}
}

func (w *writing) inline(node ast.Node) {
	switch node := node.(type) {
	case *ast.Text:
		text := node.Segment.Value(w.source)
		if !node.IsRaw() {
			text = util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(text)))
		}
		w.write(string(text), string(text))
		if node.SoftLineBreak() || node.HardLineBreak() {
			w.row++
			w.next()
		}
	case *ast.String:
		w.write(string(node.Value), string(node.Value))
	case *ast.CodeSpan:
		var code strings.Builder
		for child := node.FirstChild(); child != nil; child = child.NextSibling() {
			if text, isText := child.(*ast.Text); isText {
				code.Write(text.Segment.Value(w.source))
			}
		}
		w.write(code.String(), "`"+code.String()+"`")
	case *ast.AutoLink:
		w.write(string(node.Label(w.source)), "")
	case *ast.RawHTML:
		w.element(string(node.Segments.Value(w.source)))
	case *ast.Image, *extensionast.TaskCheckBox:
	default:
		w.children(node)
	}
}

var elementName = regexp.MustCompile(`^</?([a-zA-Z][a-zA-Z0-9]*)`)

// element goes into or out of an element of HTML. A summary says all that matters of what it summarizes.
func (w *writing) element(tag string) {
	name := elementName.FindStringSubmatch(tag)
	if name == nil {
		return
	}
	switch element := strings.ToLower(name[1]); {
	case element == "br", element == "li" && !strings.HasPrefix(tag, "</"): // A cell can hold a list in HTML alone.
		w.next()
	case element == "input" && strings.Contains(tag, "checkbox") && strings.Contains(tag, "checked"):
		w.write("[x] ", "[x] ")
	case element == "input" && strings.Contains(tag, "checkbox"):
		w.write("[ ] ", "[ ] ")
	case element == "summary" && strings.HasPrefix(tag, "</"):
		w.within = true
	case element == "details" && strings.HasPrefix(tag, "</"):
		w.within = false
	}
}

func (w *writing) next() { w.passages = append(w.passages, passage{row: w.row}) }

func (w *writing) write(text, raw string) {
	if w.within {
		return
	}
	last := &w.passages[len(w.passages)-1]
	last.text += text
	last.raw += raw
}

// printable takes out what a checklist's file could not hold, and makes one blank of many.
func printable(words string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r == unicode.ReplacementChar, r == '\uFEFF', r == '\uFFFE', r == '\uFFFF':
			return -1
		}
		return r
	}, words)), " ")
}
