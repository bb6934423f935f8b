// Package codeowners reads files CODEOWNERS, which say who owns the files of a repository, as code hosts read them: GitHub, GitLab, Gitea
// and Forgejo.
package codeowners

import (
	"regexp"
	"slices"
	"strings"
)

const (
	// MaximumOwners is how many owners of a file are given.
	MaximumOwners = 20
	// maximumRules is how many lines of a file are read.
	maximumRules = 5_000
)

// Files are the places in which code hosts seek it, in the order in which they are read.
func Files() []string {
	return []string{
		".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS", ".gitea/CODEOWNERS", ".forgejo/CODEOWNERS",
	}
}

// A rule says who owns the files that it matches.
type rule struct {
	section string
	matches *regexp.Regexp // nil: nothing, since it cannot be understood
	owners  []string
	not     bool // what it matches is left out
}

// Rules are those of one file.
type Rules struct {
	rules []rule
	// all rules that match count; else of each section only the last one.
	all bool
}

// section is the head of one at GitLab: [Documentation][2] @docs, ^[Optional].
var section = regexp.MustCompile(`^\^?\[([^\]]+)\](?:\[\d+\])?\s*(.*)$`)

// expressions are signs of rules of Gitea and Forgejo, which are regular expressions. A dot, a star and a bracket are in names too.
var expressions = regexp.MustCompile(`\\\.|\$$|^\^`)

// Read reads a file of GitHub, GitLab (with sections), or Gitea and Forgejo (with regular expressions). Of a place that all of them read,
// its content tells.
func Read(file, content string) Rules {
	lines := strings.Split(content, "\n")
	lines = lines[:min(len(lines), maximumRules)]
	o := Rules{all: strings.HasPrefix(file, ".gitea/") || strings.HasPrefix(file, ".forgejo/")}
	if !strings.HasPrefix(file, ".git") && !o.all {
		o.all = slices.ContainsFunc(lines, func(line string) bool {
			fields := fieldsOf(line)
			return len(fields) > 0 && section.FindString(strings.TrimSpace(line)) == "" && expressions.MatchString(fields[0])
		})
	}
	current, defaults := "", []string(nil)
	for _, line := range lines {
		if head := section.FindStringSubmatch(strings.TrimSpace(line)); head != nil && !o.all {
			current, defaults = strings.ToLower(head[1]), fieldsOf(head[2])
			continue
		}
		fields := fieldsOf(line)
		if len(fields) == 0 {
			continue
		}
		one := rule{section: current, owners: fields[1:]}
		pattern, not := strings.CutPrefix(fields[0], "!")
		if one.not = not; len(one.owners) == 0 {
			one.owners = defaults
		}
		if o.all {
			one.matches, _ = regexp.Compile(`^(?:` + pattern + `)$`) // One that is none matches nothing.
		} else {
			one.matches = glob(pattern)
		}
		o.rules = append(o.rules, one)
	}
	return o
}

// fieldsOf splits a line at blanks that no \ stands before, up to a comment.
func fieldsOf(line string) (fields []string) {
	const blank = "\x00"
	line = strings.ReplaceAll(strings.TrimSpace(line), `\ `, blank)
	for i, field := range strings.Fields(line) {
		if strings.HasPrefix(field, "#") {
			break
		}
		if i == 0 {
			field = strings.TrimPrefix(field, `\#`)
		}
		fields = append(fields, strings.ReplaceAll(field, blank, " "))
	}
	return fields
}

// Owners gives those of a file.
func (o Rules) Owners(name string) (found []string) {
	last := make(map[string][]string)
	var sections []string
	for _, rule := range o.rules {
		if rule.matches == nil || !rule.matches.MatchString(name) {
			continue
		}
		if _, known := last[rule.section]; !known {
			sections = append(sections, rule.section)
		}
		switch {
		case rule.not:
			last[rule.section] = nil
		case o.all:
			last[rule.section] = append(last[rule.section], rule.owners...)
		default:
			last[rule.section] = rule.owners
		}
	}
	for _, each := range sections {
		for _, owner := range last[each] {
			if len(found) < MaximumOwners && !slices.Contains(found, owner) {
				found = append(found, owner)
			}
		}
	}
	return found
}

// glob makes an expression of a pattern as .gitignore has it: without / but at its end it matches in any folder, a folder means all below
// it, and docs/* nothing in the folders of docs.
func glob(pattern string) *regexp.Regexp {
	below, folder := strings.CutSuffix(pattern, "/")
	anchored := strings.Contains(below, "/")
	below = strings.TrimPrefix(below, "/")
	var e strings.Builder
	e.WriteString("^")
	if !anchored {
		e.WriteString("(?:.*/)?")
	}
	for rest := below; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "**/"):
			e.WriteString("(?:.*/)?")
			rest = rest[3:]
		case strings.HasPrefix(rest, "**"):
			e.WriteString(".*")
			rest = rest[2:]
		case rest[0] == '*':
			e.WriteString("[^/]*")
			rest = rest[1:]
		case rest[0] == '?':
			e.WriteString("[^/]")
			rest = rest[1:]
		default:
			end := strings.IndexAny(rest, "*?")
			if end < 0 {
				end = len(rest)
			}
			e.WriteString(regexp.QuoteMeta(rest[:end]))
			rest = rest[end:]
		}
	}
	switch {
	case folder || below == "":
		e.WriteString("/.*$")
	case strings.HasSuffix(below, "/*"):
		e.WriteString("$")
	default:
		e.WriteString("(?:/.*)?$")
	}
	compiled, _ := regexp.Compile(strings.Replace(e.String(), "^/.*$", "^.*$", 1)) // / means everything.
	return compiled
}
