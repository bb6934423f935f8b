package host

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// hostAt collects the machine itself, whose file systems are of no concern.
func hostAt(t *testing.T, rootFS string) fact.Host {
	t.Helper()
	hosts := collectAll(t, newMachine(Options{
		RootFS: rootFS, ClockError: func() (time.Duration, error) { return time.Second, nil },
	}.filled()), declare()).hosts
	require.Empty(t, hosts.Unavailable)
	require.Len(t, hosts.Facts, 1)
	return *hosts.Facts[0]
}

func TestHostOfAnUbuntuServer(t *testing.T) {
	host := hostAt(t, rootOf(t, "ubuntu-22.04"))
	require.Empty(t, cmp.Diff(fact.Host{
		Name: "web-1", ID: "ubuntu", Version: "22.04", Codename: "jammy", Title: "Ubuntu 22.04.4 LTS", LongTermSupport: true,
		SupportEnd: day(2027, 6, 1), ExtendedSupportEnd: day(2032, 4, 21), ExtendedSupport: true,
		Kernel: "5.15.0-105-generic", BootedAt: time.Unix(1795000000, 0).UTC(),
		Memory: 8039824 * 1024, MemoryAvailable: 4851204 * 1024, Cores: 4,
		RebootRequired: true, RebootKnown: true, RebootPackages: []string{"linux-image-5.15.0-105-generic", "linux-base"},
		ClockSynchronized: true, ClockKnown: true,
	}, host))
}

func TestHostOfThisMachine(t *testing.T) {
	host := hostAt(t, "/")
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
	host := hostAt(t, root)
	require.GreaterOrEqual(t, host.Cores, runtime.NumCPU())
}

func TestAMachineWithoutLinuxIsUnavailable(t *testing.T) {
	m := newMachine(Options{}.filled())
	m.system = "darwin"
	_, err := m.collect(t.Context(), declare(), nil)
	require.EqualError(t, err,
		"this machine runs darwin, and only machines with Linux can be collected: run the exporter on the machine that is meant")
	require.Equal(t, fact.ReasonUnsupported, fact.ReasonOf(err))
}

func TestWhatCannotBeReadMakesOnlyItsOwnKindUnavailable(t *testing.T) {
	declared := declare(system.Filesystem{Mount: "/", Purpose: "database"}, system.Filesystem{Mount: "/srv", Purpose: "data"})
	t.Run("a kernel that says nothing useful leaves the file systems", func(t *testing.T) {
		root := rootOf(t, "k3s-node")
		write(t, filepath.Join(root, "proc/meminfo"), "MemTotal: 12 kB\n")
		collected := collectAll(t, onMachine(root), declared)
		require.Empty(t, collected.hosts.Facts)
		require.Len(t, collected.hosts.Unavailable, 1)
		require.Equal(t, fact.Host{Name: "web-1"}, collected.hosts.Unavailable[0].Known)
		require.Equal(t, fact.ReasonInvalid, collected.hosts.Unavailable[0].Reason)
		require.NotEmpty(t, collected.filesystems.Facts)
	})
	t.Run("a list of mounts that is not there leaves the host", func(t *testing.T) {
		root := rootOf(t, "ubuntu-22.04")
		collected := collectAll(t, onMachine(root), declared)
		require.Empty(t, collected.hosts.Unavailable)
		require.Len(t, collected.hosts.Facts, 1)
		require.Empty(t, collected.filesystems.Facts)
		var known []fact.Filesystem
		for _, u := range collected.filesystems.Unavailable {
			require.Equal(t, fact.ReasonNotFound, u.Reason, u.Detail)
			known = append(known, u.Known)
		}
		require.Equal(t, []fact.Filesystem{
			{Host: "web-1", Mountpoint: "/", Purpose: "database"}, {Host: "web-1", Mountpoint: "/srv", Purpose: "data"},
			{Host: "web-1", Purpose: "other"},
		}, known)
	})
}

func TestTheDeclarationNamesTheHostAndItsFileSystems(t *testing.T) {
	jobs := New(Options{}).Jobs(&system.System{Hosts: []system.Host{{
		Name: "web-1", Filesystems: []system.Filesystem{{Mount: "/srv", Purpose: "data"}},
	}}}, fact.Needs{})
	require.Len(t, jobs, 1)
	var subjects []string
	for _, set := range jobs[0].Declared {
		for _, gap := range set.Gaps() {
			subjects = append(subjects, set.Kind().KindName()+" "+gap.Subject)
		}
	}
	require.Equal(t, []string{"host web-1", "filesystem web-1:/", "filesystem web-1:/srv", "filesystem web-1"}, subjects)
}

func TestHostRootThatIsNotThereIsNotFound(t *testing.T) {
	_, err := newMachine(Options{RootFS: filepath.Join(t.TempDir(), "host")}.filled()).collect(t.Context(), declare(), nil)
	require.Equal(t, fact.ReasonNotFound, fact.ReasonOf(err), "%v", err)
}

func TestARunOfTheHostEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := New(Options{}).Collect(ctx, Target{}, nil)
	require.ErrorIs(t, err, context.Canceled)
}

func TestHostFilesNeverComeFromOutsideTheRoot(t *testing.T) {
	root := rootOf(t, "ubuntu-22.04")
	require.NoError(t, os.Remove(filepath.Join(root, "etc/os-release")))
	require.NoError(t, os.Symlink("/etc/os-release", filepath.Join(root, "etc/os-release")))
	host := hostAt(t, root)
	require.Empty(t, host.ID)
}

func TestWhetherARebootIsWaitedForIsKnownWhereSomethingWouldSaySo(t *testing.T) {
	type reboot struct{ known, required bool }
	for name, test := range map[string]struct {
		files map[string]string
		want  reboot
	}{
		"nothing that would make a mark": {nil, reboot{}},
		"a mark":                         {map[string]string{"run/reboot-required": "*** System restart required ***"}, reboot{true, true}},
		"a mark that is empty, as of a kernel that was patched": {map[string]string{"run/reboot-required": ""}, reboot{true, false}},
		"a mark that is empty, with packages":                   {map[string]string{"run/reboot-required": "", "run/reboot-required.pkgs": "linux"}, reboot{true, true}},
		"the mark of SUSE":                                      {map[string]string{"run/reboot-needed": ""}, reboot{true, true}},
		"no mark, of which update-notifier would make one":      {map[string]string{"usr/share/update-notifier/notify-reboot-required": ""}, reboot{true, false}},
		"no mark, of which unattended-upgrades would make one":  {map[string]string{"etc/kernel/postinst.d/unattended-upgrades": ""}, reboot{true, false}},
	} {
		t.Run(name, func(t *testing.T) {
			root := rootOf(t, "ubuntu-22.04")
			require.NoError(t, os.RemoveAll(filepath.Join(root, "run")))
			for file, text := range test.files {
				write(t, filepath.Join(root, file), text)
			}
			host := hostAt(t, root)
			require.Equal(t, test.want, reboot{host.RebootKnown, host.RebootRequired})
		})
	}
}

func TestExpandedMaintenanceCountsWhileItsSourceIsSwitchedOn(t *testing.T) {
	const stanza = "# Written by ubuntu-advantage-tools\n\nTypes: deb\nURIs: https://esm.ubuntu.com/infra/ubuntu\nSuites: jammy-infra-security\nComponents: main\n"
	const line = "deb [signed-by=/usr/share/keyrings/a.gpg] https://esm.ubuntu.com/infra/ubuntu jammy-infra-security main\n"
	for name, test := range map[string]struct {
		file, text string
		want       bool
	}{
		"a stanza":                           {"ubuntu-esm-infra.sources", stanza, true},
		"a stanza under another name":        {"pro.sources", "Types: deb\nURIs:\n https://a.test/\n https://esm.ubuntu.com/infra/ubuntu\nSuites: a\n", true},
		"a stanza that is switched off":      {"ubuntu-esm-infra.sources", "Enabled: no\n" + stanza[38:], false},
		"switched off in another spelling":   {"ubuntu-esm-infra.sources", stanza + "enabled: False\n", false},
		"another stanza is switched off":     {"ubuntu-esm-infra.sources", "Types: deb\nURIs: https://a.test\nEnabled: no\n\n" + stanza, true},
		"a stanza that is commented out":     {"ubuntu-esm-infra.sources", "#Types: deb\n#URIs: https://esm.ubuntu.com/infra/ubuntu\n", false},
		"sources of programs only":           {"ubuntu-esm-infra.sources", "Types: deb-src\nURIs: https://esm.ubuntu.com/infra/ubuntu\n", false},
		"applications only":                  {"ubuntu-esm-apps.sources", "Types: deb\nURIs: https://esm.ubuntu.com/apps/ubuntu\n", false},
		"a line":                             {"ubuntu-esm-infra.list", line, true},
		"a line that is commented out":       {"ubuntu-esm-infra.list", "# " + line, false},
		"an empty file":                      {"ubuntu-esm-infra.list", "", false},
		"a file that apt does not read":      {"ubuntu-esm-infra.list.save", line, false},
		"an address that only looks like it": {"a.list", "deb https://esm.ubuntu.com.evil.test/infra/ubuntu a main\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			write(t, filepath.Join(root, "etc/apt/sources.list.d", test.file), test.text)
			require.Equal(t, test.want, hasUbuntuPro(os.DirFS(root)))
		})
	}
}

func TestWhatIsNoFileIsNeitherWaitedForNorReadWithoutEnd(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"a pipe":             func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a file without end": func(path string) error { return os.Truncate(path, 10<<30) },
	} {
		root := rootOf(t, "ubuntu-22.04")
		path := filepath.Join(root, "etc/os-release")
		require.NoError(t, os.Remove(path))
		if name != "a pipe" {
			require.NoError(t, os.WriteFile(path, nil, 0o600))
		}
		require.NoError(t, put(path))
		_, err := newMachine(Options{RootFS: root}.filled()).readHost(t.Context(), "web-1")
		require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err), "%s: %v", name, err)
	}
}

func TestTargetsAreTheDeclaredHosts(t *testing.T) {
	declared := system.Host{Name: "web-1"}
	s := &system.System{Name: "shop", Environment: "production", Hosts: []system.Host{declared}}
	require.Equal(t, []Target{{System: "shop/production", Host: declared}}, New(Options{}).Targets(s))
	require.Empty(t, New(Options{}).Targets(&system.System{}))
}
