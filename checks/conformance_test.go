// Package checks_test holds every kind of check to the contract of judging: what it comes to without a target, with nothing
// found, with good facts, bad ones and unavailable ones, whatever their order, and with facts that nobody has thought of.
package checks_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A world is what the conformance test must be told of one kind of check: a row of the tables in conformance_…_test.go.
type world struct {
	// tune sets the parameters that have no default, through the pointer that Parameters gives; nil: the defaults will do.
	tune func(parameters any)
	// declared is the description of the system; nil: it declares nothing.
	declared *system.System
	// good are sets, one a kind of fact, with which the item is ready; bad are those with which it fails. Both are what
	// one run collects. Those of the kinds that are only read (With) belong to them.
	good, bad []fact.AnySet
	// badIs is what bad comes to where that is not check.Fail.
	badIs check.Status
	// atLeastOne: one fact that holds is enough, whatever else is unavailable.
	atLeastOne bool
}

// now is when everything is judged.
var now = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// facts is a set of facts of one kind.
func facts[F any](kind *fact.Kind[F], all ...F) fact.AnySet {
	var set fact.Set[F]
	set.Add(all...)
	return kind.Set(&set)
}

func TestEveryKindHasItsWorld(t *testing.T) {
	all := worlds()
	for _, kind := range checks.All() {
		name := kind.Describe().Name
		require.Contains(t, all, name, "the kind %s has no row in conformance_…_test.go", name)
		delete(all, name)
	}
	require.Empty(t, all, "rows of kinds that are not in checks.All")
}

// eachKind runs a test for every kind that has a world.
func eachKind(t *testing.T, test func(t *testing.T, s subject)) {
	t.Helper()
	all := worlds()
	for _, kind := range checks.All() {
		if w, there := all[kind.Describe().Name]; there {
			t.Run(kind.Describe().Name, func(t *testing.T) { test(t, newSubject(kind, w)) })
		}
	}
}

// A subject is a kind that is under test.
type subject struct {
	world
	bound *check.Bound
	kinds []fact.Any // that it judges or reads
}

func newSubject(kind check.Any, w world) subject {
	parameters := kind.Parameters()
	if w.tune != nil {
		w.tune(parameters)
	}
	if w.declared == nil {
		w.declared = &system.System{Name: "shop", Environment: "production"}
	}
	if w.badIs == check.Unknown {
		w.badIs = check.Fail
	}
	s := subject{world: w, bound: kind.Bind(parameters)}
	all := append(fact.Kinds(), check.Results())
	for name := range s.bound.Needs.Topics {
		at := slices.IndexFunc(all, func(each fact.Any) bool { return each.KindName() == name })
		s.kinds = append(s.kinds, all[at])
	}
	return s
}

// itemID is the item that is judged.
const itemID = "conformance.item"

func (s subject) judge(runs ...*fact.Run) check.Result {
	rule := check.Rule{ID: itemID, Clause: check.Clause{Bound: s.bound}}
	return rule.Judge(fact.NewView(runs, now), s.declared, now)
}

// collected is a run that has just succeeded.
func collected(target string, sets []fact.AnySet) *fact.Run {
	return &fact.Run{Collector: "test", Target: target, Interval: time.Minute, CollectedAt: now, Sets: sets}
}

func (s subject) isGood() *fact.Run { return collected("good", s.good) }
func (s subject) isBad() *fact.Run  { return collected("bad", s.bad) }

func (s subject) isEmpty() *fact.Run {
	run := collected("empty", nil)
	for _, kind := range s.kinds {
		run.Sets = append(run.Sets, kind.NoFacts())
	}
	return run
}

// unavailable is a run that could not collect anything of the judged kinds, of which nothing is known but the group.
func (s subject) unavailable(group string) *fact.Run {
	run := collected("unavailable", nil)
	for _, kind := range s.kinds {
		if slices.Contains(s.bound.FactKinds, kind.KindName()) {
			run.Sets = append(run.Sets, gapOf(kind, group))
		}
	}
	return run
}

func TestWithoutATargetNothingIsDeclared(t *testing.T) {
	eachKind(t, func(t *testing.T, s subject) {
		require.Equal(t, check.Undeclared, s.judge().Status)
	})
}

func TestNothingFoundNeverPasses(t *testing.T) {
	eachKind(t, func(t *testing.T, s subject) {
		got := s.judge(s.isEmpty())
		require.Contains(t, []check.Status{check.Fail, check.Undeclared}, got.Status, "%+v", got.Problems)
		s.sound(t, got)
	})
}

func TestWhatIsGoodIsReady(t *testing.T) {
	eachKind(t, func(t *testing.T, s subject) {
		got := s.judge(s.isGood())
		require.True(t, got.Status.Ready(), "%+v", got.Problems)
		require.Positive(t, got.Facts)
		require.Len(t, s.bound.Facts(check.NewContext(fact.NewView([]*fact.Run{s.isGood()}, now), s.declared, itemID, now)), got.Facts)
	})
}

func TestWhatIsBadFails(t *testing.T) {
	eachKind(t, func(t *testing.T, s subject) {
		alone := s.judge(s.isBad())
		require.Equal(t, s.badIs, alone.Status, "%+v", alone.Problems)
		s.sound(t, alone)
		if together := s.judge(s.isGood(), s.isBad()); s.atLeastOne {
			require.True(t, together.Status.Ready(), "%+v", together.Problems)
		}
	})
}

func TestWhatIsUnavailableIsUnknown(t *testing.T) {
	eachKind(t, func(t *testing.T, s subject) {
		for _, group := range []string{"", "elsewhere"} {
			gone := s.unavailable(group)
			everything := []*fact.Run{gone}
			for _, expected := range s.declared.ClusterNames() {
				everything = append(everything, s.unavailable(expected))
			}
			alone := s.judge(everything...)
			if group == "" || !s.atLeastOne { // What is known of a thing can tell that the item is not about it.
				require.Equal(t, check.Unknown, alone.Status, "everything is unavailable")
			}
			require.False(t, alone.Status.Ready(), "everything is unavailable")
			inPart := s.judge(s.isGood(), gone)
			if s.atLeastOne {
				require.True(t, inPart.Status.Ready(), "%+v", inPart.Problems)
			} else {
				require.Equal(t, check.Unknown, inPart.Status, "%+v", inPart.Problems)
			}
			s.sound(t, inPart)

			bad, more := s.judge(s.isBad()), s.judge(s.isBad(), gone)
			require.False(t, more.Status.Ready())
			if bad.Status == check.Fail && !s.atLeastOne && !s.ofAbsence(bad) {
				require.Equal(t, check.Fail, more.Status, "a failure stays one when more is unavailable: %+v", more.Problems)
			}
		}
	})
}

// ofAbsence tells whether a result fails only since something is not there.
func (s subject) ofAbsence(result check.Result) bool {
	return !slices.ContainsFunc(result.Problems, func(problem check.Problem) bool {
		return problem.Level == check.Fail && !s.reason(problem).Absence
	})
}

// reason is the one of the kind that a problem names.
func (s subject) reason(problem check.Problem) check.Reason {
	all := s.bound.AllReasons()
	at := slices.IndexFunc(all, func(reason check.Reason) bool { return reason.Name == problem.Reason && reason.Level == problem.Level })
	if at < 0 {
		return check.Reason{}
	}
	return all[at]
}

// tester is what tests of the testing package and of rapid have in common.
type tester interface {
	require.TestingT
	Helper()
}

// sound holds what is true of every result.
func (s subject) sound(t tester, result check.Result) {
	t.Helper()
	require.Equal(t, check.Worst(result.Problems), result.Status)
	if result.Facts == 0 {
		require.False(t, result.Status.Ready(), "ready without a fact")
	}
	for _, problem := range result.Problems {
		require.NotEqual(t, fact.ReasonPanic, problem.Cause, problem.Detail)
		require.NotEmpty(t, s.reason(problem).Sentence, "%+v is of none of the kind's reasons", problem)
		require.NotEmpty(t, problem.Detail, "%+v", problem)
		if problem.Cause == "" && s.bound.Name != "cel" { // What users and errors say is theirs.
			require.Regexp(t, `^[A-Z0-9].*\.$`, problem.Detail, "the detail is a sentence")
		}
		require.NotEmpty(t, problem.Remedy, "%+v", problem)
	}
}

func TestWhatWasNotAskedForYetIsUnknown(t *testing.T) {
	eachKind(t, func(t *testing.T, s subject) {
		for _, run := range []*fact.Run{s.isGood(), s.isBad(), s.isEmpty()} {
			run.Asked = fact.Topics{"nothing of this": nil}
			require.Equal(t, check.Unknown, s.judge(run).Status)
		}
	})
}

func TestOrderChangesNothing(t *testing.T) {
	eachKind(t, func(t *testing.T, s subject) {
		runs := []*fact.Run{s.isGood(), s.isBad(), s.unavailable("elsewhere"), s.isEmpty()}
		forwards := s.judge(runs...)
		for i, run := range runs {
			runs[i] = collected(run.Target, reversed(run.Sets))
		}
		slices.Reverse(runs)
		require.Equal(t, forwards, s.judge(runs...))
	})
}

func TestInvariantsOfJudgingAnyFacts(t *testing.T) {
	eachKind(t, func(t *testing.T, s subject) {
		words := wordsOf(append(slices.Clone(s.good), s.bad...))
		rapid.Check(t, func(t *rapid.T) {
			runs := []*fact.Run{s.randomRun(t, words), s.randomRun(t, words)}
			got := s.judge(runs...)
			s.sound(t, got)
			require.Equal(t, got, s.judge(collected("b", reversed(runs[1].Sets)), collected("a", reversed(runs[0].Sets))),
				"the order of runs and facts changes nothing")

			more := s.judge(append(runs, s.unavailable(rapid.SampledFrom(words).Draw(t, "group")))...)
			s.sound(t, more)
			if got.Status == check.Fail || !s.atLeastOne {
				require.False(t, more.Status.Ready(), "%s turned %s when more was unavailable", got.Status, more.Status)
			}
		})
	})
}

// randomRun is a run with some of the good and bad facts and some that are random, of every kind.
func (s subject) randomRun(t *rapid.T, words []string) *fact.Run {
	run := collected("random", nil)
	for _, kind := range s.kinds {
		known := append(factsOf(kind, s.good), factsOf(kind, s.bad)...)
		chosen := rapid.Custom(func(t *rapid.T) any {
			if len(known) > 0 && rapid.Bool().Draw(t, "known") {
				return rapid.SampledFrom(known).Draw(t, kind.KindName())
			}
			return randomFact(t, kind, words)
		})
		run.Sets = append(run.Sets, setOf(kind, rapid.SliceOfN(chosen, 0, 4).Draw(t, "facts")))
	}
	return run
}
