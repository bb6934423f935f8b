package docs_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheCheckOfContributingWorks builds the check that CONTRIBUTING.md adds, and runs its table, beside the real ones.
func TestTheCheckOfContributingWorks(t *testing.T) {
	content, err := os.ReadFile("../CONTRIBUTING.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)   ```go\n(.*?)   ```\n").FindAllStringSubmatch(string(content), -1)
	names := []string{"key.go", "key_test.go"}
	require.Len(t, blocks, len(names))
	folder, err := filepath.Abs("../checks/certificate")
	require.NoError(t, err)
	overlay := struct{ Replace map[string]string }{make(map[string]string)}
	scratch := t.TempDir()
	for i, name := range names {
		require.Contains(t, string(content), "`checks/certificate/"+name+"`")
		code := regexp.MustCompile("(?m)^   ").ReplaceAllString(blocks[i][1], "")
		path := filepath.Join(scratch, name)
		require.NoError(t, os.WriteFile(path, []byte(code), 0o600))
		overlay.Replace[filepath.Join(folder, name)] = path
	}
	file, err := json.Marshal(overlay)
	require.NoError(t, err)
	path := filepath.Join(scratch, "overlay.json")
	require.NoError(t, os.WriteFile(path, file, 0o600))

	test := exec.CommandContext(t.Context(), "go", "test", "-overlay", path, "-run", "^TestKey$", "-v", ".")
	test.Dir = folder
	output, err := test.CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Equal(t, 2, strings.Count(string(output), "    --- PASS"), "%s", output)
}

// TestTheWalkOfContributingNamesFiles wants each file that a fact passes on its way to be there.
func TestTheWalkOfContributingNamesFiles(t *testing.T) {
	content, err := os.ReadFile("../CONTRIBUTING.md")
	require.NoError(t, err)
	steps := regexp.MustCompile("(?m)^[0-9]+\\. `([^`]+)`").FindAllStringSubmatch(string(content), -1)
	require.NotEmpty(t, steps)
	for _, step := range steps {
		require.FileExists(t, filepath.Join("..", step[1]))
	}
}
