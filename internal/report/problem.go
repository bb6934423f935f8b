package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
)

// A SystemProblem is one thing found wrong, with the item that it was found for.
type SystemProblem struct {
	System      string    `json:"system"`
	Environment string    `json:"environment"`
	Check       string    `json:"check"`
	Text        string    `json:"text"`
	Status      string    `json:"status"` // of the item
	Severity    string    `json:"severity"`
	Section     string    `json:"section"`
	Team        string    `json:"team,omitempty"`
	Page        bool      `json:"page"`  // the loss of the item calls somebody
	Since       time.Time `json:"since"` // when the item changed to its status
	Runbook     string    `json:"runbook_url"`
	check.Problem
}

// ProblemsOf lists the problems of a system, the gravest first: what is urgent, then by status, severity, age and then as the
// checklist has them.
func ProblemsOf(a *assess.Assessment) []SystemProblem {
	problems := []SystemProblem{}
	for _, item := range Gravest(a, -1) {
		for _, problem := range item.Problems {
			problems = append(problems, SystemProblem{
				System: a.Plan.System.Name, Environment: a.Plan.System.Environment, Check: item.Check, Text: item.Text,
				Status: item.Status.String(), Severity: item.Severity, Section: item.Section, Team: item.Team, Page: item.Page,
				Since: item.ChangedAt, Runbook: item.Runbook, Problem: problem,
			})
		}
	}
	slices.SortStableFunc(problems, func(one, other SystemProblem) int { return check.CompareUrgency(one.Problem, other.Problem) })
	return problems
}

// Gravest gives items with problems, the gravest first: at most so many, or all when the number is negative. What warns
// and what is excused stand last.
func Gravest(a *assess.Assessment, most int) []Item {
	var found []int
	for i := range a.Results {
		if status := a.Results[i].Status; status != check.Pass && status != check.NotApplicable {
			found = append(found, i)
		}
	}
	slices.SortStableFunc(found, func(i, j int) int {
		return compareGravity(&a.Results[i], &a.Results[j], a.Plan.Items[i].Severity, a.Plan.Items[j].Severity)
	})
	if most >= 0 {
		found = found[:min(most, len(found))]
	}
	items := make([]Item, len(found))
	for i, at := range found {
		items[i] = itemOf(a, at)
		items[i].Problems = gravestFirst(items[i].Problems)
	}
	return items
}

// compareGravity orders two items with problems: the one to fix first is less.
func compareGravity(one, other *check.Result, severity, otherSeverity checklist.Severity) int {
	return cmp.Or(
		other.Status.Gravity()-one.Status.Gravity(),
		cmp.Compare(otherSeverity.Weight(), severity.Weight()),
		one.ChangedAt.Compare(other.ChangedAt))
}

// compareItems is compareGravity for items.
func compareItems(one, other *Item) int {
	return compareGravity(&one.Result, &other.Result, checklist.Severity(one.Severity), checklist.Severity(other.Severity))
}

// gravestFirst gives problems in the order in which they are read.
func gravestFirst(problems []check.Problem) []check.Problem {
	sorted := slices.Clone(problems)
	slices.SortStableFunc(sorted, func(one, other check.Problem) int {
		return cmp.Or(other.Level.Gravity()-one.Level.Gravity(), check.CompareUrgency(one, other), strings.Compare(one.Subject, other.Subject))
	})
	return sorted
}
