// Package oncall judges who is on call.
package oncall

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// Parameters say how far a schedule must reach, and how long one person may be on call.
type Parameters struct {
	// MinimumCoverage is for how long, from now on, somebody must be on call without a gap.
	MinimumCoverage quantity.Duration `yaml:"minimum_coverage"`
	// MaximumTurn is for how long one person may be on call alone, without anybody else taking over.
	MaximumTurn quantity.Duration `yaml:"maximum_turn"`
}

// The longest times that are known of every schedule.
const (
	longestCoverage = quantity.Duration(55 * 24 * time.Hour)
	longestTurn     = quantity.Duration(28 * 24 * time.Hour)
)

// Validate wants times that are known.
func (p Parameters) Validate() error {
	switch {
	case p.MinimumCoverage <= 0 || p.MinimumCoverage > longestCoverage:
		return check.Wrong("minimum_coverage", "expected more than 0s, and at most %s", longestCoverage)
	case p.MaximumTurn <= 0 || p.MaximumTurn > longestTurn:
		return check.Wrong("maximum_turn", "expected more than 0s, and at most %s", longestTurn)
	}
	return nil
}

// reasons are what can be wrong with a schedule.
type reasons struct{ nobody, gap, alone, disabled check.Reason }

func newReasons() reasons {
	const fill = "Enter somebody for that time where the schedule is kept. "
	return reasons{
		nobody: check.Reason{
			Name: "nobody_on_call", Level: check.Fail, Sentence: "Nobody is on call now.",
			Remedy: fill + "Until then, agree who answers, and enter that as an override.",
		},
		gap: check.Reason{
			Name: "on_call_gap", Level: check.Fail, Sentence: "The schedule has a time in which nobody is on call.",
			Remedy: fill + "Where that recurs, change the hours of the turns, or their time zone.",
		},
		alone: check.Reason{
			Name: "same_person", Level: check.Fail, Sentence: "One person is on call for too long.",
			Remedy: "Have somebody else take turns. In a calendar, invite the person who is on call, or name that person in the title of the event.",
		},
		disabled: check.Reason{
			Name: "schedule_disabled", Level: check.Fail, Sentence: "The schedule is disabled, and notifies nobody.",
			Remedy: "Enable it where it is kept, or declare the schedule that is used.",
		},
	}
}

// Schedule wants somebody on call now and for some time, without a gap, and not always the same person.
func Schedule() check.Kind[Parameters] {
	r := newReasons()
	return check.Kind[Parameters]{
		Name:     "on_call_schedule",
		Summary:  "Every schedule has somebody on call now and for long enough, without a gap, and people take turns.",
		Remedy:   "Complete the schedule where it is kept.",
		Reasons:  []check.Reason{r.nobody, r.gap, r.alone, r.disabled},
		Defaults: Parameters{MinimumCoverage: quantity.Duration(7 * 24 * time.Hour), MaximumTurn: quantity.Duration(14 * 24 * time.Hour)},
		Over:     []check.Quantified[Parameters]{check.Each(fact.OnCallSchedules(), r.judge)},
		WhenEmpty: check.Reason{
			Name: "no_schedule", Level: check.Undeclared, Sentence: "No schedule of who is on call is declared.",
			Remedy: "Add it under on_call in the system description: a calendar, a rota, or a schedule of PagerDuty, Opsgenie or Grafana OnCall.",
		},
	}
}

func (r reasons) judge(c check.Context, s *fact.OnCallSchedule, p Parameters) []check.Problem {
	if s.Disabled {
		return []check.Problem{r.disabled.Problem("The schedule is disabled, and notifies nobody.")}
	}
	problems := r.gaps(c, s, p)
	for _, turn := range s.Alone() {
		if turn.End.Sub(turn.Start) <= p.MaximumTurn.Std() || turn.End.Before(c.Now) {
			continue
		}
		problems = append(problems, r.alone.Problem(fmt.Sprintf("Only %s is on call %s (limit %s).",
			turn.Person, during(s, fact.TimeSpan{Start: turn.Start, End: turn.End}), p.MaximumTurn)))
		break // Whoever follows is no news then.
	}
	return problems
}

// gaps gives the first time in which nobody is on call, and how many more follow.
func (r reasons) gaps(c check.Context, s *fact.OnCallSchedule, p Parameters) []check.Problem {
	until := c.Now.Add(p.MinimumCoverage.Std())
	gaps := s.Gaps(c.Now, s.Until)
	for len(gaps) > 0 && !gaps[len(gaps)-1].Start.Before(until) {
		gaps = gaps[:len(gaps)-1]
	}
	if len(gaps) == 0 {
		return nil
	}
	more := ""
	if n := len(gaps) - 1; n > 0 {
		more = fmt.Sprintf(", and %s more in the next %s", words.Count(n, "time"), p.MinimumCoverage)
	}
	more += "." + passedOver(s)
	if gaps[0].Start.Equal(c.Now) {
		return []check.Problem{r.nobody.Problem("Nobody is on call now" + ending(s, gaps[0]) + more)}
	}
	return []check.Problem{r.gap.Problem("Nobody is on call " + during(s, gaps[0]) + more)}
}

// during says when a time is, as far as the schedule is known.
func during(s *fact.OnCallSchedule, span fact.TimeSpan) string {
	text := "from " + words.Moment(span.Start)
	if !span.Start.After(s.From) {
		text = "since before " + words.Moment(s.From)
	}
	if !span.End.Before(s.Until) {
		return text + " on, for at least " + quantity.InWords(span.End.Sub(span.Start))
	}
	return text + " until " + words.Moment(span.End) + ", for " + quantity.InWords(span.End.Sub(span.Start))
}

func ending(s *fact.OnCallSchedule, gap fact.TimeSpan) string {
	if !gap.End.Before(s.Until) {
		return ", and nobody is later"
	}
	return ", until " + words.Moment(gap.End)
}

// passedOver says what the schedule has that is no shift.
func passedOver(s *fact.OnCallSchedule) (text string) {
	if s.Unnamed > 0 {
		text = fmt.Sprintf(" Of its events %d %s nobody.", s.Unnamed, map[bool]string{true: "names", false: "name"}[s.Unnamed == 1])
	}
	if s.Tentative > 0 {
		text += fmt.Sprintf(" Of its events %d %s not confirmed.", s.Tentative, words.Verb(s.Tentative))
	}
	return text
}
