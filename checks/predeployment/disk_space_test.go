package predeployment_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/predeployment"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// root is the file system of a machine's root, half full.
func root(edit ...func(*fact.Filesystem)) fact.Filesystem {
	return edited(fact.Filesystem{
		Host: "web-1", Mountpoint: "/", Purpose: "root", Mounted: true, Device: "/dev/sda1", Type: "ext4",
		Size: 50e9, Free: 30e9, Available: 25e9, Inodes: 1000, InodesFree: 500, GrowthKnown: true,
	}, edit...)
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
	kind := predeployment.DiskSpace()
	data, small := mountedAt("/srv", "data"), sized(20e9)
	cases := []struct {
		name string
		seen fact.Batch[fact.Filesystem]
		want []finding
	}{
		{"50 GB, half full, pass", facts(root()), nil},
		{
			"a byte less is too small", facts(root(sized(50e9 - 1))),
			one("too_small", check.Fail, "the largest, /, has 50 GB; expected 50 GB"),
		},
		{"a small root beside large data passes", facts(root(small), root(data, sized(500e9))), nil},
		{
			"another host's data does not help", facts(root(small), root(data, func(f *fact.Filesystem) { f.Host = "web-2" })),
			one("too_small", check.Fail, "the largest, /, has 20 GB; expected 50 GB"),
		},
		{
			"what could not be seen might be large enough", missed("web-1:/srv", root(small)),
			notSeen(),
		},
		{"15 % left pass", facts(root(available(7.5e9))), nil},
		{
			"a byte less is low", facts(root(available(7.5e9 - 1))),
			one("low_space", check.Fail, "7.5 GB of 50 GB is free (15.0 %); expected 15.0 %"),
		},
		{"15 % of inodes left pass", facts(root(inodesFree(150))), nil},
		{
			"one less is low", facts(root(inodesFree(149))),
			one("low_inodes", check.Fail, "149 of 1000 inodes are free (14.9 %); expected 15.0 %"),
		},
		{"without numbered inodes there is none to lack", facts(root(inodesFree(0), func(f *fact.Filesystem) { f.Inodes = 0 })), nil},
		{
			"a read-only root fails", facts(root(func(f *fact.Filesystem) { f.ReadOnly = true })),
			one("read_only", check.Fail, "/dev/sda1 (ext4) is mounted read-only"),
		},
		{
			"declared data that is not mounted fails",
			facts(root(), fact.Filesystem{Host: "web-1", Mountpoint: "/srv", Purpose: "data"}),
			one("not_mounted", check.Fail, "nothing is mounted on /srv"),
		},
		{"full in a day passes", facts(root(fullIn(day))), nil},
		{
			"full sooner warns", facts(root(fullIn(day - time.Second))),
			one("filling", check.Warn, "full in 23 h 59 min, on 2026-11-23 11:59 UTC, at 3.6 GB an hour; expected 1 d"),
		},
		{
			"full in the past is full now", facts(root(fullIn(-time.Second))),
			one("filling", check.Warn, "full in 0 s, on 2026-11-22 11:59 UTC, at 3.6 GB an hour; expected 1 d"),
		},
		{"a full file system for another purpose is not its matter", facts(root(), root(mountedAt("/mnt", "backup"), available(0))), nil},
		{
			"the root counts whatever else it is for", facts(root(mountedAt("/", "database"), available(0))),
			one("low_space", check.Fail, "0 B of 50 GB is free (0.0 %); expected 15.0 %"),
		},
		{
			"without any host declared it is undeclared", facts[fact.Filesystem](),
			one("nothing_seen", check.Undeclared, "no host is declared"),
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, judged(t, kind, kind.Defaults, c.seen)) })
	}
}

func TestDiskSpaceParametersThatMakeNoSense(t *testing.T) {
	p := predeployment.DiskSpace().Defaults
	require.NoError(t, p.Validate())
	p.MinimumFreeRatio = 15
	require.ErrorContains(t, p.Validate(), "ratio 15: expected 0 or more, and less than 1")
	require.ErrorContains(t, predeployment.DiskSpaceParameters{}.Validate(), "purposes")
}
