package metrics

import (
	"maps"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A listedItem is an item of a checklist that is in use.
type listedItem struct {
	checklist string
	*assess.Item
	tuned bool // the system says where to read on
}

// listed gives each item of every checklist once: as a system has it that does not tune it, where there is one.
func listed(pages []*page) (items []listedItem) {
	type key struct{ checklist, check string }
	at := make(map[key]int)
	for _, page := range pages {
		plan := page.assessment.Plan
		for i := range plan.Items {
			item := listedItem{plan.Checklist.Name, &plan.Items[i], false}
			item.tuned = plan.System.Checks[item.Entry.Item.ID].Runbook != ""
			place := key{item.checklist, item.Entry.Item.ID}
			if before, known := at[place]; !known {
				at[place] = len(items)
				items = append(items, item)
			} else if items[before].tuned && !item.tuned {
				items[before] = item
			}
		}
	}
	return items
}

func (s *sink) item(listed listedItem) {
	item := listed.Entry.Item
	runbook := listed.Runbook
	if listed.tuned {
		runbook = item.Runbook
	}
	s.add(checklistItemInfo, 1, listed.checklist, item.ID, item.Text, listed.Section.ID, string(item.Mode), kindsOf(listed.Item), runbook)
}

// kindsOf names the kinds of check by which an item is judged.
func kindsOf(item *assess.Item) string {
	var kinds []string
	for bound := range item.Rule.Clause.Bounds() {
		if !slices.Contains(kinds, bound.Name) {
			kinds = append(kinds, bound.Name)
		}
	}
	return strings.Join(kinds, ",")
}

// totals adds up over all systems what collectors could not collect, and which of their series are left out.
func (s *sink) totals(pages []*page) {
	unavailable, invalid := make(map[string]map[fact.Reason]int), make(map[string]int)
	for _, page := range pages {
		page.addInvalid(invalid)
		for i := range page.collectors {
			state := &page.collectors[i]
			for reason, number := range state.Unavailable {
				if !slices.Contains(fact.Reasons(), reason) {
					reason = fact.ReasonFailed // the set is closed
				}
				if unavailable[state.Name] == nil {
					unavailable[state.Name] = make(map[fact.Reason]int)
				}
				unavailable[state.Name][reason] += number
			}
		}
	}
	for _, collector := range slices.Sorted(maps.Keys(unavailable)) {
		for _, reason := range slices.Sorted(maps.Keys(unavailable[collector])) {
			s.add(collectorUnavailable, float64(unavailable[collector][reason]), collector, string(reason))
		}
	}
	for _, collector := range slices.Sorted(maps.Keys(invalid)) {
		s.add(collectorInvalidSeries, float64(invalid[collector]), collector)
	}
}
