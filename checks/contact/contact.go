// Package contact judges who can be reached when a system is not ready.
package contact

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// Parameters say how far a call must get.
type Parameters struct {
	// MinimumLevels is how many levels there must be: the primary and the secondary contact are the first two, those under
	// escalation follow.
	MinimumLevels quantity.Count `yaml:"minimum_levels"`
}

// Validate wants a level.
func (p Parameters) Validate() error {
	if p.MinimumLevels < 1 {
		return check.Wrong("minimum_levels", "expected at least 1")
	}
	return nil
}

// EmergencyContacts wants a primary and a secondary contact, a channel, and levels of escalation. That none of them is a placeholder
// holds of every description that is loaded.
func EmergencyContacts() check.Kind[Parameters] {
	noContact := check.Reason{Name: "no_contact", Level: check.Fail, Sentence: "A contact is not declared."}
	tooFew := check.Reason{Name: "too_few_levels", Level: check.Fail, Sentence: "The escalation has too few levels."}
	return check.Kind[Parameters]{
		Name:     "emergency_contacts",
		Summary:  "A primary and a secondary contact, a channel and enough levels of escalation are declared.",
		Remedy:   "Declare it under contacts in the system description.",
		Reasons:  []check.Reason{noContact, tooFew},
		Defaults: Parameters{MinimumLevels: 3},
		Over: []check.Quantified[Parameters]{
			check.Each(fact.DeclaredContacts(), func(_ check.Context, declared *fact.Contacts, p Parameters) (problems []check.Problem) {
				for _, each := range []struct {
					name  string
					there bool
				}{{"primary contact", declared.Primary}, {"secondary contact", declared.Secondary}, {"channel", declared.Channel}} {
					if !each.there {
						problems = append(problems, noContact.Problem("No "+each.name+" is declared."))
					}
				}
				if declared.Levels < int(p.MinimumLevels) {
					problems = append(problems, tooFew.Problem(fmt.Sprintf("The escalation has %s (limit %d).",
						words.Count(declared.Levels, "level"), int(p.MinimumLevels))))
				}
				return problems
			}),
		},
		WhenEmpty: check.Reason{
			Name: "no_contacts", Level: check.Undeclared, Sentence: "No contacts are declared.",
			Remedy: "Declare contacts in the system description: primary, secondary, channel and escalation.",
		},
	}
}
