package host

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
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
					meantReadOnly: true, mounted: true, purpose: "other",
				}, m)
			}
		}
	})
}

func TestMountsOfAContainerAreThoseOfTheMachine(t *testing.T) {
	infos, err := rootfs.ReadMounts(rootOf(t, "container") + "/proc/1/mountinfo")
	require.NoError(t, err)
	want := []mount{
		{point: "/", device: "/dev/sda1", fstype: "ext4", number: "8:1", whole: true, mounted: true},
		{point: "/mnt/data", device: "/dev/sdb1", fstype: "ext4", number: "8:17", whole: true, mounted: true},
		{point: "/mnt/broken", device: "/dev/sdc1", fstype: "ext4", number: "8:33", whole: true, mounted: true, readOnly: true},
	}
	require.Empty(t, cmp.Diff(want, mountsOf(infos, "/host", false), cmp.AllowUnexported(mount{})))
}

func TestMountsWhereTheRootIsNotMountedAreNotFound(t *testing.T) {
	_, err := readMounts(t.TempDir())
	require.ErrorContains(t, err, "nothing is mounted under")
}

func TestWhetherAnythingCanBeWrittenIsAsTheFileSystemSays(t *testing.T) {
	type writing struct{ readOnly, meant bool }
	for name, test := range map[string]struct {
		options, super string
		own            bool
		want           writing
	}{
		"a file system that is written to":                          {"rw", "rw", true, writing{}},
		"one that is mounted read-only":                             {"ro", "ro", true, writing{true, true}},
		"one that an error made read-only":                          {"rw", "ro,errors=remount-ro", true, writing{true, false}},
		"an emergency of ext4":                                      {"rw", "rw,emergency_ro", true, writing{true, false}},
		"one that was shut down":                                    {"rw,relatime", "rw,shutdown", true, writing{true, false}},
		"an option that only sounds alike":                          {"rw", "rw,errors=remount-ro,shutdown_timeout=3", true, writing{}},
		"a place that is read-only, of a file system that is not":   {"ro", "rw", true, writing{true, true}},
		"a place that our own service may not write to":             {"ro", "rw", false, writing{}},
		"one that an error made read-only, seen through our mounts": {"ro", "rw,emergency_ro", false, writing{true, false}},
	} {
		t.Run(name, func(t *testing.T) {
			infos := rootfs.ParseMounts("29 1 8:1 / / " + test.options + " - ext4 /dev/sda1 " + test.super + "\n")
			mounts := mountsOf(infos, "/", test.own)
			require.Equal(t, test.want, writing{mounts[0].readOnly, mounts[0].meantReadOnly})
		})
	}
}

// Any user can mount a file system of their own, which not even root may ask for its size.
func TestMountsOfUsersAreTheirOwnMatter(t *testing.T) {
	mounts := mountsOf(rootfs.ParseMounts("29 1 8:1 / / rw - ext4 /dev/sda1 rw\n"+
		"30 1 0:50 / /home/me/far rw - fuse.sshfs me@far: rw,user_id=1000,group_id=1000\n"+
		"31 1 0:51 / /mnt/far rw - fuse.sshfs far: rw,user_id=0,group_id=0\n"), "/", true)
	require.Equal(t, map[string]string{"/": "root", "/mnt/far": "other"}, chosen(choose(mounts, nil, false)))
	declared := []system.Filesystem{{Mount: "/home/me/far", Purpose: "backup"}}
	require.Contains(t, chosen(choose(mounts, declared, false)), "/home/me/far")
}
