// Package assess judges one system as a whole: every item of its checklist, on what has been seen, at one time; then
// its gates and its scores. It is pure, so that the same code judges a live system, one round on a terminal, and facts
// recorded earlier.
package assess

import (
	"time"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Plan is what there is to judge of one system. It does not change.
type Plan struct {
	System     *system.System
	Checklist  *checklist.Checklist
	Items      []Item // in the checklist's order
	Gates      []Gate
	Categories []checklist.Category // in the checklist's order
}

// An Item is one item of the checklist, as the system's description tunes it.
type Item struct {
	checklist.Entry
	Severity checklist.Severity
	Owner    string
	Runbook  string // address; empty where none is known
	Rule     check.Rule
}

// A Gate is a named set of items.
type Gate struct {
	ID, Title string
	Items     []int // indexes into the plan's Items
}

// An Assessment is what was concluded of one system at one time. It does not change.
type Assessment struct {
	Plan    *Plan
	At      time.Time
	Looks   []fact.Look
	Results []check.Result // one an item, in the plan's order
	History [][]Change     // one an item, in the plan's order: since the start, the oldest first, at most maximumHistory
	Gates   []GateResult   // one a gate, in the plan's order
	Scores  []Score        // one a category, in the plan's order
}

// maximumHistory bounds what is remembered of an item that flaps.
const maximumHistory = 100

// A Change is a status that an item took on.
type Change struct {
	At     time.Time    `json:"at"`
	Status check.Status `json:"status"`
}

// A GateResult tells whether a gate is open.
type GateResult struct {
	Gate     *Gate
	Ready    bool
	Blocking []int // indexes of the items that are not ready
}

// A Score is the weight of what is ready among what applies; items weigh by their severity.
type Score struct {
	Category   string // id
	Ready      float64
	Applicable float64
}

// Ratio is the ready share, 0 to 1; false where nothing applies, which is neither ready nor not.
func (s Score) Ratio() (float64, bool) {
	if s.Applicable == 0 {
		return 0, false
	}
	return s.Ready / s.Applicable, true
}

// Assess judges every item on what the looks saw, at a time. The previous assessment of the same system, nil for the
// first, tells since when each status has been what it is.
func (p *Plan) Assess(looks []fact.Look, now time.Time, previous *Assessment) *Assessment {
	view := fact.NewView(looks, now)
	assessment := &Assessment{
		Plan: p, At: now, Looks: looks, Results: make([]check.Result, len(p.Items)), History: make([][]Change, len(p.Items)),
	}
	before := previous.index()
	for i := range p.Items {
		started := time.Now()
		result := p.Items[i].Rule.Judge(view, now)
		result.Took = time.Since(started)
		var history []Change
		if at, known := before[result.Check]; known {
			history = previous.History[at]
			if previous.Results[at].Status == result.Status {
				result.ChangedAt = previous.Results[at].ChangedAt
			}
		}
		assessment.Results[i] = result
		assessment.History[i] = remember(history, Change{At: result.ChangedAt, Status: result.Status})
	}
	assessment.Gates = p.openGates(assessment.Results)
	assessment.Scores = p.score(assessment.Results)
	return assessment
}

// Needs are the facts that the items judge, with their topics.
func (p *Plan) Needs() fact.Needs {
	needs := make(fact.Needs)
	for i := range p.Items {
		rule := &p.Items[i].Rule
		if rule.Bound != nil && rule.NotApplicable == "" {
			needs.Add(rule.Bound.FactKind, rule.Bound.Topics)
		}
	}
	return needs
}

// Only is the plan with those items alone that are wanted, and gates and categories that have any.
func (p *Plan) Only(wanted func(Item) bool) *Plan {
	only := &Plan{System: p.System, Checklist: p.Checklist}
	at := make(map[int]int)
	categories := make(map[string]bool)
	for i, item := range p.Items {
		if wanted(item) {
			at[i] = len(only.Items)
			only.Items = append(only.Items, item)
			categories[item.Category.ID] = true
		}
	}
	for _, gate := range p.Gates {
		kept := Gate{ID: gate.ID, Title: gate.Title}
		for _, i := range gate.Items {
			if index, there := at[i]; there {
				kept.Items = append(kept.Items, index)
			}
		}
		if len(kept.Items) > 0 {
			only.Gates = append(only.Gates, kept)
		}
	}
	for _, category := range p.Categories {
		if categories[category.ID] {
			only.Categories = append(only.Categories, category)
		}
	}
	return only
}

// remember adds a change to a history, which stays as it is where nothing has changed.
func remember(history []Change, change Change) []Change {
	if len(history) > 0 && history[len(history)-1] == change {
		return history
	}
	kept := history[max(0, len(history)+1-maximumHistory):]
	return append(kept[:len(kept):len(kept)], change)
}

// index finds the results by the ids of their items.
func (a *Assessment) index() map[string]int {
	if a == nil {
		return nil
	}
	index := make(map[string]int, len(a.Results))
	for i := range a.Results {
		index[a.Results[i].Check] = i
	}
	return index
}

func (p *Plan) openGates(results []check.Result) []GateResult {
	gates := make([]GateResult, len(p.Gates))
	for i := range p.Gates {
		gates[i].Gate = &p.Gates[i]
		applicable := 0
		for _, item := range p.Gates[i].Items {
			status := results[item].Status
			if !status.Applicable() {
				continue
			}
			applicable++
			if !status.Ready() {
				gates[i].Blocking = append(gates[i].Blocking, item)
			}
		}
		gates[i].Ready = applicable > 0 && len(gates[i].Blocking) == 0
	}
	return gates
}

func (p *Plan) score(results []check.Result) []Score {
	scores := make([]Score, len(p.Categories))
	index := make(map[string]*Score, len(p.Categories))
	for i, category := range p.Categories {
		scores[i].Category = category.ID
		index[category.ID] = &scores[i]
	}
	for i, result := range results {
		if !result.Status.Applicable() {
			continue
		}
		weight := p.Items[i].Severity.Weight()
		score := index[p.Items[i].Category.ID]
		score.Applicable += weight
		if result.Status.Ready() {
			score.Ready += weight
		}
	}
	return scores
}

// Total is the score over all categories.
func (a *Assessment) Total() Score {
	var total Score
	for _, score := range a.Scores {
		total.Ready += score.Ready
		total.Applicable += score.Applicable
	}
	return total
}

// Counts tells how many items have each status.
func (a *Assessment) Counts() map[check.Status]int {
	counts := make(map[check.Status]int)
	for _, result := range a.Results {
		counts[result.Status]++
	}
	return counts
}
