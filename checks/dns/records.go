package dns

import (
	"fmt"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// RecordsParameters say what cannot be read from the records themselves.
type RecordsParameters struct {
	// Authorities are those in use, by the domains by which CAA records name them, such as letsencrypt.org; default: the one that
	// signed the certificate that is collected of the name.
	Authorities []string `yaml:"authorities"`
}

// Validate says what cannot be.
func (p RecordsParameters) Validate() error { return check.NotBlank("authorities", p.Authorities) }

const day = 24 * time.Hour

// Before a signature expires, the check warns; what lives for less is measured by its life.
const (
	warnBefore      = 7 * day
	warnBeforeShare = 12
)

type recordsReasons struct {
	addressReasons
	caaForbids, caaUnknown, caaFailing, caaNotAnswered  check.Reason
	invalid, expiresVerySoon, expiresSoon, notValidated check.Reason
}

func recordsReasonsOf() recordsReasons {
	const sign = "Have the zone signed anew: rndc sign ZONE with BIND, knotc zone-sign ZONE with Knot; see why that did not happen by itself."
	return recordsReasons{
		addressReasons: addressReasonsOf(),
		caaForbids: check.Reason{
			Name: "caa_forbids_issuer", Level: check.Fail,
			Sentence: "The CAA records forbid the authority that signed the certificate in use, so that its renewal fails.",
			Remedy:   "Add the authority to the records: DOMAIN. CAA 0 issue \"letsencrypt.org\"; or use one that they allow.",
		},
		caaUnknown: check.Reason{
			Name: "caa_issuer_unknown", Level: check.Unknown,
			Sentence: "There are CAA records, and it is not known by which domain they would name the authority in use.",
			Remedy:   "Name it under checks in the system description: domain.records: {parameters: {authorities: [letsencrypt.org]}}.",
		},
		caaFailing: check.Reason{
			Name: "caa_fails", Level: check.Fail,
			Sentence: "Servers answer a question for CAA records with an error: authorities issue no certificate then.",
			Remedy:   "Ask yourself: dig CAA NAME @SERVER. Update the name server, or the balancer before it, that does not know the type.",
		},
		caaNotAnswered: check.Reason{
			Name: "caa_not_answered", Level: check.Unknown, Sentence: "Whether there are CAA records could not be found out.",
			Remedy: "Let the machine of the exporter ask resolvers and name servers, over UDP and TCP at port 53.",
		},
		invalid: check.Reason{
			Name: "dnssec_invalid", Level: check.Fail,
			Sentence: "The parent of the zone has DS records for it, and its signatures do not hold: validating resolvers refuse the name.",
			Remedy:   sign + " Where keys were replaced, correct the DS records at the registrar.",
		},
		expiresVerySoon: check.Reason{
			Name: "signature_expires_very_soon", Level: check.Fail, Remedy: sign,
			Sentence: "A signature that answers for the name need expires very soon.",
		},
		expiresSoon: check.Reason{
			Name: "signature_expires_soon", Level: check.Warn, Remedy: sign, Sentence: "A signature that answers for the name need expires soon.",
		},
		notValidated: check.Reason{
			Name: "dnssec_not_checked", Level: check.Unknown,
			Sentence: "Whether the zone is signed, and its signatures hold, could not be found out.",
			Remedy:   "Let the machine of the exporter ask resolvers and name servers, over UDP and TCP at port 53.",
		},
	}
}

func (r recordsReasons) list() []check.Reason {
	return append(r.addressReasons.list(), r.caaForbids, r.caaUnknown, r.caaFailing, r.caaNotAnswered,
		r.invalid, r.expiresVerySoon, r.expiresSoon, r.notValidated)
}

// Records judges whether names lead somewhere, and what else their zones have for them.
func Records() check.Kind[RecordsParameters] {
	reasons := recordsReasonsOf()
	return check.Kind[RecordsParameters]{
		Name: "dns_records",
		Summary: "Every declared name has an address; CAA records, where there are any, allow the authority in use; the signatures of a " +
			"zone with DS records hold.",
		Remedy:  "Correct the records in the zone of the name.",
		Reasons: reasons.list(),
		Over: []check.Quantified[RecordsParameters]{
			check.Each(fact.DomainNames(), func(c check.Context, d *fact.DomainName, p RecordsParameters) []check.Problem {
				problems := reasons.judge(d)
				problems = append(problems, reasons.issuance(c, d, p)...)
				return append(problems, reasons.signatures(d, c.Now)...)
			}),
		},
		With:      []check.Input{check.Reading(fact.Certificates(), fact.TopicTrust).Optional()},
		WhenEmpty: none("the names that users open"),
	}
}

// signatures judges the zone, where its parent has DS records for it.
func (r recordsReasons) signatures(d *fact.DomainName, now time.Time) []check.Problem {
	switch signed := d.DNSSEC; {
	case d.DNSSECFailure != nil:
		return []check.Problem{r.notValidated.Problem("Whether the zone " + d.Zone + " is signed is not known: " + d.DNSSECFailure.Detail + ".")}
	case signed == nil:
		return nil
	case len(signed.Faults) > 0:
		return []check.Problem{r.invalid.Problem("Of the zone " + d.Zone + " " + words.List(signed.Faults) + ".").UrgentIf(signed.Urgent(now))}
	case signed.Expiration.IsZero():
		return nil
	}
	return r.expiry(d, now)
}

func (r recordsReasons) expiry(d *fact.DomainName, now time.Time) []check.Problem {
	left, life := d.DNSSEC.Expiration.Sub(now), d.DNSSEC.Expiration.Sub(d.DNSSEC.Inception)
	limit := min(warnBefore, life/warnBeforeShare)
	when := fmt.Sprintf("A signature of the zone %s expires in %s, on %s", d.Zone, quantity.InWords(left), words.Moment(d.DNSSEC.Expiration))
	switch {
	case left <= 0:
		return []check.Problem{r.invalid.Problem(fmt.Sprintf("A signature of the zone %s expired %s ago, on %s.",
			d.Zone, quantity.InWords(left), words.Moment(d.DNSSEC.Expiration))).UrgentIf(true)}
	case d.DNSSEC.Urgent(now):
		return []check.Problem{r.expiresVerySoon.Problem(when + ".").UrgentIf(true)}
	case left < limit:
		return []check.Problem{r.expiresSoon.Problem(when + fmt.Sprintf(" (limit %s).", quantity.InWords(limit)))}
	default:
		return nil
	}
}

// issuance judges whether the authority in use may issue the next certificate.
func (r recordsReasons) issuance(c check.Context, d *fact.DomainName, p RecordsParameters) (problems []check.Problem) {
	switch {
	case d.CAAFailure != nil && d.CAAFailure.Reason == fact.ReasonFailed:
		return []check.Problem{r.caaFailing.Problem("CAA records cannot be had: " + d.CAAFailure.Detail + ".")}
	case d.CAAFailure != nil:
		return []check.Problem{r.caaNotAnswered.Problem("CAA records could not be asked for: " + d.CAAFailure.Detail + ".")}
	case len(d.CAA) == 0:
		return nil
	}
	for _, use := range usesOf(c, d, p) {
		set := setFor(d, use.wildcard)
		if set == nil {
			continue
		}
		switch allowed := allowedBy(set, use.wildcard); {
		case len(set.Critical) > 0:
			problems = append(problems, r.caaForbids.Problem(fmt.Sprintf(
				"The CAA records of %s have the critical property %s, which authorities do not know.", set.Domain, set.Critical[0])))
		case allowed == nil:
		case use.domains == nil:
			problems = append(problems, r.caaUnknown.Problem(fmt.Sprintf("The CAA records of %s allow %s, and the certificate is signed by %s.",
				set.Domain, inList(allowed), use.issuer)))
		case !use.isAmong(allowed):
			problems = append(problems, r.caaForbids.Problem(fmt.Sprintf("The CAA records of %s allow %s, and not %s.",
				set.Domain, inList(allowed), strings.Join(use.domains, " or "))))
		}
	}
	return problems
}
