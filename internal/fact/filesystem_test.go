package fact_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestFilesystemSamples(t *testing.T) {
	require.Equal(t, []string{"filesystem_mounted{host=web-1,mountpoint=/srv,purpose=data} 0"},
		exported(fact.Filesystems(), &fact.Filesystem{Host: "web-1", Mountpoint: "/srv", Purpose: "data"}),
		"what is not mounted has no size")
	full := &fact.Filesystem{
		Host: "web-1", Mountpoint: "/srv", Purpose: "data", Mounted: true, Device: "/dev/sdb1", Type: "ext4",
		Size: 100, Inodes: 10, InodesFree: 3, FullAt: time.Unix(500, 0),
	}
	require.Equal(t, []string{
		"filesystem_mounted{host=web-1,mountpoint=/srv,purpose=data} 1",
		"filesystem_size_bytes{host=web-1,mountpoint=/srv,purpose=data} 100",
		"filesystem_available_bytes{host=web-1,mountpoint=/srv,purpose=data} 0",
		"filesystem_inodes{host=web-1,mountpoint=/srv,purpose=data} 10",
		"filesystem_inodes_free{host=web-1,mountpoint=/srv,purpose=data} 3",
		"filesystem_read_only{host=web-1,mountpoint=/srv,purpose=data} 0",
		"filesystem_full_timestamp_seconds{host=web-1,mountpoint=/srv,purpose=data} 500",
	}, exported(fact.Filesystems(), full))
	require.Equal(t, "web-1:/srv", fact.Filesystems().Subject(full))
	image := &fact.Filesystem{
		Host: "web-1", Mountpoint: "/snap/core", Purpose: "other", Mounted: true, ReadOnly: true, MeantReadOnly: true, Size: 100, Inodes: 10,
	}
	require.Equal(t, []string{
		"filesystem_mounted{host=web-1,mountpoint=/snap/core,purpose=other} 1",
		"filesystem_size_bytes{host=web-1,mountpoint=/snap/core,purpose=other} 100",
		"filesystem_inodes{host=web-1,mountpoint=/snap/core,purpose=other} 10",
		"filesystem_read_only{host=web-1,mountpoint=/snap/core,purpose=other} 0",
	}, exported(fact.Filesystems(), image), "an image is full and read-only, as it is meant to be")
}

func TestRatiosOfNothingAreNotKnown(t *testing.T) {
	_, known := (&fact.Filesystem{}).AvailableRatio()
	require.False(t, known)
	_, known = (&fact.Filesystem{}).InodesFreeRatio()
	require.False(t, known)
	half, known := (&fact.Filesystem{Size: 10, Available: 5}).AvailableRatio()
	require.True(t, known)
	require.InDelta(t, 0.5, half, 0)
}
