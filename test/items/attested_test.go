package items_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

// TestAnAttestedResultPassesAndBreaks has the result of the unit tests signed, then breaks it in one way after the other. No other item
// changes.
func TestAnAttestedResultPassesAndBreaks(t *testing.T) {
	const item = "quality.unit-tests"
	folder := t.TempDir()
	w := reportedWorld{folder: folder, config: filepath.Join(t.TempDir(), "config.yaml")}
	content, err := yaml.Dump(map[string]any{"systems": []any{map[string]any{
		"name": "shop", "environment": "production",
		"evidence": map[string]any{
			"files": []any{map[string]any{
				"check": item, "paths": []string{filepath.Join(folder, "*.json")}, "attestation_keys": []string{filepath.Join(folder, "ci.pub")},
			}},
			"deployed": []any{map[string]any{"file": filepath.Join(folder, "DEPLOYED")}},
		},
	}}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(w.config, content, 0o600))
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	w.report(t, "ci.pub", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	_, stranger, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signed := func(key ed25519.PrivateKey, commit, result string) string {
		const kind = "application/vnd.in-toto+json"
		payload := fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"gitCommit":"%s"}}],
			"predicateType":"https://in-toto.io/attestation/test-result/v0.1","predicate":{"result":"%s"}}`, commit, result)
		signature := ed25519.Sign(key, fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(kind), kind, len(payload), payload))
		encode := base64.StdEncoding.EncodeToString
		return fmt.Sprintf(`{"payloadType":"%s","payload":"%s","signatures":[{"sig":"%s"}]}`, kind, encode([]byte(payload)), encode(signature))
	}
	w.report(t, "DEPLOYED", "1a2b3c4")
	w.report(t, "unit.json", signed(private, "1a2b3c4d5e6f", "PASSED"))
	sound := w.judge(t)
	require.Equal(t, "pass", sound.statuses[item], sound.reasons[item])
	for _, c := range []struct{ name, content, status, reason string }{
		{"tests failed", signed(private, "1a2b3c4d5e6f", "FAILED"), "fail", "failed"},
		{"an old one is put there again", signed(private, "2b3c4d5e6f70", "PASSED"), "fail", "other_revision"},
		{"somebody else signed it", signed(stranger, "1a2b3c4d5e6f", "PASSED"), "unknown", "not_collected"},
		{"nobody did", passedDrill, "unknown", "not_collected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.report(t, "unit.json", c.content)
			w.breaks(t, sound, item, c.status, c.reason)
		})
	}
}
