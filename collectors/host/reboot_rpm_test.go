package host

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func TestAPackageOfTheCoreThatIsNewerThanTheBootWaitsForAReboot(t *testing.T) {
	m := world.NewRPM(t)
	m.RPM(append([]string{"--install"}, m.Built(
		world.RPM{Name: "glibc", Version: "2.34", Release: "100.el9"}, world.RPM{Name: "htop", Version: "3", Release: "1"},
	)...)...)
	root := rootOf(t, "ubuntu-22.04")
	require.NoError(t, os.RemoveAll(filepath.Join(root, "run")))
	require.NoError(t, os.CopyFS(filepath.Join(root, "var/lib/rpm"), os.DirFS(filepath.Join(m.Root, "var/lib/rpm"))))
	boot := func(at time.Time) {
		stat := filepath.Join(root, "proc/stat")
		text, err := os.ReadFile(stat)
		require.NoError(t, err)
		before, rest, is := strings.Cut(string(text), "btime ")
		require.True(t, is)
		_, after, _ := strings.Cut(rest, "\n")
		write(t, stat, before+"btime "+strconv.FormatInt(at.Unix(), 10)+"\n"+after)
	}
	boot(time.Now().Add(time.Hour))
	host := hostAt(t, root)
	require.True(t, host.RebootKnown)
	require.False(t, host.RebootRequired)
	require.Empty(t, host.RebootPackages)

	boot(time.Now().Add(-time.Hour))
	host = hostAt(t, root)
	require.True(t, host.RebootRequired)
	require.Equal(t, []string{"glibc"}, host.RebootPackages)
	write(t, filepath.Join(root, "etc/dnf/plugins/needs-restarting.d/shop.conf"), "htop\n")
	require.Equal(t, []string{"glibc", "htop"}, hostAt(t, root).RebootPackages)

	write(t, filepath.Join(root, "var/lib/rpm/rpmdb.sqlite"), "no database")
	require.False(t, hostAt(t, root).RebootKnown)
}
