// Package jsonrule judges JSON by expressions in CEL (https://cel.dev) in which body is the document.
package jsonrule

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"

	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// What bounds the work of an expression: how long it may be, how large what matches is compiled to may be, and in units of which a
// comparison of two numbers takes one.
const (
	longestExpression     = 2000
	expressionDepth       = 50
	expressionNodes       = 1000
	regularExpressionSize = 1000
	costLimit             = 1_000_000
	checkEvery            = 1000
)

// A Rule is an expression that says yes or no of a document.
type Rule struct {
	text    string
	program cel.Program
}

// Compile reads an expression.
func Compile(text string) (*Rule, error) {
	env, err := cel.NewEnv(
		ext.Strings(), ext.Sets(), ext.Lists(ext.ListsMaxRangeSize(costLimit)), cel.CrossTypeNumericComparisons(true), cel.OptionalTypes(),
		cel.ParserExpressionSizeLimit(longestExpression), cel.ParserRecursionLimit(expressionDepth),
		cel.ExpressionNodeLimit(expressionNodes), cel.RegexProgramSizeLimit(regularExpressionSize),
		cel.Variable("body", cel.DynType))
	if err != nil {
		return nil, fmt.Errorf("prepare expressions over JSON: %w", err)
	}
	checked, issues := env.Compile(text)
	if issues.Err() != nil {
		return nil, errors.New(words.Excerpt(issues.Err().Error()))
	}
	if kind := checked.OutputType(); !kind.IsExactType(cel.BoolType) && !kind.IsExactType(cel.DynType) {
		return nil, fmt.Errorf("it gives %s, and not yes or no", kind)
	}
	program, err := env.Program(checked, cel.CostLimit(costLimit), cel.InterruptCheckFrequency(checkEvery))
	if err != nil {
		return nil, errors.New(words.Excerpt(err.Error()))
	}
	return &Rule{text: text, program: program}, nil
}

// String is the expression.
func (r *Rule) String() string { return r.text }

// Holds tells whether the expression holds of a document. The error says why that cannot be told: it is no JSON, or has nothing of
// a name in the expression.
func (r *Rule) Holds(ctx context.Context, document []byte) (bool, error) {
	var body any
	decoder := json.NewDecoder(bytes.NewReader(document))
	if err := decoder.Decode(&body); err != nil {
		return false, fmt.Errorf("it is no JSON: %s", words.Excerpt(err.Error()))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return false, errors.New("it is no JSON: more follows the document")
	}
	value, _, err := r.program.ContextEval(ctx, map[string]any{"body": body})
	switch {
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case err != nil:
		return false, errors.New(words.Excerpt(err.Error()))
	}
	held, is := value.Value().(bool)
	if !is {
		return false, errors.New("the expression gives neither yes nor no")
	}
	return held, nil
}
