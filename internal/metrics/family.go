package metrics

import (
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// prefix begins the name of every family.
const prefix = "readiness_"

// MaxProblems is how many problems of one check are exported one by one; the rest is counted.
const MaxProblems = 100

// A Family describes one metric, for documents.
type Family struct {
	Name   string // whole, with the prefix
	Help   string
	Type   string // gauge, counter or histogram
	Labels []string
	Source string // what it comes from: SourceSystem, SourceSelf, or a kind of fact
}

// The families that every system has, as indexes into the list that common gives.
const (
	checkStatus = iota
	checkReady
	checkInfo
	checkProblems
	checkProblem
	checkProblemsHidden
	checkLastEvaluation
	checkLastChange
	scoreRatio
	gateReady
	collectorUp
	collectorLastSuccess
	collectorFacts
	collectorMissed
	collectorDropped
	systemInfo
	sloObjective
	commonFamilies
)

func common() []fact.Family {
	families := make([]fact.Family, commonFamilies)
	check := []string{"check", "category", "severity"}
	families[checkStatus] = fact.Family{
		Name: "check_status", Labels: append(slices.Clone(check), "status"),
		Help: "The status of a check, as a state set: exactly one status is 1.",
	}
	families[checkReady] = fact.Family{
		Name: "check_ready", Labels: check,
		Help: "Whether a check counts as ready (pass, warn, waived); absent only where it is not applicable.",
	}
	families[checkInfo] = fact.Family{
		Name: "check_info", Labels: []string{"check", "title", "section", "owner", "mode", "kind", "runbook_url"},
		Help: "What a check is; always 1.",
	}
	families[checkProblems] = fact.Family{
		Name: "check_problems", Labels: []string{"check", "reason", "level"},
		Help: "How many problems a check found, by reason; reasons without a problem are 0.",
	}
	families[checkProblem] = fact.Family{
		Name: "check_problem", Labels: []string{"check", "reason", "level", "subject"},
		Help: "One problem that a check found on one subject; always 1.",
	}
	families[checkProblemsHidden] = fact.Family{
		Name: "check_problems_hidden", Labels: []string{"check"},
		Help: "How many problems of a check are left out of readiness_check_problem to bound its series.",
	}
	families[checkLastEvaluation] = fact.Family{
		Name: "check_last_evaluation_timestamp_seconds", Labels: []string{"check"},
		Help: "When a check was last judged.",
	}
	families[checkLastChange] = fact.Family{
		Name: "check_last_change_timestamp_seconds", Labels: []string{"check"},
		Help: "When the status of a check last changed, or was first known to this process.",
	}
	families[scoreRatio] = fact.Family{
		Name: "score_ratio", Labels: []string{"category"},
		Help: "The weight of the ready checks of a category over the weight of the applicable ones.",
	}
	families[gateReady] = fact.Family{
		Name: "gate_ready", Labels: []string{"gate"},
		Help: "Whether every applicable check of a gate is ready.",
	}
	collectorFamilies(families)
	families[systemInfo] = fact.Family{
		Name: "system_info", Labels: []string{"owner", "checklist"},
		Help: "A system that this exporter looks at; always 1.",
	}
	families[sloObjective] = fact.Family{
		Name: "slo_objective_ratio", Labels: []string{"category"},
		Help: "The declared share of a category that is to be ready, on average over 30 days; of the whole system, " +
			"where category is empty.",
	}
	return families
}

func collectorFamilies(families []fact.Family) {
	families[collectorUp] = fact.Family{
		Name: "collector_up", Labels: []string{"collector"},
		Help: "Whether the newest look of a collector at every one of its targets gave an answer.",
	}
	families[collectorLastSuccess] = fact.Family{
		Name: "collector_last_success_timestamp_seconds", Labels: []string{"collector"},
		Help: "When a collector last saw its target; of several targets, the one seen longest ago.",
	}
	families[collectorFacts] = fact.Family{
		Name: "collector_facts", Labels: []string{"collector"},
		Help: "How many facts of a collector count now.",
	}
	families[collectorMissed] = fact.Family{
		Name: "collector_missed", Labels: []string{"collector", "reason"},
		Help: "How many subjects a collector should have seen and could not, by reason.",
	}
	families[collectorDropped] = fact.Family{
		Name: "collector_dropped_series", Labels: []string{"collector"},
		Help: "How many series of a collector are left out since another of the same labels stands already.",
	}
}

// families are all families of systems, those of the facts after the common ones, and where those of each fact kind
// begin.
func families(collectors []collector.Any) (all []fact.Family, begin map[string]int) {
	all, begin = common(), make(map[string]int)
	for _, each := range collectors {
		kind := each.Describe().Kind
		if _, known := begin[kind.KindName()]; known {
			continue
		}
		begin[kind.KindName()] = len(all)
		all = append(all, kind.Families()...)
	}
	return all, begin
}
