package world

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheErrorOfAMissingToolNamesTheTargetThatMakesIt(t *testing.T) {
	checkout := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(checkout, "go.mod"), []byte("module "+module+"\n"), 0o644))
	t.Chdir(checkout)
	_, err := built("versitygw", targetS3)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "versitygw")
	require.ErrorContains(t, err, "make tools-s3")

	t.Setenv("PATH", checkout)
	_, err = installed("restic", checkout)
	require.ErrorContains(t, err, "restic")
	require.ErrorContains(t, err, "make tools-debian")
}

func TestTheCheckoutIsFoundFromAnyFolderInIt(t *testing.T) {
	root := t.TempDir()
	inner := filepath.Join(root, "collectors", "backup")
	require.NoError(t, os.MkdirAll(inner, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte("module "+module+"\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(inner, "go.mod"), []byte("module "+module+"/inner\n"), 0o644))
	t.Chdir(inner)
	found, err := checkout()
	require.NoError(t, err)
	want, err := filepath.EvalSymlinks(root)
	require.NoError(t, err)
	require.Equal(t, want, found)

	t.Chdir(t.TempDir())
	_, err = checkout()
	require.ErrorContains(t, err, "find the checkout")
}
