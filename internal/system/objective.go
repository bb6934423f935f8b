package system

import (
	"maps"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// Objectives are promises about the system.
type Objectives struct {
	RecoveryPoint quantity.Duration `yaml:"recovery_point,omitempty"` // RPO: how much work may be lost
	// Readiness is the share of the time, over 30 days, in which every critical item that is judged is to be ready: 0.99.
	// The shipped rules add up the minutes in which it is not, and watch the budget that is left.
	Readiness quantity.Ratio `yaml:"readiness,omitempty"`
	// Categories are the same for the critical items of categories of the checklist, by their ids; for all items of a
	// category that has no critical one.
	Categories map[string]quantity.Ratio `yaml:"categories,omitempty"`
}

func (o Objectives) validate(list *mistake.List, path []any) {
	if o.Readiness != 0 {
		checkObjective(list, mistake.At(path, "readiness"), o.Readiness)
	}
	for _, category := range slices.Sorted(maps.Keys(o.Categories)) {
		checkObjective(list, mistake.At(path, "categories", category), o.Categories[category])
	}
}

// checkObjective notes an objective that leaves no budget, or asks for nothing.
func checkObjective(list *mistake.List, path []any, objective quantity.Ratio) {
	if !(objective > 0 && objective < 1) {
		list.Add(path, "the objective %v: expected a share between 0 and 1, such as 0.99; 1 would leave no budget", objective)
	}
}
