package dashboards

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLockFilesNameNoRegistry(t *testing.T) {
	for _, folder := range []string{"generator", "grafana"} {
		content, err := os.ReadFile(folder + "/package-lock.json")
		require.NoError(t, err)
		require.NotContains(t, string(content), `"resolved"`, folder)
		require.Contains(t, string(content), `"integrity"`, folder)
	}
}
