package kubernetes

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

const noStaging = "nothing is declared to compare with: add staging to the cluster in the system description"

// ParityParameters say what may differ.
type ParityParameters struct {
	// Patterns of what may differ: "ConfigMap/*", "Deployment/api: container api: image".
	AllowedDifferences []string `yaml:"allowed_differences"`
}

// Validate says what cannot be.
func (p ParityParameters) Validate() error {
	for _, pattern := range p.AllowedDifferences {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("allowed_differences %q: %w", pattern, err)
		}
	}
	return nil
}

func (p ParityParameters) allow(d fact.Difference) bool {
	return slices.ContainsFunc(p.AllowedDifferences, func(pattern string) bool {
		object, _ := path.Match(pattern, d.Object)
		aspect, _ := path.Match(pattern, d.Object+": "+d.Aspect)
		return object || aspect
	})
}

// Parity judges whether staging is like production.
func Parity() check.Kind[fact.Staging, ParityParameters] {
	missing := check.Reason{Name: "only_in_one", Level: check.Fail, Sentence: "Something is in one of both alone."}
	differs := check.Reason{Name: "differs", Level: check.Fail, Sentence: "Something differs between production and staging."}
	return check.Kind[fact.Staging, ParityParameters]{
		Name:    "environment_parity",
		Summary: "Staging has the same workloads, images, probes and keys of configuration as production.",
		Remedy:  "Make both from the same manifests; name what is meant to differ in the parameter allowed_differences.",
		Reasons: []check.Reason{missing, differs},
		About:   fact.Stagings(),
		None:    check.Undeclared,
		Nothing: noStaging,
		Judge: func(s fact.Staging, p ParityParameters, _ time.Time) []check.Problem {
			var problems []check.Problem
			for _, d := range s.Differences {
				switch {
				case p.allow(d):
				case d.Aspect != "":
					problems = append(problems, differs.Problem(fmt.Sprintf("%s: %s: %q here, %q in %s",
						d.Object, d.Aspect, d.Production, d.Staging, s.With)))
				case d.Staging == "":
					problems = append(problems, missing.Problem(fmt.Sprintf("%s is not in %s", d.Object, s.With)))
				default:
					problems = append(problems, missing.Problem(fmt.Sprintf("%s is in %s alone", d.Object, s.With)))
				}
			}
			return problems
		},
	}
}

// StagedParameters are none.
type StagedParameters struct{}

// StagedImages judges whether what runs in production ran in staging before.
func StagedImages() check.Kind[fact.Staging, StagedParameters] {
	unstaged := check.Reason{Name: "not_staged", Level: check.Fail, Sentence: "An image runs in production that staging has not run."}
	return check.Kind[fact.Staging, StagedParameters]{
		Name:    "staged_images",
		Summary: "Every image of production runs in staging, or a revision that is kept there had it; by the digest, where that is known.",
		Remedy:  "Roll the image out to staging first, then promote it by its digest.",
		Reasons: []check.Reason{unstaged},
		About:   fact.Stagings(),
		None:    check.Undeclared,
		Nothing: noStaging,
		Select:  func(s fact.Staging, _ StagedParameters) bool { return len(s.Images) > 0 },
		Judge: func(s fact.Staging, _ StagedParameters, _ time.Time) []check.Problem {
			var problems []check.Problem
			for _, image := range s.Images {
				if !image.Staged {
					problems = append(problems, unstaged.Problem(fmt.Sprintf("%s of %s, in %s", image.Image, image.Object, s.With)))
				}
			}
			return problems
		},
	}
}

// SecretReuse judges whether production has credentials of its own.
func SecretReuse() check.Kind[fact.Staging, StagedParameters] {
	reused := check.Reason{Name: "reused", Level: check.Fail, Sentence: "A credential of production is that of staging too."}
	return check.Kind[fact.Staging, StagedParameters]{
		Name:    "secret_reuse",
		Summary: "No password and no key in the Secrets of production is the same in staging.",
		Remedy:  "Make a new one for production, where it is used and in the Secret; what knew the old one in staging may know it still.",
		Reasons: []check.Reason{reused},
		About:   fact.Stagings(),
		None:    check.Undeclared,
		Nothing: noStaging + ", with secret_values: true",
		Select:  func(s fact.Staging, _ StagedParameters) bool { return s.CompareValues && s.Values > 0 },
		Judge: func(s fact.Staging, _ StagedParameters, _ time.Time) []check.Problem {
			if len(s.SameValues) == 0 {
				return nil
			}
			return []check.Problem{reused.Problem(fmt.Sprintf("%s in %s: %s",
				plural(len(s.SameValues), "credential"), s.With, strings.Join(s.SameValues, ", ")))}
		},
	}
}
