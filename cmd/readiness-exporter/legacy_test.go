package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// Without these settings the certificates of legacy servers would be unknown in place of weak.
func TestTheCommandIsBuiltToReadLegacyCertificates(t *testing.T) {
	source, err := os.ReadFile("main.go")
	require.NoError(t, err)
	for _, setting := range []string{"x509negativeserial=1", "tlssha1=1", "rsa1024min=0"} {
		require.Contains(t, string(source), "\n//go:debug "+setting+"\n")
	}
}
