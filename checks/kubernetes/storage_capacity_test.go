package kubernetes_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/kubernetes"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestStorageCapacity(t *testing.T) {
	kind := kubernetes.StorageCapacity()
	now := time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)
	// storage is the database's file system, changed by edit.
	storage := func(edit func(*fact.Filesystem)) []fact.Filesystem {
		f := fact.Filesystem{
			Host: "db-1", Mountpoint: "/var/lib/postgresql", Purpose: "database", Mounted: true, Device: "/dev/sdb1", Type: "ext4",
			Size: 10e9, Free: 6e9, Available: 5e9, GrowthKnown: true,
		}
		edit(&f)
		return []fact.Filesystem{f}
	}
	fullIn := func(left time.Duration) func(*fact.Filesystem) {
		return func(f *fact.Filesystem) { f.Growth, f.FullAt = 1e3, now.Add(left) }
	}
	type finding struct {
		reason string
		level  check.Status
		detail string
	}
	cases := []struct {
		name string
		seen []fact.Filesystem
		want []finding
	}{
		{"10 GB, half used, pass", storage(func(*fact.Filesystem) {}), nil},
		{
			"a byte less is too small", storage(func(f *fact.Filesystem) { f.Size-- }),
			[]finding{{"too_small", check.Fail, "has 10 GB; expected 10 GB"}},
		},
		{"80 % used pass", storage(func(f *fact.Filesystem) { f.Available = 2e9 }), nil},
		{
			"a byte more is too much", storage(func(f *fact.Filesystem) { f.Available = 2e9 - 1 }),
			[]finding{{"overused", check.Fail, "80.0 % of 10 GB is used; expected at most 80.0 %"}},
		},
		{"full in 7 days passes", storage(fullIn(7 * 24 * time.Hour)), nil},
		{
			"full sooner fails", storage(fullIn(7*24*time.Hour - time.Second)),
			[]finding{{"fills_soon", check.Fail, "full in 6 d 23 h, on 2026-11-29 11:59 UTC, at 3.6 MB an hour; expected 7 d"}},
		},
		{
			"a read-only one fails", storage(func(f *fact.Filesystem) { f.ReadOnly = true }),
			[]finding{{"read_only", check.Fail, "/dev/sdb1 (ext4) is mounted read-only"}},
		},
		{
			"one that is not mounted fails", storage(func(f *fact.Filesystem) { f.Mounted = false }),
			[]finding{{"not_mounted", check.Fail, "nothing is mounted on /var/lib/postgresql"}},
		},
		{
			"one for another purpose does not count", storage(func(f *fact.Filesystem) { f.Purpose = "logs" }),
			[]finding{{"nothing_seen", check.Undeclared, "no file system of a host is declared for this purpose"}},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			look := fact.Look{Kind: fact.Filesystems(), Interval: time.Hour, SeenAt: now}
			for _, f := range c.seen {
				look.Facts = append(look.Facts, f)
			}
			bound := kind.Bind(kind.Parameters())
			var got []finding
			for _, problem := range (check.Rule{Bound: &bound}).Judge(fact.NewView([]fact.Look{look}, now), now).Problems {
				require.NotEmpty(t, problem.Remedy)
				got = append(got, finding{problem.Reason, problem.Level, problem.Detail})
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestStorageCapacityParametersThatMakeNoSense(t *testing.T) {
	p := kubernetes.StorageCapacity().Defaults
	require.NoError(t, p.Validate())
	p.MaximumUsedRatio = 80
	require.ErrorContains(t, p.Validate(), "maximum_used_ratio 80: expected more than 0, and at most 1")
}
