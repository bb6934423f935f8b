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
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/ext"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// What bounds the work of expressions, in units of which a comparison of two numbers takes one.
const (
	// judgementLimit is for one expression on all facts of a kind together: about a second.
	judgementLimit = 10_000_000
	// costLimit is for one expression on one fact, leastLimit is what each has however many facts there are.
	costLimit  = 100_000
	leastLimit = 1_000
	// expressionCharacters, expressionNodes and expressionDepth are how large an expression may be: checking its types takes
	// the third power of its depth.
	expressionCharacters = 10_000
	expressionNodes      = 5_000
	expressionDepth      = 100
	// regularExpressionSize is how large what matches is compiled to may be.
	regularExpressionSize = 1_000
	// detailCharacters is how much of what an expression gives is shown.
	detailCharacters = 500
)

// limits are those that a fact can have, the more facts there are the less.
func limits() []uint64 { return []uint64{costLimit, costLimit / 10, leastLimit} }

// limitFor is the place in limits of the one by which so many facts are judged.
func limitFor(facts int) int {
	all := limits()
	for i, limit := range all {
		if uint64(max(0, facts))*limit <= judgementLimit {
			return i
		}
	}
	return len(all) - 1
}

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
	Quantifier Quantifier `yaml:"quantifier"`
	// Topics are the parts of the facts that the expressions need beside what is declared, such as pods: without one of them the
	// item is unknown. Without the parameter, all; [] where what is declared is enough, as in manifests.
	Topics []string `yaml:"topics"`
	// Message says what is wrong, as an expression that gives a text; empty: the expression that does not hold.
	Message string `yaml:"message"`

	facts []fact.Any
}

// The quantifiers.
const (
	quantifierEach       = "each"
	quantifierAtLeastOne = "at_least_one"
)

// A Quantifier says how many of the facts an expression must hold for.
type Quantifier = quantity.Choice[quantifiers]

type quantifiers struct{}

// Values lists them.
func (quantifiers) Values() []string { return []string{quantifierEach, quantifierAtLeastOne} }

// programs are the expressions by the names of the parameters they stand in, once for each of limits.
type programs []map[string]cel.Program

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

// kind is the kind as it is with some parameters.
func (c celKind) kind(p CELParameters, all programs) check.Kind[CELParameters] {
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
		return judge(f, p, all[limitFor(c.Count(about))], c.Now)
	})
	over.Where(func(c check.Context, f any, p CELParameters) bool {
		// What cannot be told is judged too, for the judgement to say so.
		taken, problem := p.takes(f, all[limitFor(c.Count(about))])
		return taken || problem != nil
	})
	if p.Topics != nil {
		over.Needs(p.Topics...)
	}
	kind.Over = []check.Quantified[CELParameters]{over}
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
		said := words.Clip(err.Error(), detailCharacters)
		return false, []check.Problem{notEvaluated().Problem("The expression cannot be evaluated: " + said + ".")}
	}
	return value.Value() == true, nil
}

// message says what is wrong: what the user's own expression gives, else the expression that does not hold.
func message(program cel.Program, known map[string]any, expression string) string {
	if program != nil {
		if value, _, err := program.Eval(known); err == nil {
			return words.Clip(fmt.Sprint(value.Value()), detailCharacters)
		}
	}
	return "This does not hold: " + words.Clip(strings.Join(strings.Fields(expression), " "), detailCharacters)
}

// Validate finds every mistake in the expressions, with its place in them.
func (p *CELParameters) Validate() error {
	_, err := p.compile()
	return err
}

// compile checks the expressions against the types of the fact's fields, and makes programs of them.
func (p *CELParameters) compile() (programs, error) {
	about := p.about()
	if about == nil {
		return nil, &check.ParameterError{Parameter: "fact", Message: fmt.Sprintf("fact %q: expected one of %s", p.Fact, p.factNames())}
	}
	structure := reflect.TypeOf(about.Zero()).Elem()
	env, err := cel.NewEnv(
		ext.NativeTypes(structure, ext.ParseStructTag("json")), ext.Strings(), ext.Math(), ext.Sets(),
		ext.Lists(ext.ListsMaxRangeSize(costLimit)),
		cel.CrossTypeNumericComparisons(true), cel.OptionalTypes(), cel.ParserExpressionSizeLimit(expressionCharacters),
		cel.ParserRecursionLimit(expressionDepth), cel.ExpressionNodeLimit(expressionNodes),
		cel.RegexProgramSizeLimit(regularExpressionSize),
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
	all := make(programs, len(limits()))
	options := make([][]cel.ProgramOption, len(all))
	for i, limit := range limits() {
		all[i] = make(map[string]cel.Program)
		bounds, mistake := bounded(env, limit)
		options[i], err = bounds, errors.Join(err, mistake)
	}
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
		err = errors.Join(err, all.compile(each.env, options, each.parameter, each.text, each.gives))
	}
	return all, err
}

func (p *CELParameters) factNames() string {
	var names []string
	for _, kind := range p.facts {
		names = append(names, kind.KindName())
	}
	return strings.Join(names, ", ")
}

// compile makes programs of one expression. Its mistakes are placed within it.
func (all programs) compile(env *cel.Env, options [][]cel.ProgramOption, parameter, text string, gives *cel.Type) error {
	ast, issues := env.Compile(text)
	if issues.Err() != nil {
		var err error
		for _, each := range issues.Errors() {
			err = errors.Join(err, &check.ParameterError{
				Parameter: parameter, Line: each.Location.Line(), Column: each.Location.Column() + 1, Message: each.Message,
			})
		}
		return err
	}
	if !ast.OutputType().IsExactType(gives) && !ast.OutputType().IsExactType(cel.DynType) {
		return check.Wrong(parameter, "%s gives %s: expected %s", parameter, ast.OutputType(), gives)
	}
	if least, err := env.EstimateCost(ast, unknownSizes{}); err != nil || least.Min > costLimit {
		return check.Wrong(parameter, "%s takes %d units of work at least: expected at most %d", parameter, least.Min, costLimit)
	}
	for i := range all {
		var err error
		if all[i][parameter], err = env.Program(ast, options[i]...); err != nil {
			return check.Wrong(parameter, "%v: expected an expression that can be evaluated", err)
		}
	}
	return nil
}

// unknownSizes estimates nothing: what facts have is known when they are judged.
type unknownSizes struct{}

// EstimateSize knows no size.
func (unknownSizes) EstimateSize(cost.AstNode) *cost.SizeEstimate { return nil }

// EstimateCallCost leaves the estimate to CEL.
func (unknownSizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}
