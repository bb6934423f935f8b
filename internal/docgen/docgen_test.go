package docgen_test

import (
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/docgen"
)

var update = flag.Bool("update", false, "write docs/reference")

const (
	root      = "../.."
	reference = root + "/docs/reference"
)

// help is what the program says of its commands.
func help(t *testing.T) string {
	t.Helper()
	command := exec.Command("go", "run", "./cmd/readiness-exporter", "--help-long")
	command.Dir = root
	command.Env = append(os.Environ(), "COLUMNS=100")
	command.Stderr = os.Stderr
	output, err := command.Output()
	require.NoError(t, err)
	return string(output)
}

func TestTheReferenceIsWhatTheCodeSays(t *testing.T) {
	files, err := docgen.Files(root, help(t))
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.MkdirAll(reference, 0o755))
		for name, content := range files {
			require.NoError(t, os.WriteFile(filepath.Join(reference, name), content, 0o644))
		}
	}
	entries, err := os.ReadDir(reference)
	require.NoError(t, err)
	var committed []string
	for _, entry := range entries {
		committed = append(committed, entry.Name())
	}
	require.Equal(t, slices.Sorted(maps.Keys(files)), committed, "run go test ./internal/docgen -update")
	for _, name := range committed {
		content, err := os.ReadFile(filepath.Join(reference, name))
		require.NoError(t, err)
		if diff := cmp.Diff(string(content), string(files[name])); diff != "" {
			t.Errorf("%s differs, run go test ./internal/docgen -update (-committed +code):\n%s", name, diff)
		}
	}
}
