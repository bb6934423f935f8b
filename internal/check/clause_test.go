package check_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// clauseOf comes to a status; the problem that makes it so is on the subject.
func clauseOf(status check.Status, subject string) check.Clause {
	kind := check.Kind[parameters]{
		Name: "fixed", Remedy: "Nothing.", WhenEmpty: noTank(),
		Over: []check.Quantified[parameters]{check.Each(tanks(), func(check.Context, *tank, parameters) []check.Problem {
			if status == check.Pass {
				return nil
			}
			return []check.Problem{check.Reason{Name: "fixed", Level: status}.On(subject, "fixed")}
		})},
	}
	return bind(kind)
}

func clauses(operator check.Operator, all ...check.Clause) check.Clause {
	return check.Clause{Operator: operator, Clauses: all}
}

func TestClauses(t *testing.T) {
	pass, warn := clauseOf(check.Pass, ""), clauseOf(check.Warn, "warn")
	fail, unknown, undeclared := clauseOf(check.Fail, "fail"), clauseOf(check.Unknown, "unknown"), clauseOf(check.Undeclared, "undeclared")
	other := clauseOf(check.Fail, "other")
	for _, c := range []struct {
		name     string
		clause   check.Clause
		status   check.Status
		subjects []string // of the problems
		facts    int
	}{
		{"all_of passes where all do", clauses(check.AllOfClauses, pass, pass), check.Pass, nil, 2},
		{"all_of warns where one does", clauses(check.AllOfClauses, warn, pass), check.Warn, []string{"warn"}, 2},
		{"all_of is undeclared before it warns", clauses(check.AllOfClauses, warn, undeclared), check.Undeclared, []string{"undeclared", "warn"}, 2},
		{
			"all_of is unknown before it is undeclared", clauses(check.AllOfClauses, undeclared, unknown),
			check.Unknown, []string{"unknown", "undeclared"}, 2,
		},
		{
			"all_of fails before it is unknown", clauses(check.AllOfClauses, unknown, fail, pass),
			check.Fail, []string{"fail", "unknown"}, 3,
		},
		{"any_of passes where one does", clauses(check.AnyOfClauses, fail, unknown, warn, pass), check.Pass, nil, 1},
		{"any_of warns where the best does", clauses(check.AnyOfClauses, fail, warn, unknown), check.Warn, []string{"warn"}, 1},
		{"any_of is unknown before it fails", clauses(check.AnyOfClauses, fail, unknown, undeclared), check.Unknown, []string{"unknown"}, 1},
		{"any_of fails before it is undeclared", clauses(check.AnyOfClauses, undeclared, fail, other), check.Fail, []string{"fail", "other"}, 2},
		{"any_of is undeclared where all are", clauses(check.AnyOfClauses, undeclared, undeclared), check.Undeclared, []string{"undeclared", "undeclared"}, 2},
		{"first_of is what its first clause is", clauses(check.FirstOfClauses, pass, fail), check.Pass, nil, 1},
		{"first_of does not get over a failure", clauses(check.FirstOfClauses, fail, pass), check.Fail, []string{"fail"}, 1},
		{"first_of does not get over what is unknown", clauses(check.FirstOfClauses, unknown, pass), check.Unknown, []string{"unknown"}, 1},
		{"first_of gets over what is undeclared", clauses(check.FirstOfClauses, undeclared, warn, pass), check.Warn, []string{"warn"}, 1},
		{
			"first_of is undeclared where all are", clauses(check.FirstOfClauses, undeclared, undeclared),
			check.Undeclared, []string{"undeclared", "undeclared"}, 2,
		},
		{
			"clauses are nested", clauses(check.AllOfClauses, clauses(check.FirstOfClauses, undeclared, pass), clauses(check.AnyOfClauses, fail, warn)),
			check.Warn, []string{"warn"}, 2,
		},
		{"a rule without a clause is unknown", check.Clause{}, check.Unknown, []string{""}, 0},
		{"all_of nothing is unknown", clauses(check.AllOfClauses), check.Unknown, []string{""}, 0},
		{"any_of nothing is unknown", clauses(check.AnyOfClauses), check.Unknown, []string{""}, 0},
		{"first_of nothing is unknown", clauses(check.FirstOfClauses), check.Unknown, []string{""}, 0},
		{"an operator that is none is unknown", clauses("most_of", pass), check.Unknown, []string{""}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			rule := check.Rule{ID: "x", Clause: c.clause}
			result := rule.Judge(viewOf(tanksOf(tank{Name: "a"})), &system.System{}, now)
			var subjects []string
			for _, problem := range result.Problems {
				subjects = append(subjects, problem.Subject)
			}
			require.Equal(t, c.status.String(), result.Status.String())
			require.Equal(t, c.subjects, subjects)
			require.Equal(t, c.facts, result.Facts)
		})
	}
}

func TestAPanicOfOneClauseIsNoneOfTheOthers(t *testing.T) {
	rule := check.Rule{ID: "x", Clause: clauses(check.AnyOfClauses, bind(levels(each())), clauseOf(check.Pass, ""))}
	require.Equal(t, check.Pass, rule.Judge(viewOf(tanksOf(tank{Level: -1})), &system.System{}, now).Status)
}

func TestASignatureSpeaksWhereNothingCanBeJudged(t *testing.T) {
	signed := check.Kind[parameters]{
		Name: "signed", WhenEmpty: check.Reason{Name: "not_signed", Level: check.Undeclared, Sentence: "Nobody has signed it."},
		Over: []check.Quantified[parameters]{check.AtLeastOne(fact.Attestations(), func(check.Context, *fact.Attestation, parameters) []check.Problem { return nil })},
	}
	rule := check.Rule{ID: "x", Clause: clauses(check.FirstOfClauses, bind(levels(each())), bind(signed))}
	attestation := set(fact.Attestations(), []fact.Attestation{{Check: "x", By: "ann"}})
	for _, c := range []struct {
		name string
		sets []fact.AnySet
		want check.Status
	}{
		{"without a target the signature decides", []fact.AnySet{attestation}, check.Pass},
		{"where nothing is found it does", []fact.AnySet{tanksOf(), attestation}, check.Pass},
		{"it does not get over a failure", []fact.AnySet{tanksOf(tank{Name: "a"}), attestation}, check.Fail},
		{"it does not get over what is unavailable", []fact.AnySet{set(tanks(), nil, gone(tank{})), attestation}, check.Unknown},
		{"without either it is undeclared", nil, check.Undeclared},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, rule.Judge(viewOf(c.sets...), &system.System{}, now).Status)
		})
	}
}
