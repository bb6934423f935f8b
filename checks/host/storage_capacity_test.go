package host_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/host"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestStorageCapacity(t *testing.T) {
	kind := host.StorageCapacity()
	// storage is the database's file system, changed by edit.
	storage := func(edit func(*fact.Filesystem)) fact.AnySet {
		f := fact.Filesystem{
			Host: "db-1", Mountpoint: "/var/lib/postgresql", Purpose: "database", Mounted: true, Device: "/dev/sdb1", Type: "ext4",
			Size: 10e9, Free: 6e9, Available: 5e9, GrowthKnown: true,
		}
		edit(&f)
		return filesystems(f)
	}
	fullIn := func(left time.Duration) func(*fact.Filesystem) {
		return func(f *fact.Filesystem) { f.Growth, f.FullAt = 1e3, now.Add(left) }
	}
	cases := []struct {
		name string
		set  fact.AnySet
		want []checktest.Finding
	}{
		{"10 GB, half used, pass", storage(func(*fact.Filesystem) {}), nil},
		{
			"a byte less is too small", storage(func(f *fact.Filesystem) { f.Size-- }),
			checktest.One("too_small", check.Fail, "It has 10 GB (minimum 10 GB)."),
		},
		{"80 % used pass", storage(func(f *fact.Filesystem) { f.Available = 2e9 }), nil},
		{
			"a byte more is too much", storage(func(f *fact.Filesystem) { f.Available = 2e9 - 1 }),
			checktest.One("overused", check.Fail, "80.0 % of 10 GB is used (maximum 80.0 %)."),
		},
		{"full in 7 days passes", storage(fullIn(7 * 24 * time.Hour)), nil},
		{
			"full sooner fails", storage(fullIn(7*24*time.Hour - time.Second)),
			checktest.One("fills_soon", check.Fail, "It grows by 3.6 MB an hour and is full in 6 d 23 h, on 2026-11-29 11:59 UTC (limit 7 d)."),
		},
		{
			"a read-only one fails", storage(func(f *fact.Filesystem) { f.ReadOnly = true }),
			checktest.One("read_only", check.Fail, "Nothing can be written to the device /dev/sdb1 (ext4)."),
		},
		{
			"one that is not mounted fails", storage(func(f *fact.Filesystem) { f.Mounted = false }),
			checktest.One("not_mounted", check.Fail, "Nothing is mounted on /var/lib/postgresql."),
		},
		{
			"one for another purpose does not count", storage(func(f *fact.Filesystem) { f.Purpose = "logs" }),
			checktest.One("no_storage", check.Undeclared, "No file system of a host is declared for this purpose."),
		},
		{
			"one that is unavailable is unknown",
			checktest.Lacking(fact.Filesystems(), fact.Filesystem{Host: "db-1", Mountpoint: "/srv", Purpose: "database"}),
			checktest.Unavailable(),
		},
		{
			"one that is unavailable and for another purpose does not count",
			checktest.Lacking(fact.Filesystems(), fact.Filesystem{Host: "db-1", Mountpoint: "/srv", Purpose: "logs"}),
			checktest.One("no_storage", check.Undeclared, "No file system of a host is declared for this purpose."),
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, judged(t, kind, kind.Defaults, c.set)) })
	}
}

func TestStorageCapacityParametersThatMakeNoSense(t *testing.T) {
	p := host.StorageCapacity().Defaults
	require.NoError(t, p.Validate())
	p.MaximumUsedRatio = 0
	require.EqualError(t, p.Validate(), "maximum_used_ratio: expected more than 0, and at most 1")
}
