// Package domain judges the registration of domains.
package domain

import (
	"fmt"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// RegistrationParameters say how long a registration must last, and what else is wanted of it.
type RegistrationParameters struct {
	// With less than this left, the check fails.
	MinimumRemaining quantity.Duration `yaml:"minimum_remaining"`
	// TransferLock: the registrar must have locked the domain against being transferred away.
	TransferLock bool `yaml:"transfer_lock"`
}

// Validate says what cannot be.
func (p RegistrationParameters) Validate() error {
	return check.Positive("minimum_remaining", p.MinimumRemaining)
}

type reasons struct {
	notRegistered, expired, expiresSoon, noExpiry, deleted, held, unlocked, otherServers check.Reason
}

func reasonsOf() reasons {
	return reasons{
		notRegistered: check.Reason{
			Name: "not_registered", Level: check.Fail, Sentence: "The registry has no such domain: anybody can register it.",
			Remedy: "Register the domain, or correct its name in the system description.",
		},
		expired: check.Reason{
			Name: "expired", Level: check.Fail, Sentence: "The registration of the domain has expired.",
			Remedy: "Renew it at the registrar at once: what is not renewed is deleted within weeks, and then anybody can register it.",
		},
		expiresSoon: check.Reason{
			Name: "expires_soon", Level: check.Fail, Sentence: "The registration of the domain expires soon.",
			Remedy: "Renew it at the registrar, switch its automatic renewal on, and see whether the means of payment is still valid.",
		},
		noExpiry: check.Reason{
			Name: "expiry_unknown", Level: check.Unknown, Sentence: "The registry does not publish when the registration expires.",
			Remedy: "Attest in place of it: make the item first_of with an attestation in a checklist of your own, or list it under not_applicable.",
		},
		deleted: check.Reason{
			Name: "being_deleted", Level: check.Fail, Sentence: "The domain was not renewed and is being deleted.",
			Remedy: "Have the registrar restore it at once, as long as the redemption period lasts.",
		},
		held: check.Reason{
			Name: "on_hold", Level: check.Fail, Sentence: "The registry or the registrar has taken the domain out of the DNS.",
			Remedy: "Ask the registrar why: an e-mail address that was not confirmed, a bill, a dispute.",
		},
		unlocked: check.Reason{
			Name: "not_locked", Level: check.Warn, Sentence: "The domain is not locked against being transferred to another registrar.",
			Remedy: "Switch the transfer lock on at the registrar; where the registry knows none, set transfer_lock: false.",
		},
		otherServers: check.Reason{
			Name: "other_name_servers", Level: check.Fail, Sentence: "The registry delegates the domain to other name servers than its zone names.",
			Remedy: "Make both the same: the name servers at the registrar, and the NS records of the zone.",
		},
	}
}

func (r reasons) list() []check.Reason {
	return []check.Reason{r.notRegistered, r.expired, r.expiresSoon, r.noExpiry, r.deleted, r.held, r.unlocked, r.otherServers}
}

// Registration judges whether domains stay registered.
func Registration() check.Kind[RegistrationParameters] {
	reasons := reasonsOf()
	return check.Kind[RegistrationParameters]{
		Name: "domain_registration",
		Summary: "The domain of every declared name is registered for long enough, not on hold or being deleted, locked, and delegated to the " +
			"name servers of its zone.",
		Remedy:   "Log in at the registrar of the domain.",
		Reasons:  reasons.list(),
		Defaults: RegistrationParameters{MinimumRemaining: quantity.Duration(30 * 24 * time.Hour), TransferLock: true},
		Over:     []check.Quantified[RegistrationParameters]{check.Each(fact.Registrations(), reasons.judge)},
		With:     []check.Input{check.Reading(fact.DomainNames()).Optional()},
		WhenEmpty: check.Reason{
			Name: "no_domain", Level: check.Undeclared, Sentence: "No domain is declared.",
			Remedy: "Add the names that users open under domains in the system description, or list the item under not_applicable with a reason.",
		},
	}
}

func (r reasons) judge(c check.Context, d *fact.Registration, p RegistrationParameters) (problems []check.Problem) {
	if !d.Registered {
		return []check.Problem{r.notRegistered.Problem("The registry has no domain " + d.Domain + ".")}
	}
	for _, status := range []string{"redemption period", "pending delete", "pending restore"} {
		if d.Has(status) {
			problems = append(problems, r.deleted.Problem("The registry has the domain with the status "+status+"."))
			break
		}
	}
	for _, status := range []string{"server hold", "client hold", "inactive"} {
		if d.Has(status) {
			problems = append(problems, r.held.Problem("The registry has the domain with the status "+status+"."))
			break
		}
	}
	problems = append(problems, r.expiry(d, p, c.Now)...)
	if p.TransferLock && !d.Has("client transfer prohibited") && !d.Has("server transfer prohibited") && !d.Has("locked") {
		problems = append(problems, r.unlocked.Problem("The registry has the domain without the status client transfer prohibited."))
	}
	return append(problems, r.delegation(c, d)...)
}

func (r reasons) expiry(d *fact.Registration, p RegistrationParameters, now time.Time) []check.Problem {
	left := d.ExpiresAt.Sub(now)
	switch {
	case d.ExpiresAt.IsZero():
		return []check.Problem{r.noExpiry.Problem("The registry does not publish when the registration of " + d.Domain + " expires.")}
	case left <= 0:
		return []check.Problem{r.expired.Problem(fmt.Sprintf("The registration of %s expired %s ago, on %s.",
			d.Domain, quantity.InWords(left), words.Moment(d.ExpiresAt))).UrgentIf(true)}
	case left < p.MinimumRemaining.Std():
		return []check.Problem{r.expiresSoon.Problem(fmt.Sprintf("The registration of %s expires in %s, on %s (limit %s).",
			d.Domain, quantity.InWords(left), words.Moment(d.ExpiresAt), quantity.InWords(p.MinimumRemaining.Std()))).UrgentIf(d.Urgent(now))}
	default:
		return nil
	}
}

// delegation compares what the registry has with the name servers that were found for the zone of the domain.
func (r reasons) delegation(c check.Context, d *fact.Registration) []check.Problem {
	if len(d.NameServers) == 0 {
		return nil
	}
	var others []string
	for _, name := range check.Read(c, fact.DomainNames()) {
		if name.Zone == d.Domain && len(name.Delegation) > 0 && !slices.Equal(name.Delegation, d.NameServers) {
			others = append(others, words.List(name.Delegation))
		}
	}
	if len(others) == 0 {
		return nil
	}
	return []check.Problem{r.otherServers.Problem(fmt.Sprintf("The registry delegates %s to %s, and its zone names %s.",
		d.Domain, words.List(d.NameServers), slices.Min(others)))}
}
