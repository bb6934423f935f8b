package assess

import (
	"slices"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Plan is what there is to judge of one system. It does not change.
type Plan struct {
	System    *system.System
	Checklist *checklist.Checklist
	Items     []Item // in the checklist's order
	// Unsupported are the items of the checklist that this version cannot judge: they count nowhere.
	Unsupported []Item
	Gates       []Gate
	Objectives  []Objective
	Categories  []checklist.Category // in the checklist's order

	order []int // in which items are judged: a composite after what it is composed of
}

// An Item is one item of the checklist, as the system's description tunes it.
type Item struct {
	checklist.Entry
	Severity checklist.Severity
	Page     bool   // its loss calls somebody
	Owner    string // the team
	Runbook  string // address; empty where none is known
	Rule     check.Rule
	// After are the items whose results it judges.
	After []string
	// Newer: it came after the version of the checklist that the system pins. It is judged and shown, and counts nowhere.
	Newer bool

	composite bool
}

// Composite tells whether the item judges results of others, also while this version supports none of them: it weighs
// nothing by itself.
func (i *Item) Composite() bool { return i.composite }

// judgesResults tells whether one of a rule's clauses is about results.
func judgesResults(rule *check.Rule) bool {
	results := check.Results().Name
	for bound := range rule.Clause.Bounds() {
		if slices.Contains(bound.FactKinds, results) {
			return true
		}
	}
	return false
}

// Weighs tells whether the item weighs in scores and can regress.
func (i *Item) Weighs() bool { return !i.Composite() && !i.Newer }

// A Gate is a named set of items.
type Gate struct {
	ID, Title string
	Items     []int // indexes into the plan's Items
}

// An Objective is a promise in time: that some items are all ready for a share of it.
type Objective struct {
	Name  string  // the value of the label objective
	Ratio float64 // of the time
	Items []int   // indexes into the plan's Items
}

// Order lays down in which order the items are judged. It gives the ids of items that judge each other in a circle,
// none where there is no circle; with one the plan cannot be used.
func (p *Plan) Order() (circle []string) {
	const (
		begun = iota + 1
		done
	)
	index := make(map[string]int, len(p.Items))
	for i := range p.Items {
		p.Items[i].After, p.Items[i].composite = p.Items[i].Rule.After(), judgesResults(&p.Items[i].Rule)
		index[p.Items[i].Item.ID] = i
	}
	p.order = make([]int, 0, len(p.Items))
	states := make([]int, len(p.Items))
	var path []string
	var visit func(i int) bool
	visit = func(i int) bool {
		id := p.Items[i].Item.ID
		if states[i] == done {
			return true
		}
		path = append(path, id)
		if states[i] == begun {
			return false
		}
		states[i] = begun
		for _, after := range p.Items[i].After {
			if at, there := index[after]; there && !visit(at) {
				return false
			}
		}
		path = path[:len(path)-1]
		states[i] = done
		p.order = append(p.order, i)
		return true
	}
	for i := range p.Items {
		if !visit(i) {
			return path[slices.Index(path, path[len(path)-1]):]
		}
	}
	return nil
}

// For is the plan for the system as it is described now, with what was discovered of it.
func (p *Plan) For(s *system.System) *Plan {
	if s == p.System {
		return p
	}
	effective := *p
	effective.System = s
	return &effective
}

// Needs are what must be collected to judge the items.
func (p *Plan) Needs() fact.Needs {
	needs := fact.Needs{Topics: make(fact.Topics)}
	for i := range p.Items {
		p.Items[i].Rule.Needs(&needs)
	}
	needs.Add(fact.Waivers().Name, nil)
	return needs
}

// Only is the plan with those items alone that are wanted, and gates and categories that have any.
func (p *Plan) Only(wanted func(*Item) bool) *Plan {
	only := &Plan{System: p.System, Checklist: p.Checklist}
	at := make(map[int]int)
	categories := make(map[string]bool)
	for i := range p.Items {
		if item := &p.Items[i]; wanted(item) {
			at[i] = len(only.Items)
			only.Items = append(only.Items, *item)
			categories[item.Category.ID] = true
		}
	}
	for _, gate := range p.Gates {
		if items := kept(gate.Items, at); len(items) > 0 {
			only.Gates = append(only.Gates, Gate{ID: gate.ID, Title: gate.Title, Items: items})
		}
	}
	for _, category := range p.Categories {
		if categories[category.ID] {
			only.Categories = append(only.Categories, category)
		}
	}
	only.Order()
	return only
}

// kept gives the new indexes of those that are still there.
func kept(indexes []int, at map[int]int) (items []int) {
	for _, i := range indexes {
		if index, there := at[i]; there {
			items = append(items, index)
		}
	}
	return items
}
