package pki

import (
	"bytes"
	"crypto/x509"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// Parse reads the certificates of a file in whatever format it is: PEM, DER, PKCS#7, PKCS#12 or a key store of Java. The
// password is for PKCS#12, and proves a key store of Java to be whole; without one, that is not asked. A file of another
// sort, such as a key, gives ErrNoCertificate.
func Parse(data []byte, password string) (Contents, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	switch {
	case len(data) > MaxPEM:
		return Contents{}, tooLarge()
	case isKeyStore(data):
		return parseKeyStore(data, password)
	case len(data) > 0 && data[0] == byte(asn1.SEQUENCE) && !bytes.Contains(data, []byte("-----BEGIN ")):
		return parseDER(data, password)
	default:
		return parsePEM(data)
	}
}

func parseDER(data []byte, password string) (Contents, error) {
	var contents Contents
	certificate, err := parseCertificate(data)
	switch {
	case err == nil:
		contents.Certificates = []*x509.Certificate{certificate}
		return contents, nil
	case isPKCS7(data):
		contents.addPKCS7(data)
		if len(contents.Certificates)+len(contents.Unread) == 0 {
			return Contents{}, noCertificate()
		}
		return contents, nil
	case isPKCS12(data):
		return parsePKCS12(data, password)
	case isOtherDER(data):
		return Contents{}, noCertificate()
	}
	return Contents{}, fact.Errorf(fact.ReasonInvalid, "read it as DER: %w", err)
}

// isOtherDER tells keys, requests and lists of revoked certificates, in which nobody expects a certificate.
func isOtherDER(data []byte) bool {
	parsers := []func([]byte) error{
		func(der []byte) error { _, err := x509.ParsePKCS8PrivateKey(der); return err },
		func(der []byte) error { _, err := x509.ParsePKCS1PrivateKey(der); return err },
		func(der []byte) error { _, err := x509.ParseECPrivateKey(der); return err },
		func(der []byte) error { _, err := x509.ParsePKIXPublicKey(der); return err },
		func(der []byte) error { _, err := x509.ParseCertificateRequest(der); return err },
		func(der []byte) error { _, err := x509.ParseRevocationList(der); return err },
	}
	for _, parse := range parsers {
		if parse(data) == nil {
			return true
		}
	}
	return false
}

// signedData is what PKCS#7 and CMS call messages with certificates: 1.2.840.113549.1.7.2.
func signedData() []byte {
	return []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}
}

func isPKCS7(data []byte) bool {
	input, message := cryptobyte.String(data), cryptobyte.String(nil)
	return input.ReadASN1(&message, asn1.SEQUENCE) && bytes.HasPrefix(message, signedData())
}

// addPKCS7 reads the certificates of a message in PKCS#7, which often has nothing else.
func (c *Contents) addPKCS7(data []byte) {
	malformed := func() {
		c.Unread = append(c.Unread, fact.Errorf(fact.ReasonInvalid, "read PKCS#7: it is malformed, or not in DER"))
	}
	input := cryptobyte.String(data)
	var message, content, signed, certificates cryptobyte.String
	isContent, isCertificates := asn1.Tag(0).ContextSpecific().Constructed(), false
	if !input.ReadASN1(&message, asn1.SEQUENCE) || !bytes.HasPrefix(message, signedData()) ||
		!message.SkipASN1(asn1.OBJECT_IDENTIFIER) || !message.ReadASN1(&content, isContent) ||
		!content.ReadASN1(&signed, asn1.SEQUENCE) || !signed.SkipASN1(asn1.INTEGER) || !signed.SkipASN1(asn1.SET) ||
		!signed.SkipASN1(asn1.SEQUENCE) || !signed.ReadOptionalASN1(&certificates, &isCertificates, isContent) {
		malformed()
		return
	}
	for !certificates.Empty() && len(c.Certificates)+len(c.Unread) <= MaxCertificates {
		var element cryptobyte.String
		if !certificates.ReadAnyASN1Element(&element, new(asn1.Tag)) {
			malformed()
			return
		}
		c.add(element)
	}
}
