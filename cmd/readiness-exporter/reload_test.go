package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
)

func TestWhoAsksForAReloadIsNotToldWhatFilesSay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "readiness.yaml")
	require.NoError(t, os.WriteFile(file, []byte("systems: [{name: hunter2 x, environment: production}]\n"), 0o600))
	_, err := config.Load(file, config.Options{Kinds: checks.All()})
	require.ErrorContains(t, err, "hunter2")
	require.EqualError(t, publicError(err),
		"readiness.yaml:1:18: name …: expected letters, digits, '.', '_' and '-', with a letter or digit at both ends")
	require.EqualError(t, publicError(errors.New("hunter2")), "the exporter's log says why")
	require.NoError(t, publicError(nil))
}

// TestSIGHUPIsHeldBeforeWhatTakesLongBegins: a signal that comes while packages are initialised ended the process.
func TestSIGHUPIsHeldBeforeWhatTakesLongBegins(t *testing.T) {
	command := exec.CommandContext(t.Context(), "readiness-exporter", "--version")
	command.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	trace, err := command.CombinedOutput()
	require.NoError(t, err)
	before, _, held := strings.Cut(string(trace), "/internal/hangup @")
	require.True(t, held)
	require.Contains(t, string(trace), "/zxcvbn/matching @")
	require.NotContains(t, before, "/zxcvbn/matching @", "it takes longer than all others together")
}
