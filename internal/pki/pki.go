// Package pki makes facts of X.509 certificates: it reads them, verifies them, and says from a closed set what is wrong
// with them. It does no I/O, but for the authorities that are trusted.
package pki

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// An Expectation says what a certificate has to live up to.
type Expectation struct {
	Public   *x509.CertPool // the authorities that every client trusts, from PublicRoots
	Declared *x509.CertPool // authorities of the system's own, to trust instead; nil: a public one must vouch for it
	// Unread says of each authority that could not be read why: one of them may vouch for what no other does.
	Unread []error
	Now    time.Time
	// WithKey: a private key lies beside the certificates, in one file.
	WithKey bool
}

// Declare sets the authorities of the system's own, from the content of a file or the error that reading it gave. What
// cannot be read leaves the certificate to be judged by its dates all the same.
func (e *Expectation) Declare(content []byte, err error) {
	if err != nil {
		e.declare(authorityFile{err: err})
		return
	}
	e.declare(parseAuthorityFile(content))
}

func (e *Expectation) declare(file authorityFile) {
	e.Declared, e.Unread = file.pool, file.unread
	if file.err != nil {
		e.Declared, e.Unread = x509.NewCertPool(), []error{file.err}
	}
}

// Describe makes the fact of certificates that were seen together in one place; there must be one at least. Of those
// that a server sends, the first is the leaf, as for every client. Of those in a file or a secret it is the one that
// none of the others is signed by, and of several unrelated ones that which ends first.
func Describe(place fact.CertificatePlace, chain []*x509.Certificate, expectation Expectation) fact.Certificate {
	if place.Source != fact.CertificateAtAddress {
		chain = leafFirst(chain)
	}
	verified := verify(place, chain, expectation)
	leaf := chain[0]
	f := fact.Certificate{
		CertificatePlace: place,
		Chain:            describeEach(chain),
		Path:             describeEach(verified.path),
		Names:            names(leaf),
		Trust:            verified.trust,
		TrustUnknown:     verified.unknown,
		Faults:           verified.faults,
		Authority:        isAuthority(place, leaf, expectation.WithKey),
	}
	for _, err := range expectation.Unread {
		f.UnreadAuthorities = append(f.UnreadAuthorities, words.Printable(err.Error(), maxDetail))
	}
	for _, c := range slices.Concat(verified.path, chain) {
		f.Staging = f.Staging || staging(c.Issuer)
	}
	return f
}

func describeEach(chain []*x509.Certificate) []fact.ChainCertificate {
	described := make([]fact.ChainCertificate, len(chain))
	for i, c := range chain {
		fingerprint := sha256.Sum256(c.Raw)
		described[i] = fact.ChainCertificate{
			Subject:      shortName(c.Subject),
			Issuer:       shortName(c.Issuer),
			SerialNumber: words.Printable(c.SerialNumber.Text(16), maxName),
			Fingerprint:  hex.EncodeToString(fingerprint[:]),
			NotBefore:    c.NotBefore,
			NotAfter:     c.NotAfter,
			KeyAlgorithm: strings.ToLower(c.PublicKeyAlgorithm.String()),
			KeyBits:      keyBits(c),
			IsCA:         c.IsCA,
		}
	}
	return described
}

// maxName is how much of a name is kept, in bytes: a certificate's maker can write whole books into it.
const maxName = 128

// shortName is the common name, or the whole name where there is none.
func shortName(name pkix.Name) string {
	if name.CommonName != "" {
		return words.Printable(name.CommonName, maxName)
	}
	return words.Printable(name.String(), maxName)
}

// maxNames is how many names of a certificate are kept.
const maxNames = 1000

func names(leaf *x509.Certificate) []string {
	var all []string
	for _, name := range leaf.DNSNames {
		all = append(all, words.Printable(name, 2*maxName))
	}
	for _, ip := range leaf.IPAddresses {
		all = append(all, ip.String())
	}
	return all[:min(len(all), maxNames)]
}

func keyBits(c *x509.Certificate) int {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return key.N.BitLen()
	case *ecdsa.PublicKey:
		return key.Curve.Params().BitSize
	case ed25519.PublicKey:
		return 8 * len(key)
	default:
		return 0
	}
}

// staging tells the issuers of Let's Encrypt that sign for anybody's tests.
func staging(issuer pkix.Name) bool {
	return strings.HasPrefix(issuer.CommonName, "(STAGING) ") || strings.HasPrefix(issuer.CommonName, "Fake LE ") ||
		strings.HasPrefix(strings.Join(issuer.Organization, ""), "(STAGING) ")
}
