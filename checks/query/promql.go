// Package query judges what the queries of items came to.
package query

import (
	"errors"
	"fmt"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// PromQLParameters are expressions for a Prometheus to evaluate.
type PromQLParameters struct {
	// Prometheus is the name under which the system description declares the server.
	Prometheus string `yaml:"prometheus"`
	// Expression returns what is wrong, as that of an alert does: each series that it returns is a problem.
	Expression string `yaml:"expression"`
	// Require must return something, or nothing is measured by which Expression could tell: the series that Expression
	// compares, without the comparison.
	Require string `yaml:"require"`
	// Message says what is wrong with a series, as a sentence; empty: that the expression returns it.
	Message string `yaml:"message"`
}

// Validate says which parameters are missing or make no sense.
func (p PromQLParameters) Validate() error {
	var wrong []error
	missing := func(parameter, value, expected string) {
		if strings.TrimSpace(value) == "" {
			wrong = append(wrong, &check.ParameterError{Parameter: parameter, Message: "expected " + expected})
		}
	}
	missing("prometheus", p.Prometheus, "the name of a declared Prometheus")
	missing("expression", p.Expression, "an expression that returns what is wrong")
	missing("require", p.Require, "an expression that returns something as long as there is something to measure")
	if p.Require != "" && p.Require == p.Expression {
		wrong = append(wrong, &check.ParameterError{
			Parameter: "require", Message: "expected another expression: the item could never pass",
		})
	}
	return errors.Join(wrong...)
}

func (p PromQLParameters) wrong() fact.Query {
	return fact.Query{Prometheus: p.Prometheus, Expression: p.Expression}
}

func (p PromQLParameters) required() fact.Query {
	return fact.Query{Prometheus: p.Prometheus, Expression: p.Require}
}

func returned() check.Reason {
	return check.Reason{Name: "returned", Level: check.Fail, Sentence: "The expression returns a series, and it returns what is wrong."}
}

func notMeasured() check.Reason {
	return check.Reason{
		Name: "not_measured", Level: check.Unknown, Sentence: "The required expression returns nothing, so that nothing is measured.",
		Remedy: "Have Prometheus scrape what the required expression is about, or correct the expression.",
	}
}

// PromQL judges what two expressions came to: the one returns nothing, and the other something.
func PromQL() check.Kind[PromQLParameters] {
	return check.Kind[PromQLParameters]{
		Name:    "promql",
		Summary: "A PromQL expression that returns what is wrong returns nothing, and what it is about is measured.",
		Remedy:  "Evaluate the expression in Prometheus, and fix what it returns.",
		Reasons: []check.Reason{returned(), notMeasured()},
		Over: []check.Quantified[PromQLParameters]{
			check.Each(fact.QueryResults(), judge).
				Where(func(_ check.Context, r *fact.QueryResult, p PromQLParameters) bool { return p.concern(r) }).
				Known(func(r *fact.QueryResult, p PromQLParameters) bool { return r.Expression == "" || p.concern(r) }),
		},
		WhenEmpty: check.Reason{
			Name: "not_asked", Level: check.Undeclared, Sentence: "Prometheus has not been asked for the expressions of the item.",
			Remedy: "Name the Prometheus as the system description declares it.",
		},
		Declared: func(s *system.System, p PromQLParameters) bool {
			for _, server := range s.Prometheus {
				if server.Name == p.Prometheus {
					return true
				}
			}
			return false
		},
		Declare:  "Declare the Prometheus that the item names, with its URL, under prometheus in the system description.",
		Requests: func(p PromQLParameters) []fact.Request { return []fact.Request{p.wrong(), p.required()} },
	}
}

// concern tells whether a result is that of one of the expressions.
func (p PromQLParameters) concern(r *fact.QueryResult) bool {
	return r.Query() == p.wrong() || r.Query() == p.required()
}

// longestSeries bounds in bytes what many labels make of a series within what a label can hold.
const longestSeries = 300

func judge(_ check.Context, r *fact.QueryResult, p PromQLParameters) []check.Problem {
	if r.Query() == p.required() {
		if len(r.Samples) > 0 {
			return nil
		}
		return []check.Problem{notMeasured().Problem(fmt.Sprintf("The expression %s returns nothing at %s.", p.Require, p.Prometheus))}
	}
	problems := make([]check.Problem, len(r.Samples))
	for i := range r.Samples {
		problems[i] = returned().On(words.Clip(r.Samples[i].Series(), longestSeries), p.detail(&r.Samples[i]))
	}
	return problems
}

func (p PromQLParameters) detail(sample *fact.QuerySample) string {
	if p.Message == "" {
		return fmt.Sprintf("The expression %s returns the value %s.", p.Expression, sample.Value)
	}
	return fmt.Sprintf("%s The value is %s.", p.Message, sample.Value)
}
