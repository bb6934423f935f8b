package importer

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extensionast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// A document is a checklist in Markdown as it was read.
type document struct {
	title    string
	sections []*section // in their order, those without items too
	bullets  int        // entries of lists that have no box and were not taken
	rows     int        // the same of rows of tables
	boxed    int        // lines with a box that were not taken
	source   []byte
	starts   []int   // where each line begins
	accounts []*Line // what became of each line; nil where it is blank
}

// A section is what stands beneath one heading.
type section struct {
	path  []string // headings from the top, without the title; empty for what stands before the first
	line  int      // of the heading; 0 without one
	items []*item
}

// An item is one line with a box.
type item struct {
	passage
	line    int
	ticked  bool
	gravity string // what its row of a table says of how much it matters
	parent  *item
}

// noWords is said of a box without words.
const noWords = "an item without words"

var (
	frontMatter = regexp.MustCompile(`\A---[ \t]*\r?\n(?s:.*?)\r?\n(---|\.\.\.)[ \t]*(\r?\n|\z)`)
)

// readMarkdown reads CommonMark with GitHub's task lists and tables.
func readMarkdown(source []byte, bullets bool) *document {
	source = bytes.TrimPrefix(source, []byte("\xef\xbb\xbf"))
	d := &document{source: source}
	d.splitLines()
	parsed := source
	if found := frontMatter.Find(source); found != nil {
		// Its lines stay where they are, and say nothing.
		parsed = append(blank(found), source[len(found):]...)
		d.account(0, len(found), Skipped, "front matter")
	}
	markdown := goldmark.New(goldmark.WithExtensions(extension.GFM))
	root := markdown.Parser().Parse(text.NewReader(parsed))
	d.readBlocks(root, bullets)
	d.settle()
	return d
}

// unknown is what is said of a line before it is known what it is.
const unknown = "neither a heading nor an item"

var (
	underline = regexp.MustCompile(`^(=+|-+)$`)
	fence     = regexp.MustCompile("^(```|~~~)")
	rule      = regexp.MustCompile(`^([-*_][ \t]*){3,}$`)
	columns   = regexp.MustCompile(`^[|: -]+$`)
	address   = regexp.MustCompile(`^\[[^]]+\]:`)
)

// settle says what the marks are that the parser keeps to itself, and which lines have a box that was not taken.
func (d *document) settle() {
	for i, line := range d.accounts {
		if line == nil {
			continue
		}
		if line.Boxed = line.Became == Skipped && line.Note != noWords && looksBoxed.MatchString(line.Text); line.Boxed {
			d.boxed++
		}
		if line.Note != unknown {
			continue
		}
		above := (*Line)(nil)
		if i > 0 {
			above = d.accounts[i-1]
		}
		switch {
		case above != nil && (above.Became == BecameHeading || above.Became == BecameTitle) && underline.MatchString(line.Text):
			line.Became, line.Note = Continued, ""
		case fence.MatchString(line.Text):
			line.Note = "code"
		case above != nil && above.Note == "a table" && columns.MatchString(line.Text):
			line.Note = above.Note
		case rule.MatchString(line.Text):
			line.Note = "a line"
		case address.MatchString(line.Text):
			line.Note = "the address of a link"
		}
	}
}

// blank replaces all but the line ends by spaces.
func blank(text []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return ' '
	}, bytes.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return ' '
		}
		return r
	}, text))
}

func (d *document) splitLines() {
	d.starts = []int{0}
	for i, b := range d.source {
		if b == '\n' {
			d.starts = append(d.starts, i+1)
		}
	}
	for i := range d.starts {
		var account *Line
		if words := strings.TrimSpace(string(d.lineText(i))); words != "" {
			account = &Line{Number: i + 1, Text: words, Became: Skipped, Note: unknown}
		}
		d.accounts = append(d.accounts, account)
	}
}

func (d *document) lineText(i int) []byte {
	end := len(d.source)
	if i+1 < len(d.starts) {
		end = d.starts[i+1]
	}
	return d.source[d.starts[i]:end]
}

// lineAt is the index of the line in which a place of the source lies.
func (d *document) lineAt(offset int) int {
	low, high := 0, len(d.starts)
	for high-low > 1 {
		if middle := (low + high) / 2; d.starts[middle] <= offset {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// account says of all lines from one place to before another what became of them.
func (d *document) account(from, to int, became Outcome, note string) {
	for i := d.lineAt(from); i < len(d.starts) && d.starts[i] < to; i++ {
		if line := d.accounts[i]; line != nil {
			line.Became, line.Note = became, note
		}
	}
}

func (d *document) lines() []Line {
	var lines []Line
	for i, line := range d.accounts {
		if line == nil {
			continue
		}
		each := *line
		if !utf8.Valid(d.lineText(i)) {
			each.Note = joined(each.Note, "bytes that are not UTF-8 are left out")
		}
		lines = append(lines, each)
	}
	return lines
}

func (d *document) items() []*item {
	var items []*item
	for _, section := range d.sections {
		items = append(items, section.items...)
	}
	return items
}

// readBlocks goes through the blocks of the document, and of quotations in it. Items belong to the last heading above them.
func (d *document) readBlocks(root ast.Node, bullets bool) {
	var path []string
	var levels []int
	current := &section{}
	d.sections = append(d.sections, current)
	for block := root.FirstChild(); block != nil; block = block.NextSibling() {
		heading, isHeading := block.(*ast.Heading)
		if !isHeading {
			d.readBlock(block, current, bullets)
			continue
		}
		words, line := d.words(heading), d.firstLine(heading)
		if line < 0 || words == "" {
			continue
		}
		d.accountOf(heading, Continued, "")
		if d.title == "" && heading.Level == 1 && len(d.items()) == 0 && len(d.sections) == 1 {
			d.title = words
			d.accounts[line].Became, d.accounts[line].Note = BecameTitle, ""
			continue
		}
		for len(levels) > 0 && levels[len(levels)-1] >= heading.Level {
			levels, path = levels[:len(levels)-1], path[:len(path)-1]
		}
		levels, path = append(levels, heading.Level), append(path[:len(path):len(path)], words)
		current = &section{path: path, line: line}
		d.sections = append(d.sections, current)
		d.accounts[line].Became, d.accounts[line].Note = BecameHeading, ""
	}
}

// readBlock takes the items of one block that is no heading.
func (d *document) readBlock(block ast.Node, into *section, bullets bool) {
	switch block := block.(type) {
	case *ast.List:
		d.readList(block, into, nil, bullets)
	case *extensionast.Table:
		d.readTable(block, into, bullets)
	case *ast.Blockquote:
		d.skip(block)
		for within := block.FirstChild(); within != nil; within = within.NextSibling() {
			d.readBlock(within, into, bullets)
		}
	case *ast.Paragraph:
		d.skip(block)
		d.readParagraph(block, into, nil, false)
	case *ast.HTMLBlock:
		d.skip(block)
		d.readHTML(block, into)
	default:
		d.skip(block)
	}
}

// readParagraph takes the items of a paragraph: each begins with a box at the beginning of a line, or is the whole where
// a box is not needed. It gives the last.
func (d *document) readParagraph(block ast.Node, into *section, parent *item, unboxed bool) (last *item) {
	line := d.firstLine(block)
	if line < 0 {
		return nil
	}
	_, task := block.FirstChild().(*extensionast.TaskCheckBox)
	for i, each := range passagesOf(block, d.source) {
		rest, boxed, ticked := each.cut()
		if task && i == 0 {
			rest, boxed, ticked = each, true, block.FirstChild().(*extensionast.TaskCheckBox).IsChecked
		}
		at := line + each.row
		switch {
		case boxed && rest.text == "":
			d.note(at, Skipped, noWords)
			last = nil
		case boxed, i == 0 && unboxed && rest.text != "":
			last = &item{passage: rest, line: at, ticked: ticked, parent: parent}
			into.items = append(into.items, last)
			d.note(at, Continued, "")
		case last != nil:
			last.text, last.raw = strings.TrimSpace(last.text+" "+rest.text), strings.TrimSpace(last.raw+" "+rest.raw)
			d.note(at, Continued, "")
		}
	}
	return last
}

// note says of a line what became of it.
func (d *document) note(at int, became Outcome, note string) {
	if line := d.accounts[at]; line != nil {
		line.Became, line.Note = became, note
	}
}

// readList takes the items of a list, and of the lists within it.
func (d *document) readList(list *ast.List, into *section, parent *item, bullets bool) {
	for entry := list.FirstChild(); entry != nil; entry = entry.NextSibling() {
		first := entry.FirstChild()
		if first == nil {
			continue
		}
		above := parent
		switch first.(type) {
		case *ast.TextBlock, *ast.Paragraph:
			if taken := d.readEntry(first, into, parent, bullets); taken != nil {
				above = taken
			}
			first = first.NextSibling()
		}
		for block := first; block != nil; block = block.NextSibling() {
			if within, isList := block.(*ast.List); isList {
				d.readList(within, into, above, bullets)
				continue
			}
			d.readBlock(block, into, bullets)
		}
	}
}

// readEntry reads the first paragraph of an entry of a list.
func (d *document) readEntry(block ast.Node, into *section, parent *item, bullets bool) *item {
	first := passagesOf(block, d.source)[0]
	if first.link {
		d.accountOf(block, Skipped, "a list of contents")
		return nil
	}
	d.accountOf(block, Skipped, "an entry of a list without a box")
	taken := d.readParagraph(block, into, parent, bullets)
	if line := d.firstLine(block); taken == nil && line >= 0 && d.accounts[line].Note != noWords {
		d.bullets++
	}
	return taken
}

// skip says why a block is left out.
func (d *document) skip(block ast.Node) {
	reason := "text"
	switch block.(type) {
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		reason = "code"
	case *ast.HTMLBlock:
		reason = "HTML or a comment"
	case *ast.Blockquote:
		reason = "a quotation"
	case *extensionast.Table:
		reason = "a table"
	case *ast.ThematicBreak:
		reason = "a line"
	}
	d.accountOf(block, Skipped, reason)
	_ = ast.Walk(block, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering && node != block && node.Type() == ast.TypeBlock {
			d.accountOf(node, Skipped, reason)
		}
		return ast.WalkContinue, nil
	})
}

// accountOf says what became of the lines of one block, its own and not those of blocks within it.
func (d *document) accountOf(block ast.Node, became Outcome, note string) {
	if block.Type() != ast.TypeBlock {
		return
	}
	if lines := block.Lines(); lines != nil {
		for i := range lines.Len() {
			segment := lines.At(i)
			d.account(segment.Start, max(segment.Start+1, segment.Stop), became, note)
		}
	}
}

// firstLine is the index of a block's first line; negative where it has none.
func (d *document) firstLine(block ast.Node) int {
	if lines := block.Lines(); lines != nil && lines.Len() > 0 {
		return d.lineAt(lines.At(0).Start)
	}
	return -1
}

// firstLineWithin is the index of the first line of what stands in a block; negative where it has none.
func (d *document) firstLineWithin(block ast.Node) int {
	for child := block.FirstChild(); child != nil; child = child.NextSibling() {
		if line := d.firstLine(child); line >= 0 {
			return line
		}
	}
	return -1
}

// words are a block's text, in one line.
func (d *document) words(block ast.Node) string {
	var words []string
	for _, each := range passagesOf(block, d.source) {
		words = append(words, each.text)
	}
	return strings.TrimSpace(strings.Join(words, " "))
}

func isLetter(r rune) bool { return unicode.IsLetter(r) }
