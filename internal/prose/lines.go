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

// lines reads a text line by line.
func (r *reader) lines(content string, m markup) {
	var levels string // the underlines, in the order in which they came
	all := strings.Split(strings.ReplaceAll(content, "\r\n", "\n"), "\n")
	language, fence, body := "", "", strings.Builder{}
	for i, line := range all {
		switch {
		case fence != "": // within a block
			if strings.TrimSpace(line) == fence {
				r.block(language, body.String())
				language, fence = "", ""
				body.Reset()
			} else {
				body.WriteString(line + "\n")
			}
			continue
		case m.fence != nil && m.fence.MatchString(line):
			fence = strings.TrimSpace(line)
			continue
		case m.comment != "" && strings.HasPrefix(line, m.comment):
			continue
		}
		if m.image != nil {
			if found := m.image.FindStringSubmatch(line); found != nil {
				r.image(i+1, found[1])
				continue
			}
		}
		if m.block != nil {
			if found := m.block.FindStringSubmatch(line); found != nil {
				if language = found[1]; m.fence == nil {
					r.block(language, "it is indented")
				}
				continue
			}
		}
		if m.heading != nil {
			if found := m.heading.FindStringSubmatch(line); found != nil {
				r.heading(len(found[1]), found[2])
				continue
			}
		}
		if m.underline != "" && isRule(line, m.underline) {
			continue
		}
		if m.underline != "" && i+1 < len(all) && strings.TrimSpace(line) != "" && underlines(all[i+1], line, m.underline) {
			sign := all[i+1][:1]
			if !strings.Contains(levels, sign) {
				levels += sign
			}
			r.heading(strings.Index(levels, sign)+1, line)
			continue
		}
		r.say(i+1, line)
	}
	r.block(language, body.String()) // It does not end.
}

// isRule tells whether a line has one of the signs alone, as one above or beneath a heading has.
func isRule(line, signs string) bool {
	line = strings.TrimRight(line, " \t")
	return len(line) >= 3 && strings.Contains(signs, line[:1]) && strings.Trim(line, line[:1]) == ""
}

func underlines(line, heading, signs string) bool {
	return isRule(line, signs) && utf8.RuneCountInString(strings.TrimRight(line, " \t")) >= utf8.RuneCountInString(strings.TrimSpace(heading))
}
