package dashboards

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheDashboardsAreWhatTheGeneratorMakes compares sources and output with their sums at the time they were made:
// who changes one must run make dashboards.
func TestTheDashboardsAreWhatTheGeneratorMakes(t *testing.T) {
	want, err := os.ReadFile("generated.sha256")
	require.NoError(t, err)
	var files []string
	for _, pattern := range []string{
		"*.json", "generator/src/*", "generator/package.json", "generator/package-lock.json", "generator/tsconfig.json",
	} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		files = append(files, found...)
	}
	slices.Sort(files)
	var got strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		sum := sha256.Sum256(content)
		fmt.Fprintf(&got, "%s  %s\n", hex.EncodeToString(sum[:]), file)
	}
	require.Equal(t, string(want), got.String(), "make dashboards")
}

func TestTheLockFileNamesNoRegistry(t *testing.T) {
	content, err := os.ReadFile("generator/package-lock.json")
	require.NoError(t, err)
	require.NotContains(t, string(content), "http")
	require.Contains(t, string(content), `"integrity"`)
}
