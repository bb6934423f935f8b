package config

import (
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// A binder makes the clauses of one item: kinds of check with the parameters of the checklist, then of the system.
type binder struct {
	*loader
	written writtenItem
	item    check.ItemRef
	all     []check.ItemRef // that the item's parameters can select
	main    *checklist.Clause
	// own are the system's parameters of the main clause, byKind those of the others; ownDocument is where they stand.
	ownDocument *document
	ownPath     []any // of the item under checks
	own         yaml.Node
	byKind      map[string]yaml.Node
}

// newBinder notes parameters that the system gives to clauses that are not there.
func newBinder(l *loader, described describedSystem, written writtenItem, item *assess.Item, all []check.ItemRef) *binder {
	override := described.Checks[item.Item.ID]
	b := &binder{
		loader: l, written: written, item: referenceTo(item), all: all, main: item.Item.Main(),
		ownDocument: described.doc, ownPath: mistake.At(described.path, "checks", item.Item.ID),
		own: override.Parameters, byKind: override.Clauses,
	}
	var kinds []string
	for leaf := range item.Item.Leaves() {
		if leaf.IsSupported() {
			kinds = append(kinds, leaf.Kind)
		}
	}
	if b.own.Kind != 0 && b.main != nil && !b.main.IsSupported() {
		l.mistake(described.doc, mistake.At(b.ownPath, "parameters"),
			"kind %q is not supported yet: expected clauses with parameters of %s", b.main.Kind, join(kinds))
	}
	for _, kind := range sortedKeys(b.byKind) {
		if !slices.Contains(kinds, kind) {
			l.mistake(described.doc, mistake.At(b.ownPath, "clauses", kind),
				"item %q has no clause of kind %q: expected one of %s", item.Item.ID, kind, join(kinds))
		}
	}
	return b
}

func referenceTo(item *assess.Item) check.ItemRef {
	return check.ItemRef{
		ID: item.Item.ID, Section: item.Section.ID, Category: item.Category.ID, Severity: string(item.Severity),
	}
}

// clause makes a clause that stands at a path of the checklist, without what this version does not support. It is empty
// where something is wrong with it.
func (b *binder) clause(c *checklist.Clause, path []any) check.Clause {
	if kind := b.kinds[c.Kind]; kind != nil {
		return check.Clause{Bound: b.bind(kind, c, path)}
	}
	var made check.Clause
	for _, list := range c.Lists() {
		made.Operator = check.Operator(list.Key)
		for i := range list.Clauses {
			if each := &list.Clauses[i]; each.IsSupported() {
				made.Clauses = append(made.Clauses, b.clause(each, mistake.At(path, list.Key, i)))
			}
		}
	}
	return made
}

// A layer is parameters that someone has written.
type layer struct {
	doc  *document
	path []any
	node yaml.Node
}

// layers are the parameters of a clause, each to be laid over those before.
func (b *binder) layers(c *checklist.Clause, path []any) []layer {
	all := []layer{{b.written.doc, mistake.At(path, "parameters"), c.Parameters}}
	if c == b.main {
		all = append(all, layer{b.ownDocument, mistake.At(b.ownPath, "parameters"), b.own})
	}
	all = append(all, layer{b.ownDocument, mistake.At(b.ownPath, "clauses", c.Kind), b.byKind[c.Kind]})
	return slices.DeleteFunc(all, func(l layer) bool { return l.node.Kind == 0 })
}

// bind decodes the parameters of a clause over its kind's defaults.
func (b *binder) bind(kind check.Any, c *checklist.Clause, path []any) *check.Bound {
	parameters := kind.Parameters()
	layers := b.layers(c, path)
	good := true
	for _, each := range layers {
		good = b.decode(each, parameters) && good
	}
	if !good {
		return nil
	}
	if err := b.fit(parameters); err != nil {
		for _, each := range mistakesOf(err) {
			b.parameterMistake(blamed(layers, each.Parameter, layer{doc: b.written.doc, path: path}), each)
		}
		return nil
	}
	return kind.Bind(parameters)
}

// fit lets parameters find what is wrong with them, alone and in the checklist.
func (b *binder) fit(parameters any) error {
	if validated, can := parameters.(interface{ Validate() error }); can {
		if err := validated.Validate(); err != nil {
			return err
		}
	}
	if composer, can := parameters.(check.Composer); can {
		return composer.Compose(b.item, b.all)
	}
	return nil
}

// blamed is the last layer that has a parameter, or the last that the system wrote: what stands in the built-in checklist
// is good by itself. Where there is none, it is the clause itself.
func blamed(layers []layer, parameter string, otherwise layer) layer {
	for _, each := range slices.Backward(layers) {
		if parameter == "" || each.doc.has(mistake.At(each.path, parameter)) && each.doc.file != productionFile {
			return each
		}
	}
	if len(layers) > 0 {
		return layers[len(layers)-1]
	}
	return otherwise
}

// mistakesOf splits what validating parameters found.
func mistakesOf(err error) []*check.ParameterError {
	if several, joined := err.(interface{ Unwrap() []error }); joined {
		var found []*check.ParameterError
		for _, each := range several.Unwrap() {
			found = append(found, mistakesOf(each)...)
		}
		return found
	}
	var one *check.ParameterError
	if errors.As(err, &one) {
		return []*check.ParameterError{one}
	}
	return []*check.ParameterError{{Message: err.Error()}}
}

func (l *loader) parameterMistake(in layer, found *check.ParameterError) {
	path := in.path
	if found.Parameter != "" {
		path = mistake.At(path, found.Parameter)
	}
	// What it is said of may stand elsewhere.
	if !strings.HasPrefix(found.Message, found.Parameter) && !in.doc.has(path) {
		found = &check.ParameterError{Parameter: found.Parameter, Message: found.Parameter + " " + found.Message}
	}
	// What a kind says of a parameter may repeat it; that it is wrong is all that anybody may know.
	if found.Line == 0 {
		l.addOnce(Errors{in.doc.place(mistake.Mistake{Path: path, Message: found.Message})})
		return
	}
	l.addOnce(Errors{in.doc.within(path, found.Line, found.Column, found.Message)})
}

// decode reads parameters strictly; it tells whether it could.
func (l *loader) decode(from layer, into any) bool {
	node := &from.node
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node.Kind != yaml.MappingNode {
		l.mistake(from.doc, from.path, "parameters: expected names with values")
		return false
	}
	errs := from.doc.decode(node, into)
	l.addOnce(errs)
	return len(errs) == 0
}

// addOnce notes mistakes of a checklist's item once, however many systems run it.
func (l *loader) addOnce(errs Errors) {
	for _, err := range errs {
		if !slices.Contains(l.errors, err) {
			l.errors = append(l.errors, err)
		}
	}
}
