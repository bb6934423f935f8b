package web

import (
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

// How many faults the head of a system's page tells of.
const (
	mostUrgent = 20
	mostLost   = 20
	mostGaps   = 5
)

// systemView is what there is to see of one system.
type systemView struct {
	report.System
	At         timeOfJudging
	Verdict    verdict
	Groups     []faultGroup // what is wrong, the most urgent first
	Filter     filter
	Statuses   []check.Status
	Sections   []choice
	Teams      []string
	Categories []category // with what the filter lets through
	Shown      int
}

type choice struct{ ID, Title string }

type category struct {
	Title    string
	Sections []section
}

type section struct {
	ID, Title  string
	Ready      int
	Applicable int
	Items      []report.Item
}

func systemViewOf(a *assess.Assessment, narrowed filter, detailed bool) systemView {
	view := systemView{
		System: report.Of(a).Detailed(detailed), At: timeOfJudging(a.At), Filter: narrowed,
		Statuses: []check.Status{
			check.Fail, check.Unknown, check.Undeclared, check.Warn, check.Waived, check.Pass, check.NotApplicable,
		},
	}
	faults := report.FaultsOf(a)
	view.Verdict, view.Groups = verdictOf(view.System, faults), groupsOf(a, faults)
	for _, item := range view.Items {
		if n := len(view.Sections); n == 0 || view.Sections[n-1].ID != item.Section {
			view.Sections = append(view.Sections, choice{item.Section, item.SectionTitle})
		}
		view.Teams = append(view.Teams, item.Team)
	}
	view.Teams = choices(view.Teams)
	shown := narrowed.items(view.System)
	view.Shown = len(shown)
	view.Categories = categoriesOf(shown)
	return view
}

// categoriesOf groups items, which are in the order of their checklist.
func categoriesOf(items []report.Item) []category {
	var categories []category
	for i, item := range items {
		newCategory := i == 0 || items[i-1].Category != item.Category
		if newCategory {
			categories = append(categories, category{Title: item.CategoryTitle})
		}
		in := &categories[len(categories)-1]
		if newCategory || items[i-1].Section != item.Section {
			in.Sections = append(in.Sections, section{ID: item.Section, Title: item.SectionTitle})
		}
		within := &in.Sections[len(in.Sections)-1]
		within.Items = append(within.Items, item)
		if item.Status.Applicable() {
			within.Applicable++
		}
		if item.Ready {
			within.Ready++
		}
	}
	return categories
}
