package metrics

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// assessment gives the series of what was concluded of a system, and of how its collectors do.
func (s *sink) assessment(a *assess.Assessment, collectors []assess.CollectorState) {
	s.add(systemInfo, 1, a.Plan.System.Owner, a.Plan.Checklist.Name)
	for sort, number := range a.Plan.System.DiscoveredTargets() {
		s.add(discoveredTargets, float64(number), sort)
	}
	if a.Plan.System.Vantage == "" {
		s.conclusions(a)
	}
	for i := range collectors {
		s.collector(&collectors[i])
	}
}

// conclusions gives what was concluded. Of a system that is collected from a vantage point nothing is: whoever judges it by all that
// was collected exports that, and the same series would be there twice, with two values.
func (s *sink) conclusions(a *assess.Assessment) {
	for i := range a.Results {
		s.result(&a.Plan.Items[i], &a.Results[i], a.History)
	}
	for _, score := range a.Scores {
		if score.Applicable > 0 {
			s.add(scoreReady, score.Ready, score.Category)
			s.add(scoreJudged, score.Judged, score.Category)
			s.add(scoreApplicable, score.Applicable, score.Category)
		}
	}
	for i, objective := range a.Plan.Objectives {
		s.add(objectiveRatio, objective.Ratio, objective.Name)
		if met := a.ObjectivesMet[i]; met != check.Unknown {
			s.add(objectiveMet, fact.Bool(met.Ready()), objective.Name)
		}
	}
	for _, gate := range a.Gates {
		s.add(gateReady, fact.Bool(gate.Ready), gate.Gate.ID)
		s.add(gateBlocking, float64(len(gate.Blocking)), gate.Gate.ID)
	}
}

func (s *sink) result(item *assess.Item, result *check.Result, history assess.History) {
	id, category, severity := result.Check, item.Category.ID, string(item.Severity)
	s.add(checkStatus, 1, id, category, severity, result.Status.String())
	if result.Status.Judged() {
		s.add(checkReady, fact.Bool(result.Status.Ready()), id, category, severity, item.Owner)
		if changes := history[id]; len(changes) > 0 {
			s.addTime(checkLastChange, changes[len(changes)-1].At, id)
		}
		if since := history.Regressed(id); item.Weighs() && !since.IsZero() {
			s.addTime(checkRegressed, since, id, category, severity, item.Owner, strconv.FormatBool(item.Page))
			s.regressedInfo(item, result)
		}
	}
	s.problems(result)
}

// regressedInfo gives the gravest problem in words. Its detail would be a new series whenever a number in it changes: the
// sentence of its reason says the same without.
func (s *sink) regressedInfo(item *assess.Item, result *check.Result) {
	if len(result.Problems) == 0 {
		return
	}
	problem := result.Problems[0]
	s.add(checkRegressedInfo, 1, result.Check, item.Item.Text, problem.Subject, sentenceOf(item, problem.Reason), problem.Remedy)
}

func sentenceOf(item *assess.Item, reason string) string {
	for bound := range item.Rule.Clause.Bounds() {
		all := bound.AllReasons()
		if i := slices.IndexFunc(all, func(each check.Reason) bool { return each.Name == reason }); i >= 0 {
			return all[i].Sentence
		}
	}
	return ""
}

// problems gives the problems that differ in more than their words, the gravest first, and counts those beyond the
// maximum. The problems of a result are in an order that does not depend on how they were found, so that those that are
// exported stay the same from one scrape to the next.
func (s *sink) problems(result *check.Result) {
	exported, beyond := 0, 0
	var last *check.Problem
	problems := cleaned(result.Problems)
	for i := range problems {
		problem := &problems[i]
		if problem.Level == check.Undeclared || last != nil && compareProblems(*last, *problem) == 0 {
			continue
		}
		if exported < MaxProblems {
			exported++
			s.add(checkProblem, 1, result.Check, problem.Reason, problem.Level.String(), problem.Subject)
		} else {
			if beyond > 0 && (last.Level != problem.Level || last.Reason != problem.Reason) {
				s.add(checkProblems, float64(beyond), result.Check, last.Reason, last.Level.String())
				beyond = 0
			}
			beyond++
		}
		last = problem
	}
	if beyond > 0 {
		s.add(checkProblems, float64(beyond), result.Check, last.Reason, last.Level.String())
	}
}

// cleaned gives problems whose subjects are clean, in their order: what differs in nothing else is the same label.
func cleaned(problems []check.Problem) []check.Problem {
	if !slices.ContainsFunc(problems, func(problem check.Problem) bool { return clean(problem.Subject) != problem.Subject }) {
		return problems
	}
	problems = slices.Clone(problems)
	for i := range problems {
		problems[i].Subject = clean(problems[i].Subject)
	}
	slices.SortStableFunc(problems, compareProblems)
	return problems
}

func compareProblems(a, b check.Problem) int {
	return cmp.Or(
		cmp.Compare(b.Level.Gravity(), a.Level.Gravity()), strings.Compare(a.Reason, b.Reason), strings.Compare(a.Subject, b.Subject))
}

func (s *sink) collector(state *assess.CollectorState) {
	s.add(collectorUp, fact.Bool(state.Up), state.Name)
	s.addTime(collectorLastSuccess, state.LastSuccess, state.Name)
	s.add(collectorInterval, state.Interval.Seconds(), state.Name)
	var last string
	for i, target := range slices.Sorted(slices.Values(state.Down)) {
		if target = clean(target); i == 0 || target != last {
			s.add(collectorTargetUp, 0, state.Name, target)
		}
		last = target
	}
}
