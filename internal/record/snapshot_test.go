package record_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/record"
)

func TestASnapshotIsReadWhileTheDirectoryIsInUse(t *testing.T) {
	ready := func(status string) bool { return status == "pass" }
	path := filepath.Join(t.TempDir(), "data")
	_, err := record.ReadDirectory(path, ready)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.Mkdir(path, 0o700))
	_, err = record.ReadDirectory(path, ready)
	require.ErrorContains(t, err, "there is none: run the exporter with this --storage.path")

	store, err := record.OpenDirectory(path, record.Options{Ready: ready})
	require.NoError(t, err)
	at := time.Unix(1_000_000, 0).UTC()
	change := record.Change{System: "shop/production", Check: "tls.renewal", Status: "pass", At: at}
	store.Append(change)
	require.NoError(t, store.Close())
	store, err = record.OpenDirectory(path, record.Options{Ready: ready})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	_, err = record.OpenDirectory(path, record.Options{Ready: ready})
	require.ErrorIs(t, err, record.ErrInUse)
	snapshot, err := record.ReadDirectory(path, ready)
	require.NoError(t, err)
	require.Equal(t, []record.Change{change}, snapshot.Changes("shop/production"))
	require.Empty(t, snapshot.Changes("blog/production"))

	require.NoError(t, os.WriteFile(filepath.Join(path, "record-99999999.jsonl"), []byte("of something else\n"), 0o600))
	_, err = record.ReadDirectory(path, ready)
	require.ErrorContains(t, err, "this version of the program did not write it")
}
