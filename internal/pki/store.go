package pki

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // It is how Java's key stores are sealed.
	"crypto/subtle"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// maxIterations bounds what a file in PKCS#12 can make deriving a key cost: many times what tools use.
const maxIterations = 5_000_000

func isPKCS12(data []byte) bool {
	input, store, version := cryptobyte.String(data), cryptobyte.String(nil), 0
	return input.ReadASN1(&store, asn1.SEQUENCE) && store.ReadASN1Integer(&version) && version == 3 &&
		store.PeekASN1Tag(asn1.SEQUENCE)
}

// parsePKCS12 reads a key store or trust store.
func parsePKCS12(data []byte, password string) (Contents, error) {
	if !affordable(cryptobyte.String(data), 0) {
		return Contents{}, fact.Errorf(fact.ReasonUnsupported, "read PKCS#12: it wants more than %d iterations of its password", maxIterations)
	}
	_, certificate, others, err := pkcs12.DecodeChain(data, password)
	if err == nil {
		return ofStore(append([]*x509.Certificate{certificate}, others...), true)
	}
	if trusted, errTrusted := pkcs12.DecodeTrustStore(data, password); errTrusted == nil {
		return ofStore(trusted, false)
	}
	if blocks, errBlocks := pkcs12.ToPEM(data, password); errBlocks == nil { //nolint:staticcheck // Nothing else reads several keys.
		var text bytes.Buffer
		for _, block := range blocks {
			block.Headers = nil
			_ = pem.Encode(&text, block) // A buffer takes everything.
		}
		return parsePEM(text.Bytes())
	}
	if errors.Is(err, pkcs12.ErrIncorrectPassword) || password == "" {
		return Contents{}, fact.Errorf(fact.ReasonDenied, "read PKCS#12: %w; name a file with its password as password_file", err)
	}
	return Contents{}, fact.Errorf(fact.ReasonInvalid, "read PKCS#12: %w", err)
}

func ofStore(all []*x509.Certificate, withKey bool) (Contents, error) {
	contents := Contents{WithKey: withKey}
	for _, c := range all {
		contents.add(c.Raw)
	}
	if len(all) == 0 {
		return Contents{}, noCertificate()
	}
	return contents, nil
}

// affordable tells whether no count of iterations, which follows the salt in a sequence, is beyond all measure.
func affordable(input cryptobyte.String, depth int) bool {
	afterSalt := false
	for !input.Empty() {
		var element cryptobyte.String
		var tag asn1.Tag
		if !input.ReadAnyASN1(&element, &tag) {
			return true // It is none; whoever reads it will say so.
		}
		if tag == asn1.INTEGER && afterSalt && iterations(element) > maxIterations {
			return false
		}
		afterSalt = tag == asn1.OCTET_STRING
		nested := tag&asn1.Tag(0x20) != 0 || afterSalt && len(element) > 0 && element[0] == byte(asn1.SEQUENCE)
		if nested && depth < 32 && !affordable(element, depth+1) {
			return false
		}
	}
	return true
}

// iterations reads a count; one that no machine could do is one more than the most.
func iterations(element []byte) int {
	element = bytes.TrimLeft(element, "\x00")
	if len(element) > 4 {
		return maxIterations + 1
	}
	return int(binary.BigEndian.Uint32(append(make([]byte, 4-len(element)), element...)))
}

// The marks with which key stores of Java begin: JKS and JCEKS.
const (
	markJKS   = 0xfeedfeed
	markJCEKS = 0xcececece
)

func isKeyStore(data []byte) bool {
	return len(data) >= 12 && (binary.BigEndian.Uint32(data) == markJKS || binary.BigEndian.Uint32(data) == markJCEKS)
}

// parseKeyStore reads the certificates of a key store of Java, which are not encrypted.
func parseKeyStore(data []byte, password string) (Contents, error) {
	body, seal := data[:max(0, len(data)-sha1.Size)], data[max(0, len(data)-sha1.Size):]
	if password != "" {
		var sealed bytes.Buffer
		_ = binary.Write(&sealed, binary.BigEndian, utf16.Encode([]rune(password))) // A buffer takes everything.
		sealed.WriteString("Mighty Aphrodite")
		sealed.Write(body)
		if sum := sha1.Sum(sealed.Bytes()); subtle.ConstantTimeCompare(sum[:], seal) != 1 { //nolint:gosec // As above.
			return Contents{}, fact.Errorf(fact.ReasonDenied, "read the key store: it was changed, or its password is another")
		}
	}
	var contents Contents
	var mark, version, entries uint32
	input := cryptobyte.String(body)
	whole := input.ReadUint32(&mark) && input.ReadUint32(&version) && input.ReadUint32(&entries)
	for i := uint32(0); whole && i < entries; i++ {
		whole = contents.addEntry(&input, version)
		if len(contents.Certificates)+len(contents.Unread) > MaxCertificates {
			return Contents{}, fact.Errorf(fact.ReasonInvalid, "holds more than %d certificates", MaxCertificates)
		}
	}
	if !whole {
		contents.Unread = append(contents.Unread, fact.Errorf(fact.ReasonInvalid,
			"read the key store: after %d certificates it is cut off, or holds what cannot be read", len(contents.Certificates)))
	}
	if len(contents.Certificates)+len(contents.Unread) == 0 {
		return Contents{}, noCertificate()
	}
	return contents, nil
}

// The sorts of entries in a key store.
const (
	entryWithKey = 1
	entryTrusted = 2
)

// addEntry reads one entry; false where that is not possible, so that nothing after it can be read either.
func (c *Contents) addEntry(input *cryptobyte.String, version uint32) bool {
	var sort, certificates uint32
	var alias, key cryptobyte.String
	if !input.ReadUint32(&sort) || !input.ReadUint16LengthPrefixed(&alias) || !input.Skip(8) {
		return false
	}
	switch sort {
	case entryWithKey:
		c.WithKey = true
		if !readLong(input, &key) || !input.ReadUint32(&certificates) {
			return false
		}
	case entryTrusted:
		certificates = 1
	default:
		return false // A secret key, whose length only Java can read.
	}
	for ; certificates > 0 && len(c.Certificates)+len(c.Unread) <= MaxCertificates; certificates-- {
		var sort, der cryptobyte.String
		if version > 1 && !input.ReadUint16LengthPrefixed(&sort) || !readLong(input, &der) {
			return false
		}
		c.add(der)
	}
	return true
}

// readLong reads bytes with a length of 32 bits before them.
func readLong(input, into *cryptobyte.String) bool {
	var length uint32
	return input.ReadUint32(&length) && int64(length) <= int64(len(*input)) && input.ReadBytes((*[]byte)(into), int(length))
}
