package pki

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"regexp"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
)

// MaxPEM and MaxCertificates are how much is read of one file or text: a multiple of the bundles with all public
// authorities. maxKeyBits is the longest RSA key that crypto/tls takes: to verify with a longer one costs minutes.
const (
	MaxPEM          = 4 << 20
	MaxCertificates = 1000
	maxKeyBits      = 8192
)

// ReadFile reads a file that may hold certificates, and no more of it than they can take. The error names it.
func ReadFile(path string) ([]byte, error) {
	content, err := readfile.Read(path, MaxPEM)
	if errors.Is(err, readfile.ErrNotRegular) || errors.Is(err, readfile.ErrTooLarge) {
		err = fact.Errorf(fact.ReasonInvalid, "%w", err)
	}
	return content, err
}

// ErrNoCertificate says that there is PEM or DER, such as a private key, and no certificate in it.
var ErrNoCertificate = errors.New("holds no certificate")

// certificateBegins matches the start of each PEM block that holds certificates.
var certificateBegins = regexp.MustCompile(`-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----|-----BEGIN (PKCS7|PKCS #7 SIGNED DATA|CMS)-----`)

// Contents are what one file or text holds.
type Contents struct {
	Certificates []*x509.Certificate
	// Unread says of each certificate that could not be read why.
	Unread []error
	// WithKey: a private key lies beside the certificates.
	WithKey bool
}

// ParsePEM reads the certificates in PEM, one at least: private keys and other blocks are passed over. A certificate that
// is cut off or malformed is an error, since the rest would be another chain than the one intended.
func ParsePEM(data []byte) ([]*x509.Certificate, error) {
	contents, err := parsePEM(data)
	switch {
	case err != nil:
		return nil, err
	case len(contents.Unread) > 0:
		return nil, contents.Unread[0]
	}
	return contents.Certificates, nil
}

// parsePEM reads each block by itself. Without any block of certificates it is an error.
func parsePEM(data []byte) (Contents, error) {
	if len(data) > MaxPEM {
		return Contents{}, tooLarge()
	}
	begun := len(certificateBegins.FindAll(data, MaxCertificates+1))
	var contents Contents
	blocks, read := 0, 0
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		blocks++
		switch {
		case !certificateBegins.MatchString("-----BEGIN " + block.Type + "-----"):
			contents.WithKey = contents.WithKey || bytes.HasSuffix([]byte(block.Type), []byte("PRIVATE KEY"))
			continue
		case block.Type == "CERTIFICATE", block.Type == "TRUSTED CERTIFICATE", block.Type == "X509 CERTIFICATE":
			contents.add(block.Bytes)
		default:
			contents.addPKCS7(block.Bytes)
		}
		read++
		if len(contents.Certificates)+len(contents.Unread) > MaxCertificates {
			return Contents{}, fact.Errorf(fact.ReasonInvalid, "holds more than %d certificates", MaxCertificates)
		}
	}
	switch {
	case read < begun:
		contents.Unread = append(contents.Unread, fact.Errorf(fact.ReasonInvalid,
			"has %d certificates of which %d are cut off or malformed", begun, begun-read))
	case begun == 0 && blocks == 0:
		return Contents{}, fact.Errorf(fact.ReasonInvalid, "is no PEM")
	case begun == 0:
		return Contents{}, noCertificate()
	}
	return contents, nil
}

func tooLarge() error { return fact.Errorf(fact.ReasonInvalid, "is larger than %d bytes", MaxPEM) }

func noCertificate() error { return &fact.Error{Reason: fact.ReasonInvalid, Err: ErrNoCertificate} }

// add reads one certificate in DER. What OpenSSL lays behind one that it trusts is left out.
func (c *Contents) add(der []byte) {
	number := len(c.Certificates) + len(c.Unread) + 1
	certificate, err := parseCertificate(der)
	if err != nil {
		c.Unread = append(c.Unread, fact.Errorf(fact.ReasonInvalid, "read certificate %d: %w", number, err))
		return
	}
	c.Certificates = append(c.Certificates, certificate)
}

func parseCertificate(der []byte) (*x509.Certificate, error) {
	input, first := cryptobyte.String(der), cryptobyte.String(nil)
	if input.ReadASN1Element(&first, asn1.SEQUENCE) {
		der = first
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	if key, is := certificate.PublicKey.(*rsa.PublicKey); is && key.N.BitLen() > maxKeyBits {
		return nil, fact.Errorf(fact.ReasonUnsupported, "it has an RSA key of %d bits, and %d are the most that clients take",
			key.N.BitLen(), maxKeyBits)
	}
	return certificate, nil
}
