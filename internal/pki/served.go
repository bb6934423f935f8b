package pki

import (
	"crypto/x509"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A Served chain is what one of the addresses behind a name showed.
type Served struct {
	IP    string
	Chain []*x509.Certificate
}

// DescribeServed makes the facts of what the addresses behind a name showed: one as long as all show the same, else one for each.
func DescribeServed(place fact.CertificatePlace, all []Served, expectation Expectation) []fact.Certificate {
	differs := func(s Served) bool { return !slices.EqualFunc(s.Chain, all[0].Chain, (*x509.Certificate).Equal) }
	place.IP = ""
	if len(all) > 0 && !slices.ContainsFunc(all, differs) {
		return []fact.Certificate{Describe(place, all[0].Chain, expectation)}
	}
	facts := make([]fact.Certificate, len(all))
	for i, each := range all {
		place.IP = each.IP
		facts[i] = Describe(place, each.Chain, expectation)
	}
	return facts
}

// LackTrust adds to a set of certificates, of each of which it is not known who vouches for it, that this is so.
func LackTrust(set *fact.Set[fact.Certificate]) {
	for _, f := range set.Facts {
		if f.TrustUnknown != "" {
			set.Unavailable = append(set.Unavailable, fact.Unavailable[fact.Certificate]{
				Known: fact.Certificate{CertificatePlace: f.CertificatePlace}, Topic: fact.TopicTrust,
				Reason: fact.ReasonInvalid, Detail: f.TrustUnknown,
			})
		}
	}
}
