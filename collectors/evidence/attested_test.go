package evidence_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func TestAttestationsSayOfWhatTheyAre(t *testing.T) {
	folder := t.TempDir()
	signer := world.NewSigner(t)
	keyFile, report := filepath.Join(folder, "key.pem"), filepath.Join(folder, "unit.json")
	write(t, keyFile, string(signer.PEM), 0)
	write(t, report, signer.Attest("1a2b3c4", "PASSED"), 0)
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
	write(t, filepath.Join(folder, "web.json"), signer.Attest("2b3c4d5", "PASSED"), 0)
	unavailable(fact.ReasonInvalid, "an attestation of another subject")
	write(t, filepath.Join(folder, "web.json"), `{"readiness_evidence":1,"passed":3}`, 0)
	unavailable(fact.ReasonInvalid, "no signed envelope")
	write(t, filepath.Join(folder, "web.json"), signer.Attest("1a2b3c4", "FAILED"), 0)
	found, _ = again()
	require.Equal(t, 1, found.At(0).(*fact.Evidence).Reports[0].Result.Failed)
	write(t, keyFile, string(world.NewSigner(t).PEM), 0)
	unavailable(fact.ReasonDenied, "none of its signatures is by a key")
	write(t, keyFile, "none", 0)
	unavailable(fact.ReasonInvalid, "key.pem: expected a public key")
}
