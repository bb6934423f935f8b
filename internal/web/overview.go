package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

// firstOfAll is how many items the overview names of all systems.
const firstOfAll = 5

// overview is what there is to see of several systems.
type overview struct {
	Systems []row // those that are shown, the gravest first
	All     int
	Ready   int // of all
	First   []problemItem

	// What is shown is narrowed by these; empty does not narrow.
	Readiness, Environment, Owner, Name string
	Environments, Owners                []string
}

// A row is one system of the overview.
type row struct {
	report.System
	Verdict verdict
	First   *problemItem // what to fix first; nil where nothing fails or is unknown
	Open    int          // gates
	gravity int
}

// A problemItem is an item that is not ready, with the system that it is of.
type problemItem struct {
	report.Item
	System, Environment string
	At                  timeOfJudging
}

func overviewOf(assessments []*assess.Assessment, r *http.Request) overview {
	query := r.URL.Query()
	o := overview{
		All: len(assessments), Readiness: query.Get("readiness"), Environment: query.Get("environment"),
		Owner: query.Get("owner"), Name: query.Get("name"),
	}
	var first []problemItem
	for _, assessment := range assessments {
		each := rowOf(assessment)
		o.Environments = append(o.Environments, each.Environment)
		o.Owners = append(o.Owners, each.Owner)
		if each.Ready {
			o.Ready++
		}
		if o.takes(each) {
			o.Systems = append(o.Systems, each)
			if each.First != nil {
				first = append(first, *each.First)
			}
		}
	}
	o.Environments, o.Owners = choices(o.Environments), choices(o.Owners)
	slices.SortStableFunc(o.Systems, func(a, b row) int {
		return cmp.Or(b.gravity-a.gravity, b.Counts["fail"]-a.Counts["fail"], strings.Compare(a.Name, b.Name))
	})
	slices.SortStableFunc(first, func(a, b problemItem) int {
		return cmp.Or(gravityOf(&b.Item)-gravityOf(&a.Item), a.ChangedAt.Compare(b.ChangedAt))
	})
	o.First = first[:min(firstOfAll, len(first))]
	return o
}

func rowOf(a *assess.Assessment) row {
	each := row{System: report.Summarize(a)}
	each.Verdict = verdictOf(each.System)
	for _, gate := range each.Gates {
		if gate.Ready {
			each.Open++
		}
	}
	if first := firstToFix(a, 1); len(first) > 0 {
		each.First = &first[0]
		each.gravity = gravityOf(&first[0].Item)
	} else if !each.Ready {
		each.gravity = 1
	}
	return each
}

func (o *overview) takes(each row) bool {
	switch o.Readiness {
	case "ready":
		if !each.Ready {
			return false
		}
	case notReady:
		if each.Ready {
			return false
		}
	}
	return is(o.Environment, each.Environment) && is(o.Owner, each.Owner) &&
		strings.Contains(strings.ToLower(each.Name), strings.ToLower(o.Name))
}

// choices are the values of a list to choose from: each once, in order.
func choices(values []string) []string {
	values = slices.DeleteFunc(values, func(value string) bool { return value == "" })
	slices.Sort(values)
	return slices.Compact(values)
}

// firstToFix gives what fails, and what could not be collected, the gravest first.
func firstToFix(a *assess.Assessment, most int) []problemItem {
	var first []problemItem
	for _, item := range report.Gravest(a, most) {
		if item.Status == check.Fail || item.Status == check.Unknown {
			first = append(first, problemItem{item, a.Plan.System.Name, a.Plan.System.Environment, timeOfJudging(a.At)})
		}
	}
	return first
}

// gravityOf orders items of several systems: what fails before what is unknown, and the critical first.
func gravityOf(item *report.Item) int {
	severity := map[string]int{"critical": 3, "warning": 2, "info": 1}
	return 10*item.Status.Gravity() + severity[item.Severity]
}
