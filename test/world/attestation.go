package world

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// A Signer signs what tests came to, as pipelines do: in-toto attestations in envelopes of DSSE, by a key of Ed25519.
type Signer struct {
	private ed25519.PrivateKey
	PEM     []byte // its public key
}

// NewSigner makes one with a key of its own.
func NewSigner(t testing.TB) Signer {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	return Signer{private, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})}
}

// Attest gives the attestation of a result, such as PASSED, of a commit.
func (s Signer) Attest(commit, result string) string {
	const kind = "application/vnd.in-toto+json"
	payload := fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"gitCommit":"%s"}}],
		"predicateType":"https://in-toto.io/attestation/test-result/v0.1","predicate":{"result":"%s"}}`, commit, result)
	signature := ed25519.Sign(s.private, fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(kind), kind, len(payload), payload))
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf(`{"payloadType":"%s","payload":"%s","signatures":[{"sig":"%s"}]}`, kind, encode([]byte(payload)), encode(signature))
}
