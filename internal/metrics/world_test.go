package metrics_test

import (
	"context"
	"time"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// A tank is what the tests collect. Its level is right from a half up.
type tank struct {
	Name     string
	Level    float64
	FilledAt time.Time
	Rusty    bool // no gauge can be read of it
}

func tanks() *fact.Kind[tank] {
	return &fact.Kind[tank]{
		Name: "tank", Help: "A tank.", Subject: func(t *tank) string { return t.Name },
		Labels: []fact.Label[tank]{{Name: "tank", Value: func(t *tank) string { return t.Name }}},
		Gauges: []fact.Gauge[tank]{
			{
				Name: "tank_level_ratio", Help: "How full the tank is.",
				Value: func(t *tank) (float64, bool) {
					if t.Rusty {
						panic("rust")
					}
					return t.Level, true
				},
			},
			{
				Name: "tank_filled_timestamp_seconds", Help: "When the tank was last filled.",
				Value: func(t *tank) (float64, bool) { return fact.Timestamp(t.FilledAt) },
			},
		},
	}
}

func levels() *check.Bound {
	empty := check.Reason{Name: "empty", Level: check.Fail, Sentence: "It is empty."}
	low := check.Reason{Name: "low", Level: check.Warn, Sentence: "It is low."}
	kind := check.Kind[struct{}]{
		Name: "tank_level", Remedy: "Fill it.", Reasons: []check.Reason{empty, low},
		Over: []check.Quantified[struct{}]{check.Each(tanks(), func(_ check.Context, t *tank, _ struct{}) []check.Problem {
			switch {
			case t.Level < 0.1:
				return []check.Problem{empty.Problem("empty")}
			case t.Level < 0.5 || t.Level > 1:
				return []check.Problem{low.Problem("low")}
			}
			return nil
		})},
		WhenEmpty: check.Reason{Name: "no_tank", Level: check.Undeclared, Sentence: "There is no tank."},
	}
	return kind.Bind(kind.Parameters())
}

func tankCollectors() []collector.Any {
	return []collector.Any{
		collector.Collector[string]{
			Name: "tank", Yields: []fact.Any{tanks()}, Schedule: "@every 1m", Timeout: time.Second,
			Targets: func(*system.System) []string { return nil },
			Target:  func(target string) string { return target },
			Collect: func(context.Context, string, fact.Topics) ([]fact.AnySet, error) { return nil, nil },
		},
		collector.Collector[string]{Name: "waiver", Yields: []fact.Any{fact.Waivers(), tanks()}},
	}
}

// planOf makes a plan with an item of each way of judging, in two categories, one gate and one objective.
func planOf(name string) *assess.Plan {
	list := &checklist.Checklist{Name: "small", Categories: []checklist.Category{
		{ID: "water", Sections: []checklist.Section{{ID: "tank", Items: []checklist.Item{
			{ID: "tank.level", Text: `A "full" tank`, Severity: checklist.Critical, Mode: checklist.Auto},
			{ID: "tank.colour", Text: "A blue tank", Severity: checklist.Info, Mode: checklist.Attest},
		}}}},
		{ID: "fire", Sections: []checklist.Section{{ID: "hose", Items: []checklist.Item{
			{ID: "hose.length", Text: "A hose", Severity: checklist.Warning, Mode: checklist.Auto},
			{ID: "hose.other", Text: "Another hose", Severity: checklist.Warning, Mode: checklist.Auto},
		}}}},
	}}
	plan := &assess.Plan{
		System:    &system.System{Name: name, Environment: "test", Owner: "plumbers"},
		Checklist: list, Categories: list.Categories,
	}
	nowhere := check.Kind[struct{}]{
		Name: "attestation",
		Over: []check.Quantified[struct{}]{check.Each(fact.Attestations(), func(check.Context, *fact.Attestation, struct{}) []check.Problem { return nil })},
	}
	rules := []check.Rule{
		{Clause: check.Clause{Bound: levels()}},
		{Clause: check.Clause{Operator: check.FirstOfClauses, Clauses: []check.Clause{
			{Bound: nowhere.Bind(nowhere.Parameters())}, {Bound: nowhere.Bind(nowhere.Parameters())},
		}}},
		{},
		{NotApplicable: "one will do"},
	}
	for entry := range list.Items() {
		rule := rules[len(plan.Items)]
		rule.ID = entry.Item.ID
		plan.Items = append(plan.Items, assess.Item{
			Entry: entry, Severity: entry.Item.Severity, Owner: "plumbers", Runbook: "https://example.com/" + entry.Item.ID, Rule: rule,
		})
	}
	plan.Gates = []assess.Gate{{ID: "go-live", Items: []int{0, 2}}}
	plan.Objectives = []assess.Objective{{Name: "critical", Ratio: 0.99, Items: []int{0}}, {Name: "colour", Ratio: 0.9, Items: []int{1}}}
	plan.Order()
	return plan
}

func assessed(plan *assess.Plan, at time.Time, runs ...*fact.Run) *assess.Assessment {
	return plan.Assess(runs, at, nil)
}

// runOf is a run of a collector that has just succeeded.
func runOf(collector, target string, sets ...fact.AnySet) *fact.Run {
	run := &fact.Run{Collector: collector, Target: target, Interval: time.Minute, Sets: sets, CollectedAt: now, TriedAt: now}
	for _, set := range sets {
		run.Declared = append(run.Declared, set.Kind().NoFacts())
	}
	return run
}

func found(all ...tank) *fact.Run {
	set := new(fact.Set[tank])
	set.Add(all...)
	return runOf("tank", "yard", tanks().Set(set))
}

// smallWorld has tanks that are full, low and empty, one that is unavailable, and a roof that was not collected yet.
func smallWorld() []*fact.Run {
	set := new(fact.Set[tank])
	set.Add(tank{Name: "north", Level: 0.75, FilledAt: now.Add(-time.Hour)}, tank{Name: "south", Level: 0.25}, tank{Name: "west"})
	set.Lack(tank{Name: "east"}, "", fact.Errorf(fact.ReasonDenied, "the gate is locked"))
	waivers := new(fact.Set[fact.Waiver])
	waivers.Add(fact.Waiver{Check: "tank.level", By: "ann", Reason: "dry season", Until: now.Add(24 * time.Hour)})
	roof := &fact.Run{Collector: "tank", Target: "roof", Interval: time.Minute, Declared: []fact.AnySet{tanks().NoFacts()}}
	return []*fact.Run{
		runOf("tank", "yard", tanks().Set(set)), roof, runOf("waiver", "file", fact.Waivers().Set(waivers)),
	}
}
