package dashboards

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheLockFileNamesNoRegistry(t *testing.T) {
	content, err := os.ReadFile("generator/package-lock.json")
	require.NoError(t, err)
	require.NotContains(t, string(content), "http")
	require.Contains(t, string(content), `"integrity"`)
}
