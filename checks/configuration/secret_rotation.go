package configuration

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// SecretRotationParameters say how old the data of Secrets may become.
type SecretRotationParameters struct {
	// How long ago a Secret may have been changed.
	MaximumAge quantity.Duration `yaml:"maximum_age"`
}

// Validate says what cannot be.
func (p SecretRotationParameters) Validate() error {
	return check.Positive("maximum_age", p.MaximumAge)
}

// SecretRotation judges whether Secrets are changed now and then, as the API server notes it: whoever writes data and labels in turns
// makes a Secret look changed that has the data of before.
func SecretRotation() check.Kind[SecretRotationParameters] {
	old := check.Reason{Name: "not_rotated", Level: check.Fail, Sentence: "The Secret has not been changed for too long."}
	unnoted := check.Reason{
		Name: "not_noted", Level: check.Unknown, Sentence: "When the data of the Secret was last written is not noted.",
		Remedy: "Something removes metadata.managedFields when it writes the Secret, or it holds no data: kubectl get secret NAME -n " +
			"NAMESPACE --show-managed-fields -o yaml. The next write is noted.",
	}
	return check.Kind[SecretRotationParameters]{
		Name:    "secret_rotation",
		Summary: "Every Secret was changed within the maximum age.",
		Remedy: "Make a new value where it is used (database, API), write it into the Secret, restart what reads it, then revoke the old " +
			"value.",
		Reasons:  []check.Reason{old, unnoted},
		Defaults: SecretRotationParameters{MaximumAge: quantity.Duration(180 * 24 * time.Hour)},
		Over: []check.Quantified[SecretRotationParameters]{
			check.Each(fact.Secrets(), func(c check.Context, s *fact.Secret, p SecretRotationParameters) []check.Problem {
				age := c.Now.Sub(s.ChangedAt)
				if age <= p.MaximumAge.Std() {
					return nil
				}
				if s.Unnoted {
					return []check.Problem{unnoted.Problem(fmt.Sprintf("The Secret was made %s ago, on %s; whether it was changed since is not noted.",
						quantity.InWords(age), s.ChangedAt.UTC().Format(time.DateOnly)))}
				}
				return []check.Problem{old.Problem(fmt.Sprintf("The Secret was last changed at least %s ago, on %s or before; at most %s is wanted.",
					quantity.InWords(age), s.ChangedAt.UTC().Format(time.DateOnly), quantity.InWords(p.MaximumAge.Std())))}
			}),
		},
		WhenEmpty: check.Reason{
			Name: "no_secret", Level: check.Undeclared, Sentence: "The system has no Secret that a person or a pipeline writes.",
			Remedy: "Add the cluster to kubernetes in the system description, with its namespaces, or list the item under not_applicable " +
				"with a reason.",
		},
	}
}
