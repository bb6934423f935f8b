package sshd

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
)

// A directive is one line of a configuration, as far as it is of concern.
type directive struct {
	keyword    string   // in lower case
	arguments  []string // without quotes
	origin     string   // "/etc/ssh/sshd_config:57"
	conditions []match  // all of them must hold; none: it is global
}

// A match is the criteria of one Match line.
type match struct {
	users, groups []string // lists of patterns; all must match
	other         []string // other criteria, as they are written: "Address 10.0.0.0/8"
	never         bool     // it holds for no user that exists
}

// The bounds: how deep files are included, as OpenSSH has it, and how many lines are read in all.
const (
	maximumDepth      = 16
	maximumDirectives = 50_000
)

// A reader reads a configuration as sshd does: files in the order in which they are included, of which the first value of a
// keyword counts.
type reader struct {
	files      fs.FS
	directives []directive
}

// read adds the lines of a file, all of them under conditions.
func (r *reader) read(name string, conditions []match, depth int) error {
	if depth > maximumDepth {
		return fact.Errorf(fact.ReasonInvalid, "/%s: more than %d files are included in each other", name, maximumDepth)
	}
	text, err := rootfs.ReadText(r.files, name)
	if err != nil {
		return err
	}
	current, number := conditions, 0
	for line := range strings.Lines(text) {
		number++
		origin := "/" + name + ":" + strconv.Itoa(number)
		fields, err := split(line)
		switch {
		case err != nil:
		case len(fields) == 0:
			continue
		case len(r.directives) == maximumDirectives:
			err = fmt.Errorf("expected at most %d lines in all", maximumDirectives)
		case strings.EqualFold(fields[0], "match"):
			var m match
			m, err = parseMatch(fields[1:])
			current = append(slices.Clone(conditions), m)
		case strings.EqualFold(fields[0], "include"):
			if err := r.includeAll(fields[1:], current, depth); err != nil {
				return err
			}
		default:
			d := directive{strings.ToLower(fields[0]), fields[1:], origin, current}
			err = d.validate()
			r.directives = append(r.directives, d)
		}
		if err != nil {
			return fact.Errorf(fact.ReasonInvalid, "%s: %w", origin, err)
		}
	}
	return nil
}

// validate refuses what sshd refuses of the keywords that are of concern: it does not start with it.
func (d directive) validate() error {
	allowed := []string{"yes", "no"}
	if d.keyword == rootLoginKeyword {
		allowed = append(allowed, "prohibit-password", "without-password", "forced-commands-only")
	} else if !slices.ContainsFunc(switchables(), func(each switchable) bool { return slices.Contains(each.keywords, d.keyword) }) {
		return nil
	}
	if len(d.arguments) != 1 || !slices.Contains(allowed, strings.ToLower(d.arguments[0])) {
		return fmt.Errorf("%s %s: expected one of %s", d.keyword, rootfs.Line(strings.Join(d.arguments, " ")), strings.Join(allowed, ", "))
	}
	return nil
}

// includeAll reads the files that patterns name, in the order of their names. There may be none.
func (r *reader) includeAll(patterns []string, conditions []match, depth int) error {
	for _, pattern := range patterns {
		if !path.IsAbs(pattern) {
			pattern = path.Join("/etc/ssh", pattern)
		}
		pattern = strings.TrimPrefix(path.Clean(pattern), "/")
		folder := path.Dir(pattern)
		if !strings.ContainsAny(folder, `*?[\`) {
			// fs.Glob takes a folder that may not be read for an empty one.
			if _, err := fs.ReadDir(r.files, folder); errors.Is(err, fs.ErrPermission) {
				return rootfs.Denied(err)
			} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		names, err := fs.Glob(r.files, pattern)
		if err != nil {
			return fact.Errorf(fact.ReasonInvalid, "include /%s: %w", pattern, err)
		}
		for _, name := range names {
			if path.Base(name)[0] == '.' && path.Base(pattern)[0] != '.' {
				continue // Patterns of a shell match no hidden file.
			}
			if err := r.read(name, conditions, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// split splits a line into its words: blanks or one equals sign after the first, quotes, comments.
func split(line string) (fields []string, err error) {
	line = strings.Trim(line, " \t\r\n\f")
	if line == "" || line[0] == '#' {
		return nil, nil
	}
	end := strings.IndexAny(line, " \t=\"")
	if end < 0 {
		return []string{line}, nil
	}
	fields, rest := append(fields, line[:end]), strings.TrimLeft(line[end:], " \t")
	rest = strings.TrimPrefix(rest, "=")
	for {
		rest = strings.TrimLeft(rest, " \t")
		if rest == "" || rest[0] == '#' {
			return fields, nil
		}
		var word string
		if word, rest, err = cutWord(rest); err != nil {
			return nil, err
		}
		fields = append(fields, word)
	}
}

// cutWord takes the first word of a text: quotes may stand anywhere in it, and a backslash before a quote, a backslash or,
// outside of quotes, a blank.
func cutWord(text string) (word, rest string, err error) {
	var built strings.Builder
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text) && (strings.IndexByte(`"'\`, text[i+1]) >= 0 || quote == 0 && text[i+1] == ' '):
			i++
			built.WriteByte(text[i])
		case quote == 0 && (c == ' ' || c == '\t'):
			return built.String(), text[i:], nil
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		default:
			built.WriteByte(c)
		}
	}
	if quote != 0 {
		return "", "", errors.New("a quote is not closed")
	}
	return built.String(), "", nil
}

// parseMatch reads the criteria of a Match line.
func parseMatch(fields []string) (m match, err error) {
	if len(fields) == 0 {
		return m, errors.New("expected criteria after Match")
	}
	for len(fields) > 0 {
		name, value, joined := strings.Cut(fields[0], "=")
		fields = fields[1:]
		lower := strings.ToLower(name)
		if !joined && (lower == "all" || lower == "invalid-user") {
			m.never = m.never || lower == "invalid-user"
			continue
		}
		if !joined {
			if len(fields) == 0 {
				return m, errors.New("expected a value after Match " + rootfs.Line(name))
			}
			value, fields = fields[0], fields[1:]
		}
		switch {
		case lower == "user":
			m.users = append(m.users, value)
		case lower == "group":
			m.groups = append(m.groups, value)
		case value == "*":
		default:
			m.other = append(m.other, rootfs.Line(name+" "+value))
		}
	}
	return m, nil
}
