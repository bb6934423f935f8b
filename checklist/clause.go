package checklist

import (
	"fmt"
	"iter"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// AttestationKind is the kind of check that a person's signature satisfies.
const AttestationKind = "attestation"

// A Clause is what an item asks: a kind of check with its parameters, or exactly one list of clauses.
type Clause struct {
	// Kind names the kind of check that judges it.
	Kind string `yaml:"kind,omitempty"`
	// Parameters are the kind's. They are kept as they were written, since only the kind knows what they mean; what is
	// left out is as the kind says.
	Parameters yaml.Node `yaml:"parameters,omitempty"`
	// AllOf are clauses that must all hold.
	AllOf []Clause `yaml:"all_of,omitempty"`
	// AnyOf are clauses of which one that holds is enough.
	AnyOf []Clause `yaml:"any_of,omitempty"`
	// FirstOf are clauses of which the first that has data decides.
	FirstOf []Clause `yaml:"first_of,omitempty"`
	// Supported: whether this version can judge the clause; default: true. In any_of and first_of, one that is not
	// supported is left out while others remain; in all_of, it makes the whole list unsupported.
	Supported *bool `yaml:"supported,omitempty"`
}

// A ClauseList is one of a clause's lists, with the key that it is written under.
type ClauseList struct {
	Key     string
	Clauses []Clause
}

// Lists gives the lists that are written, in the order of their keys in the reference.
func (c *Clause) Lists() (lists []ClauseList) {
	for _, list := range []ClauseList{{"all_of", c.AllOf}, {"any_of", c.AnyOf}, {"first_of", c.FirstOf}} {
		if len(list.Clauses) > 0 {
			lists = append(lists, list)
		}
	}
	return lists
}

// Leaves gives every clause with a kind that this one is made of, in their order, whether supported or not.
func (c *Clause) Leaves() iter.Seq[*Clause] {
	return func(yield func(*Clause) bool) { c.each(yield) }
}

func (c *Clause) each(yield func(*Clause) bool) bool {
	if c.Kind != "" && !yield(c) {
		return false
	}
	for _, list := range c.Lists() {
		for i := range list.Clauses {
			if !list.Clauses[i].each(yield) {
				return false
			}
		}
	}
	return true
}

// Main is the first clause with a kind that is no attestation, or else the first attestation; nil where there is none.
func (c *Clause) Main() (main *Clause) {
	for leaf := range c.Leaves() {
		if leaf.Kind != AttestationKind {
			return leaf
		}
		if main == nil {
			main = leaf
		}
	}
	return main
}

// MainKind is the kind of Main; empty where there is none.
func (c *Clause) MainKind() string {
	if main := c.Main(); main != nil {
		return main.Kind
	}
	return ""
}

// Attested tells whether a signature is among what is asked.
func (c *Clause) Attested() bool {
	for leaf := range c.Leaves() {
		if leaf.Kind == AttestationKind {
			return true
		}
	}
	return false
}

// IsSupported tells whether this version can judge the clause.
func (c *Clause) IsSupported() bool {
	if c.Supported != nil && !*c.Supported {
		return false
	}
	for _, list := range c.Lists() {
		supported := 0
		for i := range list.Clauses {
			if list.Clauses[i].IsSupported() {
				supported++
			}
		}
		if supported == 0 || list.Key == "all_of" && supported < len(list.Clauses) {
			return false
		}
	}
	return true
}

// validate gives what is wrong with how a clause is written.
func (c *Clause) validate(list *mistake.List, path []any) {
	lists := c.Lists()
	asked := len(lists)
	if c.Kind != "" {
		asked++
	}
	if asked != 1 {
		list.Add(path, "expected exactly one of kind, all_of, any_of and first_of")
	}
	if c.Kind != "" && !validKind.MatchString(c.Kind) {
		list.Add(mistake.At(path, "kind"), "kind %q: expected lower-case words joined by '_'", c.Kind)
	}
	at := mistake.At(path, "parameters")
	switch {
	case c.Parameters.IsZero():
	case c.Kind == "":
		list.Add(at, "parameters belong to a kind, and there is none here")
	case !isMapping(c.Parameters):
		list.Add(at, "parameters: expected names with values")
	}
	for _, each := range lists {
		for i := range each.Clauses {
			each.Clauses[i].validate(list, mistake.At(path, each.Key, i))
		}
	}
}

func isMapping(node yaml.Node) bool {
	if node.Kind == yaml.AliasNode {
		node = *node.Alias
	}
	return node.Kind == yaml.MappingNode
}

// A Reference names a checklist, and pins its version or not.
type Reference struct {
	Name    string
	Version int // items that are newer do not count; 0: all count
}

// ParseReference reads NAME or NAME@VERSION.
func ParseReference(text string) (Reference, error) {
	name, pinned, isPinned := strings.Cut(text, "@")
	if !isPinned {
		return Reference{Name: name}, nil
	}
	version, err := strconv.Atoi(pinned)
	if err != nil || version < 1 {
		return Reference{}, fmt.Errorf("%q: expected a name, or a name with a version, like production@1", text)
	}
	return Reference{Name: name, Version: version}, nil
}
