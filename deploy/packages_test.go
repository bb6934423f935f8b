package deploy_test

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// run runs a program in a folder, and gives what it writes. What hangs is ended, and says where it was.
func run(t *testing.T, folder, program string, arguments ...string) string {
	t.Helper()
	output, err := try(t, folder, program, arguments...)
	require.NoError(t, err, "%s %s: %s", program, strings.Join(arguments, " "), output)
	return output
}

func try(t *testing.T, folder, program string, arguments ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, program, arguments...)
	command.Dir = folder
	command.WaitDelay = 10 * time.Second
	// A release is made from what is tagged, whoever tagged it, and whichever make runs this test.
	command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "MAKEFLAGS=", "MAKELEVEL=",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z")
	output, err := command.CombinedOutput()
	return string(output), err
}

// tagged is a copy of the checkout, as it is at the moment, in a repository of its own with a clean tag.
func tagged(t *testing.T, name string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.Mkdir(copied, 0o700))
	run(t, "..", "sh", "-c", `git ls-files -z --cached --others --exclude-standard | xargs -0 ls -d 2>/dev/null | `+
		`tar --create --files-from=- | tar --extract --directory="$0"`, copied)
	run(t, copied, "sh", "-c", `git init -q && git add -A && git commit -q -m release && git tag v1.2.3-rc.1`)
	cache, err := filepath.Abs("../.cache")
	require.NoError(t, err)
	require.NoError(t, os.Symlink(cache, filepath.Join(copied, ".cache")))
	require.NoError(t, os.WriteFile(filepath.Join(copied, ".git/info/exclude"), []byte("/.cache\n"), 0o600))
	return copied
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

// TestRelease makes all of a release but the image, which test/image builds, for this machine's platform: two times in two places,
// and has its packages live on a machine.
func TestRelease(t *testing.T) {
	platform := "PLATFORMS=linux/" + runtime.GOARCH
	name := "readiness-exporter-1.2.3-rc.1.linux-" + runtime.GOARCH
	first, second := tagged(t, "first"), tagged(t, "a-second-place")
	for _, file := range []string{"LICENSE", "cmd/readiness-exporter/forgotten.go"} {
		changed := filepath.Join(first, file)
		require.NoError(t, os.WriteFile(changed, []byte("package main\n"), 0o600))
		output, err := try(t, first, "make", "release", platform)
		require.Error(t, err, "%s is not as it is in the tag", file)
		require.Contains(t, output, "is no clean tag")
		run(t, first, "sh", "-c", `git checkout -q "$0" 2>/dev/null || rm "$0"`, file)
	}

	const parts = "RELEASE_PARTS=archives packages sboms chart"
	run(t, first, "make", "release", platform, parts)
	run(t, second, "make", "release", platform, parts)
	files, again := released(t, first), released(t, second)
	names := []string{name + ".cdx.json", name + ".deb", name + ".rpm", name + ".tar.gz", "readiness-exporter-1.2.3-rc.1.tgz", "sha256sums.txt"}
	require.Equal(t, names, slices.Sorted(maps.Keys(files)))
	require.Equal(t, names, slices.Sorted(maps.Keys(again)))
	for file, content := range files {
		if content != again[file] { // It is too long to be shown.
			t.Errorf("%s differs where it is made a second time in another place", file)
		}
	}
	require.Equal(t, len(files)-1, strings.Count(files["sha256sums.txt"], "\n"))
	run(t, filepath.Join(first, "dist"), "sha256sum", "--check", "--strict", "sha256sums.txt")
	require.Contains(t, files[name+".cdx.json"], `"purl": "pkg:golang/github.com/prometheus/client_golang@`)

	t.Run("the archive has the program, its rules and dashboards", func(t *testing.T) {
		folder := t.TempDir()
		run(t, folder, "tar", "-xzf", filepath.Join(first, "dist", name+".tar.gz"))
		require.Contains(t, run(t, folder, "./"+name+"/readiness-exporter", "--version"), "version v1.2.3-rc.1 (branch: , revision: ")
		for _, pattern := range []string{
			"LICENSE", "alerts/*.rules.yaml", "alerts/optional/*.rules.yaml", "alerts/runbooks/*.md", "dashboards/*.json",
			"docs/examples/*.yaml", "deploy/systemd/*.service",
		} {
			want, err := filepath.Glob(filepath.Join("..", pattern))
			require.NoError(t, err)
			got, err := filepath.Glob(filepath.Join(folder, name, pattern))
			require.NoError(t, err)
			require.NotEmpty(t, want)
			require.Len(t, got, len(want), pattern)
		}
	})
	t.Run("the chart has the version of the release, and its image that tag", func(t *testing.T) {
		chart := run(t, first, ".cache/bin/helm", "show", "chart", "dist/readiness-exporter-1.2.3-rc.1.tgz")
		require.Contains(t, chart, "\nversion: 1.2.3-rc.1")
		require.Contains(t, chart, "appVersion: v1.2.3-rc.1\n")
	})
	packages(t, first, platform, name)
}

// packages lives on a machine with the packages of a release, and with those of a next version that brings another configuration.
func packages(t *testing.T, release, platform, name string) {
	t.Helper()
	machine := t.TempDir()
	for _, format := range []string{".deb", ".rpm"} {
		copyTo(t, filepath.Join(machine, "old"+format), filepath.Join(release, "dist", name+format), 0o644)
	}
	run(t, release, "sh", "-c", `echo "# A line of the new version" >>deploy/systemd/readiness.yaml`)
	run(t, release, "make", "packages", "VERSION=v1.2.3", platform) // The program is there, and is not built again.
	for _, format := range []string{".deb", ".rpm"} {
		next := "readiness-exporter-1.2.3.linux-" + runtime.GOARCH + format
		copyTo(t, filepath.Join(machine, "new"+format), filepath.Join(release, "dist", next), 0o644)
	}
	for _, file := range []string{"machine.sh", "common.sh", "deb.sh", "rpm.sh", "sandbox.py", "notify.py", "systemctl"} {
		copyTo(t, filepath.Join(machine, file), filepath.Join("testdata", file), 0o755)
	}
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
