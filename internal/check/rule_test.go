package check_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A tank is right from 10 up, warns below 20, and is judged only where it is in use.
type tank struct {
	Name   string
	Level  int
	Unused bool
}

func tanks() fact.Kind[tank] {
	return fact.Kind[tank]{Name: "tank", Help: "A tank.", Subject: func(t tank) string { return t.Name }}
}

var (
	empty = check.Reason{Name: "empty", Level: check.Fail, Sentence: "It is empty.", Remedy: "Fill it now."}
	low   = check.Reason{Name: "low", Level: check.Warn, Sentence: "It is low."}
)

func levels() check.Kind[tank, struct{ Minimum int }] {
	return check.Kind[tank, struct{ Minimum int }]{
		Name: "level", Summary: "Every tank is full enough.", Remedy: "Fill it.", Reasons: []check.Reason{empty, low},
		Defaults: struct{ Minimum int }{10}, About: tanks(), None: check.Undeclared, Nothing: "no tank",
		Select: func(t tank, _ struct{ Minimum int }) bool { return !t.Unused },
		Judge: func(t tank, p struct{ Minimum int }, _ time.Time) []check.Problem {
			switch {
			case t.Level < 0:
				panic("negative")
			case t.Level < p.Minimum:
				return []check.Problem{empty.Problem("empty")}
			case t.Level < 2*p.Minimum:
				return []check.Problem{low.Problem("low")}
			}
			return nil
		},
	}
}

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// seen is a look at facts of one kind that is a moment old.
func seen[F any](kind fact.Kind[F], facts []F, missed ...fact.Missed) fact.Look {
	look := fact.Look{Collector: kind.Name, Target: kind.Name, Kind: kind, Interval: time.Minute, SeenAt: now, Missed: missed}
	for _, f := range facts {
		look.Facts = append(look.Facts, f)
	}
	return look
}

func attested(ago, until time.Duration) fact.Attestation {
	attestation := fact.Attestation{Check: "x", By: "ann", At: now.Add(-ago)}
	if until != 0 {
		attestation.Until = now.Add(until)
	}
	return attestation
}

func TestRules(t *testing.T) {
	kind := levels()
	bound := kind.Bind(kind.Parameters())
	full, drained := []tank{{Name: "a", Level: 20}}, []tank{{Name: "a", Level: 9}}
	emptyProblem := check.Problem{Subject: "a", Reason: "empty", Level: check.Fail, Detail: "empty", Remedy: "Fill it now."}
	missed := fact.Missed{Subject: "b", Reason: fact.ReasonRefused, Detail: "nobody there"}
	notAttested := check.Problem{
		Reason: "not_attested", Level: check.Undeclared, Detail: "nobody has signed it",
		Remedy: "Have somebody who knows look at it, and add an attestation with by, at and link.",
	}
	signature := func(reason string, level check.Status, detail string) check.Problem {
		return check.Problem{Reason: reason, Level: level, Detail: detail, Remedy: "Look at it again, and sign a new attestation."}
	}
	machine := check.Rule{Bound: &bound}
	word := check.Rule{Attested: true, AttestationAge: 100 * day}
	both := check.Rule{Bound: &bound, Attested: true, AttestationAge: 100 * day}
	suffices := check.Rule{Bound: &bound, AttestationSuffices: true, AttestationAge: 100 * day}
	waiver := fact.Waiver{Check: "x", By: "bob", Reason: "moving", Until: now.Add(day)}
	shorter := fact.Waiver{Check: "x", By: "eve", Reason: "moving", Until: now.Add(time.Hour)}
	for _, c := range []struct {
		name     string
		rule     check.Rule
		looks    []fact.Look
		status   check.Status
		problems []check.Problem
	}{
		{"what is right passes", machine, []fact.Look{seen(tanks(), full)}, check.Pass, nil},
		{
			"what is near its limit warns, with the kind's remedy", machine,
			[]fact.Look{seen(tanks(), []tank{{Name: "a", Level: 19}})}, check.Warn,
			[]check.Problem{{Subject: "a", Reason: "low", Level: check.Warn, Detail: "low", Remedy: "Fill it."}},
		},
		{
			"what is wrong fails, with the reason's remedy", machine,
			[]fact.Look{seen(tanks(), drained)}, check.Fail, []check.Problem{emptyProblem},
		},
		{
			"what was missed is unknown", machine, []fact.Look{seen(tanks(), full, missed)}, check.Unknown,
			[]check.Problem{check.NotSeen(missed)},
		},
		{
			"what fails outweighs what was missed", machine, []fact.Look{seen(tanks(), drained, missed)}, check.Fail,
			[]check.Problem{emptyProblem, check.NotSeen(missed)},
		},
		{
			"what was never looked at is unknown", machine,
			[]fact.Look{{Collector: "tank", Target: "a", Kind: tanks(), Interval: time.Minute}}, check.Unknown,
			[]check.Problem{check.NotSeen(fact.Missed{Subject: "a", Reason: fact.ReasonPending, Detail: "not looked at yet"})},
		},
		{
			"nothing to look at is as the kind says", machine, nil, check.Undeclared,
			[]check.Problem{{Reason: "nothing_seen", Level: check.Undeclared, Detail: "no tank", Remedy: "Fill it."}},
		},
		{
			"nothing that is selected is nothing", machine,
			[]fact.Look{seen(tanks(), []tank{{Name: "a", Unused: true}})}, check.Undeclared,
			[]check.Problem{{Reason: "nothing_seen", Level: check.Undeclared, Detail: "no tank", Remedy: "Fill it."}},
		},
		{
			"a check that panics is unknown", machine, []fact.Look{seen(tanks(), []tank{{Name: "a", Level: -1}})}, check.Unknown,
			[]check.Problem{check.NotSeen(fact.Missed{Reason: fact.ReasonPanic, Detail: "the check level panicked: negative"})},
		},
		{"a rule that judges nothing is unknown", check.Rule{}, nil, check.Unknown, nil},
		{
			"a kind that is not built is undeclared", check.Rule{NotBuilt: true}, nil, check.Undeclared,
			[]check.Problem{{
				Reason: "not_built", Level: check.Undeclared, Detail: "this version cannot look at it yet",
				Remedy: "Look at it yourself, or declare it not applicable with a reason, until a version that can.",
			}},
		},
		{"a word that counts passes", word, []fact.Look{seen(fact.Attestations(), []fact.Attestation{attested(day, 0)})}, check.Pass, nil},
		{"no word is undeclared", word, nil, check.Undeclared, []check.Problem{notAttested}},
		{
			"a word for another item is none", word,
			[]fact.Look{seen(fact.Attestations(), []fact.Attestation{{Check: "y", By: "ann", At: now.Add(-day)}})},
			check.Undeclared, []check.Problem{notAttested},
		},
		{
			"a word of the future does not count yet", word,
			[]fact.Look{seen(fact.Attestations(), []fact.Attestation{attested(-time.Second, 0)})},
			check.Undeclared, []check.Problem{notAttested},
		},
		{
			"a word warns a fortnight before its end", word,
			[]fact.Look{seen(fact.Attestations(), []fact.Attestation{attested(86*day+time.Second, 0)})},
			check.Warn, []check.Problem{signature("attestation_expires_soon", check.Warn, "signed by ann on 2026-03-07, runs out on 2026-06-15")},
		},
		{
			"a word exactly a fortnight before its end does not warn", word,
			[]fact.Look{seen(fact.Attestations(), []fact.Attestation{attested(86*day, 0)})}, check.Pass, nil,
		},
		{
			"a word has run out at its end", word,
			[]fact.Look{seen(fact.Attestations(), []fact.Attestation{attested(100*day, 0)})},
			check.Fail, []check.Problem{signature("attestation_expired", check.Fail, "signed by ann on 2026-02-21, ran out on 2026-06-01")},
		},
		{
			"a word never lasts longer than the item allows", word,
			[]fact.Look{seen(fact.Attestations(), []fact.Attestation{attested(101*day, 1000*day)})},
			check.Fail, []check.Problem{signature("attestation_expired", check.Fail, "signed by ann on 2026-02-20, ran out on 2026-05-31")},
		},
		{
			"of several words the one that lasts longest counts", word,
			[]fact.Look{seen(fact.Attestations(), []fact.Attestation{attested(90*day, 0), attested(day, 0), attested(2*day, day)})},
			check.Pass, nil,
		},
		{
			"words that could not be read are unknown", word,
			[]fact.Look{seen(fact.Attestations(), nil, missed)}, check.Unknown,
			[]check.Problem{{
				Reason: "not_seen", Level: check.Unknown, Detail: "the attestations have not been read",
				Remedy: check.NotSeen(missed).Remedy,
			}},
		},
		{
			"both need the machine", both,
			[]fact.Look{seen(tanks(), drained), seen(fact.Attestations(), []fact.Attestation{attested(day, 0)})},
			check.Fail, []check.Problem{emptyProblem},
		},
		{"both need the word", both, []fact.Look{seen(tanks(), full)}, check.Undeclared, []check.Problem{notAttested}},
		{
			"both together pass", both,
			[]fact.Look{seen(tanks(), full), seen(fact.Attestations(), []fact.Attestation{attested(day, 0)})}, check.Pass, nil,
		},
		{
			"a word suffices where nothing can be judged", suffices,
			[]fact.Look{seen(fact.Attestations(), []fact.Attestation{attested(day, 0)})}, check.Pass, nil,
		},
		{
			"a word suffices for what is not built",
			check.Rule{NotBuilt: true, AttestationSuffices: true, AttestationAge: 100 * day},
			[]fact.Look{seen(fact.Attestations(), []fact.Attestation{attested(day, 0)})}, check.Pass, nil,
		},
		{
			"a word does not outweigh what fails", suffices,
			[]fact.Look{seen(tanks(), drained), seen(fact.Attestations(), []fact.Attestation{attested(day, 0)})},
			check.Fail, []check.Problem{emptyProblem},
		},
		{
			"a word does not outweigh what was missed", suffices,
			[]fact.Look{seen(tanks(), nil, missed), seen(fact.Attestations(), []fact.Attestation{attested(day, 0)})},
			check.Unknown, []check.Problem{check.NotSeen(missed)},
		},
		{
			"a word that has run out does not suffice", suffices,
			[]fact.Look{seen(fact.Attestations(), []fact.Attestation{attested(100*day, 0)})}, check.Undeclared,
			[]check.Problem{{Reason: "nothing_seen", Level: check.Undeclared, Detail: "no tank", Remedy: "Fill it."}},
		},
		{
			"a failure is waived, by the waiver that lasts longest", machine,
			[]fact.Look{seen(tanks(), drained), seen(fact.Waivers(), []fact.Waiver{shorter, waiver})},
			check.Waived, []check.Problem{emptyProblem},
		},
		{
			"a waiver has ended at its end", machine,
			[]fact.Look{seen(tanks(), drained), seen(fact.Waivers(), []fact.Waiver{{Check: "x", Until: now}})},
			check.Fail, []check.Problem{emptyProblem},
		},
		{
			"a waiver of another item excuses nothing", machine,
			[]fact.Look{seen(tanks(), drained), seen(fact.Waivers(), []fact.Waiver{{Check: "y", Until: now.Add(day)}})},
			check.Fail, []check.Problem{emptyProblem},
		},
		{
			"a waiver does not excuse what is unknown", machine,
			[]fact.Look{seen(tanks(), full, missed), seen(fact.Waivers(), []fact.Waiver{waiver})},
			check.Unknown, []check.Problem{check.NotSeen(missed)},
		},
		{
			"a waiver does not excuse what is undeclared", machine,
			[]fact.Look{seen(fact.Waivers(), []fact.Waiver{waiver})}, check.Undeclared,
			[]check.Problem{{Reason: "nothing_seen", Level: check.Undeclared, Detail: "no tank", Remedy: "Fill it."}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.rule.ID = "x"
			want := check.Result{Check: "x", Status: c.status, Problems: c.problems, EvaluatedAt: now, ChangedAt: now}
			if c.status == check.Waived {
				want.Waiver = &waiver
			}
			got := c.rule.Judge(fact.NewView(c.looks, now), now)
			want.Facts, want.Attestation = got.Facts, got.Attestation // TestAResultSaysWhatItRestsOn is about these.
			require.Equal(t, want, got)
			for _, problem := range got.Problems {
				require.True(t, hasReason(c.rule.Reasons(), problem), "%s is among the rule's reasons", problem.Reason)
			}
		})
	}
}

func TestAResultSaysWhatItRestsOn(t *testing.T) {
	bound := levels().Bind(levels().Parameters())
	older, newer := attested(50*day, 0), attested(day, 0)
	words := seen(fact.Attestations(), []fact.Attestation{older, newer})
	twoAndOneUnused := seen(tanks(), []tank{{Name: "a", Level: 90}, {Name: "b", Unused: true}, {Name: "c", Level: 90}})
	for _, c := range []struct {
		name        string
		rule        check.Rule
		looks       []fact.Look
		facts       int
		attestation *fact.Attestation
	}{
		{"the facts that it is about are counted", check.Rule{Bound: &bound}, []fact.Look{twoAndOneUnused}, 2, nil},
		{"no fact is none", check.Rule{Bound: &bound}, nil, 0, nil},
		{"a panic has judged nothing", check.Rule{Bound: &bound}, []fact.Look{seen(tanks(), []tank{{Level: -1}})}, 0, nil},
		{
			"the word that lasts longest is named", check.Rule{Attested: true, AttestationAge: 100 * day}, []fact.Look{words}, 0, &newer,
		},
		{
			"the word that suffices is named", check.Rule{Bound: &bound, AttestationSuffices: true, AttestationAge: 100 * day},
			[]fact.Look{words}, 0, &newer,
		},
		{
			"a word that was not needed is not", check.Rule{Bound: &bound, AttestationSuffices: true, AttestationAge: 100 * day},
			[]fact.Look{words, twoAndOneUnused}, 2, nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.rule.ID = "x"
			got := c.rule.Judge(fact.NewView(c.looks, now), now)
			require.Equal(t, c.facts, got.Facts)
			require.Equal(t, c.attestation, got.Attestation)
		})
	}
	require.Len(t, bound.Facts(fact.NewView([]fact.Look{twoAndOneUnused}, now)), 2)
}

func hasReason(reasons []check.Reason, problem check.Problem) bool {
	for _, reason := range reasons {
		if reason.Name == problem.Reason && reason.Level == problem.Level {
			return true
		}
	}
	return false
}

func TestWhatDoesNotApplyIsNotJudged(t *testing.T) {
	result := check.Rule{ID: "x", NotBuilt: true, NotApplicable: "no such thing here"}.Judge(fact.NewView(nil, now), now)
	require.Equal(t, check.Result{
		Check: "x", Status: check.NotApplicable, NotApplicable: "no such thing here", EvaluatedAt: now, ChangedAt: now,
	}, result)
}

func TestParametersAreCopiedForEachItem(t *testing.T) {
	kind := levels()
	parameters := kind.Parameters().(*struct{ Minimum int })
	parameters.Minimum = 100
	bound := kind.Bind(parameters)
	parameters.Minimum = 0
	require.Equal(t, 10, kind.Defaults.Minimum)
	view := fact.NewView([]fact.Look{seen(tanks(), []tank{{Name: "a", Level: 20}})}, now)
	require.Equal(t, check.Fail, check.Rule{Bound: &bound}.Judge(view, now).Status)
}

func TestTheWorstLevelDecides(t *testing.T) {
	order := []check.Status{check.Pass, check.Warn, check.Undeclared, check.Unknown, check.Fail}
	for i, worse := range order {
		for _, better := range order[:i+1] {
			for _, problems := range [][]check.Problem{{{Level: better}, {Level: worse}}, {{Level: worse}, {Level: better}}} {
				require.Equal(t, worse, check.Worst(problems))
			}
		}
	}
	require.Equal(t, check.Pass, check.Worst(nil))
}

func TestStatusesAreReadAsTheyAreWritten(t *testing.T) {
	require.Equal(t, check.Unknown, *new(check.Status), "nothing passes by being forgotten")
	for _, status := range check.Statuses() {
		text, err := status.MarshalText()
		require.NoError(t, err)
		var read check.Status
		require.NoError(t, read.UnmarshalText(text))
		require.Equal(t, status, read)
	}
	require.EqualError(t, new(check.Status).UnmarshalText([]byte("good")), `"good" is no status`)
	require.Equal(t, "status(99)", check.Status(99).String())
}

// rank orders statuses from good to bad, as far as looking decides them.
func rank(t *rapid.T, status check.Status) int {
	for i, each := range []check.Status{check.Pass, check.Warn, check.Undeclared, check.Unknown, check.Fail} {
		if each == status {
			return i
		}
	}
	t.Fatalf("unexpected status %s", status)
	return 0
}

func TestPropertiesOfJudging(t *testing.T) {
	kind := levels()
	bound := kind.Bind(kind.Parameters())
	judge := func(facts []tank, missed []fact.Missed) check.Status {
		return check.Rule{ID: "x", Bound: &bound}.Judge(fact.NewView([]fact.Look{seen(tanks(), facts, missed...)}, now), now).Status
	}
	rapid.Check(t, func(t *rapid.T) {
		facts := rapid.SliceOf(rapid.Custom(func(t *rapid.T) tank {
			return tank{
				Name: rapid.StringMatching("[a-z]").Draw(t, "name"), Level: rapid.IntRange(0, 30).Draw(t, "level"),
				Unused: rapid.Bool().Draw(t, "unused"),
			}
		})).Draw(t, "facts")
		missed := rapid.SliceOf(rapid.Custom(func(t *rapid.T) fact.Missed {
			return fact.Missed{
				Subject: rapid.StringMatching("[a-z]").Draw(t, "subject"), Reason: rapid.SampledFrom(fact.Reasons()).Draw(t, "reason"),
			}
		})).Draw(t, "missed")
		before := judge(facts, missed)

		more := judge(facts, append(missed, fact.Missed{Subject: "z", Reason: fact.ReasonTimeout}))
		if before == check.Fail && more != check.Fail {
			t.Fatalf("a failure turned %s when more was missed", more)
		}
		if more == check.Pass || more == check.Warn {
			t.Fatalf("%s though something was missed", more)
		}
		if after := judge(append(facts, tank{Name: "good", Level: 30}), missed); rank(t, after) > rank(t, before) {
			t.Fatalf("%s turned %s by a fact that is right", before, after)
		}
		judged := 0
		for _, f := range facts {
			if !f.Unused {
				judged++
			}
		}
		if before == check.Pass && judged == 0 {
			t.Fatalf("passes without a fact that was judged")
		}
	})
}
