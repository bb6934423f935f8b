package metrics

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A sample is one series of a family with its value. Values are in the order of the family's labels.
type sample struct {
	values []string
	value  float64
}

// A sampler turns an assessment into samples, a list for each family.
type sampler struct {
	begin    map[string]int // of the families of each fact kind
	families [][]sample
}

func newSampler(families int, begin map[string]int) *sampler {
	return &sampler{begin: begin, families: make([][]sample, families)}
}

// add adds a series. Its labels are made valid for every format.
func (s *sampler) add(family int, value float64, values ...string) {
	for i := range values {
		values[i] = valid(values[i])
	}
	s.families[family] = append(s.families[family], sample{values, value})
}

// valid replaces what is no UTF-8.
func valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// addTime leaves the zero time out: what has never been is no date.
func (s *sampler) addTime(family int, t time.Time, values ...string) {
	if seconds, known := fact.Timestamp(t); known {
		s.add(family, seconds, values...)
	}
}

func (s *sampler) assessment(a *assess.Assessment) {
	s.add(systemInfo, 1, a.Plan.System.Owner, a.Plan.Checklist.Name)
	s.objectives(a.Plan.System.Objectives)
	for i := range a.Results {
		s.result(&a.Plan.Items[i], &a.Results[i])
	}
	for _, score := range a.Scores {
		if ratio, known := score.Ratio(); known {
			s.add(scoreRatio, ratio, score.Category)
		}
	}
	for _, gate := range a.Gates {
		s.add(gateReady, fact.Bool(gate.Ready), gate.Gate.ID)
	}
	dropped := s.facts(a)
	for _, state := range a.Collectors() {
		s.collector(state)
		s.add(collectorDropped, float64(dropped[state.Name]), state.Name)
	}
}

func (s *sampler) objectives(objectives system.Objectives) {
	if objectives.Readiness > 0 {
		s.add(sloObjective, objectives.Readiness, "")
	}
	for _, category := range slices.Sorted(maps.Keys(objectives.Categories)) {
		s.add(sloObjective, objectives.Categories[category], category)
	}
}

func (s *sampler) result(item *assess.Item, result *check.Result) {
	id, category, severity := result.Check, item.Category.ID, string(item.Severity)
	for _, status := range check.Statuses() {
		s.add(checkStatus, fact.Bool(result.Status == status), id, category, severity, status.String())
	}
	if result.Status.Applicable() {
		s.add(checkReady, fact.Bool(result.Status.Ready()), id, category, severity)
	}
	s.add(checkInfo, 1,
		id, item.Item.Text, item.Section.ID, item.Owner, string(item.Item.Mode), item.Item.Kind, item.Runbook)
	s.addTime(checkLastEvaluation, result.EvaluatedAt, id)
	s.addTime(checkLastChange, result.ChangedAt, id)
	s.problems(item, result)
}

func (s *sampler) problems(item *assess.Item, result *check.Result) {
	reasons := item.Rule.Reasons()
	for i, reason := range reasons {
		if slices.ContainsFunc(reasons[:i], func(r check.Reason) bool { return r.Name == reason.Name && r.Level == reason.Level }) {
			continue
		}
		count := 0
		for _, problem := range result.Problems {
			if problem.Reason == reason.Name && problem.Level == reason.Level {
				count++
			}
		}
		s.add(checkProblems, float64(count), result.Check, reason.Name, reason.Level.String())
	}
	shown := distinct(result.Problems)
	hidden := max(0, len(shown)-MaxProblems)
	for _, problem := range shown[:len(shown)-hidden] {
		s.add(checkProblem, 1, result.Check, problem.Reason, problem.Level.String(), problem.Subject)
	}
	s.add(checkProblemsHidden, float64(hidden), result.Check)
}

// distinct gives the problems that differ in more than their words, the gravest first, in an order that does not depend
// on how they were found, so that the ones that are shown stay the same from one scrape to the next.
func distinct(problems []check.Problem) []check.Problem {
	if len(problems) < 2 {
		return problems
	}
	sorted := slices.Clone(problems)
	for i := range sorted {
		sorted[i].Subject = valid(sorted[i].Subject) // what differs in nothing else is the same label
	}
	slices.SortStableFunc(sorted, compareProblems)
	return slices.CompactFunc(sorted, func(a, b check.Problem) bool { return compareProblems(a, b) == 0 })
}

func compareProblems(a, b check.Problem) int {
	return cmp.Or(
		cmp.Compare(b.Level.Gravity(), a.Level.Gravity()), strings.Compare(a.Reason, b.Reason), strings.Compare(a.Subject, b.Subject))
}

func (s *sampler) collector(state assess.CollectorState) {
	s.add(collectorUp, fact.Bool(state.Up), state.Name)
	s.addTime(collectorLastSuccess, state.LastSuccess, state.Name)
	s.add(collectorFacts, float64(state.Facts), state.Name)
	for _, reason := range fact.Reasons() {
		s.add(collectorMissed, float64(state.Missed[reason]), state.Name, string(reason))
	}
}

// facts adds the gauges of what counts now. It tells how many series of each collector were left out since another of
// the same labels stands already: one duplicate would make a whole scrape invalid.
func (s *sampler) facts(a *assess.Assessment) map[string]int {
	dropped := make(map[string]int)
	seen := make(map[string]struct{})
	for i := range a.Looks {
		look := &a.Looks[i]
		if !look.Fresh(a.At) {
			continue
		}
		begin := s.begin[look.Kind.KindName()]
		for _, f := range look.Facts {
			look.Kind.Samples(f, func(family int, values []string, value float64) {
				key := seriesKey(begin+family, values)
				if _, taken := seen[key]; taken {
					dropped[look.Collector]++
					return
				}
				seen[key] = struct{}{}
				s.add(begin+family, value, values...)
			})
		}
	}
	return dropped
}

// seriesKey tells a series from all others.
func seriesKey(family int, values []string) string {
	key := strconv.AppendInt(nil, int64(family), 10)
	for _, value := range values {
		key = append(append(key, 0xff), valid(value)...) // a byte that valid text does not have
	}
	return string(key)
}
