package host

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/procfs"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// chosen gives the mount points with what they are for.
func chosen(mounts []mount) map[string]string {
	points := make(map[string]string)
	for _, m := range mounts {
		points[m.point] = m.purpose
		if !m.mounted {
			points[m.point] += ", not mounted"
		}
	}
	return points
}

func TestChooseOnANode(t *testing.T) {
	all, err := readMounts(rootOf(t, "k3s-node"))
	require.NoError(t, err)
	everything := map[string]string{
		"/": "root", "/boot/efi": "other", "/mnt/data": "other", "/mnt/over": "other", "/mnt/shared": "other",
		"/mnt/with blank": "other", "/var/lib/rancher/k3s/storage": "other",
	}
	require.Equal(t, everything, chosen(choose(all, nil, false)))

	t.Run("a declared mount is collected whatever it is, and its device not once more", func(t *testing.T) {
		declared := []system.Filesystem{
			{Mount: "/srv/bound", Purpose: "data"}, {Mount: "/run", Purpose: "logs"}, {Mount: "/mnt/missing", Purpose: "backup"},
		}
		want := map[string]string{
			"/": "root", "/boot/efi": "other", "/srv/bound": "data", "/run": "logs", "/mnt/missing": "backup, not mounted",
			"/mnt/over": "other", "/mnt/shared": "other", "/mnt/with blank": "other", "/var/lib/rancher/k3s/storage": "other",
		}
		require.Equal(t, want, chosen(choose(all, declared, false)))
	})
	t.Run("the root keeps the purpose it is declared for", func(t *testing.T) {
		got := chosen(choose(all, []system.Filesystem{{Mount: "/", Purpose: "database"}}, false))
		require.Equal(t, "database", got["/"])
	})
	t.Run("in a container only what is declared counts, and its root never", func(t *testing.T) {
		declared := []system.Filesystem{{Mount: "/mnt/data", Purpose: "data"}, {Mount: "/", Purpose: "root"}}
		require.Equal(t, map[string]string{"/mnt/data": "data"}, chosen(choose(all, declared, true)))
	})
	t.Run("what is mounted last at a place counts", func(t *testing.T) {
		for _, m := range choose(all, nil, false) {
			if m.point == "/mnt/over" {
				require.Equal(t, mount{
					point: "/mnt/over", device: "/dev/sdg1", fstype: "ext4", number: "8:97", whole: true, readOnly: true,
					mounted: true, purpose: "other",
				}, m)
			}
		}
	})
}

func TestMountsOfAContainerAreThoseOfTheMachine(t *testing.T) {
	proc, err := procfs.NewFS(rootOf(t, "container") + "/proc")
	require.NoError(t, err)
	infos, err := proc.GetProcMounts(1)
	require.NoError(t, err)
	want := []mount{
		{point: "/", device: "/dev/sda1", fstype: "ext4", number: "8:1", whole: true, mounted: true},
		{point: "/mnt/data", device: "/dev/sdb1", fstype: "ext4", number: "8:17", whole: true, mounted: true},
		{point: "/mnt/broken", device: "/dev/sdc1", fstype: "ext4", number: "8:33", whole: true, mounted: true, readOnly: true},
	}
	require.Empty(t, cmp.Diff(want, mountsOf(infos, "/host"), cmp.AllowUnexported(mount{})))
}

func TestMountsWhereTheRootIsNotMountedAreNotFound(t *testing.T) {
	_, err := readMounts(t.TempDir())
	require.ErrorContains(t, err, "nothing is mounted under")
}

func FuzzUnescape(f *testing.F) {
	f.Add(`/mnt/with\040blank`)
	f.Add(`\134\777\0`)
	f.Fuzz(func(t *testing.T, field string) { require.LessOrEqual(t, len(unescape(field)), len(field)) })
}

func TestUnescape(t *testing.T) {
	require.Equal(t, "/mnt/with blank", unescape(`/mnt/with\040blank`))
	require.Equal(t, "a\tb\\c", unescape(`a\011b\134c`))
	require.Equal(t, `\777\0`, unescape(`\777\0`), "what is no byte stays as it is")
}
