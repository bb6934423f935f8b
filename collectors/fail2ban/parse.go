package fail2ban

import (
	"strconv"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
)

// A parser reads one file as Python's configparser does, with the options of fail2ban: it is strict, and ; begins a comment after a
// blank too.
type parser struct {
	origin   string
	sections map[string]section
	order    []string
	current  section
	option   string // that a line with an indent continues
	indent   int    // of the option
}

// parse gives the sections of a file, and their order.
func parse(text, origin string) (sections map[string]section, order []string, err error) {
	p := parser{origin: origin, sections: make(map[string]section)}
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		number++
		if problem := p.line(line); problem != "" {
			return nil, nil, fact.Errorf(fact.ReasonInvalid, "%s:%s: %s: fail2ban does not start with it", origin, strconv.Itoa(number), problem)
		}
	}
	return p.sections, p.order, nil
}

// line reads one line, and says what is wrong with it.
func (p *parser) line(line string) (problem string) {
	bare := strings.TrimSpace(line)
	if bare == "" || bare[0] == '#' || bare[0] == ';' {
		// An empty line within a value belongs to it, and says nothing.
		return ""
	}
	text := strings.TrimSpace(withoutComment(line))
	indent := len(line) - len(strings.TrimLeft(line, " \t\r\f\v"))
	switch {
	case p.current != nil && p.option != "" && indent > p.indent:
		if text != "" {
			v := p.current[p.option]
			v.text += "\n" + text
			p.current[p.option] = v
		}
		return ""
	case text == "":
		return ""
	}
	p.indent = indent
	if text[0] == '[' {
		if end := strings.LastIndexByte(text, ']'); end > 1 {
			return p.begin(text[1:end])
		}
	}
	if p.current == nil {
		return "expected a section before " + rootfs.Line(text)
	}
	at := strings.IndexAny(text, "=:")
	if at < 0 {
		return "expected name = value, and found " + rootfs.Line(text)
	}
	name := strings.ToLower(strings.TrimSpace(text[:at]))
	if name == "" {
		return "expected a name before " + rootfs.Line(text)
	}
	if _, twice := p.current[name]; twice {
		return "the option " + rootfs.Line(name) + " stands twice"
	}
	p.option = name
	p.current[name] = value{strings.TrimSpace(text[at+1:]), p.origin}
	return ""
}

func (p *parser) begin(name string) (problem string) {
	if _, twice := p.sections[name]; twice && name != defaults {
		return "the section " + rootfs.Line(name) + " stands twice"
	}
	if p.sections[name] == nil {
		p.sections[name] = make(section)
		p.order = append(p.order, name)
	}
	p.current, p.option = p.sections[name], ""
	return ""
}

// withoutComment takes off what comes after a blank and a semicolon.
func withoutComment(line string) string {
	for i := 1; i < len(line); i++ {
		if line[i] == ';' && (line[i-1] == ' ' || line[i-1] == '\t') {
			return line[:i]
		}
	}
	return line
}
