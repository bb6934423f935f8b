// Package prose reads documents that people write, as far as they can be judged: headings, words, links, pictures and diagrams.
// It reads Markdown, HTML, AsciiDoc and reStructuredText, the latter two as far as headings, words and diagrams go.
package prose

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	longest       = 200  // of what is kept of a line, in bytes
	maximumKept   = 500  // headings, links and the like
	maximumTerms  = 5000 // names of variables
	maximumAnchor = 5000
)

// A Text is what is known of a document.
type Text struct {
	Headings     []Heading
	Words        int // see Count
	Placeholders []Point
	Links        []Point // their targets, as they are written
	Images       []Point
	Diagrams     int             // blocks of Mermaid, PlantUML or Graphviz
	Anchors      map[string]bool // what a fragment of a link can name
	Terms        []string        // sorted; see fact.Document
}

// A Heading is one with the words beneath it, up to the next of its level or above.
type Heading struct {
	Text  string
	Level int
	Words int
}

// A Point is something in a line.
type Point struct {
	Line int
	Text string
}

// A Format is a language of documents.
type Format string

// The formats.
const (
	Markdown         Format = "markdown"
	ASCIIDoc         Format = "asciidoc"
	ReStructuredText Format = "rst"
	HTML             Format = "html"
	Plain            Format = "plain"
)

// FormatOf tells the format of a file by its name, and whether it is a document at all.
func FormatOf(name string) (Format, bool) {
	switch strings.ToLower(path.Ext(name)) {
	case ".md", ".markdown", ".mdx":
		return Markdown, true
	case ".adoc", ".asciidoc", ".asc":
		return ASCIIDoc, true
	case ".rst":
		return ReStructuredText, true
	case ".html", ".htm":
		return HTML, true
	case ".txt":
		return Plain, true
	case "":
		return Plain, strings.EqualFold(path.Base(name), "readme")
	default:
		return "", false
	}
}

// Read reads a document.
func Read(format Format, content []byte) *Text {
	r := newReader()
	r.read(format, content)
	for term := range r.terms {
		r.text.Terms = append(r.text.Terms, term)
	}
	slices.Sort(r.text.Terms)
	return r.text
}

func newReader() *reader {
	return &reader{text: &Text{Anchors: make(map[string]bool)}, slugs: make(map[string]int), terms: make(map[string]bool)}
}

func (r *reader) read(format Format, content []byte) {
	content = []byte(strings.ToValidUTF8(strings.TrimPrefix(string(content), "\ufeff"), "?"))
	switch format {
	case Markdown:
		r.markdown(content)
	case HTML:
		r.html(content)
	case ASCIIDoc:
		r.lines(string(content), asciiDoc())
	case ReStructuredText:
		r.lines(string(content), restructured())
	default:
		r.lines(string(content), markup{})
	}
}

// A reader gathers what is known of a document while it is read.
type reader struct {
	text  *Text
	slugs map[string]int // how often each was given
	terms map[string]bool
	// vocabulary has every word; nil: nobody asks for them.
	vocabulary map[string]bool
}

// identified is what generators of pages take out of a heading for its anchor: ## Rollback {#rollback .class}.
var identified = regexp.MustCompile(`^(.*?)\s*\{\s*#([^\s{}]+)[^{}]*\}$`)

// heading notes a heading, which what follows belongs to.
func (r *reader) heading(level int, text string) {
	r.name(text, false)
	text = words.Printable(strings.Join(strings.Fields(text), " "), longest)
	r.anchor(r.slug(text))
	if found := identified.FindStringSubmatch(text); found != nil {
		text = found[1]
		r.anchor(r.slug(text))
		r.anchor(found[2])
	}
	if len(r.text.Headings) < maximumKept {
		r.text.Headings = append(r.text.Headings, Heading{Text: text, Level: level})
	}
}

func (r *reader) anchor(name string) {
	if len(r.text.Anchors) < maximumAnchor {
		r.text.Anchors[name] = true
	}
}

// slug is the anchor that GitHub, GitLab and Gitea make of a heading: letters, digits, - and _ in lower case, - for blanks, and a
// number where it was given before.
func (r *reader) slug(heading string) string {
	slug := strings.Map(func(c rune) rune {
		switch {
		case c == ' ':
			return '-'
		case c == '-', c == '_', unicode.IsLetter(c), unicode.IsDigit(c), unicode.Is(unicode.Mn, c) && c != '\ufe0f':
			return unicode.ToLower(c)
		default:
			return -1
		}
	}, heading)
	number := r.slugs[slug]
	r.slugs[slug]++
	if number > 0 {
		return slug + "-" + strconv.Itoa(number)
	}
	return slug
}

// placeholders are what people leave in place of what they meant to write. A word counts in capitals alone: a list of things to do
// is no placeholder, nor is Spanish.
var placeholders = regexp.MustCompile(`\b(TODO|TBD|TBA|FIXME|XXX|TBC)\b|(?i:lorem ipsum|\bcoming soon\b|` +
	`\bto be (written|defined|determined|done|added|completed)\b|` +
	`\bunder construction\b|\bfill (this |me )?in\b|<(insert|your)[ -][^<>]*>|\[(insert|your|todo|tbd)[^\[\]]*\])`)

// say notes a text that people read. What stands in for one counts as none.
func (r *reader) say(line int, text string) {
	r.name(text, false)
	for _, word := range strings.FieldsFunc(text, notInTerm) {
		if name := strings.Trim(word, ".-"); isTerm(name) {
			r.term(name)
		}
	}
	if found := placeholders.FindString(text); found != "" {
		r.text.Placeholders = keep(r.text.Placeholders, line, found)
		return
	}
	count := Count(text)
	r.text.Words += count
	lowest := int(^uint(0) >> 1)
	for i := len(r.text.Headings) - 1; i >= 0; i-- { // The heading above, and those that it is beneath.
		if heading := &r.text.Headings[i]; heading.Level < lowest {
			heading.Words += count
			lowest = heading.Level
		}
	}
}

// code notes a text that is none of people's language.
func (r *reader) code(text string) {
	r.name(text, true)
	for _, word := range strings.FieldsFunc(text, notInTerm) {
		if name := strings.Trim(word, ".-"); name != "" {
			r.term(name)
		}
	}
}

func (r *reader) term(name string) {
	if len(r.terms) < maximumTerms && len(name) <= longest {
		r.terms[name] = true
	}
}

func notInTerm(c rune) bool {
	isIn := c == '_' || c == '.' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	return !isIn
}

var variableName = regexp.MustCompile(`^([A-Z][A-Z0-9_]+|[A-Za-z0-9.-]*_[A-Za-z0-9_.-]*)$`)

func isTerm(word string) bool { return variableName.MatchString(word) }

func (r *reader) link(line int, target string)  { r.text.Links = keep(r.text.Links, line, target) }
func (r *reader) image(line int, target string) { r.text.Images = keep(r.text.Images, line, target) }

// block notes a block of code in some language.
func (r *reader) block(language, content string) {
	switch strings.ToLower(language) {
	case "mermaid", "plantuml", "puml", "dot", "graphviz", "uml", "c4plantuml":
		if strings.TrimSpace(content) != "" {
			r.text.Diagrams++
		}
		r.name(content, true)
	default:
		if strings.Contains(content, "@startuml") {
			r.text.Diagrams++
		}
		r.code(content)
	}
}

func keep(points []Point, line int, text string) []Point {
	if len(points) == maximumKept {
		return points
	}
	return append(points, Point{Line: line, Text: words.Printable(text, longest)})
}

// Count counts the words of a text: what stands between blanks and has a letter or a digit. Of scripts without blanks between
// words each character counts as half of one.
func Count(text string) int {
	count, halves, inWord := 0, 0, false
	for _, c := range text {
		switch {
		case unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
			halves++
			inWord = false
		case unicode.IsSpace(c):
			inWord = false
		case unicode.IsLetter(c) || unicode.IsDigit(c):
			if !inWord {
				count++
			}
			inWord = true
		}
	}
	return count + halves/2
}
