package check

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Kind is one way of judging facts. A clause of a checklist's item is a kind with parameters.
type Kind[P any] struct {
	Name     string // snake_case, unique: "certificate_renewal"
	Summary  string // one sentence: what holds when it passes
	Remedy   string // how to fix what it finds, for reasons that do not say better
	Reasons  []Reason
	Defaults P
	// Over are the kinds of fact that it judges, each with how verdicts on single facts become one.
	Over []Quantified[P]
	// With are further kinds of fact that it reads.
	With []Input
	// Reads tells whether a check with these parameters reads those, where there is something to judge; nil: always.
	Reads func(P) bool
	// WhenEmpty is the reason when all that it judges was collected, and there is nothing with which judging finds fault:
	// its level is Fail where there ought to be something, Undeclared where there need not be. Its sentence is the
	// problem's detail.
	WhenEmpty Reason
	// Declared tells whether what must be declared is; nil: nothing must be. Declare says what to declare where it is not.
	Declared func(*system.System, P) bool
	Declare  string
	// Requests are what must be collected beyond what the system description names; nil: nothing.
	Requests func(P) []fact.Request
	// After names the items whose results it judges; nil: none.
	After func(P) []string
}

// An Input is a kind of fact that a check reads without judging it. What is unavailable of it makes the check unknown,
// unless it is optional.
type Input struct {
	kind     fact.Any
	topics   []string
	optional bool
}

// Reading names a kind of fact that a check reads by Read, with the topics that it needs; none: all.
func Reading(kind fact.Any, topics ...string) Input { return Input{kind: kind, topics: topics} }

// Optional is an input of which what is unavailable changes nothing: what is known of it can only find further fault.
func (i Input) Optional() Input {
	i.optional = true
	return i
}

// A Context is what a check may know beside the facts that it judges and its parameters.
type Context struct {
	Now    time.Time
	System *system.System
	Item   string // the id of the item that is judged

	view   fact.View
	inputs []Input
}

// NewContext makes the context in which an item is judged.
func NewContext(view fact.View, s *system.System, item string, now time.Time) Context {
	return Context{Now: now, System: s, Item: item, view: view}
}

// Read gives the facts of a kind that the check names in With.
func Read[F any](c Context, kind *fact.Kind[F]) []*F {
	for _, input := range c.inputs {
		if input.kind.KindName() != kind.Name {
			continue
		}
		var facts []*F
		for set := range fact.Of(c.view, kind, input.topics) {
			if set != nil {
				facts = append(facts, set.Facts...)
			}
		}
		return facts
	}
	panic("the check does not name " + kind.Name + " in With")
}

// Lacking gives why something is unavailable of a kind that the check names in With, as far as it is concerned with that; nil where all was
// collected. That of which nothing is known concerns it always. An input of which it asks that is better optional.
func Lacking[F any](c Context, kind *fact.Kind[F], concerned func(known *F) bool) *fact.Gap {
	for _, input := range c.inputs {
		if input.kind.KindName() != kind.Name {
			continue
		}
		for set, pending := range c.view.Sets(kind.Name, input.topics) {
			if pending != nil {
				return pending
			}
			lacking := set.(part[*F])
			for i := range lacking.Lacking() {
				if known, isKnown, gap := lacking.Gap(i); concerns(gap.Topic, input.topics) && (!isKnown || concerned(known)) {
					return &gap
				}
			}
		}
	}
	return nil
}

// CollectedAt tells when each fact of a kind was collected, by the clock of this machine.
func CollectedAt[F any](c Context, kind *fact.Kind[F]) map[*F]time.Time {
	collected := make(map[*F]time.Time)
	for set, at := range c.view.Collected(kind.Name) {
		for _, each := range kind.Typed(set).Facts {
			collected[each] = at
		}
	}
	return collected
}

// Count is how many facts of a kind there are, whatever an item is about.
func (c Context) Count(kind fact.Any) (count int) {
	for set := range c.view.Sets(kind.KindName(), []string{}) {
		if set != nil {
			count += set.Len()
		}
	}
	return count
}

// Description is what documents, metrics and pages say of a kind.
type Description struct {
	Name, Summary, Remedy string
	Reasons               []Reason
	FactKinds             []string // that it judges
	Inputs                []string // further kinds of fact that it reads
	WhenEmpty             Reason
	Declare               string // what must be declared; empty: nothing
	Defaults              any    // the parameter struct
}

// Any is a Kind whose types are hidden.
type Any interface {
	// Describe says what the kind is.
	Describe() Description
	// Parameters gives a pointer to a copy of the defaults, to decode a configuration into.
	Parameters() any
	// Bind fixes the parameters, which must come from Parameters.
	Bind(parameters any) *Bound
}

// A Bound is a kind with its parameters.
type Bound struct {
	Description
	Parameters any        // pointer to the parameter struct
	Needs      fact.Needs // what must be collected for it
	After      []string   // the items whose results it judges

	judge func(c Context) ([]Problem, int)
	facts func(c Context) []any
}

// Facts are those that an item is about, as pointers, in the order in which they were collected; none where choosing them
// shows a defect of the check, of which judging tells.
func (b *Bound) Facts(c Context) (facts []any) {
	defer func() {
		if recover() != nil {
			facts = nil
		}
	}()
	return b.facts(c)
}

// judgeSafely turns a panic into a problem: one odd fact that shows a defect of one check must not end all the others.
func (b *Bound) judgeSafely(c Context) (problems []Problem, facts int) {
	defer func() {
		if cause := recover(); cause != nil {
			problems = []Problem{unavailable(fact.Gap{
				Reason: fact.ReasonPanic, Detail: fmt.Sprintf("the check %s panicked: %v", b.Name, cause),
			})}
			facts = 0
		}
	}()
	return b.judge(c)
}

// Describe says what the kind is.
func (k Kind[P]) Describe() Description {
	description := Description{
		Name: k.Name, Summary: k.Summary, Remedy: k.Remedy, Reasons: k.Reasons,
		WhenEmpty: k.WhenEmpty, Declare: k.Declare, Defaults: k.Defaults,
	}
	for _, over := range k.Over {
		description.FactKinds = append(description.FactKinds, over.about().KindName())
	}
	for _, input := range k.With {
		description.Inputs = append(description.Inputs, input.kind.KindName())
	}
	return description
}

// Parameters gives a pointer to a copy of the defaults.
func (k Kind[P]) Parameters() any {
	parameters := k.Defaults
	return &parameters
}

// Bind fixes the parameters.
func (k Kind[P]) Bind(parameters any) *Bound {
	p := *parameters.(*P)
	bound := &Bound{Description: k.Describe(), Parameters: parameters}
	judged := make([]over, len(k.Over))
	for i, each := range k.Over {
		judged[i] = each.bind(p)
		bound.Needs.Add(each.about().KindName(), judged[i].topics())
	}
	for _, input := range k.inputs(p) {
		bound.Needs.Add(input.kind.KindName(), input.topics)
	}
	if k.Requests != nil {
		bound.Needs.Request(k.Requests(p)...)
	}
	if k.After != nil {
		bound.After = k.After(p)
	}
	bound.judge = func(c Context) ([]Problem, int) { return k.judge(c, p, judged) }
	bound.facts = func(c Context) (facts []any) {
		for _, each := range judged {
			facts = append(facts, each.facts(c)...)
		}
		return facts
	}
	return bound
}

// judge gives the problems, and how many facts were judged.
func (k Kind[P]) judge(c Context, p P, judged []over) ([]Problem, int) {
	if k.Declared != nil && !k.Declared(c.System, p) {
		return []Problem{notDeclared(k.Declare).Problem(k.Declare)}, 0
	}
	c.inputs = k.inputs(p)
	var sum tally
	targets := false
	for _, each := range judged {
		if !c.view.HasTarget(each.about().KindName()) {
			continue
		}
		targets = true
		sum.add(each.judge(c))
	}
	empty := !targets || sum.facts == 0 && Worst(sum.problems).Ready()
	if empty && (!targets || k.WhenEmpty.Level == Undeclared) {
		if gap := k.undiscovered(c, judged); gap != nil {
			return []Problem{unavailable(*gap)}, 0 // There may be something yet.
		}
	}
	if !targets {
		problem := noTarget().Problem(noTarget().Sentence)
		if k.WhenEmpty.Level == Undeclared && k.WhenEmpty.Remedy != "" {
			problem.Remedy = k.WhenEmpty.Remedy // how to declare it, more closely
		}
		return []Problem{problem}, 0
	}
	if !empty || k.Reads == nil { // What is read at need is not needed for nothing.
		k.missing(c, c.inputs, &sum)
	}
	if sum.facts == 0 && Worst(sum.problems).Ready() {
		sum.problems = []Problem{k.WhenEmpty.Problem(k.WhenEmpty.Sentence)}
	}
	for i := range sum.problems {
		sum.problems[i].absence = false
		if sum.problems[i].Remedy == "" {
			sum.problems[i].Remedy = k.Remedy
		}
	}
	return sum.problems, sum.facts
}

// inputs are the kinds of fact that a check with these parameters only reads.
func (k Kind[P]) inputs(p P) []Input {
	if k.Reads != nil && !k.Reads(p) {
		return nil
	}
	return k.With
}

// undiscovered tells why it is not known yet whether there is anything to judge beside what is declared; nil where it is known.
func (k Kind[P]) undiscovered(c Context, judged []over) *fact.Gap {
	for _, each := range judged {
		kind := each.about().KindName()
		if known, gap := c.view.Undiscovered(kind); gap != nil && c.System.Discovery.Seeks(kind) && each.awaits(c, known) {
			return gap
		}
	}
	return nil
}

// missing adds what is unavailable of the kinds that the check only reads.
func (k Kind[P]) missing(c Context, inputs []Input, sum *tally) {
	for _, input := range inputs {
		if input.optional {
			continue
		}
		all := boundOver[any, P]{Over: &Over[any, P]{source: untyped(input.kind)}, needed: input.topics}
		all.scan(c, func(any) {}, func(_ any, _ bool, gap *fact.Gap) {
			if gap != nil {
				sum.lack(*gap)
			}
		})
	}
}

// AllReasons are the kind's own reasons and the common ones that its items can have.
func (d Description) AllReasons() []Reason {
	all := append(make([]Reason, 0, len(d.Reasons)+4), d.Reasons...)
	if d.WhenEmpty.Name != "" {
		all = append(all, d.WhenEmpty)
	}
	if d.Declare != "" {
		all = append(all, notDeclared(d.Declare))
	}
	return append(all, notCollected(), noTarget())
}
