package intoto_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/intoto"
)

const (
	payloadType = "application/vnd.in-toto+json"
	passed      = `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"shop","digest":{"sha256":"AB12","gitCommit":"1a2b3c4"}}],
		"predicateType":"https://in-toto.io/attestation/test-result/v0.1","predicate":{"result":"PASSED","configuration":[],"passedTests":["a","b"],"warnedTests":["c"],"failedTests":[]}}`
)

// A signer signs as one sort of key does.
type signer func(t *testing.T, message []byte) []byte

// pae is what is signed: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md.
func pae(kind string, payload []byte) []byte {
	return []byte(fmt.Sprintf("DSSEv1 %d %s %d %s", len(kind), kind, len(payload), payload))
}

func envelope(t *testing.T, kind, payload string, signatures ...[]byte) []byte {
	t.Helper()
	var all []map[string]string
	for _, each := range signatures {
		all = append(all, map[string]string{"keyid": "any", "sig": base64.StdEncoding.EncodeToString(each)})
	}
	content, err := json.Marshal(map[string]any{"payloadType": kind, "payload": base64.StdEncoding.EncodeToString([]byte(payload)), "signatures": all})
	require.NoError(t, err)
	return content
}

func public(t *testing.T, key crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func newEd25519(t *testing.T) (crypto.PublicKey, signer) {
	t.Helper()
	key, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return key, func(_ *testing.T, message []byte) []byte { return ed25519.Sign(private, message) }
}

func keysOf(t *testing.T, all ...crypto.PublicKey) []crypto.PublicKey {
	t.Helper()
	var content []byte
	for _, key := range all {
		content = append(content, public(t, key)...)
	}
	keys, err := intoto.ParseKeys(content)
	require.NoError(t, err)
	require.Len(t, keys, len(all))
	return keys
}

func TestKeysOfEverySortVerify(t *testing.T) {
	signed := func(private crypto.Signer, options crypto.SignerOpts) signer {
		return func(t *testing.T, message []byte) []byte {
			t.Helper()
			digest := sha256.Sum256(message)
			signature, err := private.Sign(rand.Reader, digest[:], options)
			require.NoError(t, err)
			return signature
		}
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	modulus, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	ed, edSigner := newEd25519(t)
	for name, c := range map[string]struct {
		key  crypto.PublicKey
		sign signer
	}{
		"Ed25519": {ed, edSigner}, "ECDSA": {curve.Public(), signed(curve, crypto.SHA256)}, "RSA": {modulus.Public(), signed(modulus, crypto.SHA256)},
		"RSA-PSS": {modulus.Public(), signed(modulus, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := intoto.Read(envelope(t, payloadType, passed, c.sign(t, pae(payloadType, []byte(passed)))), keysOf(t, c.key))
			require.NoError(t, err)
			require.Equal(t, intoto.Attestation{
				Result: fact.EvidenceResult{Format: "in-toto", Passed: 3}, Revisions: []string{"1a2b3c4", "sha256:ab12"},
			}, found)
		})
	}
}

func TestOnlyADeclaredKeyMakesItCount(t *testing.T) {
	key, sign := newEd25519(t)
	other, otherSign := newEd25519(t)
	good := sign(t, pae(payloadType, []byte(passed)))
	of := func(kind, payload string, signatures ...[]byte) []byte {
		return envelope(t, kind, payload, signatures...)
	}
	failed := strings.Replace(passed, "PASSED", "FAILED", 1)
	const denied = "none of its signatures is by a key under attestation_keys"
	for _, c := range []struct {
		name    string
		content []byte
		keys    []crypto.PublicKey
		want    string // the error; empty: it counts
	}{
		{"one of several signatures is enough", of(payloadType, passed, otherSign(t, []byte("x")), good), keysOf(t, key), ""},
		{"by one of several keys", of(payloadType, passed, good), keysOf(t, other, key), ""},
		{"by another key", of(payloadType, passed, good), keysOf(t, other), denied},
		{"of another statement", of(payloadType, failed, good), keysOf(t, key), denied},
		{"of the payload alone, as no envelope is signed", of(payloadType, passed, sign(t, []byte(passed))), keysOf(t, key), denied},
		{"of another type", of("text/plain", passed, sign(t, pae("text/plain", []byte(passed)))), keysOf(t, key), `its payload is "text/plain"`},
		{"whose type was changed", of(payloadType, passed, sign(t, pae("text/plain", []byte(passed)))), keysOf(t, key), denied},
		{"without a signature", of(payloadType, passed), keysOf(t, key), "it is no signed envelope"},
		{"with an empty one", of(payloadType, passed, nil), keysOf(t, key), denied},
		{"with too many", of(payloadType, passed, make([][]byte, 51)...), keysOf(t, key), "more than 50 signatures"},
		{"a statement without an envelope", []byte(passed), keysOf(t, key), "it is no signed envelope"},
		{"no JSON", []byte("<testsuite/>"), keysOf(t, key), "cannot be read as JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := intoto.Read(c.content, c.keys)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			require.Contains(t, []fact.Reason{fact.ReasonDenied, fact.ReasonInvalid}, fact.ReasonOf(err))
		})
	}
}

func TestWhatAStatementSays(t *testing.T) {
	key, sign := newEd25519(t)
	statement := func(predicate string) string {
		return `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha1":"A1B2C3D"}}],"predicateType":"https://in-toto.io/attestation/test-result/v0.1","predicate":` + predicate + `}`
	}
	for _, c := range []struct {
		name, statement string
		want            fact.EvidenceResult
		err             string
	}{
		{"a run without a list of its tests is one", statement(`{"result":"PASSED"}`), fact.EvidenceResult{Format: "in-toto", Passed: 1}, ""},
		{"an empty list is none", statement(`{"result":"PASSED","passedTests":[]}`), fact.EvidenceResult{Format: "in-toto"}, ""},
		{"failures are named", statement(`{"result":"FAILED","passedTests":["a"],"failedTests":["b"]}`), fact.EvidenceResult{Format: "in-toto", Passed: 1, Failed: 1, Faults: []string{"b"}}, ""},
		{"a failure without a name is one", statement(`{"result":"FAILED"}`), fact.EvidenceResult{Format: "in-toto", Failed: 1}, ""},
		{"a test that failed counts, whatever the result", statement(`{"result":"PASSED","failedTests":["b"]}`), fact.EvidenceResult{Format: "in-toto", Passed: 1, Failed: 1, Faults: []string{"b"}}, ""},
		{"a result that is none", statement(`{"result":"passed"}`), fact.EvidenceResult{}, `its result is "passed"`},
		{"none", statement(`{}`), fact.EvidenceResult{}, `its result is ""`},
		{"another predicate", strings.Replace(passed, "test-result", "vulns", 1), fact.EvidenceResult{}, "its predicate is of type"},
		{"an earlier statement", strings.Replace(passed, "Statement/v1", "Statement/v0.1", 1), fact.EvidenceResult{}, "its statement is of type"},
		{"no subject", strings.Replace(passed, `{"name":"shop","digest":{"sha256":"AB12","gitCommit":"1a2b3c4"}}`, "", 1), fact.EvidenceResult{}, "it has no subject"},
		{"a subject without a digest", strings.Replace(passed, `"sha256":"AB12","gitCommit":"1a2b3c4"`, "", 1), fact.EvidenceResult{}, "no digest"},
		{"no statement", "[]", fact.EvidenceResult{}, "cannot be read as JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, err := intoto.Read(envelope(t, payloadType, c.statement, sign(t, pae(payloadType, []byte(c.statement)))), keysOf(t, key))
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, found.Result)
			require.Equal(t, []string{"a1b2c3d"}, found.Revisions)
		})
	}
}

func TestAFileOfKeysHasPublicKeysAlone(t *testing.T) {
	for name, content := range map[string][]byte{
		"nothing": nil, "no PEM": []byte("ssh-ed25519 AAAA"), "a private key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}),
		"a broken key": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")}),
	} {
		_, err := intoto.ParseKeys(content)
		require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err), name)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"payloadType":"` + payloadType + `","payload":"e30=","signatures":[{"sig":"AA=="}]}`))
	key, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, content []byte) {
		_, err := intoto.Read(content, []crypto.PublicKey{key})
		require.Error(t, err)
	})
}
