package record

import (
	"cmp"
	"container/list"
	"maps"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

const (
	// maximumReports bounds what is kept of one component for one item, maximumComponents the components.
	maximumReports    = 20
	maximumComponents = 50
	// maximumEvidence bounds what is kept in all. What is beyond goes at once, down to a share of it.
	maximumEvidence = 10_000
	evictedShare    = 100
	// sameWithin is how long the same submission is a repetition, and not a further one.
	sameWithin = 10 * time.Minute
)

// An Evidence is one report of a pipeline about one item.
type Evidence struct {
	// ID is the same for the same submission, whenever it is made.
	ID        string              `json:"id"`
	System    string              `json:"system"`
	Check     string              `json:"check"`
	Component string              `json:"component,omitempty"`
	Report    fact.EvidenceReport `json:"report"`
}

// A component is what evidence is grouped by.
type component struct{ system, check, name string }

// An item is one of the checklist of a system.
type item struct{ system, check string }

func (c component) item() item { return item{c.system, c.check} }

func (e *Evidence) component() component { return component{e.System, e.Check, e.Component} }

// An archive has the evidence that is kept. The order is that of arrival, whatever the clock said: the oldest goes first.
type archive struct {
	order   *list.List // of *kept
	byID    map[string]*list.Element
	of      map[component][]*list.Element // the newest last
	ofItem  map[item]int                  // components
	bytes   int64
	maximum int64 // of bytes; 0: any number
}

type kept struct {
	Evidence
	bytes int64
}

func newArchive(maximum int64) archive {
	return archive{
		order: list.New(), byID: make(map[string]*list.Element), of: make(map[component][]*list.Element), ofItem: make(map[item]int),
		maximum: maximum,
	}
}

// add adds evidence, in the place of the same submission if there was one. The text is what is written of it; without it, it is made.
func (a *archive) add(e Evidence, text []byte) {
	if before := a.byID[e.ID]; before != nil {
		a.remove(before)
	}
	if text == nil {
		text = appendLine(nil, line{Evidence: &e})
	}
	size := int64(len(text))
	of := e.component()
	element := a.order.PushBack(&kept{e, size})
	a.byID[e.ID] = element
	if a.of[of] = append(a.of[of], element); len(a.of[of]) == 1 {
		a.ofItem[of.item()]++
	}
	a.bytes += size
	if len(a.of[of]) > maximumReports {
		a.remove(a.of[of][0])
	}
	a.boundComponents(of)
	a.bound()
}

// boundComponents has the component go that was heard of the longest time ago, where an item has too many.
func (a *archive) boundComponents(of component) {
	if a.ofItem[of.item()] <= maximumComponents {
		return
	}
	for element := a.order.Front(); element != nil; element = element.Next() {
		if oldest := element.Value.(*kept).component(); a.newest(element) && oldest.item() == of.item() {
			for _, each := range slices.Clone(a.of[oldest]) {
				a.remove(each)
			}
			return
		}
	}
}

// bound has the oldest go where there is too much: of each component the newest report last.
func (a *archive) bound() {
	if a.order.Len() <= maximumEvidence && (a.maximum == 0 || a.bytes <= a.maximum) {
		return
	}
	count, size := maximumEvidence-maximumEvidence/evictedShare, a.maximum-a.maximum/evictedShare
	for _, all := range []bool{false, true} {
		for element := a.order.Front(); element != nil; {
			if a.order.Len() <= count && (a.maximum == 0 || a.bytes <= size) {
				return
			}
			next := element.Next()
			if all || !a.newest(element) {
				a.remove(element)
			}
			element = next
		}
	}
}

// newest tells whether a report is the newest of its component.
func (a *archive) newest(element *list.Element) bool {
	of := a.of[element.Value.(*kept).component()]
	return of[len(of)-1] == element
}

func (a *archive) remove(element *list.Element) {
	k := a.order.Remove(element).(*kept)
	a.bytes -= k.bytes
	delete(a.byID, k.ID)
	left := slices.DeleteFunc(a.of[k.component()], func(each *list.Element) bool { return each == element })
	if a.of[k.component()] = left; len(left) > 0 {
		return
	}
	delete(a.of, k.component())
	of := k.component().item()
	if a.ofItem[of]--; a.ofItem[of] == 0 {
		delete(a.ofItem, of)
	}
}

// knows tells whether evidence repeats a submission of just before: whoever submits got no answer, and does so again. After a later one
// that says something else it is what is found now, such as when a job is run again.
func (a *archive) knows(e Evidence) bool {
	before := a.byID[e.ID]
	if before == nil {
		return false
	}
	at := before.Value.(*kept).Report.At
	later := func(each *list.Element) bool { return each.Value.(*kept).Report.At.After(at) }
	return e.Report.At.Sub(at).Abs() <= sameWithin && !slices.ContainsFunc(a.of[e.component()], later)
}

// has tells whether evidence is kept.
func (a *archive) has(e Evidence) bool {
	before := a.byID[e.ID]
	return before != nil && before.Value.(*kept).Report.At.Equal(e.Report.At)
}

// all gives everything, in the order of arrival.
func (a *archive) all() (all []Evidence) {
	for element := a.order.Front(); element != nil; element = element.Next() {
		all = append(all, element.Value.(*kept).Evidence)
	}
	return all
}

// facts gives the evidence of one system, a fact for each component of each item, with what arrived last first.
func (a *archive) facts(system string) (facts []fact.Evidence) {
	of := slices.SortedFunc(maps.Keys(a.of), func(a, b component) int {
		return cmp.Or(cmp.Compare(a.check, b.check), cmp.Compare(a.name, b.name))
	})
	for _, each := range of {
		if each.system != system {
			continue
		}
		one := fact.Evidence{Check: each.check, Component: each.name}
		for _, element := range slices.Backward(a.of[each]) {
			one.Reports = append(one.Reports, element.Value.(*kept).Report)
		}
		facts = append(facts, one)
	}
	return facts
}
