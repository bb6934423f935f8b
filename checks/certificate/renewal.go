package certificate

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// RenewalParameters say how near its expiry a certificate may come.
//
// A certificate that lives for less than four times warn_before is measured by its own life: it warns at a quarter of
// it, since renewal is due at a third, and fails at the same share of that quarter as fail_before is of warn_before.
type RenewalParameters struct {
	// With less than this left, the check warns.
	WarnBefore quantity.Duration `yaml:"warn_before"`
	// With less than this left, the check fails.
	FailBefore quantity.Duration `yaml:"fail_before"`
}

// Validate finds limits of which one could never be reached.
func (p RenewalParameters) Validate() error {
	if p.FailBefore >= p.WarnBefore {
		return check.Wrong("fail_before", "%s: expected less than warn_before, which is %s", p.FailBefore, p.WarnBefore)
	}
	return nil
}

// limits are warn_before and fail_before for a certificate that lives as long.
func (p RenewalParameters) limits(life time.Duration) (warn, fail time.Duration) {
	warn, fail = p.WarnBefore.Std(), p.FailBefore.Std()
	if quarter := life / 4; quarter < warn {
		return quarter, time.Duration(float64(quarter) * float64(fail) / float64(warn))
	}
	return warn, fail
}

// Renewal judges whether certificates are renewed in time.
func Renewal() check.Kind[RenewalParameters] {
	reasons := renewalReasonsOf()
	return check.Kind[RenewalParameters]{
		Name:    "certificate_renewal",
		Summary: "Every certificate, and each one that its verification needs, is renewed well before it expires.",
		Remedy: "Renew the certificate and reload whatever serves it: certbot renew, cmctl renew NAME -n NAMESPACE. " +
			"See why it did not renew by itself: systemctl status certbot.timer, cmctl status certificate NAME -n NAMESPACE.",
		Reasons: reasons.list(),
		Defaults: RenewalParameters{
			WarnBefore: quantity.Duration(21 * 24 * time.Hour), FailBefore: quantity.Duration(7 * 24 * time.Hour),
		},
		Over:      []check.Quantified[RenewalParameters]{check.Each(fact.Certificates(), reasons.judge).Needs(), reasons.issued()},
		WhenEmpty: noCertificate(),
	}
}

type renewalReasons struct {
	notYetValid       check.Reason
	leaf, chain       expiryReasons
	superfluousServed check.Reason
	failed, overdue   check.Reason
	notIssued         check.Reason
	issuing           check.Reason
}

// expiryReasons are for a certificate that expires.
type expiryReasons struct{ expired, expiresVerySoon, expiresSoon check.Reason }

func renewalReasonsOf() renewalReasons {
	const renewChain = "Serve the authority's newer certificates: renewing the certificate fetches them from public " +
		"authorities; renew an authority of your own with openssl or the tool that made it, and hand it to its clients."
	return renewalReasons{
		notYetValid: check.Reason{
			Name: "not_yet_valid", Level: check.Fail, Urgent: true, Sentence: "The certificate, or one that it needs, is not valid yet.",
			Remedy: "Compare the clocks (timedatectl status on the server and here), and issue the certificate anew.",
		},
		leaf: expiryReasons{
			expired: check.Reason{Name: "expired", Level: check.Fail, Urgent: true, Sentence: "The certificate has expired."},
			expiresVerySoon: check.Reason{
				Name: "expires_very_soon", Level: check.Fail, Sentence: "The certificate expires very soon.",
			},
			expiresSoon: check.Reason{Name: "expires_soon", Level: check.Warn, Sentence: "The certificate expires soon."},
		},
		chain: expiryReasons{
			expired: check.Reason{
				Name: "chain_expired", Level: check.Fail, Urgent: true, Remedy: renewChain,
				Sentence: "A certificate that vouches for it, and that verification needs, has expired.",
			},
			expiresVerySoon: check.Reason{
				Name: "chain_expires_very_soon", Level: check.Fail, Remedy: renewChain,
				Sentence: "A certificate that vouches for it, and that verification needs, expires very soon.",
			},
			expiresSoon: check.Reason{
				Name: "chain_expires_soon", Level: check.Warn, Remedy: renewChain,
				Sentence: "A certificate that vouches for it, and that verification needs, expires soon.",
			},
		},
		superfluousServed: check.Reason{
			Name: "superfluous_expired", Level: check.Warn,
			Sentence: "An expired certificate that verification does not need is served along: old clients may fail on it.",
			Remedy:   "Take the expired certificate out of the chain that the server sends.",
		},
		failed: check.Reason{
			Name: "renewal_failed", Level: check.Fail, Sentence: "What renews the certificate has failed to.",
			Remedy: "See why: cmctl status certificate NAME -n NAMESPACE; then kubectl describe its CertificateRequest, Order and Challenge.",
		},
		notIssued: check.Reason{
			Name: "issuance_failed", Level: check.Fail, Sentence: "A certificate could not be issued for the first time.",
			Remedy: "Fix what the Order or Challenge reports (DNS, the route to the solver, the account, rate limits): cmctl status certificate " +
				"NAME -n NAMESPACE; then try again at once: cmctl renew NAME -n NAMESPACE.",
		},
		issuing: check.Reason{
			Name: "issuing", Level: check.Warn, Sentence: "A certificate is being issued for the first time.",
			Remedy: "Wait for it: kubectl get certificate -n NAMESPACE --watch.",
		},
		overdue: check.Reason{
			Name: "renewal_overdue", Level: check.Fail, Sentence: "The certificate should have been renewed by now.",
			Remedy: "See whether cert-manager runs, and why it waits: cmctl status certificate NAME -n NAMESPACE.",
		},
	}
}

// renewalPatience is how long a renewal may take once it is due.
const renewalPatience = time.Hour

// managed gives what is wrong with what renews a certificate.
func (r renewalReasons) managed(m *fact.CertificateManager, now time.Time) []check.Problem {
	switch {
	case m == nil:
		return nil
	case !m.Ready:
		return []check.Problem{r.failed.Problem("The Certificate " + m.Name + " is not ready" + because(m.Trouble) + ".")}
	case !m.RenewAt.IsZero() && now.Sub(m.RenewAt) > renewalPatience:
		return []check.Problem{r.overdue.Problem(fmt.Sprintf(
			"The Certificate %s should have renewed it %s ago.", m.Name, quantity.InWords(now.Sub(m.RenewAt))))}
	default:
		return nil
	}
}

// issued judges whether certificates that are wanted for the first time are issued.
func (r renewalReasons) issued() check.Quantified[RenewalParameters] {
	return check.Each(fact.Issuances(), func(c check.Context, i *fact.Issuance, _ RenewalParameters) []check.Problem {
		waits := c.Now.Sub(i.Since)
		detail := fmt.Sprintf("The Certificate %s was asked for %s ago and has not been issued%s.",
			i.Certificate, quantity.InWords(waits), because(i.Trouble))
		if !i.Failed && waits <= renewalPatience {
			return []check.Problem{r.issuing.Problem(detail)}
		}
		return []check.Problem{r.notIssued.Problem(detail)}
	}).Needs()
}

func (r renewalReasons) list() []check.Reason {
	return []check.Reason{
		r.leaf.expired, r.leaf.expiresVerySoon, r.leaf.expiresSoon, r.chain.expired, r.chain.expiresVerySoon, r.chain.expiresSoon,
		r.notYetValid, r.superfluousServed, r.failed, r.overdue, r.notIssued, r.issuing,
	}
}

func (r renewalReasons) judge(context check.Context, c *fact.Certificate, p RenewalParameters) []check.Problem {
	var problems []check.Problem
	now := context.Now
	for _, needed := range c.Path {
		if now.Before(needed.NotBefore) {
			problems = append(problems, r.notYetValid.Problem(fmt.Sprintf("The certificate %q becomes valid in %s, on %s.",
				needed.Subject, quantity.InWords(needed.NotBefore.Sub(now)), words.Moment(needed.NotBefore))))
			break
		}
	}
	for _, problem := range r.leaf.judge(c.Leaf(), "The certificate", p, now) {
		problem.Remedy = renew(c)
		problems = append(problems, problem)
	}
	problems = append(problems, r.managed(c.Manager, now)...)
	if len(c.Path) > 1 {
		first := fact.FirstToEnd(c.Path[1:])
		problems = append(problems, r.chain.judge(first, fmt.Sprintf("The certificate %q", first.Subject), p, now)...)
	}
	for _, served := range c.Chain {
		if now.After(served.NotAfter) && !needs(c, served) {
			problems = append(problems, r.superfluousServed.Problem(fmt.Sprintf("The certificate %q by %q expired %s ago, on %s.",
				served.Subject, served.Issuer, quantity.InWords(now.Sub(served.NotAfter)), words.Moment(served.NotAfter))))
			break
		}
	}
	return problems
}

// judge gives the one problem, or none, of a certificate that expires; which it is is said first.
func (r expiryReasons) judge(c fact.ChainCertificate, which string, p RenewalParameters, now time.Time) []check.Problem {
	warn, fail := p.limits(c.NotAfter.Sub(c.NotBefore))
	left := c.NotAfter.Sub(now)
	expires := func(limit time.Duration) string {
		return fmt.Sprintf("%s expires in %s, on %s (limit %s).",
			which, quantity.InWords(left), words.Moment(c.NotAfter), quantity.InWords(limit))
	}
	switch {
	case left < 0:
		return []check.Problem{r.expired.Problem(
			fmt.Sprintf("%s expired %s ago, on %s.", which, quantity.InWords(left), words.Moment(c.NotAfter)))}
	case left < fail:
		return []check.Problem{r.expiresVerySoon.Problem(expires(fail)).UrgentIf(c.Urgent(now))}
	case left < warn:
		return []check.Problem{r.expiresSoon.Problem(expires(warn))}
	default:
		return nil
	}
}

// renew says how a certificate is renewed where it was seen; empty where that is not known.
func renew(c *fact.Certificate) string {
	const issued = " Then see why that did not happen by itself: cmctl status certificate NAME -n NAMESPACE."
	switch {
	case c.Manager != nil:
		return "Renew the Certificate " + c.Manager.Name + ": cmctl renew NAME -n NAMESPACE." + issued
	case c.Source == fact.CertificateInSecret:
		return "Renew what issues the certificate into the Secret " + c.Name + "; by cert-manager: cmctl renew NAME -n NAMESPACE." + issued
	case c.Source == fact.CertificateInFile:
		return "Renew the certificate, and reload whatever reads the file: certbot renew. Then see why that did not happen by itself: " +
			"systemctl status certbot.timer."
	default:
		return ""
	}
}

// needs tells whether the verification of a certificate needs another.
func needs(c *fact.Certificate, other fact.ChainCertificate) bool {
	for _, needed := range c.Path {
		if needed.Fingerprint == other.Fingerprint {
			return true
		}
	}
	return false
}

func because(trouble string) string {
	if trouble == "" {
		return ""
	}
	return " (" + trouble + ")"
}
