package check_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// rank orders statuses from good to bad, as far as judging decides them.
func rank(status check.Status) int {
	return slices.Index([]check.Status{check.Pass, check.Warn, check.Undeclared, check.Unknown, check.Fail}, status)
}

// drawTank draws a tank of any sort but one that makes the check panic.
func drawTank(t *rapid.T) tank {
	return tank{
		Name: rapid.StringMatching("[a-z]").Draw(t, "name"), Yard: rapid.SampledFrom([]string{"", "north", "south"}).Draw(t, "yard"),
		Level: rapid.SampledFrom([]int{-2, 5, 15, 25}).Draw(t, "level"), Unused: rapid.Bool().Draw(t, "unused"),
		Missing: rapid.SliceOfN(rapid.SampledFrom([]string{"pipes", "roof"}), 0, 1).Draw(t, "missing"),
	}
}

func drawGap(t *rapid.T) fact.Unavailable[tank] {
	return fact.Unavailable[tank]{
		Subject: rapid.StringMatching("[a-z]").Draw(t, "subject"), Reason: rapid.SampledFrom(fact.Reasons()).Draw(t, "reason"),
		Known: drawTank(t), Topic: rapid.SampledFrom([]string{"", "pipes", "roof"}).Draw(t, "topic"),
	}
}

func TestPropertiesOfJudging(t *testing.T) {
	one := func() *check.Over[*tank, parameters] { return check.AtLeastOne(tanks(), judgeLevel).Where(inUse) }
	all := check.AllOf(tanks(), func(c check.Context, all []*tank, p parameters) (problems []check.Problem) {
		for _, t := range all {
			problems = append(problems, judgeLevel(c, t, p)...)
		}
		return problems
	}).Where(inUse)
	for name, kind := range map[string]check.Kind[parameters]{
		"each": levels(each()), "each of some topics": levels(each().Needs("pipes")), "at least one": levels(one()),
		"per group": levels(perYard("north")), "all of": levels(all),
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				facts := rapid.SliceOfN(rapid.Custom(drawTank), 0, 5).Draw(t, "facts")
				gaps := rapid.SliceOfN(rapid.Custom(drawGap), 0, 2).Draw(t, "unavailable")
				before := judge(kind, set(tanks(), facts, gaps...))
				if before.Facts == 0 && before.Status.Ready() {
					t.Fatalf("%s without a fact that was judged", before.Status)
				}

				slices.Reverse(facts)
				slices.Reverse(gaps)
				if other := judge(kind, set(tanks(), facts, gaps...)); fmt.Sprint(other) != fmt.Sprint(before) {
					t.Fatalf("in another order %v is %v", before, other)
				}

				more := judge(kind, set(tanks(), facts, append(gaps, gone(tank{Yard: rapid.SampledFrom([]string{"", "north"}).Draw(t, "of")}))...)).Status
				switch {
				case name == "at least one" && before.Status.Ready():
					if more != before.Status {
						t.Fatalf("%s turned %s though one holds", before.Status, more)
					}
				case more.Ready():
					t.Fatalf("%s turned %s when more was unavailable", before.Status, more)
				case before.Status == check.Fail && (name == "each" || name == "all of") && more != check.Fail:
					t.Fatalf("a failure turned %s when more was unavailable", more)
				}

				good := tank{Name: "good", Yard: "north", Level: 30}
				if after := judge(kind, set(tanks(), append(facts, good), gaps...)).Status; rank(after) > rank(before.Status) && name != "per group" {
					t.Fatalf("%s turned %s by a fact that is right", before.Status, after)
				}
			})
		})
	}
}
