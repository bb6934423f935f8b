package kubernetes

import (
	"fmt"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// noValues is what checks on values say when none may be looked at.
const noValues = "no value is looked at: set secret_values: true for the cluster in the system description, which takes the permission " +
	"to read Secrets; of a value only a verdict is kept"

// CredentialStrengthParameters say how strong credentials must be.
type CredentialStrengthParameters struct {
	// The least number of characters: 8, 12, 16, 20, 24, 32 or 64.
	MinimumLength int `yaml:"minimum_length"`
	// The least strength, from 0 to 4: 3 withstands guessing at a slow hash, 4 at a fast one.
	MinimumStrength int `yaml:"minimum_strength"`
}

// Validate says what cannot be.
func (p CredentialStrengthParameters) Validate() error {
	if p.MinimumLength <= 0 || !slices.Contains(fact.LengthClasses(), p.MinimumLength) {
		return fmt.Errorf("minimum_length %d: expected one of %v", p.MinimumLength, fact.LengthClasses()[1:])
	}
	if p.MinimumStrength < 0 || p.MinimumStrength > 4 {
		return fmt.Errorf("minimum_strength %d: expected 0 to 4", p.MinimumStrength)
	}
	return nil
}

// CredentialStrength judges whether passwords and keys are long, and hard to guess.
func CredentialStrength() check.Kind[fact.Configuration, CredentialStrengthParameters] {
	short := check.Reason{Name: "too_short", Level: check.Fail, Sentence: "A credential is too short."}
	weak := check.Reason{Name: "guessable", Level: check.Fail, Sentence: "A credential is guessed easily: a common password, a word, a " +
		"pattern."}
	placeholder := check.Reason{
		Name: "placeholder", Level: check.Fail, Sentence: "A credential is a placeholder.",
		Remedy: "Put the real one in.",
	}
	return check.Kind[fact.Configuration, CredentialStrengthParameters]{
		Name:     "credential_strength",
		Summary:  "Every password and key in Secrets, ConfigMaps and environments is long enough, hard to guess, and no placeholder.",
		Remedy:   "Have one made by a machine, and put it in wherever it is used: openssl rand -base64 24.",
		Reasons:  []check.Reason{short, weak, placeholder},
		Defaults: CredentialStrengthParameters{MinimumLength: 20, MinimumStrength: 3},
		About:    fact.Configurations(),
		None:     check.Undeclared,
		Nothing:  noValues,
		Select: func(c fact.Configuration, _ CredentialStrengthParameters) bool {
			return slices.ContainsFunc(c.Values, func(v fact.ConfiguredValue) bool { return v.Credential })
		},
		Judge: func(c fact.Configuration, p CredentialStrengthParameters, _ time.Time) []check.Problem {
			var problems []check.Problem
			for _, v := range c.Values {
				switch {
				case !v.Credential:
				case v.Placeholder:
					problems = append(problems, placeholder.Problem(v.Key))
				case v.AtLeast < p.MinimumLength:
					problems = append(problems, short.Problem(fmt.Sprintf("%s: %d characters are wanted", v.Key, p.MinimumLength)))
				case v.Strength < p.MinimumStrength:
					problems = append(problems, weak.Problem(v.Key))
				}
			}
			return problems
		},
	}
}

// ProductionConfigurationParameters say what may be in spite of all.
type ProductionConfigurationParameters struct {
	// Keys that may lead to the machine itself or to a sandbox.
	AllowedKeys []string `yaml:"allowed_keys"`
}

// ProductionConfiguration judges whether values are those of production.
func ProductionConfiguration() check.Kind[fact.Configuration, ProductionConfigurationParameters] {
	development := check.Reason{Name: "not_of_production", Level: check.Fail, Sentence: "A value is one of development or tests."}
	placeholder := check.Reason{Name: "placeholder", Level: check.Fail, Sentence: "A value is a placeholder."}
	return check.Kind[fact.Configuration, ProductionConfigurationParameters]{
		Name:    "production_configuration",
		Summary: "No value of the configuration is a placeholder, says another environment than production, or leads to localhost or a sandbox.",
		Remedy:  "Put in the value of production; a sidecar on localhost can be named in the parameter allowed_keys.",
		Reasons: []check.Reason{development, placeholder},
		About:   fact.Configurations(),
		None:    check.Undeclared,
		Nothing: noValues,
		Judge: func(c fact.Configuration, p ProductionConfigurationParameters, _ time.Time) []check.Problem {
			var problems []check.Problem
			for _, v := range c.Values {
				switch {
				case slices.Contains(p.AllowedKeys, v.Key):
				case v.Placeholder:
					problems = append(problems, placeholder.Problem(v.Key))
				case v.Development != "":
					problems = append(problems, development.Problem(v.Key+": "+v.Development))
				}
			}
			return problems
		},
	}
}
