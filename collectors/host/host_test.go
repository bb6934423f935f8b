package host

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/procfs"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func lookHost(t *testing.T, rootFS string) (fact.Host, error) {
	t.Helper()
	batch, err := Hosts(Options{RootFS: rootFS}).Look(t.Context(), Target{Host: system.Host{Name: "web-1"}})
	if err != nil {
		return fact.Host{}, err
	}
	require.Empty(t, batch.Missed)
	require.Len(t, batch.Facts, 1)
	return batch.Facts[0], nil
}

func TestHostOfAnUbuntuServer(t *testing.T) {
	host, err := lookHost(t, rootOf(t, "ubuntu-22.04"))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(fact.Host{
		Name: "web-1", ID: "ubuntu", Version: "22.04", Codename: "jammy", Title: "Ubuntu 22.04.4 LTS", LongTermSupport: true,
		SupportEnd: day(2027, 6, 1), ExtendedSupportEnd: day(2032, 4, 21), ExtendedSupport: true,
		Kernel: "5.15.0-105-generic", BootedAt: time.Unix(1795000000, 0).UTC(),
		Memory: 8039824 * 1024, MemoryAvailable: 4851204 * 1024, Cores: 4,
		RebootRequired: true, RebootKnown: true, RebootPackages: []string{"linux-image-5.15.0-105-generic", "linux-base"},
	}, host))
}

func TestHostOfThisMachine(t *testing.T) {
	host, err := lookHost(t, "/")
	require.NoError(t, err)
	require.NotEmpty(t, host.ID)
	require.NotEmpty(t, host.Kernel)
	require.GreaterOrEqual(t, host.Cores, runtime.NumCPU())
	require.Greater(t, host.Memory, host.MemoryAvailable)
	require.NotZero(t, host.MemoryAvailable)
	require.True(t, host.BootedAt.Before(time.Now()), host.BootedAt)
}

func TestHostWithoutItsOwnProcIsSeenThroughOurs(t *testing.T) {
	root := rootOf(t, "ubuntu-22.04")
	require.NoError(t, os.RemoveAll(filepath.Join(root, "proc")))
	host, err := lookHost(t, root)
	require.NoError(t, err)
	require.GreaterOrEqual(t, host.Cores, runtime.NumCPU())
}

func TestHostWhoseKernelSaysNothingUsefulIsMissed(t *testing.T) {
	root := rootOf(t, "ubuntu-22.04")
	write(t, filepath.Join(root, "proc/meminfo"), "MemTotal: 12 kB\n")
	_, err := lookHost(t, root)
	require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err), "%v", err)
}

func TestHostRootThatIsNotThereIsMissed(t *testing.T) {
	_, err := lookHost(t, filepath.Join(t.TempDir(), "host"))
	require.Equal(t, fact.ReasonNotFound, fact.ReasonOf(err), "%v", err)
}

func TestHostLookEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Hosts(Options{}).Look(ctx, Target{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestHostFilesNeverComeFromOutsideTheRoot(t *testing.T) {
	root := rootOf(t, "ubuntu-22.04")
	require.NoError(t, os.Remove(filepath.Join(root, "etc/os-release")))
	require.NoError(t, os.Symlink("/etc/os-release", filepath.Join(root, "etc/os-release")))
	host, err := lookHost(t, root)
	require.NoError(t, err)
	require.Empty(t, host.ID)
}

func TestHostWithoutAMarkNeedsNoReboot(t *testing.T) {
	root := rootOf(t, "ubuntu-22.04")
	require.NoError(t, os.Remove(filepath.Join(root, "run/reboot-required")))
	host, err := lookHost(t, root)
	require.NoError(t, err)
	require.True(t, host.RebootKnown)
	require.False(t, host.RebootRequired)
}

func TestContainerAt(t *testing.T) {
	for name, want := range map[string]string{
		".dockerenv": "docker", "run/.containerenv": "podman",
		"var/run/secrets/kubernetes.io/serviceaccount/token": "kubernetes", "etc/hostname": "",
	} {
		root := t.TempDir()
		write(t, filepath.Join(root, name), "")
		require.Equal(t, want, containerAt(root, false), name)
	}
	require.Equal(t, "kubernetes", containerAt(t.TempDir(), true))
	require.Empty(t, containerOf(t.TempDir()), "a machine's root that is mounted is that of the machine")
}

func TestRootOfAContainerIsNotWhole(t *testing.T) {
	for name, each := range map[string]struct {
		mounts []*procfs.MountInfo
		whole  bool
	}{
		"the disk of a machine":        {[]*procfs.MountInfo{{MountPoint: "/", Root: "/", FSType: "ext4"}}, true},
		"the layers of an image":       {[]*procfs.MountInfo{{MountPoint: "/", Root: "/", FSType: "overlay"}}, false},
		"a folder of a machine's disk": {[]*procfs.MountInfo{{MountPoint: "/", Root: "/rootfs", FSType: "xfs"}}, false},
		"a disk over the root of early user space": {[]*procfs.MountInfo{
			{MountPoint: "/", Root: "/", FSType: "rootfs"}, {MountPoint: "/", Root: "/", FSType: "ext4"},
		}, true},
		"no root in the list": {nil, false},
	} {
		require.Equal(t, each.whole, rootIsWhole(each.mounts), name)
	}
}

func TestTargetsAreTheDeclaredHosts(t *testing.T) {
	declared := system.Host{Name: "web-1"}
	s := &system.System{Name: "shop", Environment: "production", Hosts: []system.Host{declared}}
	require.Equal(t, []Target{{System: "shop/production", Host: declared}}, Hosts(Options{}).Targets(s))
	require.Empty(t, Filesystems(Options{}).Targets(&system.System{}))
}
