package host

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// onMachine is the collector as it runs outside of containers, wherever the test runs.
func onMachine(rootFS string) *filesystems {
	c := newFilesystems(Options{RootFS: rootFS, Now: func() time.Time { return start }}.filled())
	c.container = ""
	return c
}

func declare(filesystems ...system.Filesystem) Target {
	return Target{System: "shop/production", Host: system.Host{Name: "web-1", Filesystems: filesystems}}
}

func see(t *testing.T, c *filesystems, target Target) fact.Batch[fact.Filesystem] {
	t.Helper()
	batch, err := c.look(t.Context(), target)
	require.NoError(t, err)
	return batch
}

func at(t *testing.T, batch fact.Batch[fact.Filesystem], point string) fact.Filesystem {
	t.Helper()
	for _, f := range batch.Facts {
		if f.Mountpoint == point {
			return f
		}
	}
	require.Fail(t, "no fact", "of %s in %+v", point, batch)
	return fact.Filesystem{}
}

// mounted mounts a real file system for the length of a test.
func mounted(t *testing.T, device, fstype string, flags uintptr, data string) string {
	t.Helper()
	point := t.TempDir()
	require.NoError(t, unix.Mount(device, point, fstype, flags, data), "tests mount file systems: run them as root")
	t.Cleanup(func() { _ = unix.Unmount(point, unix.MNT_DETACH) })
	return point
}

func TestRootOfThisMachine(t *testing.T) {
	root := at(t, see(t, onMachine("/"), declare()), "/")
	require.Equal(t, "root", root.Purpose)
	require.True(t, root.Mounted)
	require.NotEmpty(t, root.Type)
	require.NotZero(t, root.Size)
	require.LessOrEqual(t, root.Free, root.Size)
	require.False(t, root.GrowthKnown)
}

func TestFilesystemThatFillsAndIsMended(t *testing.T) {
	point := mounted(t, "scratch", "tmpfs", 0, "size=4m,nr_inodes=100")
	c, target := onMachine("/"), declare(system.Filesystem{Mount: point, Purpose: "data"})
	empty := fact.Filesystem{
		Host: "web-1", Mountpoint: point, Purpose: "data", Mounted: true, Device: "scratch", Type: "tmpfs",
		Size: 4 << 20, Free: 4 << 20, Available: 4 << 20, Inodes: 100, InodesFree: 99,
	}
	require.Empty(t, cmp.Diff(empty, at(t, see(t, c, target), point)))

	big := filepath.Join(point, "big")
	require.NoError(t, os.WriteFile(big, bytes.Repeat([]byte("x"), 4<<20-64<<10), 0o600))
	full := empty
	full.Free, full.Available, full.InodesFree = 64<<10, 64<<10, 98
	require.Empty(t, cmp.Diff(full, at(t, see(t, c, target), point)))

	require.NoError(t, os.Remove(big))
	require.Empty(t, cmp.Diff(empty, at(t, see(t, c, target), point)))

	for i := range 99 {
		require.NoError(t, os.Mkdir(filepath.Join(point, string(rune('A'+i))), 0o700))
	}
	require.Zero(t, at(t, see(t, c, target), point).InodesFree)

	require.NoError(t, unix.Mount("", point, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	require.True(t, at(t, see(t, c, target), point).ReadOnly)

	require.NoError(t, unix.Unmount(point, 0))
	require.Equal(t, fact.Filesystem{Host: "web-1", Mountpoint: point, Purpose: "data"}, at(t, see(t, c, target), point))
	require.Empty(t, c.growths[target.key()][point], "what is not there does not grow")
}

func TestDiskIsFoundByItself(t *testing.T) {
	image := filepath.Join(t.TempDir(), "disk.img")
	write(t, image, "")
	require.NoError(t, os.Truncate(image, 16<<20))
	output, err := exec.CommandContext(t.Context(), "mkfs.ext4", "-q", image).CombinedOutput()
	require.NoError(t, err, "%s", output)
	device, err := exec.CommandContext(t.Context(), "losetup", "--find", "--show", image).Output()
	require.NoError(t, err)
	loop := string(bytes.TrimSpace(device))
	t.Cleanup(func() {
		require.NoError(t, exec.CommandContext(context.WithoutCancel(t.Context()), "losetup", "--detach", loop).Run())
	})
	point := mounted(t, loop, "ext4", 0, "")
	disk := at(t, see(t, onMachine("/"), declare()), point)
	require.Equal(t, "other", disk.Purpose)
	require.Equal(t, loop, disk.Device)
	require.Equal(t, "ext4", disk.Type)
	require.Less(t, disk.Available, disk.Free, "ext4 keeps some for root")
	require.NotZero(t, disk.Inodes)
}

func TestGrowthOfAFilesystemIsToldAfterHalfAnHour(t *testing.T) {
	c, target := onMachine(rootOf(t, "k3s-node")), declare()
	now, used := start, uint64(0)
	c.Now = func() time.Time { return now }
	c.sizes.measure = func(string, mount) (size, error) {
		return size{total: 1e9, free: 1e9 - used, available: 9e8 - used}, nil
	}
	for range 11 {
		require.Equal(t, now.Sub(start) >= growthMinimum, at(t, see(t, c, target), "/").GrowthKnown)
		now, used = now.Add(growthSpacing), used+uint64(growthSpacing.Seconds())*1000
	}
	root := at(t, see(t, c, target), "/")
	require.InDelta(t, 1000, root.Growth, 1e-9)
	require.Equal(t, now.Add(time.Duration(root.Available/1000)*time.Second), root.FullAt.Truncate(time.Second))

	c.forget(target)
	require.Empty(t, c.growths)
}

func TestStuckFilesystemCostsOnlyItsOwnFact(t *testing.T) {
	c := onMachine(rootOf(t, "k3s-node"))
	thaw, asked := make(chan struct{}), make(chan struct{}, 10)
	c.sizes.measure = func(_ string, m mount) (size, error) {
		if m.fstype == "nfs4" {
			asked <- struct{}{}
			<-thaw
		}
		return size{total: 100, free: 50, available: 40}, nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	started := time.Now()
	batch, err := c.look(ctx, declare())
	require.NoError(t, err)
	require.NoError(t, ctx.Err(), "it leaves time to return what the others told")
	require.Less(t, time.Since(started), 2*time.Second)
	require.Len(t, batch.Facts, 6)
	require.Len(t, batch.Missed, 1)
	require.Equal(t, "web-1:/mnt/shared", batch.Missed[0].Subject)
	require.Equal(t, fact.ReasonTimeout, batch.Missed[0].Reason)

	started = time.Now()
	batch = see(t, c, declare())
	require.Less(t, time.Since(started), 3*time.Second, "nobody waits again for what is known to be stuck")
	require.Len(t, batch.Facts, 6)
	require.Equal(t, []fact.Missed{{
		Subject: "web-1:/mnt/shared", Reason: fact.ReasonStuck,
		Detail: "ask /mnt/shared for its size: an earlier call has not returned (nfs4)", Topic: "other",
	}}, batch.Missed)
	require.Len(t, asked, 1, "and nobody asks again")

	close(thaw)
	require.Eventually(t, func() bool { return len(see(t, c, declare()).Facts) == 7 }, 5*time.Second, time.Millisecond)
}

func TestLookAtFilesystemsEndsWithItsContext(t *testing.T) {
	c := onMachine(rootOf(t, "k3s-node"))
	thaw := make(chan struct{})
	t.Cleanup(func() { close(thaw) })
	c.sizes.measure = func(string, mount) (size, error) { <-thaw; return size{}, nil }
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	started := time.Now()
	batch, err := c.look(ctx, declare())
	require.NoError(t, err)
	require.Less(t, time.Since(started), 3*time.Second)
	require.Empty(t, batch.Facts)
	require.Len(t, batch.Missed, 7)
}

func TestFilesystemsThatCannotBeAskedAreMissed(t *testing.T) {
	c := onMachine(rootOf(t, "k3s-node"))
	c.sizes.measure = func(_ string, m mount) (size, error) {
		switch m.point {
		case "/mnt/shared":
			return size{}, syscall.EACCES
		case "/mnt/data":
			return size{}, syscall.ESTALE
		case "/boot/efi", "/var/lib/rancher/k3s/storage":
			return size{}, nil // Without a size it is nothing to keep things in.
		}
		return size{total: 1}, nil
	}
	batch := see(t, c, declare(system.Filesystem{Mount: "/boot/efi", Purpose: "data"}))
	require.Len(t, batch.Facts, 3)
	require.Equal(t, []fact.Missed{
		{Subject: "web-1:/boot/efi", Reason: fact.ReasonUnsupported, Detail: "vfat on /boot/efi has no size", Topic: "data"},
		{Subject: "web-1:/mnt/data", Reason: fact.ReasonFailed, Detail: "stale file handle", Topic: "other"},
		{Subject: "web-1:/mnt/shared", Reason: fact.ReasonDenied, Detail: "permission denied", Topic: "other"},
	}, batch.Missed)
}

func TestMountThatIsHiddenFromTheExporterIsMissed(t *testing.T) {
	// The fixture's mounts are listed, and behind its paths is the file system of the test.
	root := rootOf(t, "k3s-node")
	require.NoError(t, os.MkdirAll(filepath.Join(root, "mnt/data"), 0o700))
	for _, missed := range see(t, onMachine(root), declare()).Missed {
		if missed.Subject == "web-1:/mnt/data" {
			require.Equal(t, fact.ReasonUnsupported, missed.Reason, missed.Detail)
			return
		}
	}
	require.Fail(t, "not missed")
}

func TestRootOfAContainerIsNotTheMachines(t *testing.T) {
	c := onMachine("/")
	c.container = "docker"
	batch := see(t, c, declare())
	require.Empty(t, batch.Facts)
	require.Len(t, batch.Missed, 1)
	require.Equal(t, "web-1:/", batch.Missed[0].Subject)
	require.Equal(t, fact.ReasonUnsupported, batch.Missed[0].Reason)
}
