package pki

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

type verification struct {
	path    []*x509.Certificate
	trust   fact.CertificateTrust
	unknown string // why it is not known who vouches for it
	faults  []fact.CertificateFinding
}

// maxDetail is how much of a fault's description is kept, in bytes: the standard library quotes all names.
const maxDetail = 500

func (v *verification) fault(fault fact.CertificateFault, detail string) {
	if !slices.ContainsFunc(v.faults, func(f fact.CertificateFinding) bool { return f.Fault == fault }) {
		v.faults = append(v.faults, fact.CertificateFinding{Fault: fault, Detail: words.Printable(detail, maxDetail)})
	}
}

// verify finds every fault of a certificate rather than the first: who vouches for it, its dates and its names are
// asked one by one.
func verify(place fact.CertificatePlace, chain []*x509.Certificate, expectation Expectation) verification {
	roots, trust := expectation.Public, fact.TrustPublic
	if expectation.Declared != nil {
		roots, trust = expectation.Declared, fact.TrustDeclared
	}
	v := verification{trust: fact.TrustNone}
	path, valid, err := findPath(place, chain, roots, expectation.Now)
	if path != nil {
		v.path, v.trust = path, trust
	} else {
		v.path = follow(chain)
		v.untrusted(place, chain, expectation, err)
	}
	if v.trust == fact.TrustDeclared {
		if public, _, _ := findPath(place, chain, expectation.Public, expectation.Now); public != nil {
			v.trust = fact.TrustPublic
		}
	}
	v.checkDates(expectation.Now)
	v.checkStrength()
	if place.ServerName != "" {
		if err := chain[0].VerifyHostname(ASCIIName(place.ServerName)); err != nil {
			v.fault(fact.FaultNameMismatch, err.Error())
		}
	}
	if path != nil && !valid && len(v.faults) == 0 {
		v.fault(fact.FaultOther, err.Error())
	}
	return v
}

// untrusted says why no authority vouches for a certificate, where that is a fault and is known.
func (v *verification) untrusted(place fact.CertificatePlace, chain []*x509.Certificate, expectation Expectation, err error) {
	fault, detail := whyUntrusted(chain, v.path, err)
	ownRoot := fault == fact.FaultSelfSigned && !expectation.Declared.Equal(x509.NewCertPool())
	switch {
	case slices.ContainsFunc(v.path, forgeable):
		// A signature that can be forged proves nothing, and is said to be weak.
	case isAuthority(place, chain[0], expectation.WithKey):
		// Nobody vouches for an authority but those who declare it.
	case len(expectation.Unread) > 0 && fault != fact.FaultOther && !ownRoot:
		v.unknown = fmt.Sprintf("%s, as far as its authorities could be read: %s", detail, expectation.Unread[0])
	default:
		v.fault(fault, detail)
	}
}

// maxMoments bounds the times at which a path is tried.
const maxMoments = 8

// findPath finds the path from the leaf to one of the roots that lasts longest: a path that is valid now or, where
// there is none, one that is valid at some other time of the leaf's life. Without any, the error says why there is none
// whatever the time; else why there is none now.
func findPath(place fact.CertificatePlace, chain []*x509.Certificate, roots *x509.CertPool, now time.Time) (
	path []*x509.Certificate, valid bool, err error,
) {
	leaf := chain[0]
	options := x509.VerifyOptions{
		Roots: roots, Intermediates: x509.NewCertPool(), CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	if place.Source == fact.CertificateAtAddress {
		options.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	for _, c := range chain[1:] {
		options.Intermediates.AddCert(c)
	}
	paths, errNow := leaf.Verify(options)
	if errNow == nil {
		return lastingLongest(paths), true, nil
	}
	// Certificates that are valid together are so when the last of them begins.
	moments := []time.Time{leaf.NotBefore, leaf.NotAfter}
	for _, c := range chain[1:] {
		if c.NotBefore.After(leaf.NotBefore) && c.NotBefore.Before(leaf.NotAfter) && len(moments) < maxMoments {
			moments = append(moments, c.NotBefore)
		}
	}
	var errEver error
	for _, moment := range moments {
		options.CurrentTime = moment
		found, err := leaf.Verify(options)
		if err != nil && errEver == nil {
			errEver = err
		}
		paths = append(paths, found...)
	}
	if len(paths) == 0 {
		return nil, false, errEver
	}
	return lastingLongest(paths), false, errNow
}

func lastingLongest(paths [][]*x509.Certificate) []*x509.Certificate {
	return slices.MaxFunc(paths, func(a, b []*x509.Certificate) int { return end(a).Compare(end(b)) })
}

// end is when the first of several certificates ends.
func end(path []*x509.Certificate) time.Time {
	return slices.MinFunc(path, func(a, b *x509.Certificate) int { return a.NotAfter.Compare(b.NotAfter) }).NotAfter
}

func (v *verification) checkDates(now time.Time) {
	for _, c := range v.path {
		switch {
		case now.After(c.NotAfter):
			v.fault(fact.FaultExpired, fmt.Sprintf("%q ended on %s", shortName(c.Subject), words.Moment(c.NotAfter)))
		case now.Before(c.NotBefore):
			v.fault(fact.FaultNotYetValid, fmt.Sprintf("%q begins on %s", shortName(c.Subject), words.Moment(c.NotBefore)))
		}
	}
}

func (v *verification) checkStrength() {
	for _, c := range v.path {
		if weakness := weakness(c); weakness != "" {
			v.fault(fact.FaultWeak, fmt.Sprintf("%q has %s", shortName(c.Subject), weakness))
		}
	}
}

// weakness says what of a certificate can be forged or broken.
func weakness(c *x509.Certificate) string {
	if forgeable(c) {
		return "a signature of the broken kind " + c.SignatureAlgorithm.String()
	}
	if bits := keyBits(c); c.PublicKeyAlgorithm == x509.RSA && bits < 2048 {
		return fmt.Sprintf("an RSA key of only %d bits", bits)
	}
	return ""
}

// forgeable tells that a signature is of a broken kind. On a self-signed certificate's signature nobody relies.
func forgeable(c *x509.Certificate) bool {
	switch c.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return !bytes.Equal(c.RawSubject, c.RawIssuer)
	default:
		return false
	}
}

// whyUntrusted says why no trusted authority vouches for a certificate, given how far its chain leads.
func whyUntrusted(chain, path []*x509.Certificate, err error) (fact.CertificateFault, string) {
	leaf, last := chain[0], path[len(path)-1]
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		return fact.FaultOther, fmt.Sprintf("it is at no time valid together with %q, which is from %s to %s",
			shortName(invalid.Cert.Subject), words.Moment(invalid.Cert.NotBefore), words.Moment(invalid.Cert.NotAfter))
	case !errors.As(err, &unknown):
		return fact.FaultOther, err.Error()
	case selfSigned(leaf):
		return fact.FaultSelfSigned, fmt.Sprintf("%q is signed by itself", shortName(leaf.Subject))
	case !selfSigned(last) && (len(chain) > len(path) || len(path) == 1 && len(leaf.IssuingCertificateURL) > 0):
		// There are others, to which it does not lead; or it says where its issuer's certificate can be had, as those of
		// the public authorities do, which never sign with a root.
		return fact.FaultIncompleteChain, fmt.Sprintf("the certificate of its issuer %q is missing", shortName(last.Issuer))
	default:
		return fact.FaultUnknownAuthority, fmt.Sprintf("its authority %q is not trusted", shortName(last.Issuer))
	}
}

// maxPath is how far up follow goes: those of real authorities have three or four certificates.
const maxPath = 32

// follow goes up from the leaf by names as far as the chain leads, without asking whether the signatures hold. Of
// several issuers of the same name it takes the one that lasts longest.
func follow(chain []*x509.Certificate) []*x509.Certificate {
	path := []*x509.Certificate{chain[0]}
	for len(path) < maxPath {
		var issuer *x509.Certificate
		for _, c := range chain {
			next := issuedBy(path[len(path)-1], c) && !slices.Contains(path, c)
			if next && (issuer == nil || c.NotAfter.After(issuer.NotAfter)) {
				issuer = c
			}
		}
		if issuer == nil {
			return path
		}
		path = append(path, issuer)
	}
	return path
}

// leafFirst puts the certificate that none of the others is signed by before the others; of several the one that ends
// first.
func leafFirst(chain []*x509.Certificate) []*x509.Certificate {
	leaf := -1
	for i, c := range chain {
		signs := slices.ContainsFunc(chain, func(other *x509.Certificate) bool { return other != c && issuedBy(other, c) })
		if !signs && (leaf < 0 || c.NotAfter.Before(chain[leaf].NotAfter)) {
			leaf = i
		}
	}
	if leaf <= 0 {
		return chain
	}
	return slices.Concat(chain[leaf:leaf+1], chain[:leaf], chain[leaf+1:])
}

// issuedBy tells whether a certificate names another as its issuer.
func issuedBy(c, issuer *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, issuer.RawSubject) && !bytes.Equal(c.RawSubject, c.RawIssuer) &&
		(len(c.AuthorityKeyId) == 0 || len(issuer.SubjectKeyId) == 0 || bytes.Equal(c.AuthorityKeyId, issuer.SubjectKeyId))
}

// selfSigned tells whether a certificate is signed with its own key.
func selfSigned(c *x509.Certificate) bool {
	if !bytes.Equal(c.RawSubject, c.RawIssuer) {
		return false
	}
	err := c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature)
	var insecure x509.InsecureAlgorithmError
	return err == nil || errors.As(err, &insecure)
}
