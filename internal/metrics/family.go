package metrics

import (
	"iter"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// prefix begins the name of every family.
const prefix = "readiness_"

// MaxProblems is how many problems of one check are exported one by one; those beyond are counted.
const MaxProblems = 100

// A Family describes one metric, for documents.
type Family struct {
	Name   string // whole, with the prefix
	Help   string
	Type   string // gauge, counter or histogram
	Labels []string
	Source string // what it comes from: SourceSystem, SourceSelf, or a kind of fact
}

// The families that every system has, and then those that are of no system, as indexes into the list that common gives.
const (
	checkReady = iota
	checkStatus
	checkLastChange
	checkRegressed
	checkRegressedInfo
	checkProblem
	checkProblems
	scoreReady
	scoreJudged
	scoreApplicable
	objectiveMet
	objectiveRatio
	gateReady
	gateBlocking
	collectorUp
	collectorLastSuccess
	collectorInterval
	collectorTargetUp
	systemInfo
	discoveredTargets
	checklistItemInfo // the first that is of no system
	collectorUnavailable
	collectorInvalidSeries
	commonFamilies
)

func common() []fact.Family {
	families := make([]fact.Family, commonFamilies)
	check := []string{"check", "category", "severity"}
	families[checkReady] = fact.Family{
		Name: "check_ready", Labels: append(slices.Clone(check), "team"),
		Help: "Whether a check counts as ready (pass, warn, waived), 1 or 0; absent where it is undeclared or not applicable.",
	}
	families[checkStatus] = fact.Family{
		Name: "check_status", Labels: append(slices.Clone(check), "status"),
		Help: "The status of a check; always 1.",
	}
	families[checkLastChange] = fact.Family{
		Name: "check_last_change_timestamp_seconds", Labels: []string{"check"},
		Help: "When the status of a check last changed; absent where it is undeclared or not applicable.",
	}
	families[checkRegressed] = fact.Family{
		Name: "check_regressed_timestamp_seconds", Labels: append(slices.Clone(check), "team", "page"),
		Help: "Since when a check is not ready that was ready for 24 hours before; absent for any other. Page: whether its loss calls somebody.",
	}
	families[checkRegressedInfo] = fact.Family{
		Name: "check_regressed_info", Labels: []string{"check", "title", "subject", "sentence", "remedy"},
		Help: "What alerts say of a check that has such a time: its gravest problem, in words without numbers; always 1.",
	}
	families[checkProblem] = fact.Family{
		Name: "check_problem", Labels: []string{"check", "reason", "level", "subject"},
		Help: "One problem that a check found on one subject; always 1, and at most 100 of a check.",
	}
	families[checkProblems] = fact.Family{
		Name: "check_problems", Labels: []string{"check", "reason", "level"},
		Help: "How many problems of a check are left out of readiness_check_problem; absent where all of them are there.",
	}
	scoreFamilies(families)
	families[gateReady] = fact.Family{
		Name: "gate_ready", Labels: []string{"gate"},
		Help: "Whether every applicable check of a gate is ready, 1 or 0.",
	}
	families[gateBlocking] = fact.Family{
		Name: "gate_blocking", Labels: []string{"gate"},
		Help: "How many applicable checks of a gate are not ready.",
	}
	families[systemInfo] = fact.Family{
		Name: "system_info", Labels: []string{"team", "checklist"},
		Help: "A system that is judged; always 1.",
	}
	families[discoveredTargets] = fact.Family{
		Name: "discovered_targets", Labels: []string{"sort"},
		Help: "How many targets of a sort are collected that were discovered and not declared; absent where there is none.",
	}
	families[checklistItemInfo] = fact.Family{
		Name: "checklist_item_info", Labels: []string{"checklist", "check", "title", "section", "mode", "kind", "runbook_url"},
		Help: "An item of a checklist that is in use; always 1.",
	}
	collectorFamilies(families)
	return families
}

func scoreFamilies(families []fact.Family) {
	families[scoreReady] = fact.Family{
		Name: "score_ready_weight", Labels: []string{"category"},
		Help: "The weight of the checks of a category that are ready. The score is the ready weight over the judged weight.",
	}
	families[scoreJudged] = fact.Family{
		Name: "score_judged_weight", Labels: []string{"category"},
		Help: "The weight of the checks of a category that are judged. The coverage is the judged weight over the applicable weight.",
	}
	families[scoreApplicable] = fact.Family{
		Name: "score_applicable_weight", Labels: []string{"category"},
		Help: "The weight of the checks of a category that apply to the system.",
	}
	families[objectiveMet] = fact.Family{
		Name: "objective_met", Labels: []string{"objective"},
		Help: "Whether an objective of the system is met now, 1 or 0; absent where none of its checks is judged.",
	}
	families[objectiveRatio] = fact.Family{
		Name: "objective_ratio", Labels: []string{"objective"},
		Help: "The declared share of the time in which an objective of the system is to be met.",
	}
}

func collectorFamilies(families []fact.Family) {
	families[collectorUp] = fact.Family{
		Name: "collector_up", Labels: []string{"collector"},
		Help: "Whether the newest run of a collector succeeded at every one of its targets, 1 or 0.",
	}
	families[collectorLastSuccess] = fact.Family{
		Name: "collector_last_success_timestamp_seconds", Labels: []string{"collector"},
		Help: "When a collector last succeeded; of several targets, at the one where that is longest ago.",
	}
	families[collectorInterval] = fact.Family{
		Name: "collector_interval_seconds", Labels: []string{"collector"},
		Help: "The longest time between two runs of a collector, as scheduled.",
	}
	families[collectorTargetUp] = fact.Family{
		Name: "collector_target_up", Labels: []string{"collector", "target"},
		Help: "A target that the newest run of a collector could not collect from; always 0.",
	}
	families[collectorUnavailable] = fact.Family{
		Name: "collector_unavailable", Labels: []string{"collector", "reason"},
		Help: "How many subjects a collector should have collected and could not, by reason; absent where there is none.",
	}
	families[collectorInvalidSeries] = fact.Family{
		Name: "collector_invalid_series", Labels: []string{"collector"},
		Help: "How many series of a collector are left out since they are duplicates, are no numbers or cannot be read; " +
			"absent where there is none.",
	}
}

// yielded gives every kind of fact that collectors yield, once.
func yielded(collectors []collector.Any) iter.Seq[fact.Any] {
	return func(yield func(fact.Any) bool) {
		known := make(map[string]bool)
		for _, each := range collectors {
			for _, kind := range each.Describe().Yields {
				if known[kind.KindName()] {
					continue
				}
				known[kind.KindName()] = true
				if !yield(kind) {
					return
				}
			}
		}
	}
}

// A factKind is where the families of one kind of fact stand among all.
type factKind struct {
	name         string
	begin, count int
}

// factKinds lists the families of every kind of fact that collectors yield, after the common ones. Those that are omitted
// have none.
func factKinds(collectors []collector.Any, omitted []string) (kinds []factKind, families []fact.Family) {
	begin := commonFamilies
	for kind := range yielded(collectors) {
		own := kind.Families()
		if slices.Contains(omitted, kind.KindName()) {
			own = nil
		}
		kinds = append(kinds, factKind{kind.KindName(), begin, len(own)})
		families = append(families, own...)
		begin += len(own)
	}
	return kinds, families
}
