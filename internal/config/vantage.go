package config

import (
	"fmt"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// From leaves of the configuration what is collected from a vantage point: the kinds of fact that can be, of the systems that declare
// it. One that none declares is an error.
func (c *Config) From(vantage string, kinds []fact.Any) error {
	var plans []*assess.Plan
	var declared []string
	for _, plan := range c.Plans {
		for _, each := range plan.System.VantagePoints {
			declared = append(declared, each.Name)
		}
		if plan.System.HasVantagePoint(vantage) {
			plans = append(plans, plan.From(vantage, kinds))
		}
	}
	slices.Sort(declared)
	switch declared = slices.Compact(declared); {
	case len(declared) == 0:
		return fmt.Errorf("--vantage.name %s: no vantage point is declared: expected one under vantage_points of a system", vantage)
	case len(plans) == 0:
		return fmt.Errorf("--vantage.name %s is not declared: expected one of %s", vantage, join(declared))
	}
	c.Plans = plans
	return nil
}
