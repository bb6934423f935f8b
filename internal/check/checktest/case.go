// Package checktest runs kinds of check in tests as the engine runs them.
package checktest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Finding is what a table expects of a problem.
type Finding struct {
	Reason string
	Level  check.Status
	Detail string
}

// One is a single finding.
func One(reason string, level check.Status, detail string) []Finding {
	return []Finding{{reason, level, detail}}
}

// Unavailable is what is found where only what Lacking adds is wrong.
func Unavailable() []Finding { return One("not_collected", check.Unknown, "no answer in 10 s") }

// Item is the id of the item that is judged.
const Item = "test.item"

// A Case is what a kind is to judge.
type Case struct {
	Kind       check.Any
	Parameters any            // a pointer to them; nil: the defaults
	System     *system.System // nil: it declares nothing
	Now        time.Time
	Sets       []fact.AnySet // what one run has collected
}

// Judge gives what is found, and sees to it that the kind keeps to its own reasons and always says what to do.
func (c Case) Judge(t *testing.T) []Finding {
	t.Helper()
	var found []Finding
	for _, problem := range c.Result(t).Problems {
		found = append(found, Finding{problem.Reason, problem.Level, problem.Detail})
	}
	return found
}

// Result is Judge with all that an item's result says.
func (c Case) Result(t *testing.T) check.Result {
	t.Helper()
	if c.Parameters == nil {
		c.Parameters = c.Kind.Parameters()
	}
	if c.System == nil {
		c.System = &system.System{}
	}
	run := &fact.Run{Interval: time.Hour, CollectedAt: c.Now, Sets: c.Sets}
	rule := check.Rule{ID: Item, Clause: check.Clause{Bound: c.Kind.Bind(c.Parameters)}}
	result := rule.Judge(fact.NewView([]*fact.Run{run}, c.Now), c.System, c.Now)
	levels := make(map[string]check.Status)
	for _, reason := range rule.Reasons() {
		levels[reason.Name] = reason.Level
	}
	for _, problem := range result.Problems {
		require.Contains(t, levels, problem.Reason)
		require.Equal(t, levels[problem.Reason], problem.Level, problem.Reason)
		require.NotEmpty(t, problem.Remedy, problem.Reason)
	}
	return result
}

// Facts is a set of facts.
func Facts[F any](kind *fact.Kind[F], all ...F) fact.AnySet {
	var set fact.Set[F]
	set.Add(all...)
	return kind.Set(&set)
}

// Lacking is a set of facts in which something more, of which this is known, is unavailable.
func Lacking[F any](kind *fact.Kind[F], known F, all ...F) fact.AnySet {
	set := fact.Set[F]{Unavailable: []fact.Unavailable[F]{{
		Subject: "unavailable", Known: known, Reason: fact.ReasonTimeout, Detail: "no answer in 10 s",
	}}}
	set.Add(all...)
	return kind.Set(&set)
}
