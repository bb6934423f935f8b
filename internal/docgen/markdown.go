package docgen

import (
	"fmt"
	"strings"
)

// A page is a Markdown document that is being written.
type page struct{ strings.Builder }

const generated = "<!-- Written by make generate from the code. Do not edit. -->\n\n"

func newPage(title, about string) *page {
	p := &page{}
	p.WriteString("# " + title + "\n\n" + generated)
	p.paragraph("%s", about)
	return p
}

func (p *page) heading(level int, text string) {
	fmt.Fprintf(p, "%s %s\n\n", strings.Repeat("#", level), text)
}

func (p *page) paragraph(format string, args ...any) {
	p.WriteString(escaped(fmt.Sprintf(format, args...)) + "\n\n")
}

// table writes a table; a cell may hold anything.
func (p *page) table(head []string, rows [][]string) {
	p.row(head)
	p.row(strings.Split(strings.TrimSuffix(strings.Repeat("---,", len(head)), ","), ","))
	for _, row := range rows {
		p.row(row)
	}
	p.WriteString("\n")
}

func (p *page) row(cells []string) {
	for _, cell := range cells {
		cell = strings.Join(strings.Fields(strings.ReplaceAll(cell, "|", `\|`)), " ")
		p.WriteString("| " + escaped(cell) + " ")
	}
	p.WriteString("|\n")
}

// escaped keeps what stands in angle brackets from being taken for HTML, outside of code.
func escaped(text string) string {
	parts := strings.Split(text, "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = strings.ReplaceAll(parts[i], "<", "&lt;")
	}
	return strings.Join(parts, "`")
}

// bytes is the document with one line break at its end.
func (p *page) bytes() []byte { return []byte(strings.TrimRight(p.String(), "\n") + "\n") }

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

// codes are several names, each as code.
func codes(names []string) string {
	marked := make([]string, len(names))
	for i, name := range names {
		marked[i] = code(name)
	}
	return strings.Join(marked, ", ")
}

// orElse is a text, or another where it is empty.
func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
