package workload

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// LabelsParameters say which labels workloads carry.
type LabelsParameters struct {
	// Names of labels that every workload must have, with a value.
	Required []string `yaml:"required"`
}

// Validate says what cannot be.
func (p LabelsParameters) Validate() error {
	if len(p.Required) == 0 {
		return check.Wrong("required", "expected at least one label that workloads must have")
	}
	return check.NotBlank("required", p.Required)
}

// Labels judges whether workloads carry labels, such as those that costs are allocated by.
func Labels() check.Kind[LabelsParameters] {
	missing := check.Reason{Name: "missing", Level: check.Fail, Sentence: "The workload lacks a label, or the label is empty."}
	return check.Kind[LabelsParameters]{
		Name:     "workload_labels",
		Summary:  "Every workload carries the required labels.",
		Remedy:   "Add the label to the workload where it is declared; once: kubectl label KIND/NAME LABEL=VALUE -n NAMESPACE.",
		Reasons:  []check.Reason{missing},
		Defaults: LabelsParameters{Required: []string{"app.kubernetes.io/part-of"}},
		Over: []check.Quantified[LabelsParameters]{
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, p LabelsParameters) []check.Problem {
				var lacks []string
				for _, label := range p.Required {
					if w.Labels[label] == "" {
						lacks = append(lacks, label)
					}
				}
				if len(lacks) == 0 {
					return nil
				}
				return []check.Problem{missing.Problem(fmt.Sprintf("The %s %s missing or empty.",
					words.Named("label", lacks), words.Verb(len(lacks))))}
			}).Needs(),
		},
		WhenEmpty: noWorkload(),
	}
}
