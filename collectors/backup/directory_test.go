package backup_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// put writes a file of a size and a time.
func put(t *testing.T, path string, size int, at time.Time) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, make([]byte, size), 0o600))
	require.NoError(t, os.Chtimes(path, at, at))
}

func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"4.dump", "3.dump", "2.dump", "1.dump"} {
		put(t, filepath.Join(dir, name), 10*(i+1), hour(24*(4-i)))
	}
	put(t, filepath.Join(dir, "notes.txt"), 1, hour(1))
	put(t, filepath.Join(dir, "0.dump.tmp"), 1, hour(0))
	put(t, filepath.Join(dir, ".0.dump"), 1, hour(0))
	require.NoError(t, os.Symlink("1.dump", filepath.Join(dir, "latest.dump")))
	facts, err := collect(t.Context(), t, "", system.Backup{Directory: &system.Directory{Path: dir, Pattern: "*.dump"}})
	require.NoError(t, err)
	require.Equal(t, []fact.Backup{{
		Name: "database", Place: "directory", Copies: 4,
		Newest: hour(24), NewestName: "1.dump", NewestBytes: bytes(40), EarlierSizes: 3, MedianBytes: 20,
		Oldest: hour(96), TotalBytes: bytes(100), LongestGap: 24 * time.Hour, LongestGapEnd: hour(72),
	}}, facts)
}

func TestDirectory_folders(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "base-1", "data", "table"), 300, hour(0))
	put(t, filepath.Join(dir, "base-1", "label"), 5, hour(0))
	require.NoError(t, os.Symlink("/", filepath.Join(dir, "base-1", "everything")))
	require.NoError(t, os.Chtimes(filepath.Join(dir, "base-1"), hour(3), hour(3)))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "lost+found"), 0o700))
	facts, err := collect(t.Context(), t, "", system.Backup{Directory: &system.Directory{Path: dir}})
	require.NoError(t, err)
	require.Equal(t, []fact.Backup{{
		Name: "database", Place: "directory", Copies: 1,
		Newest: hour(3), NewestName: "base-1", NewestBytes: bytes(305), Oldest: hour(3), TotalBytes: bytes(305),
	}}, facts)
}

func TestDirectory_unavailable(t *testing.T) {
	t.Run("a directory that is not there is not found", func(t *testing.T) {
		reason, detail := failure(t, "", system.Backup{Directory: &system.Directory{Path: "/nonexistent/backups"}})
		require.Equal(t, fact.ReasonNotFound, reason)
		require.Equal(t, "list backups: open /nonexistent/backups: no such file or directory", detail)
	})
	t.Run("a run that has no time left ends", func(t *testing.T) {
		dir := t.TempDir()
		put(t, filepath.Join(dir, "1.dump"), 1, hour(1))
		ctx, cancel := context.WithDeadline(t.Context(), time.Now())
		defer cancel()
		_, err := collect(ctx, t, "", system.Backup{Directory: &system.Directory{Path: dir}})
		require.Equal(t, fact.ReasonTimeout, fact.ReasonOf(err))
	})
}
