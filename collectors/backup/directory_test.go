package backup_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/collectors/backup"
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
		Oldest: hour(96), DatedBy: fact.DatedByChange, TotalBytes: bytes(100), LongestGap: 24 * time.Hour, LongestGapEnd: hour(72),
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
		Newest: hour(0), NewestName: "base-1", NewestBytes: bytes(305), Oldest: hour(0), DatedBy: fact.DatedByContent, TotalBytes: bytes(305),
	}}, facts)
}

func TestDirectory_whatLiesBesideBackupsMakesThemNoNewer(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "db.dump"), 100, hour(72))
	put(t, filepath.Join(dir, "db.dump.sha256"), 64, hour(71))
	put(t, filepath.Join(dir, "backup.log"), 5000, hour(0))
	put(t, filepath.Join(dir, "base", "data.tar"), 100, hour(96))
	put(t, filepath.Join(dir, "base", "data2.tar.part"), 1, hour(0))
	put(t, filepath.Join(dir, "begun", "data.tar.part"), 1, hour(0))
	facts, err := collect(t.Context(), t, "", system.Backup{Directory: &system.Directory{Path: dir}})
	require.NoError(t, err)
	require.Len(t, facts, 1)
	require.Equal(t, 2, facts[0].Copies)
	require.Equal(t, "db.dump", facts[0].NewestName)
	require.Equal(t, hour(96), facts[0].Oldest)
}

func TestDirectory_unavailable(t *testing.T) {
	t.Run("a pipe in its place is not waited for", func(t *testing.T) {
		pipe := filepath.Join(t.TempDir(), "pipe")
		require.NoError(t, syscall.Mkfifo(pipe, 0o600))
		_, detail := failure(t, "", system.Backup{Directory: &system.Directory{Path: pipe}})
		require.Contains(t, detail, "not a directory")
	})
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

// A folder's own time is that of its last file that came or went, or that which rsync gave it.
func TestFoldersAreDatedByWhatMakesThemABackup(t *testing.T) {
	day := func(ago int) string { return hour(24 * ago).Local().Format(time.DateOnly) }
	for name, test := range map[string]struct {
		place  system.Directory
		newest string
		at     time.Time
		by     fact.BackupDate
	}{
		"by the newest file, whatever the folder's own time": {system.Directory{}, "b", hour(3), fact.DatedByContent},
		"by the file that is written last":                   {system.Directory{Manifest: "done"}, "b", hour(2), fact.DatedByManifest},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "a", "db.dump"), 3, hour(50))
			put(t, filepath.Join(dir, "a", "done"), 0, hour(49))
			put(t, filepath.Join(dir, "b", "db.dump"), 3, hour(3))
			put(t, filepath.Join(dir, "c", "db.dump"), 3, hour(70))
			require.NoError(t, os.Chtimes(filepath.Join(dir, "a"), hour(0), hour(0)))
			if test.by == fact.DatedByManifest {
				put(t, filepath.Join(dir, "b", "done"), 0, hour(2))
				require.NoError(t, os.Chtimes(filepath.Join(dir, "b", "db.dump"), hour(60), hour(60)))
				require.NoError(t, os.Remove(filepath.Join(dir, "c", "db.dump")))
			}
			test.place.Path = dir
			facts, err := collect(t.Context(), t, "", system.Backup{Directory: &test.place})
			require.NoError(t, err)
			require.Len(t, facts, 1)
			require.Equal(t, test.newest, facts[0].NewestName)
			require.Equal(t, test.at, facts[0].Newest)
			require.Equal(t, test.by, facts[0].DatedBy)
			if test.by == fact.DatedByManifest {
				require.Equal(t, 2, facts[0].Copies, "a folder without the manifest is unfinished")
			}
		})
	}
	t.Run("by the name, and by nothing else", func(t *testing.T) {
		dir := t.TempDir()
		put(t, filepath.Join(dir, day(9), "db.dump"), 3, hour(0))
		put(t, filepath.Join(dir, day(10), "db.dump"), 3, hour(0))
		facts, err := collect(t.Context(), t, "", system.Backup{Directory: &system.Directory{Path: dir, DateFormat: "%Y-%m-%d"}})
		require.NoError(t, err)
		require.Equal(t, fact.DatedByName, facts[0].DatedBy)
		require.Equal(t, day(9), facts[0].NewestName)
		require.InDelta(t, 9, time.Since(facts[0].Newest).Hours()/24, 1.1)
		require.Equal(t, fact.DatedByContent, facts[0].OtherDate.By)
		require.Greater(t, facts[0].OtherDate.Away, 7*24*time.Hour)
	})
	t.Run("a name that says another day than its content disagrees", func(t *testing.T) {
		dir := t.TempDir()
		put(t, filepath.Join(dir, "db-"+day(9)+".dump"), 3, hour(0))
		facts, err := collect(t.Context(), t, "", system.Backup{Directory: &system.Directory{Path: dir}})
		require.NoError(t, err)
		require.Equal(t, fact.DatedByChange, facts[0].DatedBy)
		require.Equal(t, fact.DatedByName, facts[0].OtherDate.By)
		require.Greater(t, facts[0].OtherDate.Away, 7*24*time.Hour)
	})
}

// What cannot be dated is there all the same, and may be the newest.
func TestWhatCannotBeDatedIsUnavailable(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "2026-02-28.dump"), 3, hour(0))
	put(t, filepath.Join(dir, "2026-02-30.dump"), 3, hour(0))
	put(t, filepath.Join(dir, "README"), 3, hour(0))
	place := system.Backup{Name: "database", OffSite: true, Directory: &system.Directory{Path: dir, DateFormat: "%Y-%m-%d"}}
	collector := backup.New(backup.Options{})
	sets, err := collector.Collect(t.Context(), collector.Targets(&system.System{Backups: []system.Backup{place}})[0], nil)
	require.NoError(t, err)
	require.Equal(t, 1, factsOf(sets[0])[0].Copies)
	gaps := sets[0].Gaps()
	require.Len(t, gaps, 1)
	require.Equal(t, fact.ReasonInvalid, gaps[0].Reason)
	require.Contains(t, gaps[0].Detail, "2 backups could not be read or dated")

	require.NoError(t, os.Remove(filepath.Join(dir, "2026-02-28.dump")))
	reason, _ := failure(t, "", place)
	require.Equal(t, fact.ReasonInvalid, reason)
}
