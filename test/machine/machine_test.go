// Package machine_test holds the items that a machine answers about itself to tables of worlds: README.md explains them.
package machine_test

import (
	"cmp"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/judging"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// A table describes one item; README.md explains the form.
type table struct {
	Item    string
	Host    system.Host
	Files   map[string]string
	Private []string
	Network string
	SSH     *server
	Listens []int
	Worlds  []scene
}

// A server is a real SSH server, asked over the network.
type server struct {
	Config  []string
	HostKey string // declared; empty: its own
	Stopped bool
}

// A scene is one world of a table. The first passes.
type scene struct {
	Name    string
	Expect  string
	Reasons []string
	Files   map[string]string
	Remove  []string
	Open    []string
	Network string
	SSH     *server
	Listens []int
	RPM     *packages
	Also    []string
}

// packages are what dnf has installed and fetched on a machine, in place of apt.
type packages struct {
	Installed  []world.RPM
	Advisories string
	Fetched    time.Time // zero: now
}

var servers *world.World

func TestMain(m *testing.M) { world.Main(m, &servers) }

func readTables(t *testing.T) []table {
	t.Helper()
	return world.Tables(t, func(read table) string { return read.Item })
}

// TestEveryItemPassesAndBreaksInItsOwnWay wants of the item what the table says, and of every other item what it is in the
// first world.
func TestEveryItemPassesAndBreaksInItsOwnWay(t *testing.T) {
	for _, each := range readTables(t) {
		t.Run(each.Item, func(t *testing.T) {
			require.GreaterOrEqual(t, len(each.Worlds), 2, "one world that passes, and one that is broken")
			require.Equal(t, "pass", each.Worlds[0].Expect, "the first world passes")
			sound := judge(t, each, each.Worlds[0])
			for _, world := range each.Worlds {
				t.Run(world.Name, func(t *testing.T) {
					found := judge(t, each, world)
					result := found[each.Item]
					require.Equal(t, world.Expect, result.Status.String(), "%+v", result.Problems)
					var reasons []string
					for _, problem := range result.Problems {
						reasons = append(reasons, problem.Reason)
					}
					slices.Sort(reasons)
					require.Equal(t, world.Reasons, slices.Compact(reasons), "%+v", result.Problems)
					for id := range sound {
						changed := id != each.Item && found[id].Status != sound[id].Status
						require.Equal(t, slices.Contains(world.Also, id), changed, "%s: %s, then %s: %+v",
							id, sound[id].Status, found[id].Status, found[id].Problems)
					}
				})
			}
		})
	}
}

// judge makes a world, and has it judged once by all that there is.
func judge(t *testing.T, of table, scene scene) map[string]check.Result {
	t.Helper()
	root := t.TempDir()
	base, err := txtar.ParseFile("base.txtar")
	require.NoError(t, err)
	require.NoError(t, txtar.Write(base, root))
	for _, files := range []map[string]string{of.Files, scene.Files} {
		for name, text := range files {
			path := filepath.Join(root, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		}
	}
	for _, name := range of.Private {
		if !slices.Contains(scene.Open, name) {
			require.NoError(t, os.Chmod(filepath.Join(root, name), 0o600))
		}
	}
	for _, name := range scene.Remove {
		require.NoError(t, os.Remove(filepath.Join(root, name)))
	}
	if scene.RPM != nil {
		scene.RPM.install(t, root)
	}
	if network := cmp.Or(scene.Network, of.Network); network != "" {
		require.NoError(t, os.Symlink("/proc/"+strconv.Itoa(world.StartIn(t, network, "--net")), filepath.Join(root, "proc/1")))
	}
	all, closeAll := collectors.All(collectors.Options{RootFS: root})
	defer closeAll()
	host := of.Host
	host.Name = "web-1"
	if asked := cmp.Or(scene.SSH, of.SSH); asked != nil {
		asked.start(t, &host)
	}
	described := system.System{Name: "shop", Environment: "production", Hosts: []system.Host{host}}
	if ports := slices.Concat(of.Listens, scene.Listens); len(ports) > 0 {
		described.Hosts = append(described.Hosts, remote(t, ports))
	}
	loaded, err := config.For([]*system.System{&described}, config.Options{Kinds: checks.All(), Collectors: all})
	require.NoError(t, err)
	return judging.Once(t, loaded, all)
}

// start starts an SSH server, and declares it as that of a host.
func (s *server) start(t *testing.T, host *system.Host) {
	t.Helper()
	real := servers.SSHD(t, s.Config...)
	if s.Stopped {
		real.Kill(t)
	}
	at := netip.MustParseAddrPort(real.Addr)
	host.Addresses = []string{at.Addr().String()}
	host.SSH = &system.SSH{Port: int(at.Port()), HostKeys: []string{cmp.Or(s.HostKey, real.HostKey)}}
}

// install has dnf install the packages on a machine of their own, and puts what dnf and rpm keep of them below root.
func (p *packages) install(t *testing.T, root string) {
	t.Helper()
	m := world.NewRPM(t)
	m.Publish("baseos", p.Installed, map[string]string{"updateinfo": p.Advisories})
	arguments := []string{"install"}
	for _, each := range p.Installed {
		arguments = append(arguments, each.Name)
	}
	m.DNF(arguments...)
	for _, folder := range []string{"etc/yum.repos.d", "var/lib/rpm", "var/cache/dnf"} {
		require.NoError(t, os.CopyFS(filepath.Join(root, folder), os.DirFS(filepath.Join(m.Root, folder))))
	}
	require.NoError(t, os.MkdirAll(filepath.Join(root, "etc/dnf"), 0o755))
	if !p.Fetched.IsZero() {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, "var/cache/dnf"), func(name string, _ fs.DirEntry, err error) error {
			return cmp.Or(err, os.Chtimes(name, p.Fetched, p.Fetched))
		}))
	}
}

// remote is another machine, played by an address of this one that nobody else uses, at which some ports take connections.
func remote(t *testing.T, ports []int) system.Host {
	t.Helper()
	address := netip.AddrFrom4([4]byte{127, 64 + byte(rand.N(64)), byte(rand.N(256)), 1 + byte(rand.N(254))}).String()
	for _, port := range ports {
		listener, err := net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(port)))
		require.NoError(t, err)
		t.Cleanup(func() { listener.Close() })
	}
	return system.Host{Name: "web-2", Remote: true, Addresses: []string{address}, Ports: &system.Ports{}}
}
