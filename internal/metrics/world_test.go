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

// A tank is what the tests look at. Its level is right from a half up.
type tank struct {
	Name  string
	Level float64
}

func tanks() fact.Kind[tank] {
	return fact.Kind[tank]{
		Name: "tank", Help: "A tank.", Subject: func(t tank) string { return t.Name },
		Labels: []fact.Label[tank]{{Name: "tank", Value: func(t tank) string { return t.Name }}},
		Gauges: []fact.Gauge[tank]{{
			Name: "tank_level_ratio", Help: "How full the tank is.",
			Value: func(t tank) (float64, bool) { return t.Level, true },
		}},
	}
}

func levels() check.Bound {
	empty := check.Reason{Name: "empty", Level: check.Fail, Sentence: "It is empty."}
	low := check.Reason{Name: "low", Level: check.Warn, Sentence: "It is low."}
	kind := check.Kind[tank, struct{}]{
		Name: "tank_level", Remedy: "Fill it.", Reasons: []check.Reason{empty, low}, About: tanks(),
		None: check.Undeclared, Nothing: "no tank",
		Judge: func(t tank, _ struct{}, _ time.Time) []check.Problem {
			switch {
			case t.Level < 0.1:
				return []check.Problem{empty.Problem("empty")}
			case t.Level < 0.5 || t.Level > 1:
				return []check.Problem{low.Problem("low")}
			}
			return nil
		},
	}
	return kind.Bind(kind.Parameters())
}

func tankCollectors() []collector.Any {
	return []collector.Any{
		collector.Collector[string, tank]{
			Name: "tank", Kind: tanks(), Schedule: "@every 1m", Timeout: time.Second,
			Targets: func(*system.System) []string { return nil },
			Target:  func(target string) string { return target },
			Look:    func(context.Context, string) (fact.Batch[tank], error) { return fact.Batch[tank]{}, nil },
		},
		collector.Collector[string, fact.Waiver]{Name: "waiver", Kind: fact.Waivers()},
	}
}

// planOf makes a plan with an item of each way of judging, in two categories and one gate.
func planOf(name string) *assess.Plan {
	list := &checklist.Checklist{Name: "small", Categories: []checklist.Category{
		{ID: "water", Sections: []checklist.Section{{ID: "tank", Items: []checklist.Item{
			{ID: "tank.level", Text: `A "full" tank`, Severity: checklist.Critical, Mode: checklist.Auto, Kind: "tank_level"},
			{ID: "tank.colour", Text: "A blue tank", Severity: checklist.Info, Mode: checklist.Attest},
		}}}},
		{ID: "fire", Sections: []checklist.Section{{ID: "hose", Items: []checklist.Item{
			{ID: "hose.length", Text: "A hose", Severity: checklist.Warning, Mode: checklist.Auto, Kind: "hose_length"},
			{ID: "hose.other", Text: "Another hose", Severity: checklist.Warning, Mode: checklist.Auto, Kind: "hose_length"},
		}}}},
	}}
	plan := &assess.Plan{
		System:    &system.System{Name: name, Environment: "test", Owner: "plumbers"},
		Checklist: list, Categories: list.Categories,
	}
	bound := levels()
	rules := []check.Rule{
		{Bound: &bound}, {Attested: true, AttestationAge: 100 * 24 * time.Hour}, {NotBuilt: true}, {NotApplicable: "one will do"},
	}
	for entry := range list.Items() {
		rule := rules[len(plan.Items)]
		rule.ID = entry.Item.ID
		plan.Items = append(plan.Items, assess.Item{
			Entry: entry, Severity: entry.Item.Severity, Owner: "plumbers", Runbook: "https://example.com/" + entry.Item.ID, Rule: rule,
		})
	}
	plan.Gates = []assess.Gate{{ID: "go-live", Items: []int{0, 2}}}
	return plan
}

func assessed(plan *assess.Plan, at time.Time, looks ...fact.Look) *assess.Assessment {
	return plan.Assess(looks, at, nil)
}

func seen(facts ...tank) fact.Look {
	look := fact.Look{Collector: "tank", Target: "yard", Kind: tanks(), Interval: time.Minute, SeenAt: now, TriedAt: now}
	for _, f := range facts {
		look.Facts = append(look.Facts, f)
	}
	return look
}

// smallWorld has tanks that are full, low and empty, one that could not be seen, and a yard that nobody has looked at.
func smallWorld() []fact.Look {
	yard := seen(tank{Name: "north", Level: 0.75}, tank{Name: "south", Level: 0.25}, tank{Name: "west", Level: 0})
	yard.Missed = []fact.Missed{{Subject: "east", Reason: fact.ReasonDenied, Detail: "the gate is locked"}}
	waivers := fact.Look{Collector: "waiver", Target: "file", Kind: fact.Waivers(), Interval: time.Minute, SeenAt: now, TriedAt: now}
	waivers.Facts = []any{fact.Waiver{Check: "tank.level", By: "ann", Reason: "dry season", Until: now.Add(24 * time.Hour)}}
	return []fact.Look{yard, {Collector: "tank", Target: "roof", Kind: tanks(), Interval: time.Minute}, waivers}
}
