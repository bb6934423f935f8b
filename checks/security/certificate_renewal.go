// Package security has the kinds of check of the category security.
package security

import (
	"cmp"
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// CertificateRenewalParameters say how near its end a certificate may come.
//
// A certificate that lives for less than four times warn_before is measured by its own life: it warns at a quarter of
// it, since renewal is due at a third, and fails at the same share of that quarter as fail_before is of warn_before.
type CertificateRenewalParameters struct {
	// With less than this left, the check warns.
	WarnBefore quantity.Duration `yaml:"warn_before"`
	// With less than this left, the check fails.
	FailBefore quantity.Duration `yaml:"fail_before"`
}

// Validate finds limits of which one could never be reached.
func (p CertificateRenewalParameters) Validate() error {
	if p.FailBefore < 0 || p.FailBefore >= p.WarnBefore {
		return fmt.Errorf("fail_before is %s: expected less than warn_before, which is %s", p.FailBefore, p.WarnBefore)
	}
	return nil
}

// limits are warn_before and fail_before for a certificate that lives as long.
func (p CertificateRenewalParameters) limits(life time.Duration) (warn, fail time.Duration) {
	warn, fail = p.WarnBefore.Std(), p.FailBefore.Std()
	if quarter := life / 4; quarter < warn {
		return quarter, time.Duration(float64(quarter) * float64(fail) / float64(warn))
	}
	return warn, fail
}

// CertificateRenewal judges whether certificates are renewed in time.
func CertificateRenewal() check.Kind[fact.Certificate, CertificateRenewalParameters] {
	reasons := renewalReasonsOf()
	return check.Kind[fact.Certificate, CertificateRenewalParameters]{
		Name:    "certificate_renewal",
		Summary: "Every certificate, and each one that its verification needs, has been renewed well before its end.",
		Remedy: "Renew the certificate and reload whatever serves it: certbot renew, cmctl renew NAME -n NAMESPACE. " +
			"See why it did not renew by itself: systemctl status certbot.timer, cmctl status certificate NAME -n NAMESPACE.",
		Reasons: reasons.list(),
		Defaults: CertificateRenewalParameters{
			WarnBefore: quantity.Duration(21 * 24 * time.Hour), FailBefore: quantity.Duration(7 * 24 * time.Hour),
		},
		About:   fact.Certificates(),
		None:    check.Undeclared,
		Nothing: "the system description names no certificate: add certificates with an address or a path",
		Judge: func(c fact.Certificate, p CertificateRenewalParameters, now time.Time) []check.Problem {
			return reasons.judge(c, p, now)
		},
	}
}

type renewalReasons struct {
	notYetValid       check.Reason
	leaf, chain       endReasons
	superfluousServed check.Reason
	failed, overdue   check.Reason
}

// endReasons are for a certificate that comes near its end.
type endReasons struct{ ended, endsVerySoon, endsSoon check.Reason }

func renewalReasonsOf() renewalReasons {
	const renewChain = "Serve the authority's newer certificates: renewing the certificate fetches them from public " +
		"authorities; renew an authority of your own with openssl or the tool that made it, and hand it to its clients."
	return renewalReasons{
		notYetValid: check.Reason{
			Name: "not_yet_valid", Level: check.Fail, Sentence: "The certificate, or one that it needs, is not valid yet.",
			Remedy: "Compare the clocks (timedatectl status on the server and here), and issue the certificate anew.",
		},
		leaf: endReasons{
			ended: check.Reason{Name: "expired", Level: check.Fail, Sentence: "The certificate has ended."},
			endsVerySoon: check.Reason{
				Name: "expires_very_soon", Level: check.Fail, Sentence: "The certificate ends very soon.",
			},
			endsSoon: check.Reason{Name: "expires_soon", Level: check.Warn, Sentence: "The certificate ends soon."},
		},
		chain: endReasons{
			ended: check.Reason{
				Name: "chain_expired", Level: check.Fail, Remedy: renewChain,
				Sentence: "A certificate that vouches for it, and that verification needs, has ended.",
			},
			endsVerySoon: check.Reason{
				Name: "chain_expires_very_soon", Level: check.Fail, Remedy: renewChain,
				Sentence: "A certificate that vouches for it, and that verification needs, ends very soon.",
			},
			endsSoon: check.Reason{
				Name: "chain_expires_soon", Level: check.Warn, Remedy: renewChain,
				Sentence: "A certificate that vouches for it, and that verification needs, ends soon.",
			},
		},
		superfluousServed: check.Reason{
			Name: "superfluous_expired", Level: check.Warn,
			Sentence: "An ended certificate that verification does not need is served along: old clients may fail on it.",
			Remedy:   "Take the ended certificate out of the chain that the server sends.",
		},
		failed: check.Reason{
			Name: "renewal_failed", Level: check.Fail, Sentence: "What renews the certificate has failed to.",
			Remedy: "See why: cmctl status certificate NAME -n NAMESPACE; then kubectl describe its CertificateRequest, Order and Challenge.",
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
		return []check.Problem{r.failed.Problem(m.Name + ": " + cmp.Or(m.Trouble, "it is not ready"))}
	case !m.RenewAt.IsZero() && now.Sub(m.RenewAt) > renewalPatience:
		return []check.Problem{r.overdue.Problem(fmt.Sprintf("%s was to renew it %s ago", m.Name, quantity.InWords(now.Sub(m.RenewAt))))}
	default:
		return nil
	}
}

func (r renewalReasons) list() []check.Reason {
	return []check.Reason{
		r.leaf.ended, r.leaf.endsVerySoon, r.leaf.endsSoon, r.chain.ended, r.chain.endsVerySoon, r.chain.endsSoon,
		r.notYetValid, r.superfluousServed, r.failed, r.overdue,
	}
}

func (r renewalReasons) judge(c fact.Certificate, p CertificateRenewalParameters, now time.Time) []check.Problem {
	var problems []check.Problem
	for _, needed := range c.Path {
		if now.Before(needed.NotBefore) {
			problems = append(problems, r.notYetValid.Problem(fmt.Sprintf("%q begins in %s, on %s",
				needed.Subject, quantity.InWords(needed.NotBefore.Sub(now)), onDate(needed.NotBefore))))
			break
		}
	}
	problems = append(problems, r.leaf.judge(c.Leaf(), "", p, now)...)
	problems = append(problems, r.managed(c.Manager, now)...)
	if len(c.Path) > 1 {
		first := fact.FirstToEnd(c.Path[1:])
		problems = append(problems, r.chain.judge(first, fmt.Sprintf("%q ", first.Subject), p, now)...)
	}
	for _, served := range c.Chain {
		if now.After(served.NotAfter) && !needs(c, served) {
			problems = append(problems, r.superfluousServed.Problem(fmt.Sprintf("%q by %q ended %s ago, on %s",
				served.Subject, served.Issuer, quantity.InWords(now.Sub(served.NotAfter)), onDate(served.NotAfter))))
			break
		}
	}
	return problems
}

// judge gives the one problem, or none, of a certificate that comes near its end.
func (r endReasons) judge(
	c fact.ChainCertificate, who string, p CertificateRenewalParameters, now time.Time,
) []check.Problem {
	warn, fail := p.limits(c.NotAfter.Sub(c.NotBefore))
	left := c.NotAfter.Sub(now)
	words := who + fmt.Sprintf("ends in %s, on %s; renew at ", quantity.InWords(left), onDate(c.NotAfter))
	switch {
	case left < 0:
		return []check.Problem{r.ended.Problem(
			who + fmt.Sprintf("ended %s ago, on %s", quantity.InWords(left), onDate(c.NotAfter)))}
	case left < fail:
		return []check.Problem{r.endsVerySoon.Problem(words + quantity.InWords(warn))}
	case left < warn:
		return []check.Problem{r.endsSoon.Problem(words + quantity.InWords(warn))}
	default:
		return nil
	}
}

// needs tells whether the verification of a certificate needs another.
func needs(c fact.Certificate, other fact.ChainCertificate) bool {
	for _, needed := range c.Path {
		if needed.Fingerprint == other.Fingerprint {
			return true
		}
	}
	return false
}

func onDate(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
