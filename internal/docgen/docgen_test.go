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

// TestTheChartIsWhatTheCodeSays holds the copies, the schema and the roles of the chart to what they are made of.
func TestTheChartIsWhatTheCodeSays(t *testing.T) {
	files, err := docgen.ChartFiles(root)
	require.NoError(t, err)
	chart := filepath.Join(root, docgen.ChartFolder)
	if *update {
		require.NoError(t, os.RemoveAll(filepath.Join(chart, "files")))
		for name, content := range files {
			require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(chart, name)), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(chart, name), content, 0o644))
		}
	}
	committed, err := filepath.Glob(filepath.Join(chart, "files", "*", "*"))
	require.NoError(t, err)
	for _, path := range committed {
		name, err := filepath.Rel(chart, path)
		require.NoError(t, err)
		require.Contains(t, files, filepath.ToSlash(name), "run go test ./internal/docgen -update")
	}
	for name, want := range files {
		content, err := os.ReadFile(filepath.Join(chart, name))
		require.NoError(t, err)
		if diff := cmp.Diff(string(content), string(want)); diff != "" {
			t.Errorf("%s differs, run go test ./internal/docgen -update (-committed +code):\n%s", name, diff)
		}
	}
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
