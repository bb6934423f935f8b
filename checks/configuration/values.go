package configuration

import (
	"errors"
	"fmt"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// allowValues is how checks on values get some.
const allowValues = "Set secret_values: true for the cluster in the system description, which takes the permission to read Secrets, " +
	"or name the files of assignments of a host under env_files; of a value only a verdict is kept."

// CredentialsParameters say how strong credentials must be.
type CredentialsParameters struct {
	// The least number of characters: 8, 12, 16, 20, 24, 32 or 64.
	MinimumLength quantity.Count `yaml:"minimum_length"`
	// The least strength, from 0 to 4: 3 withstands guessing at a slow hash, 4 at a fast one.
	MinimumStrength quantity.Count `yaml:"minimum_strength"`
}

// Validate says what cannot be.
func (p CredentialsParameters) Validate() error {
	var wrong []error
	if lengths := fact.LengthClasses()[1:]; !slices.Contains(lengths, int(p.MinimumLength)) {
		wrong = append(wrong, check.Wrong("minimum_length", "%d: expected one of %v", p.MinimumLength, lengths))
	}
	if p.MinimumStrength > 4 {
		wrong = append(wrong, check.Wrong("minimum_strength", "%d: expected 0 to 4", p.MinimumStrength))
	}
	return errors.Join(wrong...)
}

// Credentials judges whether passwords and keys are long, and hard to guess.
func Credentials() check.Kind[CredentialsParameters] {
	short := check.Reason{Name: "too_short", Level: check.Fail, Sentence: "A credential is too short."}
	weak := check.Reason{
		Name: "guessable", Level: check.Fail, Sentence: "A credential is guessed easily: a common password, a word, a pattern.",
	}
	placeholder := check.Reason{
		Name: "placeholder", Level: check.Fail, Sentence: "A credential is a placeholder.",
		Remedy: "Put the real one in.",
	}
	return check.Kind[CredentialsParameters]{
		Name:     "credential_strength",
		Summary:  "Every password and key in Secrets, ConfigMaps and environments is long enough, hard to guess, and no placeholder.",
		Remedy:   "Have one made by a machine, and put it in wherever it is used: openssl rand -base64 24.",
		Reasons:  []check.Reason{short, weak, placeholder},
		Defaults: CredentialsParameters{MinimumLength: 20, MinimumStrength: 3},
		Over: []check.Quantified[CredentialsParameters]{
			check.Each(fact.Configurations(), func(_ check.Context, c *fact.Configuration, p CredentialsParameters) (problems []check.Problem) {
				for _, v := range c.Values {
					switch {
					case !v.Credential:
					case v.Placeholder:
						problems = append(problems, placeholder.Problem("The credential "+v.Key+" is a placeholder."))
					case v.AtLeast < int(p.MinimumLength):
						problems = append(problems, short.Problem(fmt.Sprintf("The credential %s has fewer than %d characters.", v.Key, p.MinimumLength)))
					case v.Strength < int(p.MinimumStrength):
						problems = append(problems, weak.Problem(fmt.Sprintf(
							"The credential %s is guessed easily: its strength is %d of 4; at least %d is wanted.", v.Key, v.Strength, p.MinimumStrength)))
					}
				}
				return problems
			}).Where(func(_ check.Context, c *fact.Configuration, _ CredentialsParameters) bool {
				return slices.ContainsFunc(c.Values, func(v fact.ConfiguredValue) bool { return v.Credential })
			}),
		},
		WhenEmpty: check.Reason{
			Name: "no_credential", Level: check.Undeclared, Sentence: "No Secret, ConfigMap or environment of the system holds a credential.",
			Remedy: allowValues,
		},
	}
}

// ProductionParameters say what may be in spite of all.
type ProductionParameters struct {
	// Keys that may lead to the machine itself or to a sandbox.
	AllowedKeys []string `yaml:"allowed_keys"`
}

// Validate says what cannot be.
func (p ProductionParameters) Validate() error { return check.NotBlank("allowed_keys", p.AllowedKeys) }

// Production judges whether values are those of production.
func Production() check.Kind[ProductionParameters] {
	development := check.Reason{Name: "not_of_production", Level: check.Fail, Sentence: "A value is one of development or tests."}
	placeholder := check.Reason{Name: "placeholder", Level: check.Fail, Sentence: "A value is a placeholder."}
	return check.Kind[ProductionParameters]{
		Name:    "production_configuration",
		Summary: "No value of the configuration is a placeholder, says another environment than production, or leads to localhost or a sandbox.",
		Remedy:  "Put in the value of production; one that leads to a sidecar can be named in the parameter allowed_keys.",
		Reasons: []check.Reason{development, placeholder},
		Over: []check.Quantified[ProductionParameters]{
			check.Each(fact.Configurations(), func(_ check.Context, c *fact.Configuration, p ProductionParameters) (problems []check.Problem) {
				for _, v := range c.Values {
					switch {
					case slices.Contains(p.AllowedKeys, v.Key):
					case v.Placeholder:
						problems = append(problems, placeholder.Problem("The value of "+v.Key+" is a placeholder."))
					case v.Development != "":
						problems = append(problems, development.Problem(fmt.Sprintf("The value of %s is not one of production: %s.", v.Key, v.Development)))
					}
				}
				return problems
			}),
		},
		WhenEmpty: check.Reason{
			Name: "no_value", Level: check.Undeclared, Sentence: "No Secret, ConfigMap or environment of the system has a value.",
			Remedy: allowValues,
		},
	}
}
