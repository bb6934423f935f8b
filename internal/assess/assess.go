// Package assess judges one system as a whole: every item of its checklist, on what has been collected, at one time; then
// its gates, scores and objectives. It is pure, so that the same code judges a live system, one round on a terminal, and
// facts recorded earlier.
package assess

import (
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// An Assessment is what was concluded of one system at one time. It does not change.
type Assessment struct {
	Plan    *Plan
	At      time.Time
	Runs    []*fact.Run
	View    fact.View      // of the runs
	Results []check.Result // one an item, in the plan's order
	History History
	Changed []ChangedItem // what the history has that it had not before
	Gates   []GateResult  // one a gate, in the plan's order
	Scores  []Score       // one a category, in the plan's order
	// ObjectivesMet tells for each objective of the plan whether it is met now; unknown where nothing of it is judged.
	ObjectivesMet []check.Status
	Took          time.Duration // how long judging took
}

// A GateResult tells whether a gate is open.
type GateResult struct {
	Gate     *Gate
	Ready    bool
	Blocking []int // indexes of the items that are not ready
}

// A Score has the weights of a category's items, which weigh by their severity. Weights of categories, and of systems,
// can be added up.
type Score struct {
	Category   string // id
	Ready      float64
	Judged     float64 // of what is not undeclared
	Applicable float64
}

// Add adds the weights of another.
func (s *Score) Add(other Score) {
	s.Ready += other.Ready
	s.Judged += other.Judged
	s.Applicable += other.Applicable
}

// Ratio is the ready share of what is judged, 0 to 1; false where nothing is judged, which is neither ready nor not.
func (s Score) Ratio() (float64, bool) { return share(s.Ready, s.Judged) }

// Coverage is the judged share of what applies, 0 to 1; false where nothing applies.
func (s Score) Coverage() (float64, bool) { return share(s.Judged, s.Applicable) }

func share(part, whole float64) (float64, bool) {
	if whole == 0 {
		return 0, false
	}
	return part / whole, true
}

// Assess judges every item on what the runs collected, at a time. The history tells since when each status has been what
// it is.
func (p *Plan) Assess(runs []*fact.Run, now time.Time, history History) *Assessment {
	began := time.Now()
	a := &Assessment{Plan: p, At: now, Runs: runs, View: fact.NewView(runs, now), Results: make([]check.Result, len(p.Items))}
	results := fact.Set[check.Result]{Facts: make([]*check.Result, 0, len(p.Items))}
	judged := a.View.Extended(check.Results().Set(&results))
	for _, i := range p.order {
		a.Results[i] = p.Items[i].Rule.Judge(judged, p.System, now)
		results.Facts = append(results.Facts, &a.Results[i])
	}
	a.History, a.Changed = history.note(a.Results, now)
	a.Gates = p.openGates(a.Results)
	a.Scores = p.score(a.Results)
	a.ObjectivesMet = p.meet(a.Results)
	a.Took = time.Since(began)
	return a
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
	index := make(map[string]int, len(p.Categories))
	for i := range p.Categories {
		scores[i].Category = p.Categories[i].ID
		index[p.Categories[i].ID] = i
	}
	for i := range results {
		item, status := &p.Items[i], results[i].Status
		if !status.Applicable() || !item.Weighs() {
			continue
		}
		weight := item.Severity.Weight()
		score := &scores[index[item.Category.ID]]
		score.Applicable += weight
		if status.Judged() {
			score.Judged += weight
		}
		if status.Ready() {
			score.Ready += weight
		}
	}
	return scores
}

// meet tells whether each objective is met: whether all of its items that are judged are ready.
func (p *Plan) meet(results []check.Result) []check.Status {
	met := make([]check.Status, len(p.Objectives))
	for i := range p.Objectives {
		for _, item := range p.Objectives[i].Items {
			status := results[item].Status
			switch {
			case !status.Judged():
			case !status.Ready():
				met[i] = check.Fail
			case met[i] == check.Unknown:
				met[i] = check.Pass
			}
		}
	}
	return met
}

// Total is the score over all categories.
func (a *Assessment) Total() (total Score) {
	for _, score := range a.Scores {
		total.Add(score)
	}
	return total
}

// Counts tells how many items have each status, without those that are newer than what is pinned.
func (a *Assessment) Counts() map[check.Status]int {
	counts := make(map[check.Status]int)
	for i := range a.Results {
		if !a.Plan.Items[i].Newer {
			counts[a.Results[i].Status]++
		}
	}
	return counts
}

// Regressed tells since when an item, by its index, that was ready for a day is not any more; zero where it is no
// regression, or where the item does not count by itself.
func (a *Assessment) Regressed(item int) (since time.Time) {
	if !a.Plan.Items[item].Weighs() {
		return time.Time{}
	}
	return a.History.Regressed(a.Plan.Items[item].Item.ID)
}
