package deploy_test

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// run runs a program in a folder, and gives what it writes.
func run(t *testing.T, folder, program string, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Dir = folder
	// A release is made from what is tagged, whoever tagged it.
	command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "MAKEFLAGS=", "MAKELEVEL=",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z")
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s %s: %s", program, strings.Join(arguments, " "), output)
	return string(output)
}

// tagged is a copy of the checkout, as it is at the moment, in a repository of its own with a clean tag.
func tagged(t *testing.T, tag string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "first")
	require.NoError(t, os.Mkdir(copied, 0o700))
	run(t, "..", "sh", "-c", `git ls-files -z --cached --others --exclude-standard | xargs -0 ls -d 2>/dev/null | `+
		`tar --create --files-from=- | tar --extract --directory="$0"`, copied)
	run(t, copied, "sh", "-c", `git init -q && git add -A && git commit -q -m release && git tag "$0"`, tag)
	linkCache(t, copied)
	return copied
}

// linkCache gives a copy the tools of the checkout, which are no part of what it tags.
func linkCache(t *testing.T, folder string) {
	t.Helper()
	cache, err := filepath.Abs("../.cache")
	require.NoError(t, err)
	require.NoError(t, os.Symlink(cache, filepath.Join(folder, ".cache")))
	require.NoError(t, os.WriteFile(filepath.Join(folder, ".git/info/exclude"), []byte("/.cache\n"), 0o600))
}

// released are the files of a release by their names, with their bytes.
func released(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(filepath.Join(folder, "dist"))
	require.NoError(t, err)
	for _, entry := range entries {
		if entry.IsDir() {
			continue
		}
		content, err := os.ReadFile(filepath.Join(folder, "dist", entry.Name()))
		require.NoError(t, err)
		files[entry.Name()] = string(content)
	}
	return files
}

// TestRelease makes a release for this machine's platform two times in two places, and has its packages live on a machine.
func TestRelease(t *testing.T) {
	platform := "linux/" + runtime.GOARCH
	first := tagged(t, "v1.2.3-rc.1")
	makeRelease := []string{"--no-print-directory", "release", "PLATFORMS=" + platform}

	for _, file := range []string{"LICENSE", "cmd/readiness-exporter/forgotten.go"} {
		changed := filepath.Join(first, file)
		require.NoError(t, os.WriteFile(changed, []byte("package main\n"), 0o600))
		refused := exec.CommandContext(t.Context(), "make", makeRelease...)
		refused.Dir = first
		output, err := refused.CombinedOutput()
		require.Error(t, err, "%s is not as it is in the tag", file)
		require.Contains(t, string(output), "is no clean tag")
		run(t, first, "sh", "-c", `git checkout -q "$0" 2>/dev/null || rm "$0"`, file)
	}

	run(t, first, "make", makeRelease...)
	second := filepath.Join(t.TempDir(), "a-second-place")
	run(t, first, "git", "clone", "-q", first, second)
	linkCache(t, second)
	run(t, second, "make", makeRelease...)
	files, again := released(t, first), released(t, second)
	name := "readiness-exporter-1.2.3-rc.1.linux-" + runtime.GOARCH
	require.Subset(t, slices.Sorted(maps.Keys(files)), []string{name + ".cdx.json", name + ".deb", name + ".rpm", name + ".tar.gz", "sha256sums.txt"})
	require.Equal(t, slices.Sorted(maps.Keys(files)), slices.Sorted(maps.Keys(again)))
	delete(files, "sha256sums.txt")
	for file, content := range files {
		assert.True(t, content == again[file], "%s differs where it is made a second time in another place", file)
	}
	require.Equal(t, len(files), strings.Count(again["sha256sums.txt"], "\n"))
	run(t, filepath.Join(first, "dist"), "sha256sum", "--check", "--strict", "sha256sums.txt")
	require.Contains(t, files[name+".cdx.json"], `"purl": "pkg:golang/github.com/prometheus/client_golang@`)

	t.Run("the archive has the program, its rules and dashboards", func(t *testing.T) {
		folder := t.TempDir()
		run(t, folder, "tar", "-xzf", filepath.Join(first, "dist", name+".tar.gz"))
		require.Contains(t, run(t, folder, "./"+name+"/readiness-exporter", "--version"), "version 1.2.3-rc.1")
		for _, pattern := range []string{"LICENSE", "alerts/*.rules.yaml", "alerts/optional/*.rules.yaml", "alerts/runbooks/*.md", "dashboards/*.json", "docs/examples/*.yaml", "deploy/systemd/*.service"} {
			want, err := filepath.Glob(filepath.Join("..", pattern))
			require.NoError(t, err)
			got, err := filepath.Glob(filepath.Join(folder, name, pattern))
			require.NoError(t, err)
			require.NotEmpty(t, want)
			require.Len(t, got, len(want), pattern)
		}
	})

	machine := t.TempDir()
	copyTo(t, filepath.Join(machine, "old.deb"), filepath.Join(first, "dist", name+".deb"), 0o644)
	copyTo(t, filepath.Join(machine, "old.rpm"), filepath.Join(first, "dist", name+".rpm"), 0o644)
	configuration := filepath.Join(first, "deploy/systemd/readiness.yaml")
	run(t, first, "sh", "-c", `echo "# A line of the new version" >>"$0"`, configuration)
	run(t, first, "make", "packages", "VERSION=v1.2.3", "PLATFORMS="+platform) // The program is there, and is not built again.
	name = "readiness-exporter-1.2.3.linux-" + runtime.GOARCH
	copyTo(t, filepath.Join(machine, "new.deb"), filepath.Join(first, "dist", name+".deb"), 0o644)
	copyTo(t, filepath.Join(machine, "new.rpm"), filepath.Join(first, "dist", name+".rpm"), 0o644)
	for _, file := range []string{"machine.sh", "common.sh", "deb.sh", "rpm.sh", "sandbox.py", "notify.py"} {
		copyTo(t, filepath.Join(machine, file), filepath.Join("testdata", file), 0o755)
	}
	require.NoError(t, os.Mkdir(filepath.Join(machine, "bin"), 0o755))
	copyTo(t, filepath.Join(machine, "bin", "systemctl"), "testdata/systemctl", 0o755)
	for _, format := range []string{"deb", "rpm"} {
		t.Run("the "+format+" is installed, started, upgraded and removed", func(t *testing.T) {
			run(t, machine, "./machine.sh", machine, format+".sh")
		})
	}
}

func copyTo(t *testing.T, target, source string, mode fs.FileMode) {
	t.Helper()
	content, err := os.ReadFile(source)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(target, content, mode))
}
