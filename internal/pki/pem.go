package pki

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// MaxPEM and MaxCertificates are how much ParsePEM takes: a multiple of the bundles with all public authorities.
const (
	MaxPEM          = 4 << 20
	MaxCertificates = 1000
)

// ErrNoCertificate says that there is PEM, such as a private key, and no certificate in it.
var ErrNoCertificate = errors.New("holds no certificate")

// ParsePEM reads the certificates in PEM, one at least, and nothing else: private keys and other blocks are passed
// over. A certificate that is cut off or malformed is an error, since the rest would be another chain than the one
// intended.
func ParsePEM(data []byte) ([]*x509.Certificate, error) {
	if len(data) > MaxPEM {
		return nil, fact.Errorf(fact.ReasonInvalid, "is larger than %d bytes", MaxPEM)
	}
	begun := bytes.Count(data, []byte("-----BEGIN CERTIFICATE-----"))
	var certificates []*x509.Certificate
	blocks := 0
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		blocks++
		if block.Type != "CERTIFICATE" {
			continue
		}
		if len(certificates) == MaxCertificates {
			return nil, fact.Errorf(fact.ReasonInvalid, "holds more than %d certificates", MaxCertificates)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fact.Errorf(fact.ReasonInvalid, "read certificate %d: %w", len(certificates)+1, err)
		}
		certificates = append(certificates, c)
	}
	switch {
	case len(certificates) < begun:
		return nil, fact.Errorf(fact.ReasonInvalid, "has %d certificates of which %d are cut off or malformed",
			begun, begun-len(certificates))
	case len(certificates) == 0 && blocks == 0:
		return nil, fact.Errorf(fact.ReasonInvalid, "is no PEM")
	case len(certificates) == 0:
		return nil, &fact.Error{Reason: fact.ReasonInvalid, Err: ErrNoCertificate}
	}
	return certificates, nil
}

// ParsePool reads the certificates of authorities in PEM.
func ParsePool(data []byte) (*x509.CertPool, error) {
	certificates, err := ParsePEM(data)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	for _, c := range certificates {
		pool.AddCert(c)
	}
	return pool, nil
}
