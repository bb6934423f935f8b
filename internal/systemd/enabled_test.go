package systemd_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
	"github.com/readiness-exporter/readiness-exporter/internal/systemd"
)

func TestAUnitThatIsMaskedIsNotStartedWhateverEnablesIt(t *testing.T) {
	root := t.TempDir()
	link := func(target, name string) {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.Symlink(target, path))
	}
	for _, unit := range []string{"plain.service", "masked.service", "emptied.service", "until-restart.service", "own.service"} {
		link("/usr/lib/systemd/system/"+unit, "etc/systemd/system/multi-user.target.wants/"+unit)
	}
	link("/dev/null", "etc/systemd/system/masked.service")
	link("/dev/null", "run/systemd/system/until-restart.service")
	for name, text := range map[string]string{"emptied.service": "", "own.service": "[Service]\nExecStart=/bin/true\n"} {
		require.NoError(t, os.WriteFile(filepath.Join(root, "etc/systemd/system", name), []byte(text), 0o600))
	}
	files, err := rootfs.Open(root)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, files.Close()) })
	require.Equal(t, map[string]bool{"plain.service": true, "own.service": true}, systemd.Enabled(files))
	require.True(t, systemd.Masked(files, "masked.service"))
	require.False(t, systemd.Masked(files, "plain.service"))
}
