package system

import (
	"maps"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// Objectives are what the system is meant to keep.
type Objectives struct {
	RecoveryPoint quantity.Duration `yaml:"recovery_point,omitempty"` // RPO: how much work may be lost
	// How much of the weight of the checklist is to be ready, on average over 30 days: 0.99. Readiness is then a service
	// level objective, whose budget the shipped rules watch.
	Readiness float64 `yaml:"readiness,omitempty"`
	// The same for categories of the checklist, by their ids.
	Categories map[string]float64 `yaml:"categories,omitempty"`
}

func (o Objectives) validate(list *mistake.List, path []any) {
	if o.Readiness != 0 {
		checkObjective(list, mistake.At(path, "readiness"), "readiness", o.Readiness)
	}
	for _, category := range slices.Sorted(maps.Keys(o.Categories)) {
		checkObjective(list, mistake.At(path, "categories", category), category, o.Categories[category])
	}
}

// checkObjective notes an objective that leaves no budget, or asks for nothing.
func checkObjective(list *mistake.List, path []any, what string, objective float64) {
	if !(objective > 0 && objective < 1) {
		list.Add(path, "%s %v: expected a share between 0 and 1, such as 0.99; 1 would leave no budget", what, objective)
	}
}
