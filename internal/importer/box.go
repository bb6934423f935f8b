package importer

import (
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	extensionast "github.com/yuin/goldmark/extension/ast"
)

// Boxes as people write them: in Markdown, as a character, or as the short name of one.
const (
	openMark   = `\[[ \x{A0}_~/?!>-]{0,3}\]|[☐⬜🔲◻□▢◽▫❌✗✘]\x{FE0F}?|:(?:white_large_square|white_medium_square|black_square_button|x):`
	tickedMark = `\[ ?[xX✓✔*] ?\]|[☑☒✅✔✓]\x{FE0F}?|:(?:white_check_mark|heavy_check_mark|ballot_box_with_check):`
)

var (
	// AsciiDoc writes the depth of an entry as a row of bullets, which Markdown takes for text, as it does with bullets and numbers
	// that it does not know, and with those that have no blank behind them.
	leadingBox = regexp.MustCompile(`^(?:[*.+•‣◦▪●·–—-]{1,6}[ \t\x{A0}]*|\(?(?:[0-9]{1,3}|[a-zA-Z])[.)][ \t]*)?` +
		`(?:(` + openMark + `)|(` + tickedMark + `))(?:[ \x{A0}]+|$)`)
	lastBox = regexp.MustCompile(`[ \x{A0}]+(?:(` + openMark + `)|(` + tickedMark + `))$`)
	anyBox  = regexp.MustCompile(openMark + `|` + tickedMark)
	// looksBoxed finds the lines of which people should be told where they are not taken.
	looksBoxed = regexp.MustCompile(`(?:^|\W)\[[ xX]\](?:\s|$)|[☐☑☒]|&#974[456];|type=["']?checkbox|<ac:task-status>`)
	// answer is what stands beside a box in a column of answers, and is no item.
	answer = regexp.MustCompile(`(?i)^(?:yes|no|n/?a|not applicable|done|ok|pass(?:ed)?|fail(?:ed)?|partial(?:ly)?|open|ready|` +
		`not ready|completed?|not started|in progress|todo|to do|pending|verified|approved|required|implemented)[.:]?$`)
)

// cutBox splits a box from the text that it stands before.
func cutBox(text string) (rest string, boxed, ticked bool) {
	found := leadingBox.FindStringSubmatch(text)
	if found == nil {
		return text, false, false
	}
	return text[len(found[0]):], true, found[2] != ""
}

// cut is the passage without its box.
func (p passage) cut() (rest passage, boxed, ticked bool) {
	rest = p
	rest.text, boxed, ticked = cutBox(p.text)
	if boxed {
		rest.raw, _, _ = cutBox(p.raw)
	}
	return rest, boxed, ticked
}

// cutCell is the passage of a cell without its box, which can stand after the text too.
func (p passage) cutCell() (rest passage, boxed, ticked bool) {
	if rest, boxed, ticked = p.cut(); boxed {
		return rest, boxed, ticked
	}
	found := lastBox.FindStringSubmatch(p.text)
	if found == nil {
		return p, false, false
	}
	rest.text, rest.raw = strings.TrimSuffix(p.text, found[0]), strings.TrimSuffix(p.raw, found[0])
	return rest, true, found[2] != ""
}

// A column is what the cells of one column of a table are.
type column int

const (
	plainColumn   column = iota // it can hold the text of an item
	textColumn                  // its header says that it does
	detailColumn                // its header says that it holds something about an item
	gravityColumn               // its header says that it tells how much an item matters
)

var (
	textHeader = regexp.MustCompile(`(?i)^(?:items?|checks?|check ?(?:list )?(?:items?|names?)|tasks?|requirements?|questions?|` +
		`controls?|criteri(?:a|on)|steps?|actions?|what|names?|titles?|practices?|recommendations?|to ?do|test(?: cases?)?)$`)
	detailHeader = regexp.MustCompile(`(?i)^(?:#|i|ids?|nos?\.?|nr\.?|numbers?|areas?|categor(?:y|ies)|sections?|topics?|types?|` +
		`status|states?|done\??|owners?|who|assignees?|responsible|teams?|notes?|comments?|remarks?|evidence|proofs?|links?|` +
		`references?|docs?|dates?|due|tools?|descriptions?|short descriptions?|details?|item descriptions?|examples?|how|why|` +
		`rationale|effort|phases?|related.*|verified by|method|result)$`)
	gravityHeader = regexp.MustCompile(`(?i)^(?:severity|severities|priority|priorities|importance|level|criticality|required\??)$`)
)

// columnOf reads from its header what a column holds.
func columnOf(header string) column {
	switch {
	case textHeader.MatchString(header):
		return textColumn
	case gravityHeader.MatchString(header):
		return gravityColumn
	case detailHeader.MatchString(header):
		return detailColumn
	default:
		return plainColumn
	}
}

// A row is one row of a table.
type row struct {
	node  ast.Node
	cells [][]passage
}

// boxed tells whether a cell of the row is or begins with a box.
func (r row) boxed() bool {
	for _, cell := range r.cells {
		for _, line := range cell {
			if _, boxed, _ := line.cutCell(); boxed {
				return true
			}
		}
	}
	return false
}

// readTable takes the rows that have a box; without one, those that can be taken too are counted, or taken.
func (d *document) readTable(table *extensionast.Table, into *section, bullets bool) {
	d.skip(table)
	var columns []column
	var rows []row
	for node := table.FirstChild(); node != nil; node = node.NextSibling() {
		each := row{node: node}
		for cell := node.FirstChild(); cell != nil; cell = cell.NextSibling() {
			each.cells = append(each.cells, passagesOf(cell, d.source))
		}
		if _, isHeader := node.(*extensionast.TableHeader); isHeader {
			for _, cell := range each.cells {
				columns = append(columns, columnOf(strings.TrimRight(cell[0].text, ": ")))
			}
			if !each.boxed() { // else it is a row like the others, of a table without a header
				continue
			}
		}
		rows = append(rows, each)
	}
	for _, each := range rows {
		d.readRow(each, columns, into, bullets)
	}
}

func (d *document) readRow(from row, columns []column, into *section, bullets bool) {
	line := d.firstLineWithin(from.node)
	if line < 0 {
		return
	}
	account := d.accounts[line]
	items, boxed := itemsOf(from, columns)
	switch {
	case !boxed && !bullets:
		if len(items) > 0 {
			d.rows++
			account.Note = "a row of a table without a box"
		}
		return
	case len(items) == 0:
		account.Note = noWords
		return
	}
	for _, each := range items {
		each.line = line
		into.items = append(into.items, each)
	}
	account.Became, account.Note = Continued, ""
}

// itemsOf gives the items of a row: those that stand beside their box in a cell, or else the one that its cells tell.
func itemsOf(from row, columns []column) (items []*item, boxed bool) {
	one := &item{}
	bestRank := 0
	for i, cell := range from.cells {
		as := plainColumn
		if i < len(columns) {
			as = columns[i]
		}
		for _, line := range cell {
			rest, isBoxed, ticked := line.cutCell()
			boxed = boxed || isBoxed
			several := besides(rest.text)
			isAnswer := isBoxed && (rest.text == "" || slices.ContainsFunc(several, answer.MatchString) || len(several) != 1 && as != textColumn)
			switch {
			case isAnswer:
				one.ticked = one.ticked || ticked
			case isBoxed && len(several) > 1:
				for _, text := range several {
					items = append(items, &item{passage: passage{text: text, raw: text}})
				}
			case isBoxed:
				items = append(items, &item{passage: rest, ticked: ticked})
			case as == gravityColumn:
				one.gravity = line.text
			default:
				if rank := rankOf(line.text, as); rank > bestRank {
					one.passage, bestRank = line, rank
				}
			}
		}
	}
	if len(items) == 0 && bestRank > 0 {
		return []*item{one}, boxed
	}
	return items, boxed
}

// besides are the texts that stand between the boxes of a cell.
func besides(text string) (texts []string) {
	for _, each := range anyBox.Split(text, -1) {
		if each = strings.TrimSpace(each); each != "" {
			texts = append(texts, each)
		}
	}
	return texts
}

// rankOf says how well a cell can be the text of an item; 0: not at all. Of equals, the first is.
func rankOf(text string, as column) int {
	ranks := map[column]int{textColumn: 3, plainColumn: 2, detailColumn: 1}
	if !strings.ContainsFunc(text, isLetter) {
		return 0
	}
	return ranks[as]
}
