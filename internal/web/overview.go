package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

// firstOfAll is how many items the overview names of all systems.
const firstOfAll = 5

// overview is what there is to see of several systems.
type overview struct {
	Systems []row // those that are shown, the gravest first
	All     int
	Ready   int         // of all
	First   []faultView // what to fix first, of all that are shown

	// What is shown is narrowed by these; empty does not narrow.
	Readiness, Environment, Team, Name string
	Environments, Teams                []string
}

// A row is one system of the overview.
type row struct {
	report.System
	Verdict verdict
	First   *faultView // what to fix first; nil where nothing fails or is unknown
	Open    int        // gates
	gravity int
}

func overviewOf(assessments []*assess.Assessment, r *http.Request) overview {
	query := r.URL.Query()
	o := overview{
		All: len(assessments), Readiness: query.Get("readiness"), Environment: query.Get("environment"),
		Team: query.Get("team"), Name: query.Get("name"), Systems: make([]row, 0, len(assessments)),
	}
	first := make([]faultView, 0, len(assessments))
	for _, assessment := range assessments {
		each := rowOf(assessment)
		o.Environments = append(o.Environments, each.Environment)
		o.Teams = append(o.Teams, each.Team)
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
	o.Environments, o.Teams = choices(o.Environments), choices(o.Teams)
	slices.SortStableFunc(o.Systems, func(a, b row) int {
		return cmp.Or(b.gravity-a.gravity, b.Counts["fail"]-a.Counts["fail"], strings.Compare(a.Name, b.Name))
	})
	slices.SortStableFunc(first, func(a, b faultView) int { return cmp.Or(b.gravity()-a.gravity(), a.Since.Compare(b.Since)) })
	o.First = first[:min(firstOfAll, len(first))]
	return o
}

func rowOf(a *assess.Assessment) row {
	each := row{System: report.Summarize(a)}
	faults := report.FaultsOf(a)
	each.Verdict = verdictOf(each.System, faults)
	for _, gate := range each.Gates {
		if gate.Ready {
			each.Open++
		}
	}
	if len(faults) > 0 {
		first := faultViewOf(a, faults[0])
		each.First = &first
		each.gravity = each.First.gravity()
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
	return is(o.Environment, each.Environment) && is(o.Team, each.Team) &&
		strings.Contains(strings.ToLower(each.Name), strings.ToLower(o.Name))
}

// choices are the values of a list to choose from: each once, in order.
func choices(values []string) []string {
	values = slices.DeleteFunc(values, func(value string) bool { return value == "" })
	slices.Sort(values)
	return slices.Compact(values)
}

// gravity orders the faults of several systems: what is urgent first, what fails before what is unknown, and the critical.
func (f *faultView) gravity() int {
	return 1000*int(f.Urgency) + 100*f.Level.Gravity() + int(f.Finds[0].Severity().Weight())
}
