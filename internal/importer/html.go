package importer

import (
	"regexp"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"
)

var (
	htmlBox     = regexp.MustCompile(`(?i)<input\b[^>]*\btype=["']?checkbox\b[^>]*>`)
	htmlTicked  = regexp.MustCompile(`(?i)\bchecked\b`)
	htmlTag     = regexp.MustCompile(`<[^>]*>`)
	htmlComment = regexp.MustCompile(`<!--(?s:.*?)(?:-->|$)`)
)

// readHTML takes the lines of a block of HTML that begin with a box once their tags are off: entries of lists and rows of
// tables, as wikis export them.
func (d *document) readHTML(block *ast.HTMLBlock, into *section) {
	if block.HTMLBlockType == ast.HTMLBlockType2 { // a comment
		return
	}
	for i := range block.Lines().Len() {
		segment := block.Lines().At(i)
		text := printable(untagged(string(segment.Value(d.source))))
		rest, boxed, ticked := passage{text: text, raw: text}.cut()
		if !boxed || rest.text == "" {
			continue
		}
		line := d.lineAt(segment.Start)
		into.items = append(into.items, &item{passage: rest, line: line, ticked: ticked})
		d.note(line, Continued, "")
	}
}

// untagged is what a line of HTML says, with boxes as Markdown has them.
func untagged(line string) string {
	line = htmlBox.ReplaceAllStringFunc(htmlComment.ReplaceAllString(line, ""), func(box string) string {
		if htmlTicked.MatchString(box) {
			return " [x] "
		}
		return " [ ] "
	})
	line = htmlTag.ReplaceAllString(line, " ")
	return string(util.ResolveEntityNames(util.ResolveNumericReferences([]byte(line))))
}
