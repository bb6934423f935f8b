package check_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// oneIsEnough holds as soon as one waiver is signed by anybody; that of nobody is not looked at.
func oneIsEnough() check.Kind[fact.Waiver, struct{}] {
	unsigned := check.Reason{Name: "unsigned", Level: check.Fail, Sentence: "None is signed."}
	return check.Kind[fact.Waiver, struct{}]{
		Name: "one_is_enough", Remedy: "Sign one.", Reasons: []check.Reason{unsigned},
		About: fact.Waivers(), None: check.Undeclared, Nothing: "no waiver",
		Select: func(w fact.Waiver, _ struct{}) bool { return w.By != "nobody" },
		JudgeAll: func(batch fact.Batch[fact.Waiver], _ struct{}, _ time.Time) []check.Problem {
			var problems []check.Problem
			for _, waiver := range batch.Facts {
				if waiver.By != "" {
					return nil
				}
				problem := unsigned.Problem("by is empty")
				problem.Subject = waiver.Check
				problems = append(problems, problem)
			}
			for _, missed := range batch.Missed {
				problems = append(problems, check.NotSeen(missed))
			}
			return problems
		},
	}
}

func TestJudgeAll(t *testing.T) {
	missed := fact.Missed{Subject: "c", Reason: fact.ReasonDenied, Detail: "no"}
	unsigned := check.Problem{Subject: "a", Reason: "unsigned", Level: check.Fail, Detail: "by is empty", Remedy: "Sign one."}
	for _, c := range []struct {
		name     string
		facts    []any
		missed   []fact.Missed
		status   check.Status
		problems []check.Problem
	}{
		{
			"one that shows it makes it hold, whatever else was missed",
			[]any{fact.Waiver{Check: "a"}, fact.Waiver{Check: "b", By: "somebody"}}, []fact.Missed{missed},
			check.Pass, nil,
		},
		{
			"its problems keep their subjects and get the kind's remedy",
			[]any{fact.Waiver{Check: "a"}}, nil,
			check.Fail, []check.Problem{unsigned},
		},
		{
			"what was missed counts as it says, with a remedy of its own",
			nil, []fact.Missed{missed},
			check.Unknown, []check.Problem{check.NotSeen(missed)},
		},
		{
			"nothing selected and nothing missed is nothing to judge",
			[]any{fact.Waiver{Check: "a", By: "nobody"}}, nil,
			check.Undeclared,
			[]check.Problem{{Reason: "nothing_seen", Level: check.Undeclared, Detail: "no waiver", Remedy: "Sign one."}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := time.Unix(1_700_000_000, 0)
			view := fact.NewView([]fact.Look{{
				Kind: fact.Waivers(), Interval: time.Minute, SeenAt: now, Facts: c.facts, Missed: c.missed,
			}}, now)
			kind := oneIsEnough()
			bound := kind.Bind(kind.Parameters())
			result := check.Rule{ID: "x", Bound: &bound}.Judge(view, now)
			require.Equal(t, c.status, result.Status)
			require.Equal(t, c.problems, result.Problems)
		})
	}
}

func TestWhatIsMissedConcernsItsOwnTopic(t *testing.T) {
	kind := oneIsEnough()
	kind.Topics = func(struct{}) []string { return []string{"data"} }
	for topic, want := range map[string]check.Status{
		"data": check.Unknown, "": check.Unknown, "logs": check.Undeclared,
	} {
		bound := kind.Bind(kind.Parameters())
		view := fact.NewView([]fact.Look{{
			Kind: fact.Waivers(), SeenAt: time.Unix(1, 0),
			Missed: []fact.Missed{{Subject: "s", Reason: fact.ReasonDenied, Topic: topic}},
		}}, time.Unix(1, 0))
		require.Equal(t, want, check.Rule{ID: "a.b", Bound: &bound}.Judge(view, time.Unix(1, 0)).Status, topic)
	}
}
