package check_test

import (
	"testing"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A tank is right from 10 up, warns below 20, and is judged only where it is in use.
type tank struct {
	Name    string
	Yard    string // where it stands
	Level   int
	Unused  bool
	Missing []string // topics that could not be collected
}

func (t *tank) Lacks() []string { return t.Missing }

func tanks() *fact.Kind[tank] {
	return &fact.Kind[tank]{Name: "tank", Help: "A tank.", Subject: func(t *tank) string { return t.Name }}
}

// A valve is only read.
type valve struct{ Name string }

func valves() *fact.Kind[valve] {
	return &fact.Kind[valve]{Name: "valve", Help: "A valve.", Subject: func(v *valve) string { return v.Name }}
}

type parameters struct{ Minimum int }

func empty() check.Reason {
	return check.Reason{Name: "empty", Level: check.Fail, Sentence: "It is empty.", Remedy: "Fill it now."}
}

func low() check.Reason { return check.Reason{Name: "low", Level: check.Warn, Sentence: "It is low."} }

func broken() check.Reason {
	return check.Reason{Name: "broken", Level: check.Unknown, Sentence: "Its gauge is broken."}
}

func noTank() check.Reason {
	return check.Reason{Name: "no_tank", Level: check.Undeclared, Sentence: "There is no tank."}
}

func tooFew() check.Reason {
	return check.Reason{Name: "too_few", Level: check.Fail, Sentence: "There are too few tanks.", Absence: true}
}

func judgeLevel(_ check.Context, t *tank, p parameters) []check.Problem {
	switch {
	case t.Level == -1:
		panic("negative")
	case t.Level == -2:
		return []check.Problem{broken().Problem("broken")}
	case t.Level < p.Minimum:
		return []check.Problem{empty().Problem("empty")}
	case t.Level < 2*p.Minimum:
		return []check.Problem{low().Problem("low")}
	}
	return nil
}

func inUse(_ check.Context, t *tank, _ parameters) bool { return !t.Unused }

// levels is a kind that judges tanks by one quantifier.
func levels(over check.Quantified[parameters]) check.Kind[parameters] {
	return check.Kind[parameters]{
		Name: "level", Summary: "Every tank is full enough.", Remedy: "Fill it.",
		Reasons: []check.Reason{empty(), low(), broken(), tooFew()}, Defaults: parameters{Minimum: 10},
		Over: []check.Quantified[parameters]{over}, WhenEmpty: noTank(),
	}
}

func each() *check.Over[*tank, parameters] { return check.Each(tanks(), judgeLevel).Where(inUse) }

// perYard wants two tanks in each yard that is expected or has any, and each to be full enough.
func perYard(expected ...string) *check.Over[*tank, parameters] {
	return check.PerGroup(tanks(), func(t *tank) string { return t.Yard },
		func(check.Context, parameters) []string { return expected },
		func(c check.Context, yard string, all []*tank, p parameters) (problems []check.Problem) {
			for _, t := range all {
				for _, problem := range judgeLevel(c, t, p) {
					problem.Subject = t.Name
					problems = append(problems, problem)
				}
			}
			if len(all) < 2 {
				problems = append(problems, tooFew().Problem("too few in "+yard))
			}
			return problems
		}).Where(inUse)
}

// now is when everything is judged.
var now = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// set is facts of one kind, with what is unavailable beside them.
func set[F any](kind *fact.Kind[F], facts []F, unavailable ...fact.Unavailable[F]) fact.AnySet {
	all := fact.Set[F]{Unavailable: unavailable}
	all.Add(facts...)
	return kind.Set(&all)
}

func tanksOf(all ...tank) fact.AnySet { return set(tanks(), all) }

// gone is a tank that could not be collected.
func gone(known tank) fact.Unavailable[tank] {
	return fact.Unavailable[tank]{Subject: "gone", Known: known, Reason: fact.ReasonRefused, Detail: "nothing listens"}
}

// notCollected is the problem that gone makes.
func notCollected() check.Problem {
	return check.Problem{
		Subject: "gone", Reason: "not_collected", Level: check.Unknown, Cause: fact.ReasonRefused, Detail: "nothing listens",
		Remedy: "Find out whether it is down, or only out of the exporter's reach: the detail says what was tried, and how that ended.",
	}
}

// problem is one of a reason, as it is when it is judged.
func problem(reason check.Reason, subject, detail string) check.Problem {
	problem := check.Problem{Subject: subject, Reason: reason.Name, Level: reason.Level, Detail: detail, Remedy: reason.Remedy}
	if problem.Remedy == "" {
		problem.Remedy = "Fill it."
	}
	return problem
}

// run is one that has just succeeded.
func run(sets ...fact.AnySet) *fact.Run {
	return &fact.Run{Collector: "test", Target: "test", Interval: time.Minute, CollectedAt: now, Sets: sets}
}

func viewOf(sets ...fact.AnySet) fact.View { return fact.NewView([]*fact.Run{run(sets...)}, now) }

func bind[P any](kind check.Kind[P]) check.Clause {
	return check.Clause{Bound: kind.Bind(kind.Parameters())}
}

// judge judges a kind on what one run has collected.
func judge[P any](kind check.Kind[P], sets ...fact.AnySet) check.Result {
	rule := check.Rule{ID: "x", Clause: bind(kind)}
	return rule.Judge(viewOf(sets...), &system.System{}, now)
}

// A verdict is what a kind is to come to.
type verdict struct {
	name     string
	kind     check.Kind[parameters]
	sets     []fact.AnySet
	status   check.Status
	problems []check.Problem
}

func (v verdict) run(t *testing.T) {
	t.Run(v.name, func(t *testing.T) {
		result := judge(v.kind, v.sets...)
		compareResult(t, v.status, v.problems, result)
	})
}
