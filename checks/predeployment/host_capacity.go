package predeployment

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// HostCapacityParameters tune host_capacity.
type HostCapacityParameters struct {
	// MinimumMemory is how much memory each host must have.
	MinimumMemory quantity.Bytes `yaml:"minimum_memory"`
	// MinimumCores is how many logical processors each host must have.
	MinimumCores int `yaml:"minimum_cores"`
	// ToleranceRatio is how much of the memory may be missing: firmware and kernel keep some of what was bought, so that
	// an 8 GB machine shows 7.7 GB.
	ToleranceRatio float64 `yaml:"tolerance_ratio"`
}

// Validate tells what makes no sense.
func (p HostCapacityParameters) Validate() error {
	if p.ToleranceRatio < 0 || p.ToleranceRatio >= 1 {
		return fmt.Errorf("tolerance_ratio %v: expected 0 or more, and less than 1", p.ToleranceRatio)
	}
	return nil
}

func lowMemory() check.Reason {
	return check.Reason{
		Name: "low_memory", Level: check.Fail, Sentence: "The machine has less memory than it should.",
		Remedy: "Give the machine more memory, or move to a larger one; see it with: free --giga.",
	}
}

func fewCores() check.Reason {
	return check.Reason{
		Name: "few_cores", Level: check.Fail, Sentence: "The machine has fewer processors than it should.",
		Remedy: "Give the machine more processors, or move to a larger one; see them with: nproc --all.",
	}
}

// HostCapacity judges the memory and processors of each host.
func HostCapacity() check.Kind[fact.Host, HostCapacityParameters] {
	return check.Kind[fact.Host, HostCapacityParameters]{
		Name:     "host_capacity",
		Summary:  "Every host has enough memory and processors.",
		Remedy:   "Move to a larger machine.",
		Reasons:  []check.Reason{lowMemory(), fewCores()},
		Defaults: HostCapacityParameters{MinimumMemory: 8e9, MinimumCores: 4, ToleranceRatio: 0.05},
		About:    fact.Hosts(),
		None:     check.Undeclared,
		Nothing:  "no host is declared",
		Judge:    judgeHostCapacity,
	}
}

func judgeHostCapacity(h fact.Host, p HostCapacityParameters, _ time.Time) []check.Problem {
	var problems []check.Problem
	if float64(h.Memory) < float64(p.MinimumMemory)*(1-p.ToleranceRatio) {
		problems = append(problems, lowMemory().Problem(fmt.Sprintf("has %s; expected %s",
			quantity.BytesInWords(float64(h.Memory)), quantity.BytesInWords(float64(p.MinimumMemory)))))
	}
	if h.Cores < p.MinimumCores {
		problems = append(problems, fewCores().Problem(fmt.Sprintf("has %d; expected %d", h.Cores, p.MinimumCores)))
	}
	return problems
}
