package web

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

// firstOfSystem is how many items the head of a system's page names.
const firstOfSystem = 5

// systemView is what there is to see of one system.
type systemView struct {
	report.System
	At         timeOfJudging
	Verdict    verdict
	First      []problemItem // what to fix first
	More       int           // that are to be fixed too
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

// A verdict states in words, and by a class of style, how ready a system is.
type verdict struct{ Class, Words, Because string }

func systemViewOf(a *assess.Assessment, narrowed filter, detailed bool) systemView {
	view := systemView{
		System: report.Of(a).Detailed(detailed), At: timeOfJudging(a.At), First: firstToFix(a, firstOfSystem), Filter: narrowed,
		Statuses: []check.Status{
			check.Fail, check.Unknown, check.Undeclared, check.Warn, check.Waived, check.Pass, check.NotApplicable,
		},
	}
	view.Verdict = verdictOf(view.System)
	view.More = view.Counts["fail"] + view.Counts["unknown"] - len(view.First)
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

// verdictOf states how ready a system is, and what it hangs on.
func verdictOf(system report.System) verdict {
	switch {
	case system.Ready:
		return verdict{"pass", "Ready", ""}
	case system.Counts["fail"] > 0:
		return verdict{"fail", "Not ready", items(system.Counts["fail"], "fails", "fail")}
	case system.Counts["unknown"] > 0:
		return verdict{"unknown", "Not known", items(system.Counts["unknown"], "could not be collected", "could not be collected")}
	case system.Counts["undeclared"] > 0:
		return verdict{"undeclared", "Not ready", items(system.Counts["undeclared"], "is not declared", "are not declared")}
	default:
		return verdict{"undeclared", "Not ready", "no item applies"}
	}
}

func items(count int, one, several string) string {
	if count == 1 {
		return "1 item " + one
	}
	return fmt.Sprintf("%d items %s", count, several)
}
