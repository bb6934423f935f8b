package host_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/host"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// root is the file system of a machine's root, half full.
func root(edit ...func(*fact.Filesystem)) fact.Filesystem {
	return edited(fact.Filesystem{
		Host: "web-1", Mountpoint: "/", Purpose: "root", Mounted: true, Device: "/dev/sda1", Type: "ext4",
		Size: 50e9, Free: 30e9, Available: 25e9, Inodes: 1000, InodesFree: 500, GrowthKnown: true,
	}, edit...)
}

func filesystems(all ...fact.Filesystem) fact.AnySet {
	return checktest.Facts(fact.Filesystems(), all...)
}

func sized(bytes uint64) func(*fact.Filesystem) {
	return func(f *fact.Filesystem) { f.Size, f.Available = bytes, bytes/2 }
}

func mountedAt(point, purpose string) func(*fact.Filesystem) {
	return func(f *fact.Filesystem) { f.Mountpoint, f.Purpose = point, purpose }
}

func available(bytes uint64) func(*fact.Filesystem) {
	return func(f *fact.Filesystem) { f.Available = bytes }
}

func inodesFree(number uint64) func(*fact.Filesystem) {
	return func(f *fact.Filesystem) { f.InodesFree = number }
}

func fullIn(left time.Duration) func(*fact.Filesystem) {
	return func(f *fact.Filesystem) { f.Growth, f.FullAt = 1e6, now.Add(left) }
}

func TestDiskSpace(t *testing.T) {
	kind := host.DiskSpace()
	data, small := mountedAt("/srv", "data"), sized(20e9)
	cases := []struct {
		name string
		set  fact.AnySet
		want []checktest.Finding
	}{
		{"50 GB, half full, pass", filesystems(root()), nil},
		{
			"a byte less is too small", filesystems(root(sized(50e9 - 1))),
			checktest.One("too_small", check.Fail, "The largest file system, /, has 50 GB (minimum 50 GB)."),
		},
		{"a small root beside large data passes", filesystems(root(small), root(data, sized(500e9))), nil},
		{
			"another host's data does not help", filesystems(root(small), root(data, func(f *fact.Filesystem) { f.Host = "web-2" })),
			checktest.One("too_small", check.Fail, "The largest file system, /, has 20 GB (minimum 50 GB)."),
		},
		{
			"one that is unavailable might be large enough",
			checktest.Lacking(fact.Filesystems(), fact.Filesystem{Host: "web-1", Mountpoint: "/srv", Purpose: "data"}, root(small)),
			checktest.Unavailable(),
		},
		{
			"one that is unavailable on another host is too small here",
			checktest.Lacking(fact.Filesystems(), fact.Filesystem{Host: "web-2", Mountpoint: "/srv", Purpose: "data"}, root(small)),
			slices.Concat(checktest.One("too_small", check.Fail, "The largest file system, /, has 20 GB (minimum 50 GB)."), checktest.Unavailable()),
		},
		{
			"one that nobody declared and that is unavailable may be full",
			checktest.Lacking(fact.Filesystems(), fact.Filesystem{Host: "web-1", Mountpoint: "/var", Purpose: "other"}, root()),
			checktest.Unavailable(),
		},
		{
			"of a host that is unavailable every file system is",
			checktest.Lacking(fact.Filesystems(), fact.Filesystem{Host: "web-2"}, root()), checktest.Unavailable(),
		},
		{
			"each declared file system of the purposes has room", filesystems(root(), root(data, available(0))),
			checktest.One("low_space", check.Fail, "0 B of 50 GB are free, 0.0 % (minimum 15.0 %)."),
		},
		{"15 % left pass", filesystems(root(available(7.5e9))), nil},
		{
			"a byte less is low", filesystems(root(available(7.5e9 - 1))),
			checktest.One("low_space", check.Fail, "7.5 GB of 50 GB are free, 15.0 % (minimum 15.0 %)."),
		},
		{"15 % of inodes left pass", filesystems(root(inodesFree(150))), nil},
		{
			"one less is low", filesystems(root(inodesFree(149))),
			checktest.One("low_inodes", check.Fail, "149 of 1000 inodes are free, 14.9 % (minimum 15.0 %)."),
		},
		{"without numbered inodes there is none to lack", filesystems(root(inodesFree(0), func(f *fact.Filesystem) { f.Inodes = 0 })), nil},
		{
			"a read-only root fails", filesystems(root(func(f *fact.Filesystem) { f.ReadOnly = true })),
			checktest.One("read_only", check.Fail, "Nothing can be written to the device /dev/sda1 (ext4)."),
		},
		{
			"declared data that is not mounted fails",
			filesystems(root(), fact.Filesystem{Host: "web-1", Mountpoint: "/srv", Purpose: "data"}),
			checktest.One("not_mounted", check.Fail, "Nothing is mounted on /srv."),
		},
		{"full in four days passes", filesystems(root(fullIn(4 * day))), nil},
		{
			"full sooner warns", filesystems(root(fullIn(4*day - time.Second))),
			checktest.One("filling", check.Warn, "It grows by 3.6 GB an hour and is full in 3 d 23 h, on 2026-11-26 11:59 UTC (limit 4 d)."),
		},
		{
			"full in the past is full now", filesystems(root(fullIn(-time.Second))),
			checktest.One("filling", check.Warn, "It grows by 3.6 GB an hour and is full in 0 s, on 2026-11-22 11:59 UTC (limit 4 d)."),
		},
		{
			"a full file system that nobody declared fails", filesystems(root(), root(mountedAt("/var", "other"), available(0))),
			checktest.One("low_space", check.Fail, "0 B of 50 GB are free, 0.0 % (minimum 15.0 %)."),
		},
		{
			"one that nobody declared and an error made read-only fails",
			filesystems(root(), root(mountedAt("/var", "other"), func(f *fact.Filesystem) { f.ReadOnly = true })),
			checktest.One("read_only", check.Fail, "Nothing can be written to the device /dev/sda1 (ext4)."),
		},
		{
			"one that nobody declared and is meant to be read-only may be full",
			filesystems(root(), root(mountedAt("/srv/iso", "other"), available(0), func(f *fact.Filesystem) { f.ReadOnly, f.MeantReadOnly = true, true })), nil,
		},
		{
			"a large one that nobody declared does not make a small root larger",
			filesystems(root(small), root(mountedAt("/mnt", "other"), sized(500e9))),
			checktest.One("too_small", check.Fail, "The largest file system, /, has 20 GB (minimum 50 GB)."),
		},
		{
			"the root counts whatever else it is for", filesystems(root(mountedAt("/", "database"), available(0))),
			checktest.One("low_space", check.Fail, "0 B of 50 GB are free, 0.0 % (minimum 15.0 %)."),
		},
		{
			"without a file system for the purposes it is undeclared", filesystems(),
			checktest.One("no_filesystem", check.Undeclared, "No host has a file system for one of the purposes."),
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, judged(t, kind, kind.Defaults, c.set)) })
	}
}

func TestDiskSpaceOfSomePurposesOnly(t *testing.T) {
	kind := host.DiskSpace()
	p := kind.Defaults
	p.Purposes = []host.Purpose{"root", "data"}
	full := filesystems(root(), root(mountedAt("/mnt", "backup"), available(0)))
	require.Empty(t, judged(t, kind, p, full))
	away := checktest.Lacking(fact.Filesystems(), fact.Filesystem{Host: "web-1", Mountpoint: "/mnt", Purpose: "backup"}, root())
	require.Empty(t, judged(t, kind, p, away))
}

func TestDiskSpaceParametersThatMakeNoSense(t *testing.T) {
	p := host.DiskSpace().Defaults
	require.NoError(t, p.Validate())
	require.ErrorContains(t, host.DiskSpaceParameters{}.Validate(), "purposes")
}
