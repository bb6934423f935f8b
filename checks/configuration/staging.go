package configuration

import (
	"fmt"
	"path"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// declareStaging is how checks that compare get something to compare with.
const declareStaging = "Add staging to the cluster in the system description"

// nothingStaged is the reason when there is nothing to compare.
func nothingStaged(remedy string) check.Reason {
	return check.Reason{
		Name: "nothing_to_compare", Level: check.Undeclared, Sentence: "There is nothing in production to compare with staging.", Remedy: remedy,
	}
}

// ParityParameters say what may differ.
type ParityParameters struct {
	// Patterns of what may differ: "ConfigMap/*", "Deployment/api: container api: image".
	AllowedDifferences []string `yaml:"allowed_differences"`
}

// Validate says what cannot be.
func (p ParityParameters) Validate() error {
	for _, pattern := range p.AllowedDifferences {
		if _, err := path.Match(pattern, ""); err != nil {
			return check.Wrong("allowed_differences", "%q: expected a pattern, such as ConfigMap/*", pattern)
		}
	}
	return check.NotBlank("allowed_differences", p.AllowedDifferences)
}

func (p ParityParameters) allow(d fact.Difference) bool {
	return slices.ContainsFunc(p.AllowedDifferences, func(pattern string) bool {
		object, _ := path.Match(pattern, d.Object)
		aspect, _ := path.Match(pattern, d.Object+": "+d.Aspect)
		return object || aspect
	})
}

// Parity judges whether staging is like production.
func Parity() check.Kind[ParityParameters] {
	missing := check.Reason{Name: "only_in_one", Level: check.Fail, Sentence: "Something is only in production, or only in staging."}
	differs := check.Reason{Name: "differs", Level: check.Fail, Sentence: "Something differs between production and staging."}
	return check.Kind[ParityParameters]{
		Name:    "environment_parity",
		Summary: "Staging has the same workloads, images, probes and keys of configuration as production.",
		Remedy:  "Make both from the same manifests; name what is meant to differ in the parameter allowed_differences.",
		Reasons: []check.Reason{missing, differs},
		Over: []check.Quantified[ParityParameters]{
			check.Each(fact.Stagings(), func(_ check.Context, s *fact.Staging, p ParityParameters) (problems []check.Problem) {
				for _, d := range s.Differences {
					switch {
					case p.allow(d):
					case d.Aspect != "":
						problems = append(problems, differs.Problem(fmt.Sprintf("The %s differs in %s: %q in production, %q in the %s.",
							d.Object, d.Aspect, d.Production, d.Staging, s.With)))
					case d.Staging == "":
						problems = append(problems, missing.Problem(fmt.Sprintf("The %s is not in the %s.", d.Object, s.With)))
					default:
						problems = append(problems, missing.Problem(fmt.Sprintf("The %s is only in the %s.", d.Object, s.With)))
					}
				}
				return problems
			}),
		},
		WhenEmpty: nothingStaged(declareStaging + "."),
	}
}

// StagedImages judges whether what runs in production ran in staging before.
func StagedImages() check.Kind[struct{}] {
	unstaged := check.Reason{Name: "not_staged", Level: check.Fail, Sentence: "An image runs in production that staging has not run."}
	return check.Kind[struct{}]{
		Name:    "staged_images",
		Summary: "Every image of production runs in staging, or a revision that is kept there had it; by the digest, where that is known.",
		Remedy:  "Roll the image out to staging first, then promote it by its digest.",
		Reasons: []check.Reason{unstaged},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.Stagings(), func(_ check.Context, s *fact.Staging, _ struct{}) (problems []check.Problem) {
				for _, image := range s.Images {
					if !image.Staged {
						problems = append(problems, unstaged.Problem(fmt.Sprintf("The image %s of the %s has not run in the %s.",
							image.Image, image.Object, s.With)))
					}
				}
				return problems
			}).Where(func(_ check.Context, s *fact.Staging, _ struct{}) bool { return len(s.Images) > 0 }),
		},
		WhenEmpty: nothingStaged(declareStaging + "."),
	}
}

// SecretReuse judges whether production has credentials of its own.
func SecretReuse() check.Kind[struct{}] {
	reused := check.Reason{Name: "reused", Level: check.Fail, Sentence: "A credential of production is that of staging too."}
	return check.Kind[struct{}]{
		Name:    "secret_reuse",
		Summary: "No password and no key in the Secrets of production is the same in staging.",
		Remedy:  "Make a new one for production, where it is used and in the Secret; what knew the old one in staging may know it still.",
		Reasons: []check.Reason{reused},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.Stagings(), func(_ check.Context, s *fact.Staging, _ struct{}) []check.Problem {
				if len(s.SameValues) == 0 {
					return nil
				}
				return []check.Problem{reused.Problem(fmt.Sprintf("Of %s compared, %d %s the same in the %s: %s.",
					words.Count(s.Values, "credential"), len(s.SameValues), words.Verb(len(s.SameValues)), s.With, words.List(s.SameValues)))}
			}).Where(func(_ check.Context, s *fact.Staging, _ struct{}) bool { return s.CompareValues && s.Values > 0 }),
		},
		WhenEmpty: nothingStaged(declareStaging + ", with secret_values: true."),
	}
}
