package evidence_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// newSigned gives what signs a result of tests of a commit, and the public key.
func newSigned(t *testing.T) (sign func(commit, result string) string, key string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	return func(commit, result string) string {
		const kind = "application/vnd.in-toto+json"
		payload := fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"gitCommit":"%s"}}],
			"predicateType":"https://in-toto.io/attestation/test-result/v0.1","predicate":{"result":"%s"}}`, commit, result)
		signature := ed25519.Sign(private, fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(kind), kind, len(payload), payload))
		encode := base64.StdEncoding.EncodeToString
		return fmt.Sprintf(`{"payloadType":"%s","payload":"%s","signatures":[{"sig":"%s"}]}`, kind, encode([]byte(payload)), encode(signature))
	}, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func TestAttestationsSayOfWhatTheyAre(t *testing.T) {
	folder := t.TempDir()
	sign, key := newSigned(t)
	_, otherKey := newSigned(t)
	keyFile, report := filepath.Join(folder, "key.pem"), filepath.Join(folder, "unit.json")
	write(t, keyFile, key, 0)
	write(t, report, sign("1a2b3c4", "PASSED"), 0)
	again := collect(t, nil, system.Evidence{Files: []system.EvidenceFiles{
		{Check: "a.b", Paths: []string{filepath.Join(folder, "*.json")}, AttestationKeys: []string{keyFile}},
	}})
	found, _ := again()
	require.Equal(t, []fact.EvidenceReport{{
		At: made, By: filepath.Join(folder, "*.json"), Revisions: []string{"1a2b3c4"}, Result: fact.EvidenceResult{Format: "in-toto", Passed: 1},
	}}, found.At(0).(*fact.Evidence).Reports, "an old one that is replayed stays one of its own revision")

	unavailable := func(reason fact.Reason, text string) {
		t.Helper()
		found, _ := again()
		require.Zero(t, found.Len())
		require.Len(t, found.Gaps(), 1)
		require.Equal(t, reason, found.Gaps()[0].Reason)
		require.Contains(t, found.Gaps()[0].Detail, text)
	}
	write(t, filepath.Join(folder, "web.json"), sign("2b3c4d5", "PASSED"), 0)
	unavailable(fact.ReasonInvalid, "an attestation of another subject")
	write(t, filepath.Join(folder, "web.json"), `{"readiness_evidence":1,"passed":3}`, 0)
	unavailable(fact.ReasonInvalid, "no signed envelope")
	write(t, filepath.Join(folder, "web.json"), sign("1a2b3c4", "FAILED"), 0)
	found, _ = again()
	require.Equal(t, 1, found.At(0).(*fact.Evidence).Reports[0].Result.Failed)
	write(t, keyFile, otherKey, 0)
	unavailable(fact.ReasonDenied, "none of its signatures is by a key")
	write(t, keyFile, "none", 0)
	unavailable(fact.ReasonInvalid, "key.pem: expected a public key")
}
