package collectors_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/collectors/updates"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/collector/conformance"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func sshDaemonCase(t *testing.T) conformance.Case {
	t.Helper()
	root := t.TempDir()
	at := func(name string) string { return filepath.Join(root, name) }
	write(t, at("proc/meminfo"), "")
	write(t, at("usr/sbin/sshd"), "")
	write(t, at("etc/passwd"), "root:x:0:0::/root:/bin/bash\n")
	write(t, at("etc/group"), "root:x:0:\n")
	write(t, at("etc/ssh/sshd_config"), "PasswordAuthentication no\n")
	return conformance.Case{
		New:    named("ssh_daemon", collectors.Options{RootFS: root}),
		System: &system.System{Name: "shop", Environment: "production", Hosts: []system.Host{{Name: "web-1"}}},
		Faults: []conformance.Fault{
			moved("is not mounted", root, fact.ReasonNotFound),
			moved("has no configuration", at("etc/ssh/sshd_config"), fact.ReasonNotFound),
			moved("has no users", at("etc/passwd"), fact.ReasonNotFound),
			rewritten("has a strange configuration", at("etc/ssh/sshd_config"), "PermitRootLogin "+strange, false),
			rewritten("has strange criteria", at("etc/ssh/sshd_config"), "Match Address "+strings.ReplaceAll(strange, "\n", "")+"\nPasswordAuthentication no\n", false),
			rewritten("has strange users", at("etc/passwd"), strange+":x:0:0::/:/bin/sh\n", true),
		},
	}
}

func firewallCase(t *testing.T) conformance.Case {
	t.Helper()
	root := t.TempDir()
	write(t, filepath.Join(root, "proc/meminfo"), "")
	first := filepath.Join(root, "proc/1")
	require.NoError(t, os.Symlink("/proc/1", first))
	return conformance.Case{
		New:    named("firewall", collectors.Options{RootFS: root}),
		System: &system.System{Name: "shop", Environment: "production", Hosts: []system.Host{{Name: "web-1"}}},
		Faults: []conformance.Fault{
			moved("is not mounted", root, fact.ReasonNotFound),
			moved("has no first process", first, fact.ReasonNotFound),
		},
	}
}

func fail2banCase(t *testing.T) conformance.Case {
	t.Helper()
	root := t.TempDir()
	at := func(name string) string { return filepath.Join(root, name) }
	write(t, at("proc/meminfo"), "")
	write(t, at("proc/7/comm"), "fail2ban-server\n")
	write(t, at("proc/7/cmdline"), "fail2ban-server\x00-xf\x00start\x00")
	write(t, at("proc/7/status"), "Name:\tfail2ban-server\nNSpid:\t7\n")
	jails := at("etc/fail2ban/jail.conf")
	write(t, jails, "[sshd]\nenabled = true\nfilter = sshd\naction = nftables\n")
	return conformance.Case{
		New:    named("fail2ban", collectors.Options{RootFS: root}),
		System: &system.System{Name: "shop", Environment: "production", Hosts: []system.Host{{Name: "web-1"}}},
		Faults: []conformance.Fault{
			moved("is not mounted", root, fact.ReasonNotFound),
			moved("has no configuration", jails, fact.ReasonNotFound),
			rewritten("has a strange configuration", jails, strange, false),
			rewritten("has a strange jail", jails, "["+strings.ReplaceAll(strange, "\n", "")+"]\nenabled = true\n", true),
			rewritten("has a strange process", at("proc/7/cmdline"), strange, true),
		},
	}
}

func updatesCase(t *testing.T) conformance.Case {
	t.Helper()
	root := t.TempDir()
	at := func(name string) string { return filepath.Join(root, name) }
	release, list := at("var/lib/apt/lists/x_dists_noble-security_InRelease"), at("var/lib/apt/lists/x_dists_noble-security_main_binary-amd64_Packages")
	installed := at("var/lib/dpkg/status")
	write(t, release, "Suite: noble-security\n")
	write(t, list, "Package: openssl\nArchitecture: amd64\nVersion: 2\n")
	write(t, installed, "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n")
	return conformance.Case{
		// Updates are known to wait since they were first collected, which each collector does at another time.
		New: func(*testing.T) collector.Any {
			return updates.New(root, func() time.Time { return time.Unix(2e9, 0) })
		},
		System: &system.System{Name: "shop", Environment: "production", Hosts: []system.Host{{Name: "web-1"}}},
		Faults: []conformance.Fault{
			moved("is not mounted", root, fact.ReasonNotFound),
			moved("has another package manager", installed, fact.ReasonUnsupported),
			moved("has no lists", at("var/lib/apt/lists"), fact.ReasonNotFound),
			rewritten("has strange packages", installed, "Package: openssl\nStatus: install ok installed\nVersion: "+strange, false),
			rewritten("has a strange list", list, "Package: openssl\nArchitecture: amd64\nVersion: "+strange, false),
			rewritten("has a strange source", release, strange, true),
		},
	}
}

func updatesOfDNFCase(t *testing.T) conformance.Case {
	t.Helper()
	m := world.NewRPM(t)
	m.Publish("baseos", []world.RPM{{Name: "bash", Version: "5", Release: "1"}}, map[string]string{
		"updateinfo": `<updates><update type="security"><pkglist><collection><package name="bash" epoch="0" version="6" release="1" arch="noarch"/>` +
			`</collection></pkglist></update></updates>`,
	})
	m.DNF("install", "bash")
	metadata, err := filepath.Glob(filepath.Join(m.Root, "var/cache/dnf/baseos-*/repodata"))
	require.NoError(t, err)
	require.Len(t, metadata, 1)
	advisories, err := filepath.Glob(filepath.Join(metadata[0], "*-updateinfo.xml.gz"))
	require.NoError(t, err)
	require.Len(t, advisories, 1)
	// What was fetched last does not change with what is broken and repaired.
	primary, err := filepath.Glob(filepath.Join(metadata[0], "*-primary.xml.gz"))
	require.NoError(t, err)
	require.Len(t, primary, 1)
	require.NoError(t, os.Chtimes(primary[0], time.Unix(19e8, 0), time.Unix(19e8, 0)))
	database, description := filepath.Join(m.Root, "var/lib/rpm/rpmdb.sqlite"), filepath.Join(metadata[0], "repomd.xml")
	repository := filepath.Join(m.Root, "etc/yum.repos.d/baseos.repo")
	return conformance.Case{
		New: func(*testing.T) collector.Any {
			return updates.New(m.Root, func() time.Time { return time.Unix(2e9, 0) })
		},
		System: &system.System{Name: "shop", Environment: "production", Hosts: []system.Host{{Name: "web-1"}}},
		Faults: []conformance.Fault{
			moved("is not mounted", m.Root, fact.ReasonNotFound),
			moved("has no database", database, fact.ReasonUnsupported),
			moved("has no configuration", filepath.Join(m.Root, "etc/dnf"), fact.ReasonUnsupported),
			moved("has fetched nothing", filepath.Join(m.Root, "var/cache/dnf"), fact.ReasonNotFound),
			moved("has no advisories", advisories[0], fact.ReasonNotFound),
			rewritten("has a strange database", database, strange, false),
			rewritten("has a strange description", description, strange, false),
			rewritten("has strange advisories", advisories[0], strange, false),
			rewritten("has a strange repository", repository, "["+strings.ReplaceAll(strange, "\n", "")+"]\n"+strange, false),
		},
	}
}

func systemdCase(t *testing.T) conformance.Case {
	t.Helper()
	root := world.MachineRoot(t)
	require.NoError(t, os.MkdirAll(filepath.Join(root, "run/systemd/system"), 0o755))
	bus := servers.Systemd(t, root, world.OpenBus, world.FailedUnit{Name: "nginx.service", Since: time.Unix(1e9, 0)})
	socket := filepath.Join(root, "run/dbus/system_bus_socket")
	hidden := filepath.Join(root, "run/dbus/hidden")
	var stranger net.Listener
	return conformance.Case{
		New:    named("systemd", collectors.Options{RootFS: root}),
		System: &system.System{Name: "shop", Environment: "production", Hosts: []system.Host{{Name: "web-1"}}},
		Faults: []conformance.Fault{
			{Name: "hangs", Break: func(t *testing.T) { bus.Pause(t) }, Fix: func(t *testing.T) { bus.Resume(t) }, Hangs: true, Reasons: []fact.Reason{fact.ReasonTimeout}},
			moved("has no bus", socket, fact.ReasonNotFound),
			{
				Name: "sends garbage",
				Break: func(t *testing.T) {
					require.NoError(t, os.Rename(socket, hidden))
					var err error
					stranger, err = net.Listen("unix", socket)
					require.NoError(t, err)
					go func() {
						for {
							conn, err := stranger.Accept()
							if err != nil {
								return
							}
							_, _ = conn.Write([]byte(strings.Repeat(strange, 1000))) // The client may have had enough.
							_ = conn.Close()
						}
					}()
				},
				Fix: func(t *testing.T) {
					require.NoError(t, stranger.Close())
					require.NoError(t, os.Rename(hidden, socket))
				},
			},
		},
	}
}

func environmentFileCase(t *testing.T) conformance.Case {
	t.Helper()
	root := t.TempDir()
	file, example := filepath.Join(root, "srv/.env"), filepath.Join(root, "srv/.env.example")
	write(t, file, "API_TOKEN=correct-horse-battery-staple\n")
	write(t, example, "API_TOKEN=\n")
	return conformance.Case{
		New:     named("environment_file", collectors.Options{RootFS: root}),
		System:  &system.System{Hosts: []system.Host{{Name: "web-1", EnvFiles: []system.EnvFile{{Path: "/srv/.env", Example: "/srv/.env.example"}}}}},
		Secrets: []string{"correct-horse-battery-staple"},
		Faults: []conformance.Fault{
			moved("is not mounted", root, fact.ReasonNotFound),
			moved("has no file", file, fact.ReasonNotFound),
			moved("has no example", example, fact.ReasonNotFound),
			rewritten("has a strange file", file, strange+"\n"+strange+"="+strange, true),
			rewritten("has a strange example", example, strange+"="+strange, true),
		},
	}
}
