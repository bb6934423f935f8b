package collectors_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/collector/conformance"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// strange is what a file or server may hold where a text is expected.
const strange = "\xff\xfe\x00\x01{{ [1mcanary\r\n\t\"'\\=<>&;"

func hostCase(t *testing.T) conformance.Case {
	t.Helper()
	root := t.TempDir()
	lay := func(t *testing.T) {
		t.Helper()
		require.NoError(t, unix.Mount("root", root, "tmpfs", 0, "size=4m"), "tests mount file systems: run them as root")
		archive, err := txtar.ParseFile("host/testdata/ubuntu-22.04.txtar")
		require.NoError(t, err)
		require.NoError(t, txtar.Write(archive, root))
		var stat unix.Stat_t
		require.NoError(t, unix.Stat(root, &stat))
		write(t, filepath.Join(root, "proc/1/mountinfo"), fmt.Sprintf("21 1 %d:%d / / rw,relatime - tmpfs root rw\n",
			unix.Major(stat.Dev), unix.Minor(stat.Dev)))
	}
	lay(t)
	t.Cleanup(func() { _ = unix.Unmount(root, unix.MNT_DETACH) })
	at := func(name string) string { return filepath.Join(root, name) }
	return conformance.Case{
		New:    named("host", collectors.Options{RootFS: root}),
		System: &system.System{Name: "shop", Environment: "production", Hosts: []system.Host{{Name: "web-1"}}},
		Faults: []conformance.Fault{
			{
				Name: "is not mounted", Reasons: []fact.Reason{fact.ReasonNotFound}, Fix: lay,
				Break: func(t *testing.T) { require.NoError(t, unix.Unmount(root, unix.MNT_DETACH)) },
			},
			rewritten("shows no memory", at("proc/meminfo"), "", false),
			rewritten("shows garbled memory", at("proc/meminfo"), strange, false),
			rewritten("shows garbled processors", at("proc/stat"), "cpu0 "+strange, false),
			rewritten("shows half of its mounts", at("proc/1/mountinfo"), "21 1 8:1 / /", true),
			rewritten("has a strange release", at("etc/os-release"),
				"ID="+strange+"\nVERSION_ID=\"\xff\"\nPRETTY_NAME="+strings.Repeat("x", 1<<20)+"\nSUPPORT_END=never\n", true),
			rewritten("runs a strange kernel", at("proc/sys/kernel/osrelease"), strange, true),
			rewritten("waits for a strange package", at("run/reboot-required.pkgs"), strange, true),
		},
	}
}

func listeningCase(t *testing.T) conformance.Case {
	t.Helper()
	root := t.TempDir()
	at := func(name string) string { return filepath.Join(root, name) }
	const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	write(t, at("proc/meminfo"), "")
	write(t, at("proc/1/net/tcp"), head+"   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 0 100 0 0 10 0\n")
	return conformance.Case{
		New:    named("listening_sockets", collectors.Options{RootFS: root}),
		System: &system.System{Name: "shop", Environment: "production", Hosts: []system.Host{{Name: "web-1"}}},
		Faults: []conformance.Fault{
			moved("is not mounted", at("proc/1"), fact.ReasonNotFound),
			moved("has no sockets", at("proc/1/net/tcp"), fact.ReasonNotFound),
			rewritten("has strange sockets", at("proc/1/net/tcp"), head+strange, false),
			rewritten("has sockets with strange addresses", at("proc/1/net/tcp"), head+"   0: 0000:FFFFF 00000000:0000 0A 0:0 00:0 0 0 0 7\n", false),
		},
	}
}

func addressesCase(t *testing.T) conformance.Case {
	t.Helper()
	root := t.TempDir()
	at := func(name string) string { return filepath.Join(root, name) }
	const local = "        |-- 192.0.43.8\n           /32 host LOCAL\n"
	write(t, at("proc/meminfo"), "")
	write(t, at("proc/1/net/fib_trie"), "Local:\n"+local)
	write(t, at("proc/1/net/if_inet6"), "2a0104f8000000000000000000000001 02 40 00 80     eth0\n")
	return conformance.Case{
		New:    named("host_addresses", collectors.Options{RootFS: root}),
		System: &system.System{Name: "shop", Environment: "production", Hosts: []system.Host{{Name: "web-1"}}},
		Faults: []conformance.Fault{
			moved("is not mounted", at("proc/1"), fact.ReasonNotFound),
			moved("has no table of routes", at("proc/1/net/fib_trie"), fact.ReasonNotFound),
			rewritten("has a strange table of routes", at("proc/1/net/fib_trie"), strange+"\n"+local, false),
			rewritten("has strange addresses of IPv6", at("proc/1/net/if_inet6"), strange+" 02 40 00 80 eth0\n", false),
		},
	}
}

func certificateFolderCase(t *testing.T) conformance.Case {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "ssl")
	ca := world.NewCA(t, world.Spec{})
	shop := ca.Issue(t, world.Spec{CommonName: "shop"})
	path := filepath.Join(folder, "shop.pem")
	write(t, path, string(shop.PEM())+string(shop.KeyPEM()))
	write(t, filepath.Join(folder, "privkey.pem"), string(shop.KeyPEM()))
	return conformance.Case{
		System: &system.System{Certificates: []system.Certificate{
			{Path: folder, CAFile: ca.WriteRoot(t, t.TempDir(), "ca.pem")},
		}},
		Secrets: strings.Split(strings.TrimSpace(string(shop.KeyPEM())), "\n")[1:3],
		Faults: []conformance.Fault{
			moved("is gone", folder, fact.ReasonNotFound),
			moved("is empty", path, fact.ReasonNotFound),
			rewritten("holds half a certificate", path, string(shop.PEM())[:200], false),
			rewritten("holds garbage", path, strange, false),
		},
	}
}

func directoryCase(t *testing.T) conformance.Case {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "backups")
	write(t, filepath.Join(folder, "1.dump"), "worth keeping")
	write(t, filepath.Join(folder, "2.dump"), "worth keeping too")
	return conformance.Case{
		System: &system.System{Backups: []system.Backup{{Name: "database", Directory: &system.Directory{Path: folder}}}},
		Faults: []conformance.Fault{
			moved("is gone", folder, fact.ReasonNotFound),
			{
				Name: "has strange names", Unnoticed: true,
				Break: func(t *testing.T) { write(t, filepath.Join(folder, "9\xff\n\x01.dump"), "") },
				Fix:   func(t *testing.T) { require.NoError(t, unix.Unlink(filepath.Join(folder, "9\xff\n\x01.dump"))) },
			},
		},
	}
}

func evidenceCase(t *testing.T) conformance.Case {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "reports")
	report, revision := filepath.Join(folder, "TEST-a.xml"), filepath.Join(folder, "REVISION")
	write(t, report, `<testsuite name="a" timestamp="2026-11-20T10:00:00Z"><testcase name="works"/><testcase name="tells"><failure>secret-of-a-test</failure></testcase></testsuite>`)
	write(t, revision, "1a2b3c4\n")
	return conformance.Case{
		System: &system.System{Evidence: system.Evidence{
			Files:    []system.EvidenceFiles{{Check: "a.b", Paths: []string{filepath.Join(folder, "TEST-*.xml")}, RevisionFile: revision}},
			Deployed: []system.DeployedFile{{File: revision}},
		}},
		Secrets: []string{"secret-of-a-test"},
		Faults: []conformance.Fault{
			moved("has no folder", folder, fact.ReasonNotFound),
			rewritten("has a report that is cut off", report, `<testsuite name="a"><testcase name="works"/>`, false),
			rewritten("has a report in no known format", report, "all good", false),
			rewritten("has a revision that is none", revision, "not one name", false),
			rewritten("has a report with other results", report, `<testsuite/>`, true),
		},
	}
}

func attestationCase(t *testing.T) conformance.Case {
	t.Helper()
	now := time.Now()
	return conformance.Case{System: &system.System{
		Attestations: []system.Attestation{{Check: "a", By: "ann", At: now}, {Check: "a", By: "ann", At: now.Add(-time.Hour)}},
		Waivers:      []system.Waiver{{Check: "b", By: "bob", Reason: "moving house", Until: now.Add(time.Hour)}},
	}}
}
