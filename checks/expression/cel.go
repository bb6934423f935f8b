// Package expression judges facts by expressions that users write, for items of their own.
package expression

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// costLimit bounds the work of one expression on one fact, in CEL's own units: about a millisecond.
const costLimit = 100_000

// CELParameters are expressions in CEL (https://cel.dev) over one kind of fact. In them fact is the fact, with the fields
// that the API shows, and now is the time, which where has not; has(fact.field) tells whether something is known.
type CELParameters struct {
	// Fact is the kind of fact to judge, such as workload.
	Fact string `yaml:"fact"`
	// Where takes the facts that the item is about; empty takes all: fact.namespace == "shop".
	Where string `yaml:"where"`
	// Expression must hold for them, or the item fails.
	Expression string `yaml:"expression"`
	// Warning must hold for them, or the item warns; empty: it never does.
	Warning string `yaml:"warning"`
	// Quantifier is each, where the expression must hold for each of the facts, or at_least_one.
	Quantifier string `yaml:"quantifier"`
	// Message says what is wrong, as an expression that gives a text; empty: the expression that does not hold.
	Message string `yaml:"message"`

	facts []fact.Any
}

// The quantifiers.
const (
	quantifierEach       = "each"
	quantifierAtLeastOne = "at_least_one"
)

// A celKind is the kind "cel". What it is about follows from its parameters.
type celKind struct{ facts []fact.Any }

// CEL judges by expressions over facts of any of these kinds.
func CEL(facts []fact.Any) check.Any { return celKind{facts} }

// Describe says what the kind is.
func (c celKind) Describe() check.Description { return c.kind(CELParameters{}, nil).Describe() }

// Parameters gives a pointer to parameters without an expression.
func (c celKind) Parameters() any { return c.kind(CELParameters{}, nil).Parameters() }

// Bind fixes the parameters. They must be valid.
func (c celKind) Bind(parameters any) *check.Bound {
	p := parameters.(*CELParameters)
	programs, _ := p.compile()
	return c.kind(*p, programs).Bind(parameters)
}

func doesNotHold() check.Reason {
	return check.Reason{Name: "does_not_hold", Level: check.Fail, Sentence: "The expression does not hold."}
}

func warns() check.Reason {
	return check.Reason{Name: "warning_does_not_hold", Level: check.Warn, Sentence: "The expression that warns does not hold."}
}

func notEvaluated() check.Reason {
	return check.Reason{
		Name: "not_evaluated", Level: check.Unknown, Sentence: "The expression could not be evaluated on it.",
		Remedy: "Guard what is not always known by has(fact.field), or make the expression cheaper.",
	}
}

// kind is the kind as it is with some parameters. The programs are by the names of the parameters they stand in.
func (c celKind) kind(p CELParameters, programs map[string]cel.Program) check.Kind[CELParameters] {
	kind := check.Kind[CELParameters]{
		Name:     "cel",
		Summary:  "An expression of one's own holds for the facts that it is about.",
		Remedy:   "See what the item's page shows of the fact, and fix that.",
		Reasons:  []check.Reason{doesNotHold(), warns(), notEvaluated()},
		Defaults: CELParameters{Quantifier: quantifierEach, facts: c.facts},
		WhenEmpty: check.Reason{
			Name: "no_fact", Level: check.Undeclared, Sentence: "There is no fact that the expression is about.",
			Remedy: "Check the parameter where, and whether what it asks for is declared.",
		},
	}
	about := p.about()
	if about == nil {
		return kind
	}
	quantified := check.EachAny[CELParameters]
	if p.Quantifier == quantifierAtLeastOne {
		quantified = check.AtLeastOneAny
	}
	over := quantified(about, func(c check.Context, f any, p CELParameters) []check.Problem {
		return judge(f, p, programs, c.Now)
	})
	kind.Over = []check.Quantified[CELParameters]{over.Where(func(_ check.Context, f any, p CELParameters) bool {
		// What cannot be told is judged too, for the judgement to say so.
		taken, problem := p.takes(f, programs)
		return taken || problem != nil
	})}
	return kind
}

// about is the kind of fact that the parameters name; nil where there is none of the name.
func (p *CELParameters) about() fact.Any {
	at := slices.IndexFunc(p.facts, func(kind fact.Any) bool { return kind.KindName() == p.Fact })
	if at < 0 {
		return nil
	}
	return p.facts[at]
}

// takes tells whether the item is about a fact.
func (p *CELParameters) takes(f any, programs map[string]cel.Program) (bool, []check.Problem) {
	if p.Where == "" {
		return true, nil
	}
	return holds(programs["where"], map[string]any{"fact": f})
}

// judge evaluates the expressions on one fact.
func judge(f any, p CELParameters, programs map[string]cel.Program, now time.Time) []check.Problem {
	if _, problem := p.takes(f, programs); problem != nil {
		return problem
	}
	known := map[string]any{"fact": f, "now": now}
	for _, each := range []struct {
		parameter, text string
		reason          check.Reason
	}{{"expression", p.Expression, doesNotHold()}, {"warning", p.Warning, warns()}} {
		if each.text == "" {
			continue
		}
		held, problem := holds(programs[each.parameter], known)
		switch {
		case problem != nil:
			return problem
		case !held:
			return []check.Problem{each.reason.Problem(message(programs["message"], known, each.text))}
		}
	}
	return nil
}

// holds evaluates an expression that says yes or no.
func holds(program cel.Program, known map[string]any) (bool, []check.Problem) {
	value, _, err := program.Eval(known)
	if err != nil {
		return false, []check.Problem{notEvaluated().Problem("The expression cannot be evaluated: " + err.Error() + ".")}
	}
	return value.Value() == true, nil
}

// message says what is wrong: what the user's own expression gives, else the expression that does not hold.
func message(program cel.Program, known map[string]any, expression string) string {
	if program != nil {
		if value, _, err := program.Eval(known); err == nil {
			return fmt.Sprint(value.Value())
		}
	}
	return "This does not hold: " + strings.Join(strings.Fields(expression), " ")
}

// Validate finds every mistake in the expressions, with its place in them.
func (p *CELParameters) Validate() error {
	_, err := p.compile()
	if p.Quantifier != quantifierEach && p.Quantifier != quantifierAtLeastOne {
		err = errors.Join(err, &check.ParameterError{
			Parameter: "quantifier",
			Message:   fmt.Sprintf("quantifier %q: expected %s or %s", p.Quantifier, quantifierEach, quantifierAtLeastOne),
		})
	}
	return err
}

// compile checks the expressions against the types of the fact's fields, and makes programs of them.
func (p *CELParameters) compile() (map[string]cel.Program, error) {
	about := p.about()
	if about == nil {
		return nil, &check.ParameterError{Parameter: "fact", Message: fmt.Sprintf("fact %q: expected one of %s", p.Fact, p.factNames())}
	}
	structure := reflect.TypeOf(about.Zero()).Elem()
	env, err := cel.NewEnv(
		ext.NativeTypes(structure, ext.ParseStructTag("json")), ext.Strings(), ext.Math(), ext.Sets(), ext.Lists(),
		cel.CrossTypeNumericComparisons(true), cel.OptionalTypes(),
		cel.Variable("fact", cel.ObjectType(structure.String())))
	if err != nil {
		return nil, fmt.Errorf("prepare expressions over %s: %w", p.Fact, err)
	}
	timed, err := env.Extend(cel.Variable("now", cel.TimestampType))
	if err != nil {
		return nil, fmt.Errorf("prepare expressions over %s: %w", p.Fact, err)
	}
	if p.Expression == "" {
		err = &check.ParameterError{Parameter: "expression", Message: "expression is missing"}
	}
	programs := make(map[string]cel.Program)
	for _, each := range []struct {
		parameter, text string
		env             *cel.Env
		gives           *cel.Type
	}{
		{"where", p.Where, env, cel.BoolType}, {"expression", p.Expression, timed, cel.BoolType},
		{"warning", p.Warning, timed, cel.BoolType}, {"message", p.Message, timed, cel.StringType},
	} {
		if each.text == "" {
			continue
		}
		program, mistake := compile(each.env, each.parameter, each.text, each.gives)
		programs[each.parameter], err = program, errors.Join(err, mistake)
	}
	return programs, err
}

func (p *CELParameters) factNames() string {
	var names []string
	for _, kind := range p.facts {
		names = append(names, kind.KindName())
	}
	return strings.Join(names, ", ")
}

// compile makes a program of one expression. Its mistakes are placed within it.
func compile(env *cel.Env, parameter, text string, gives *cel.Type) (cel.Program, error) {
	ast, issues := env.Compile(text)
	if issues.Err() != nil {
		var err error
		for _, each := range issues.Errors() {
			err = errors.Join(err, &check.ParameterError{
				Parameter: parameter, Line: each.Location.Line(), Column: each.Location.Column() + 1, Message: each.Message,
			})
		}
		return nil, err
	}
	if !ast.OutputType().IsExactType(gives) && !ast.OutputType().IsExactType(cel.DynType) {
		return nil, &check.ParameterError{
			Parameter: parameter, Message: fmt.Sprintf("%s gives %s: expected %s", parameter, ast.OutputType(), gives),
		}
	}
	program, err := env.Program(ast, cel.CostLimit(costLimit))
	if err != nil {
		return nil, &check.ParameterError{Parameter: parameter, Message: err.Error()}
	}
	return program, nil
}
