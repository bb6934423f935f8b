package certificate

import (
	"cmp"
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// IssuerParameters say which authorities will do.
type IssuerParameters struct {
	// Certificates that only an authority named by ca_file vouches for will do without a warning.
	AcceptPrivate bool `yaml:"accept_private"`
}

// Issuer judges whether certificates are signed by authorities that their clients trust, whatever their
// dates and names. One that only a declared authority vouches for is a warning: somebody meant it, and the clients of
// the public do not trust it. Authorities' own certificates in files, which nobody vouches for, are left out unless they are weak.
func Issuer() check.Kind[IssuerParameters] {
	staging := check.Reason{
		Name: "staging_issuer", Level: check.Fail, Urgent: true,
		Sentence: "A staging issuer of Let's Encrypt signed it, which no client trusts.",
		Remedy: "Set the server of the ClusterIssuer or Issuer to https://acme-v02.api.letsencrypt.org/directory (certbot: " +
			"leave out --staging), and issue the certificate anew: cmctl renew NAME -n NAMESPACE, or certbot renew " +
			"--force-renewal.",
	}
	private := check.Reason{
		Name: "private_issuer", Level: check.Warn,
		Sentence: "Only an authority of your own vouches for it, which the public does not trust.",
		Remedy:   "Use a public issuer, or set accept_private to true where every client knows the authority.",
	}
	unread := check.Reason{
		Name: "unread_authority", Level: check.Warn,
		Sentence: "An authority of ca_file cannot be read: what it signs does not verify here.",
		Remedy: "See it with openssl x509 -noout -text, and take it out of the file, or replace it by one with a usual key and a " +
			"positive serial number.",
	}
	faults := issuerReasons()
	return check.Kind[IssuerParameters]{
		Name:    "certificate_issuer",
		Summary: "Every certificate is signed by a production authority that its clients trust, and its chain is complete.",
		Remedy:  "Have the certificate issued by a public authority, such as the production issuer of Let's Encrypt.",
		Reasons: []check.Reason{
			staging, private, unread, faults[fact.FaultSelfSigned], faults[fact.FaultUnknownAuthority],
			faults[fact.FaultIncompleteChain], faults[fact.FaultWeak], faults[fact.FaultOther],
		},
		Over: []check.Quantified[IssuerParameters]{
			check.Each(fact.Certificates(), func(_ check.Context, c *fact.Certificate, p IssuerParameters) []check.Problem {
				var problems []check.Problem
				if c.Staging {
					problems = append(problems, staging.Problem(signedBy(c)))
				} else if c.Trust == fact.TrustDeclared && !p.AcceptPrivate {
					problems = append(problems, private.Problem(signedBy(c)))
				}
				for _, detail := range c.UnreadAuthorities {
					problems = append(problems, unread.Problem("An authority could not be read: "+detail+"."))
				}
				for _, found := range c.Faults {
					// That nobody trusts a staging issuer is known.
					if reason, known := faults[found.Fault]; known && (!c.Staging || found.Fault == fact.FaultWeak) {
						problems = append(problems, reason.Problem(faultInWords(found)))
					}
				}
				return problems
			}).Where(func(_ check.Context, c *fact.Certificate, _ IssuerParameters) bool {
				return !c.Authority || c.Has(fact.FaultWeak)
			}),
		},
		WhenEmpty: noCertificate(),
	}
}

func signedBy(c *fact.Certificate) string {
	return fmt.Sprintf("The certificate of %q is signed by %q.", c.Leaf().Subject, c.Leaf().Issuer)
}

func faultInWords(found fact.CertificateFinding) string {
	return "The certificate does not verify: " + cmp.Or(found.Detail, string(found.Fault)) + "."
}

// issuerReasons are the reasons for faults that are the issuer's; dates and names are for other checks.
func issuerReasons() map[fact.CertificateFault]check.Reason {
	return map[fact.CertificateFault]check.Reason{
		fact.FaultSelfSigned: {
			Name: "self_signed", Level: check.Fail, Urgent: true, Sentence: "It is signed by itself: nobody vouches for it.",
		},
		fact.FaultUnknownAuthority: {
			Name: "untrusted_issuer", Level: check.Fail, Urgent: true, Sentence: "It is signed by an authority that is not trusted.",
			Remedy: "Have it issued by a public authority; where the authority is your own, name its certificate as ca_file.",
		},
		fact.FaultIncompleteChain: {
			Name: "incomplete_chain", Level: check.Fail, Urgent: true,
			Sentence: "The certificate of its issuer is missing: clients that do not happen to know it fail.",
			Remedy: "Serve the issuer's certificates after the certificate itself: certbot's fullchain.pem in place of " +
				"cert.pem; see what is served with openssl s_client -showcerts -connect HOST:PORT.",
		},
		fact.FaultWeak: {
			Name: "weak_certificate", Level: check.Fail, Urgent: true,
			Sentence: "Its key, or a signature in its chain, can be broken or forged.",
			Remedy:   "Issue it anew with an ECDSA P-256 or RSA 2048 key, from an authority that signs with SHA-256.",
		},
		fact.FaultOther: {
			Name: "unverifiable", Level: check.Fail, Urgent: true, Sentence: "It does not verify for another reason.",
			Remedy: "See what it allows (openssl x509 -noout -text), and have it issued anew for use by servers.",
		},
	}
}
