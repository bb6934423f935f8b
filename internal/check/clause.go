package check

import "iter"

// An Operator says how the clauses of an item become one verdict.
type Operator string

// The operators.
const (
	AllOfClauses   Operator = "all_of"   // every clause must hold: fail > unknown > undeclared > warn > pass
	AnyOfClauses   Operator = "any_of"   // the best clause that is ready, else unknown > fail > undeclared
	FirstOfClauses Operator = "first_of" // the first clause that is not undeclared decides
)

// A Clause is what an item asks: a kind with parameters, or several clauses with an operator. The zero value asks
// nothing, and is unknown: nothing passes by being forgotten.
type Clause struct {
	Bound    *Bound // nil where there are clauses
	Operator Operator
	Clauses  []Clause
}

// Bounds gives every kind with its parameters that the clause is made of.
func (c *Clause) Bounds() iter.Seq[*Bound] {
	return func(yield func(*Bound) bool) { c.each(yield) }
}

func (c *Clause) each(yield func(*Bound) bool) bool {
	if c.Bound != nil {
		return yield(c.Bound)
	}
	for i := range c.Clauses {
		if !c.Clauses[i].each(yield) {
			return false
		}
	}
	return true
}

// A verdict is what a clause comes to; its status is that of its worst problem.
type verdict struct {
	problems []Problem
	facts    int
}

func (v verdict) status() Status { return Worst(v.problems) }

func (c *Clause) judge(context Context) verdict {
	if c.Bound != nil {
		problems, facts := c.Bound.judgeSafely(context)
		return verdict{problems, facts}
	}
	if len(c.Clauses) > 0 {
		switch c.Operator {
		case AllOfClauses:
			return c.allOf(context)
		case AnyOfClauses:
			return c.anyOf(context)
		case FirstOfClauses:
			return c.firstOf(context)
		}
	}
	return verdict{problems: []Problem{notCollected().Problem("The item has no clause.")}}
}

func (c *Clause) allOf(context Context) (all verdict) {
	for i := range c.Clauses {
		each := c.Clauses[i].judge(context)
		all.problems = append(all.problems, each.problems...)
		all.facts += each.facts
	}
	return all
}

// anyOf keeps the problems of what decides alone, so that they agree with the status.
func (c *Clause) anyOf(context Context) verdict {
	var best *verdict
	others := make(map[Status]verdict)
	for i := range c.Clauses {
		each := c.Clauses[i].judge(context)
		status := each.status()
		if status.Ready() {
			if best == nil || status.Gravity() < best.status().Gravity() {
				best = &each
			}
			continue
		}
		sum := others[status]
		others[status] = verdict{append(sum.problems, each.problems...), sum.facts + each.facts}
	}
	if best != nil {
		return *best
	}
	for _, status := range []Status{Unknown, Fail} {
		if sum, there := others[status]; there {
			return sum
		}
	}
	return others[Undeclared]
}

func (c *Clause) firstOf(context Context) (undeclared verdict) {
	for i := range c.Clauses {
		each := c.Clauses[i].judge(context)
		if each.status() != Undeclared {
			return each
		}
		undeclared.problems = append(undeclared.problems, each.problems...)
		undeclared.facts += each.facts
	}
	return undeclared
}
