// Package importer makes a checklist that the exporter runs of one that people wrote in Markdown. What it knows it has
// judged by a check; of the rest it makes attestations. It accounts for every line.
package importer

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// Options say how a checklist is made.
type Options struct {
	Name       string            // of the checklist; empty: made of its title
	MaximumAge quantity.Duration // how long a signature counts
	Bullets    bool              // entries of lists without boxes are items too
}

// An Import is a checklist made of Markdown.
type Import struct {
	Checklist *checklist.Checklist
	YAML      []byte // the checklist as a file; each item says which line it comes from
	Lines     []Line // every line that is not blank
}

// A Line tells what became of one line.
type Line struct {
	Number     int // from 1
	Text       string
	Became     Outcome
	ID         string     // of the item, section or category it became
	Known      string     // id of the known item that it was matched with
	Confidence Confidence // of that
	Awaited    bool       // somebody signs it until its check is supported
	Boxed      bool       // it was skipped, and has a box
	Note       string     // in words
	Others     []Line     // what it became before that, where it has several items
}

// Each gives what the line became, for each of its items in their order.
func (l Line) Each() []Line { return append(slices.Clone(l.Others), l) }

// An Outcome is what became of a line.
type Outcome string

// The outcomes.
const (
	BecameTitle       Outcome = "title"
	BecameHeading     Outcome = "heading"
	BecameCheck       Outcome = "check"       // an item that a check judges
	BecameAttestation Outcome = "attestation" // an item that somebody signs
	Continued         Outcome = "continued"   // it belongs to the line above
	Skipped           Outcome = "skipped"
)

// A Confidence says how sure a match is.
type Confidence string

// The confidences.
const (
	Exact  Confidence = "exact"  // the same words
	High   Confidence = "high"   // nearly the same words
	Medium Confidence = "medium" // much the same words, and no other item has as many: check it
)

// An Importer knows the items of a checklist. Its Import can be called from several goroutines.
type Importer struct {
	known   *checklist.Checklist
	matcher *matcher
}

// New reads the wordings of the items that are known, which costs more than to make a checklist.
func New(known *checklist.Checklist) (*Importer, error) {
	matcher, err := newMatcher(known)
	if err != nil {
		return nil, err
	}
	return &Importer{known: known, matcher: matcher}, nil
}

// Import makes a checklist of Markdown. The error says why there can be none: no item was found.
func (i *Importer) Import(source []byte, options Options) (*Import, error) {
	if bytes.HasPrefix(source, []byte("\xff\xfe")) || bytes.HasPrefix(source, []byte("\xfe\xff")) {
		return nil, errors.New("the file is in UTF-16: save it in UTF-8")
	}
	read := readMarkdown(source, options.Bullets)
	if len(read.items()) == 0 {
		return nil, fmt.Errorf("found no item: expected lines such as \"- [ ] Backups are restored\"%s", read.unboxed())
	}
	list := i.compose(read, options)
	if mistakes := list.Validate(nil); len(mistakes) > 0 {
		var err error
		for _, mistake := range mistakes {
			err = errors.Join(err, fmt.Errorf("%v: %s", mistake.Path, mistake.Message))
		}
		return nil, fmt.Errorf("make a checklist: %w", err)
	}
	written, err := write(list, read)
	if err != nil {
		return nil, err
	}
	return &Import{Checklist: list, YAML: written, Lines: read.lines()}, nil
}

// unboxed says what could be taken too where it has no box.
func (d *document) unboxed() string {
	var found []string
	for _, each := range []struct {
		count     int
		one, many string
	}{{d.bullets, "entry of a list", "entries of lists"}, {d.rows, "row of a table", "rows of tables"}} {
		switch {
		case each.count == 1:
			found = append(found, "1 "+each.one)
		case each.count > 1:
			found = append(found, fmt.Sprintf("%d %s", each.count, each.many))
		}
	}
	note := ""
	if len(found) > 0 {
		note = fmt.Sprintf("; --bullets takes what has no box too: %s", strings.Join(found, ", "))
	}
	if d.boxed > 0 {
		note += fmt.Sprintf("; lines with a box within code, running text or markup that is not read: %d", d.boxed)
	}
	return note
}

// write encodes the checklist, with a remark above each item that says where it comes from.
func write(list *checklist.Checklist, read *document) ([]byte, error) {
	encoded, err := yaml.Dump(list, yaml.WithIndent(2))
	if err != nil {
		return nil, fmt.Errorf("write checklist: %w", err)
	}
	remarks := make(map[string]string)
	for _, line := range read.lines() {
		for _, each := range line.Each() {
			switch each.Became {
			case BecameCheck:
				remarks[each.ID] = fmt.Sprintf("line %d: %s match with %s", each.Number, each.Confidence, each.Known)
			case BecameAttestation:
				remarks[each.ID] = fmt.Sprintf("line %d: an attestation", each.Number)
				if each.Known != "" {
					remarks[each.ID] += fmt.Sprintf("; %s match with %s", each.Confidence, each.Known)
				}
			default:
			}
		}
	}
	var out strings.Builder
	out.WriteString("# Made of a checklist in Markdown. Items of mode attest rest on a signature: give them a kind of check\n" +
		"# where there is one for it.\n")
	for line := range strings.Lines(string(encoded)) {
		indent, id, isItem := strings.Cut(line, "- id: ")
		if remark := remarks[strings.Trim(strings.TrimSpace(id), `'"`)]; isItem && remark != "" {
			out.WriteString(indent + "# " + remark + "\n")
		}
		out.WriteString(line)
	}
	return []byte(out.String()), nil
}
