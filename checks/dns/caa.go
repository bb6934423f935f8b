package dns

import (
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// A use is an authority that issues certificates for a name.
type use struct {
	issuer   string   // as the certificate names it
	domains  []string // by which CAA records name it: each of them will do; nil: they are not known
	wildcard bool     // it issues one for the names of a whole domain
}

func (u use) isAmong(allowed []string) bool {
	return slices.ContainsFunc(u.domains, func(domain string) bool { return slices.Contains(allowed, domain) })
}

// usesOf are the authorities that are declared or, where none is, those that signed the certificates shown for a name. One of an
// authority of the system's own asks nobody for permission.
func usesOf(c check.Context, d *fact.DomainName, p RecordsParameters) (all []use) {
	for _, each := range p.Authorities {
		all = append(all, use{issuer: each, domains: []string{strings.ToLower(each)}})
	}
	if len(all) > 0 {
		return all
	}
	for _, certificate := range check.Read(c, fact.Certificates()) {
		if certificate.Source != fact.CertificateAtAddress || certificate.Trust != fact.TrustPublic ||
			!strings.EqualFold(certificate.ServerName, d.Domain) {
			continue
		}
		own := slices.ContainsFunc(certificate.Names, func(name string) bool { return strings.EqualFold(name, d.Domain) })
		all = append(all, use{issuer: certificate.Leaf().Issuer, domains: domainsOf(certificate), wildcard: !own})
	}
	return all
}

// setFor are the CAA records that count for a certificate: the nearest of the name or, of one for a whole domain, of that domain.
func setFor(d *fact.DomainName, wildcard bool) *fact.CAASet {
	for i := range d.CAA {
		if !wildcard || d.CAA[i].Domain != d.Domain {
			return &d.CAA[i]
		}
	}
	return nil
}

// allowedBy are the authorities that may issue; nil: all (RFC 8659, 4.2 and 4.3).
func allowedBy(set *fact.CAASet, wildcard bool) []string {
	switch {
	case wildcard && len(set.IssueWild) > 0:
		return set.IssueWild
	case set.HasIssue:
		return set.Issue
	default:
		return nil
	}
}

// inList names authorities; one without a name forbids all.
func inList(allowed []string) string {
	return words.List(slices.DeleteFunc(slices.Clone(allowed), func(domain string) bool { return domain == "" }))
}

// domainsOf are the domains by which CAA records name the authorities that vouch for a certificate, as the authorities publish them
// in their practice statements and in the Common CA Database; nil: none is known. There are several where one has signed the root of
// another, or runs an authority under its name: what that one is called first.
func domainsOf(c *fact.Certificate) (domains []string) {
	var names []string
	for i := range c.Path {
		if i > 0 {
			names = append(names, c.Path[i].Subject)
		}
		names = append(names, c.Path[i].Issuer)
	}
	all := authorities()
	for _, name := range names {
		at := slices.IndexFunc(all, func(a authority) bool { return strings.HasPrefix(name, a.begins) })
		for i := 0; at >= 0 && i < len(all[at].domains); i++ {
			if domain := all[at].domains[i]; !slices.Contains(domains, domain) {
				domains = append(domains, domain)
			}
		}
	}
	return domains
}

type authority struct {
	begins  string // the common name of its root
	domains []string
}

func authorities() []authority {
	sectigo := []string{"sectigo.com", "comodoca.com", "comodo.com", "usertrust.com", "trust-provider.com"}
	digicert := []string{"digicert.com", "www.digicert.com", "symantec.com", "geotrust.com", "rapidssl.com", "thawte.com"}
	goDaddy := []string{"godaddy.com", "starfieldtech.com"}
	return []authority{
		{"ISRG Root", []string{"letsencrypt.org"}},
		{"GTS Root", []string{"pki.goog", "google.com"}},
		{"Amazon Root CA", []string{"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"}},
		{"Starfield Services Root", []string{"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"}},
		{"DigiCert", digicert}, {"Baltimore CyberTrust", digicert},
		{"USERTrust", sectigo}, {"Sectigo", sectigo}, {"COMODO", sectigo}, {"AAA Certificate Services", sectigo},
		{"Go Daddy", goDaddy}, {"Starfield", goDaddy},
		{"GlobalSign", []string{"globalsign.com"}},
		{"SSL.com", []string{"ssl.com"}},
		{"Microsoft ", []string{"microsoft.com"}},
		{"Entrust", []string{"entrust.net", "affirmtrust.com"}},
		{"Buypass", []string{"buypass.com", "buypass.no"}},
		{"Actalis", []string{"actalis.it"}},
		{"HARICA", []string{"harica.gr"}},
		{"Certum", []string{"certum.pl", "certum.eu"}},
		{"SwissSign", []string{"swisssign.com", "swisssign.net"}},
		{"QuoVadis", []string{"quovadisglobal.com", "digicert.com"}},
		{"D-TRUST", []string{"d-trust.net", "dtrust.de"}},
		{"T-TeleSec", []string{"telesec.de"}},
		{"IdenTrust", []string{"identrust.com"}},
	}
}
