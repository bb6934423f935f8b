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
func onMachine(rootFS string) *machine {
	m := newMachine(Options{RootFS: rootFS, Now: func() time.Time { return start }}.filled())
	m.container = ""
	return m
}

func declare(filesystems ...system.Filesystem) Target {
	return Target{System: "shop/production", Host: system.Host{Name: "web-1", Filesystems: filesystems}}
}

// collected is what one run gives, by kind.
type collected struct {
	hosts       fact.Set[fact.Host]
	filesystems fact.Set[fact.Filesystem]
}

func collectAll(t *testing.T, m *machine, target Target) (all collected) {
	t.Helper()
	sets, err := m.collect(t.Context(), target, nil)
	require.NoError(t, err)
	require.Len(t, sets, 2)
	run := &fact.Run{CollectedAt: start, Interval: time.Minute, Sets: sets, Declared: known(target)}
	view := fact.NewView([]*fact.Run{run}, start)
	for set := range fact.Of(view, fact.Hosts(), nil) {
		all.hosts = *set
	}
	for set := range fact.Of(view, fact.Filesystems(), nil) {
		all.filesystems = *set
	}
	return all
}

// filesystemsOf collects the file systems alone, within the time of ctx.
func filesystemsOf(ctx context.Context, t *testing.T, m *machine, target Target) *fact.Set[fact.Filesystem] {
	t.Helper()
	mounts, err := readMounts(m.RootFS)
	require.NoError(t, err)
	return m.collectFilesystems(ctx, target, mounts)
}

func at(t *testing.T, set *fact.Set[fact.Filesystem], point string) fact.Filesystem {
	t.Helper()
	for _, f := range set.Facts {
		if f.Mountpoint == point {
			return *f
		}
	}
	require.Fail(t, "no fact", "of %s in %+v", point, set)
	return fact.Filesystem{}
}

// unavailable tells why file systems are, by their subjects.
func unavailable(set *fact.Set[fact.Filesystem]) map[string]fact.Reason {
	reasons := make(map[string]fact.Reason)
	for i := range set.Unavailable {
		reasons[fact.Filesystems().SubjectOfUnavailable(&set.Unavailable[i])] = set.Unavailable[i].Reason
	}
	return reasons
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
	root := at(t, filesystemsOf(t.Context(), t, onMachine("/"), declare()), "/")
	require.Equal(t, "root", root.Purpose)
	require.True(t, root.Mounted)
	require.NotEmpty(t, root.Type)
	require.NotZero(t, root.Size)
	require.LessOrEqual(t, root.Free, root.Size)
	require.False(t, root.GrowthKnown)
}

func TestFilesystemThatFillsAndIsEmptied(t *testing.T) {
	point := mounted(t, "scratch", "tmpfs", 0, "size=4m,nr_inodes=100")
	c, target := onMachine("/"), declare(system.Filesystem{Mount: point, Purpose: "data"})
	empty := fact.Filesystem{
		Host: "web-1", Mountpoint: point, Purpose: "data", Mounted: true, Device: "scratch", Type: "tmpfs",
		Size: 4 << 20, Free: 4 << 20, Available: 4 << 20, Inodes: 100, InodesFree: 99,
	}
	require.Empty(t, cmp.Diff(empty, at(t, filesystemsOf(t.Context(), t, c, target), point)))

	big := filepath.Join(point, "big")
	require.NoError(t, os.WriteFile(big, bytes.Repeat([]byte("x"), 4<<20-64<<10), 0o600))
	full := empty
	full.Free, full.Available, full.InodesFree = 64<<10, 64<<10, 98
	require.Empty(t, cmp.Diff(full, at(t, filesystemsOf(t.Context(), t, c, target), point)))

	require.NoError(t, os.Remove(big))
	require.Empty(t, cmp.Diff(empty, at(t, filesystemsOf(t.Context(), t, c, target), point)))

	for i := range 99 {
		require.NoError(t, os.Mkdir(filepath.Join(point, string(rune('A'+i))), 0o700))
	}
	require.Zero(t, at(t, filesystemsOf(t.Context(), t, c, target), point).InodesFree)

	require.NoError(t, unix.Mount("", point, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	require.True(t, at(t, filesystemsOf(t.Context(), t, c, target), point).ReadOnly)

	require.NoError(t, unix.Unmount(point, 0))
	require.Equal(t, fact.Filesystem{Host: "web-1", Mountpoint: point, Purpose: "data"}, at(t, filesystemsOf(t.Context(), t, c, target), point))
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
	disk := at(t, filesystemsOf(t.Context(), t, onMachine("/"), declare()), point)
	require.Equal(t, "other", disk.Purpose)
	require.Equal(t, loop, disk.Device)
	require.Equal(t, "ext4", disk.Type)
	require.False(t, disk.ReadOnly)
	require.Less(t, disk.Available, disk.Free, "ext4 keeps some for root")
	require.NotZero(t, disk.Inodes)
}

func TestGrowthOfAFilesystemIsKnownAfterHalfAnHour(t *testing.T) {
	c, target := onMachine(rootOf(t, "k3s-node")), declare()
	now, used := start, uint64(0)
	c.Now = func() time.Time { return now }
	c.sizes.measure = func(string, mount) (size, error) {
		return size{total: 1e9, free: 1e9 - used, available: 9e8 - used}, nil
	}
	for range 11 {
		require.Equal(t, now.Sub(start) >= growthMinimum, at(t, filesystemsOf(t.Context(), t, c, target), "/").GrowthKnown)
		now, used = now.Add(growthSpacing), used+uint64(growthSpacing.Seconds())*1000
	}
	root := at(t, filesystemsOf(t.Context(), t, c, target), "/")
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
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	set := filesystemsOf(ctx, t, c, declare())
	require.NoError(t, ctx.Err(), "it leaves time to return what the others answered")
	require.Len(t, set.Facts, 6)
	require.Equal(t, map[string]fact.Reason{"web-1:/mnt/shared": fact.ReasonTimeout}, unavailable(set))

	set = filesystemsOf(t.Context(), t, c, declare())
	require.Len(t, set.Facts, 6)
	require.Equal(t, []fact.Unavailable[fact.Filesystem]{{
		Known:  fact.Filesystem{Host: "web-1", Mountpoint: "/mnt/shared", Purpose: "other"},
		Reason: fact.ReasonStuck, Detail: "ask /mnt/shared for its size: an earlier call has not returned (nfs4)",
	}}, set.Unavailable, "nobody waits again for what is known to be stuck")
	require.Len(t, asked, 1, "and nobody asks again")

	close(thaw)
	require.Eventually(t, func() bool { return len(filesystemsOf(t.Context(), t, c, declare()).Facts) == 7 },
		time.Minute, time.Millisecond)
}

func TestCollectingFilesystemsEndsWithItsContext(t *testing.T) {
	c := onMachine(rootOf(t, "k3s-node"))
	thaw := make(chan struct{})
	t.Cleanup(func() { close(thaw) })
	c.sizes.measure = func(string, mount) (size, error) { <-thaw; return size{}, nil }
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	set := filesystemsOf(ctx, t, c, declare())
	require.Empty(t, set.Facts)
	require.Len(t, set.Unavailable, 7)
	for _, u := range set.Unavailable {
		require.Contains(t, u.Detail, context.Canceled.Error())
	}
}

func TestFilesystemsThatCannotBeAskedAreUnavailable(t *testing.T) {
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
	set := filesystemsOf(t.Context(), t, c, declare(system.Filesystem{Mount: "/boot/efi", Purpose: "data"}))
	require.Len(t, set.Facts, 3)
	declared := func(mountpoint, purpose string) fact.Filesystem {
		return fact.Filesystem{Host: "web-1", Mountpoint: mountpoint, Purpose: purpose}
	}
	require.Equal(t, []fact.Unavailable[fact.Filesystem]{
		{Known: declared("/boot/efi", "data"), Reason: fact.ReasonUnsupported, Detail: "vfat on /boot/efi has no size"},
		{Known: declared("/mnt/data", "other"), Reason: fact.ReasonFailed, Detail: "stale file handle"},
		{Known: declared("/mnt/shared", "other"), Reason: fact.ReasonDenied, Detail: "permission denied"},
	}, set.Unavailable)
}

func TestMountThatIsHiddenFromTheExporterIsUnavailable(t *testing.T) {
	// The fixture's mounts are listed, and behind its paths is the file system of the test.
	root := rootOf(t, "k3s-node")
	require.NoError(t, os.MkdirAll(filepath.Join(root, "mnt/data"), 0o700))
	set := filesystemsOf(t.Context(), t, onMachine(root), declare())
	require.Equal(t, fact.ReasonUnsupported, unavailable(set)["web-1:/mnt/data"])
}

func TestRootOfAContainerIsNotTheMachines(t *testing.T) {
	c := onMachine("/")
	c.container = "docker"
	set := filesystemsOf(t.Context(), t, c, declare())
	require.Empty(t, set.Facts)
	require.Equal(t, map[string]fact.Reason{"web-1:/": fact.ReasonUnsupported}, unavailable(set))
}

func TestAFileSystemThatGaveUpIsReadOnly(t *testing.T) {
	c := onMachine(rootOf(t, "k3s-node"))
	c.sizes.measure = func(_ string, m mount) (size, error) {
		return size{total: 100, free: 50, available: 40, broken: m.point == "/mnt/data"}, nil
	}
	set := filesystemsOf(t.Context(), t, c, declare())
	require.True(t, at(t, set, "/mnt/data").ReadOnly)
	require.False(t, at(t, set, "/mnt/data").MeantReadOnly)
	require.False(t, at(t, set, "/").ReadOnly)
	for _, err := range []error{syscall.EIO, &os.PathError{Op: "open", Err: syscall.ESHUTDOWN}} {
		require.True(t, isBroken(err))
	}
	for _, err := range []error{nil, syscall.EACCES, syscall.ESTALE} {
		require.False(t, isBroken(err))
	}
}
