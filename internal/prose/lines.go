package prose

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// A markup is a language whose headings, blocks and comments are told line by line.
type markup struct {
	heading   *regexp.Regexp // the sign of the level, and the text
	underline string         // characters that underline a heading
	block     *regexp.Regexp // what begins a block, with its language
	fence     *regexp.Regexp // what a block stands between; nil: it is indented
	comment   string
	image     *regexp.Regexp
}

func asciiDoc() markup {
	return markup{
		heading: regexp.MustCompile(`^(={1,6})\s+(\S.*)$`),
		block:   regexp.MustCompile(`^\[(?:source,\s*)?([a-z0-9]+)[^\]]*\]\s*$`),
		fence:   regexp.MustCompile("^(-{4,}|\\.{4,}|={4,}|`{3,})\\s*$"),
		comment: "//", image: regexp.MustCompile(`\bimage::?([^\s\[]+)\[`),
	}
}

func restructured() markup {
	return markup{
		underline: "=-~^\"'`#*+.:_",
		block:     regexp.MustCompile(`^\s*\.\. (?:code-block|code|sourcecode)?(?:::)?\s*([a-z0-9]+)(?:::)?\s*$`),
		image:     regexp.MustCompile(`^\s*\.\. (?:image|figure)::\s*(\S+)`),
	}
}

// A lineReader reads a text line by line.
type lineReader struct {
	*reader
	markup
	levels   string // the underlines, in the order in which they came
	language string // of the block that follows, or is read
	fence    string // what ends the block that is read; empty: none is
	body     strings.Builder
}

// lines reads a text line by line.
func (r *reader) lines(content string, m markup) {
	l := lineReader{reader: r, markup: m}
	all := strings.Split(strings.ReplaceAll(content, "\r\n", "\n"), "\n")
	for i, line := range all {
		next := ""
		if i+1 < len(all) {
			next = all[i+1]
		}
		if !l.inBlock(line) && !l.sign(i+1, line) && !l.title(line, next) {
			r.say(i+1, line)
		}
	}
	l.end() // It may not end.
}

// inBlock tells whether a line is one of a block, or begins or ends one.
func (l *lineReader) inBlock(line string) bool {
	switch {
	case l.fence != "" && strings.TrimSpace(line) == l.fence:
		l.end()
	case l.fence != "":
		l.body.WriteString(line + "\n")
	case l.markup.fence != nil && l.markup.fence.MatchString(line):
		l.fence = strings.TrimSpace(line)
	default:
		return false
	}
	return true
}

func (l *lineReader) end() {
	l.reader.block(l.language, l.body.String())
	l.language, l.fence = "", ""
	l.body.Reset()
}

// sign tells whether a line is a comment, a picture, or what says of which language the block that follows is.
func (l *lineReader) sign(number int, line string) bool {
	if l.comment != "" && strings.HasPrefix(line, l.comment) {
		return true
	}
	if l.markup.image != nil {
		if found := l.markup.image.FindStringSubmatch(line); found != nil {
			l.reader.image(number, found[1])
			return true
		}
	}
	if l.markup.block == nil {
		return false
	}
	found := l.markup.block.FindStringSubmatch(line)
	if found == nil {
		return false
	}
	if l.markup.fence == nil {
		l.reader.block(found[1], "it is indented")
	} else {
		l.language = found[1]
	}
	return true
}

// title tells whether a line is a heading, or a rule of one.
func (l *lineReader) title(line, next string) bool {
	if l.markup.heading != nil {
		if found := l.markup.heading.FindStringSubmatch(line); found != nil {
			l.reader.heading(len(found[1]), found[2])
			return true
		}
	}
	switch {
	case l.underline == "":
		return false
	case isRule(line, l.underline):
		return true
	case strings.TrimSpace(line) == "" || !underlines(next, line, l.underline):
		return false
	}
	if !strings.Contains(l.levels, next[:1]) {
		l.levels += next[:1]
	}
	l.reader.heading(strings.Index(l.levels, next[:1])+1, line)
	return true
}

// isRule tells whether a line has one of the signs alone, as one above or beneath a heading has.
func isRule(line, signs string) bool {
	line = strings.TrimRight(line, " \t")
	return len(line) >= 3 && strings.Contains(signs, line[:1]) && strings.Trim(line, line[:1]) == ""
}

func underlines(line, heading, signs string) bool {
	return isRule(line, signs) && utf8.RuneCountInString(strings.TrimRight(line, " \t")) >= utf8.RuneCountInString(strings.TrimSpace(heading))
}
