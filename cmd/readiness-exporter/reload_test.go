package main

import (
	"errors"
	"os"
	"path/filepath"
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
