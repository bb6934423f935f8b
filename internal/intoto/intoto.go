// Package intoto reads results of tests that are signed: in-toto attestations (Statement v1, predicate test-result v0.1) in envelopes of
// DSSE. Whatever the envelope says of keys and signatures, only a declared public key makes it count.
package intoto

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	payloadType   = "application/vnd.in-toto+json"
	statementType = "https://in-toto.io/Statement/v1"
	predicateType = "https://in-toto.io/attestation/test-result/v0.1"
	// maximumSignatures and maximumSubjects bound what one envelope may have.
	maximumSignatures = 50
	maximumSubjects   = 1000
	// maximumFaults is how many tests that failed are named, longestFault how many bytes of each name are kept.
	maximumFaults = 10
	longestFault  = 120
)

// An Attestation is what a signed result says.
type Attestation struct {
	Result fact.EvidenceResult
	// Revisions are the digests of what was tested: sha256:… of an image, the digits of a commit.
	Revisions []string
}

// ParseKeys reads public keys in PEM (PKIX): Ed25519, ECDSA and RSA.
func ParseKeys(content []byte) (keys []crypto.PublicKey, err error) {
	for {
		block, rest := pem.Decode(content)
		if block == nil {
			break
		}
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if block.Type != "PUBLIC KEY" || err != nil {
			return nil, fact.Errorf(fact.ReasonInvalid, "expected public keys in PEM, found a block %q", words.Printable(block.Type, 40))
		}
		keys = append(keys, key)
		content = rest
	}
	if len(keys) == 0 {
		return nil, fact.Errorf(fact.ReasonInvalid, "expected a public key in PEM, found none")
	}
	return keys, nil
}

// longestKeys is how many bytes a file with public keys may have.
const longestKeys = 64 << 10

// ReadKeys reads the public keys in files; without any file there are none. They are read anew each time, since they are replaced.
func ReadKeys(files []string) (keys []crypto.PublicKey, err error) {
	for _, file := range files {
		content, err := readfile.Read(file, longestKeys)
		if err != nil {
			return nil, err
		}
		some, err := ParseKeys(content)
		if err != nil {
			return nil, fact.Errorf(fact.ReasonOf(err), "read %s: %w", file, err)
		}
		keys = append(keys, some...)
	}
	return keys, nil
}

// An envelope is a message that was signed: https://github.com/secure-systems-lab/dsse/blob/master/envelope.md.
type envelope struct {
	Type       string `json:"payloadType"`
	Payload    string `json:"payload"`
	Signatures []struct {
		Signature string `json:"sig"`
	} `json:"signatures"`
}

// IsEnvelope tells whether content is an envelope, whoever signed it.
func IsEnvelope(content []byte) bool {
	var envelope envelope
	return json.Unmarshal(content, &envelope) == nil && envelope.Payload != "" && len(envelope.Signatures) > 0
}

// Read verifies an envelope, of which one signature by one of the keys is enough, and reads what it says.
func Read(content []byte, keys []crypto.PublicKey) (found Attestation, err error) {
	var envelope envelope
	if err := json.Unmarshal(content, &envelope); err != nil {
		return found, invalid("it cannot be read as JSON")
	}
	switch {
	case envelope.Payload == "" || len(envelope.Signatures) == 0:
		return found, invalid("it is no signed envelope (DSSE): it has no payload, or no signature")
	case len(envelope.Signatures) > maximumSignatures:
		return found, invalid("it has more than %d signatures", maximumSignatures)
	case envelope.Type != payloadType:
		return found, invalid("its payload is %q: expected %s", words.Printable(envelope.Type, 100), payloadType)
	}
	payload, err := decoded(envelope.Payload)
	if err != nil {
		return found, invalid("its payload is not in base64")
	}
	signed := fmt.Appendf(nil, "DSSEv1 %d %s %d ", len(envelope.Type), envelope.Type, len(payload))
	signed = append(signed, payload...)
	for _, each := range envelope.Signatures {
		signature, err := decoded(each.Signature)
		if err == nil && slices.ContainsFunc(keys, func(key crypto.PublicKey) bool { return verifies(key, signed, signature) }) {
			return read(payload)
		}
	}
	return found, fact.Errorf(fact.ReasonDenied, "none of its signatures is by a key under attestation_keys")
}

func invalid(text string, args ...any) error { return fact.Errorf(fact.ReasonInvalid, text, args...) }

// decoded reads base64 in either alphabet, as DSSE allows.
func decoded(text string) ([]byte, error) {
	text = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
	return base64.RawStdEncoding.DecodeString(text)
}

// verifies tells whether a signature is that of a key. Of RSA signers use either padding; the digest is SHA-256.
func verifies(key crypto.PublicKey, signed, signature []byte) bool {
	digest := sha256.Sum256(signed)
	switch key := key.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(key, signed, signature)
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(key, digest[:], signature)
	case *rsa.PublicKey:
		return rsa.VerifyPSS(key, crypto.SHA256, digest[:], signature, nil) == nil ||
			rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil
	default:
		return false
	}
}

// read reads a statement whose signature was verified.
func read(payload []byte) (found Attestation, err error) {
	var statement struct {
		Type      string `json:"_type"`
		Predicate struct {
			Result string    `json:"result"`
			Passed *[]string `json:"passedTests"`
			Warned *[]string `json:"warnedTests"`
			Failed *[]string `json:"failedTests"`
		} `json:"predicate"`
		PredicateType string `json:"predicateType"`
		Subject       []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
	}
	if err := json.NewDecoder(bytes.NewReader(payload)).Decode(&statement); err != nil {
		return found, invalid("its statement cannot be read as JSON")
	}
	switch p := statement.Predicate; {
	case statement.Type != statementType:
		return found, invalid("its statement is of type %q: expected %s", words.Printable(statement.Type, 100), statementType)
	case statement.PredicateType != predicateType:
		return found, invalid("its predicate is of type %q: expected %s", words.Printable(statement.PredicateType, 100), predicateType)
	case len(statement.Subject) == 0 || len(statement.Subject) > maximumSubjects:
		return found, invalid("it has no subject, or more than %d", maximumSubjects)
	case p.Result != "PASSED" && p.Result != "WARNED" && p.Result != "FAILED":
		return found, invalid("its result is %q: expected PASSED, WARNED or FAILED", words.Printable(p.Result, 40))
	default:
		found.Result = resultOf(p.Result, p.Passed, p.Warned, p.Failed)
	}
	for _, subject := range statement.Subject {
		for algorithm, digest := range subject.Digest {
			switch digest = strings.ToLower(words.Printable(digest, 200)); algorithm {
			case "sha256", "sha512":
				found.Revisions = append(found.Revisions, algorithm+":"+digest)
			case "gitCommit", "gitTag", "sha1":
				found.Revisions = append(found.Revisions, digest)
			}
		}
	}
	slices.Sort(found.Revisions)
	if found.Revisions = slices.Compact(found.Revisions); len(found.Revisions) == 0 {
		return found, invalid("its subjects have no digest of an image or a commit")
	}
	return found, nil
}

// resultOf counts tests. Where they are not listed the run as a whole counts as one.
func resultOf(result string, passed, warned, failed *[]string) fact.EvidenceResult {
	found := fact.EvidenceResult{Format: "in-toto"}
	if passed == nil && warned == nil && result != "FAILED" {
		found.Passed = 1
	}
	for _, list := range []*[]string{passed, warned} {
		if list != nil {
			found.Passed += len(*list)
		}
	}
	if failed != nil {
		found.Failed = len(*failed)
		for _, name := range (*failed)[:min(len(*failed), maximumFaults)] {
			found.Faults = append(found.Faults, words.Printable(name, longestFault))
		}
	}
	if result == "FAILED" {
		found.Failed = max(found.Failed, 1)
	}
	return found
}
