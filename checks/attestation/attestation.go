// Package attestation judges what people sign: attestations of items of the checklist.
package attestation

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// warning is how long before its expiry an attestation warns, or a quarter of its age if that is less.
const warning = 14 * 24 * time.Hour

// Parameters say how long an attestation counts.
type Parameters struct {
	// MaximumAge is how long an attestation counts at most, whatever it says itself.
	MaximumAge quantity.Duration `yaml:"maximum_age"`
}

// Validate wants a time in which an attestation counts.
func (p Parameters) Validate() error { return check.Positive("maximum_age", p.MaximumAge) }

// Longest is how long an attestation counts at most.
func (p Parameters) Longest() time.Duration { return p.MaximumAge.Std() }

func notAttested() check.Reason {
	return check.Reason{
		Name: "not_attested", Level: check.Undeclared, Sentence: "Nobody has signed it.",
		Remedy: "Have somebody who knows check it, and add an attestation with by, at and link.",
	}
}

func expired() check.Reason {
	return check.Reason{
		Name: "attestation_expired", Level: check.Fail, Sentence: "The attestation has expired.", Absence: true,
	}
}

func expiresSoon() check.Reason {
	return check.Reason{Name: "attestation_expires_soon", Level: check.Warn, Sentence: "The attestation expires soon."}
}

// Attestation wants somebody's signature on the item itself. Of several the one that expires last counts.
func Attestation() check.Kind[Parameters] {
	return check.Kind[Parameters]{
		Name:     "attestation",
		Summary:  "Somebody has signed that the item holds, and the signature has not expired.",
		Remedy:   "Check the item again, and sign a new attestation.",
		Reasons:  []check.Reason{expired(), expiresSoon()},
		Defaults: Parameters{MaximumAge: quantity.Duration(90 * 24 * time.Hour)},
		Over: []check.Quantified[Parameters]{
			check.AllOf(fact.Attestations(), judge).
				Where(func(c check.Context, a *fact.Attestation, _ Parameters) bool {
					return a.Check == c.Item && !a.At.After(c.Now)
				}),
		},
		WhenEmpty: notAttested(),
	}
}

func judge(c check.Context, all []*fact.Attestation, p Parameters) []check.Problem {
	var last *fact.Attestation
	for _, a := range all {
		if last == nil || p.expiry(a).After(p.expiry(last)) || p.expiry(a).Equal(p.expiry(last)) && a.By < last.By {
			last = a
		}
	}
	if last == nil {
		return nil
	}
	expiry := p.expiry(last)
	sentence := func(verb string) string {
		return fmt.Sprintf("The attestation that %s signed on %s %s on %s.",
			last.By, last.At.Format(time.DateOnly), verb, expiry.Format(time.DateOnly))
	}
	switch left := expiry.Sub(c.Now); {
	case left <= 0:
		return []check.Problem{expired().Problem(sentence("expired"))}
	case left < min(warning, p.MaximumAge.Std()/4):
		return []check.Problem{expiresSoon().Problem(sentence("expires"))}
	default:
		return nil
	}
}

// expiry is when an attestation expires: at its own date, and never later than the item allows.
func (p Parameters) expiry(a *fact.Attestation) time.Time {
	latest := a.At.Add(p.MaximumAge.Std())
	if a.Until.IsZero() || a.Until.After(latest) {
		return latest
	}
	return a.Until
}
