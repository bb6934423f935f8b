package firewall

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The machine and the stranger of the tests, which are joined by a cable.
const (
	machineV4, machineV6   = "203.0.113.10", "2001:db8:1::10"
	strangerV4, strangerV6 = "198.51.100.7", "2001:db8:5741:6e64::7"
)

// ports are those that the machine listens at.
var ports = []int{22, 80, 443, 5432, 8080}

// join lays a cable between two namespaces, and gives both ends their addresses.
func join(t *testing.T, machine, stranger int) {
	t.Helper()
	run := func(pid int, lines string) {
		output, err := exec.CommandContext(t.Context(), "nsenter", "--net=/proc/"+strconv.Itoa(pid)+"/ns/net", "sh", "-ec", lines).CombinedOutput()
		require.NoError(t, err, "%s", output)
	}
	run(machine, fmt.Sprintf(`ip link set lo up
ip link add eth0 type veth peer name eth1 netns %d
ip address add %s/24 dev eth0
ip address add %s/64 dev eth0 nodad
ip link set eth0 up
ip route add default dev eth0
ip -6 route add default dev eth0`, stranger, machineV4, machineV6))
	run(stranger, fmt.Sprintf(`ip link set lo up
ip address add %s/24 dev eth1
ip address add %s/64 dev eth1 nodad
ip link set eth1 up
ip route add default dev eth1
ip -6 route add default dev eth1`, strangerV4, strangerV6))
}

// rootOf makes a root in whose proc a process is the first.
func rootOf(t *testing.T, pid int) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(root, "proc"), 0o755))
	require.NoError(t, os.Symlink("/proc/"+strconv.Itoa(pid), filepath.Join(root, "proc/1")))
	return root
}

// listen answers at the ports of the machine.
func listen(t *testing.T, pid int) {
	t.Helper()
	require.NoError(t, in("/proc/"+strconv.Itoa(pid)+"/ns/net", func() error {
		for _, port := range ports {
			listener, err := net.Listen("tcp", fmt.Sprintf("[::]:%d", port))
			if err != nil {
				return err
			}
			t.Cleanup(func() { listener.Close() })
		}
		return nil
	}))
}

// reached gives the ports that the stranger does reach, and is patient with those that are expected.
func reached(t *testing.T, pid int, address string, expected []int) (all []int) {
	t.Helper()
	for range 8 {
		if all = reachedOnce(pid, address); slices.Equal(all, expected) {
			break
		}
	}
	return all
}

func reachedOnce(pid int, address string) (all []int) {
	open := make([]bool, len(ports))
	var wait sync.WaitGroup
	for i, port := range ports {
		wait.Go(func() {
			_ = in("/proc/"+strconv.Itoa(pid)+"/ns/net", func() error {
				conn, err := net.DialTimeout("tcp", net.JoinHostPort(address, strconv.Itoa(port)), 900*time.Millisecond)
				if err == nil {
					open[i] = true
					conn.Close()
				}
				return err
			})
		})
	}
	wait.Wait()
	for i, port := range ports {
		if open[i] {
			all = append(all, port)
		}
	}
	return all
}

// told gives the ports of those that the rules are said to let in.
func told(family fact.FirewallFamily) (all []int) {
	for _, port := range ports {
		open := family.Default == fact.FirewallAccepts
		for _, each := range family.Open {
			open = open || each.Protocol == "tcp" && each.First <= port && port <= each.Last
		}
		if open {
			all = append(all, port)
		}
	}
	return all
}

func nft(rules string) string { return "nft -f - <<'END'\n" + rules + "\nEND" }

func table(body string) string { return nft("table inet filter {\n" + body + "\n}") }

const usual = "type filter hook input priority 0; policy drop;\nct state established,related accept\nmeta l4proto ipv6-icmp accept\n"

// TestWhatIsSaidOfRulesIsWhatBecomesOfPackets loads rules by the tools that people use, and connects.
func TestWhatIsSaidOfRulesIsWhatBecomesOfPackets(t *testing.T) {
	const acceptAll, deny = fact.FirewallAccepts, fact.FirewallDrops
	for name, test := range map[string]struct {
		script   string
		standard [2]fact.FirewallDefault // of IPv4 and IPv6
	}{
		"no rules":                   {"", [2]fact.FirewallDefault{acceptAll, acceptAll}},
		"a policy":                   {table("chain input {\n" + usual + "iif lo accept\ntcp dport 22 accept\n}"), [2]fact.FirewallDefault{deny, deny}},
		"a set":                      {table("chain input {\n" + usual + "iifname lo accept\ntcp dport { 22, 80, 400-500 } ct state new accept\n}"), [2]fact.FirewallDefault{deny, deny}},
		"a named set of addresses":   {table("set blocked { type ipv4_addr; elements = { 192.0.2.1, 198.51.100.7 } }\nchain input {\n" + usual + "ip saddr @blocked drop\ntcp dport 22 accept\n}"), [2]fact.FirewallDefault{deny, deny}},
		"another's addresses":        {table("chain input {\n" + usual + "ip saddr 10.0.0.0/8 accept\nip saddr { 192.0.2.0/24, 172.16.0.0/12 } tcp dport 5432 accept\nip saddr != 10.0.0.0/8 tcp dport 80 accept\n}"), [2]fact.FirewallDefault{deny, deny}},
		"the machine's address":      {table("chain input {\n" + usual + "ip daddr 203.0.113.10 tcp dport 22 accept\nip daddr 224.0.0.251 accept\n}"), [2]fact.FirewallDefault{deny, deny}},
		"the device":                 {table("chain input {\n" + usual + "iifname \"wg0\" accept\niif \"eth0\" tcp dport 443 accept\n}"), [2]fact.FirewallDefault{deny, deny}},
		"all of the device":          {table("chain input {\n" + usual + "iifname \"eth*\" accept\n}"), [2]fact.FirewallDefault{acceptAll, acceptAll}},
		"a rule that rejects last":   {table("chain input {\ntype filter hook input priority 0; policy accept;\nct state established,related accept\nmeta l4proto ipv6-icmp accept\ntcp dport 22 accept\nreject with icmpx type admin-prohibited\n}"), [2]fact.FirewallDefault{deny, deny}},
		"a rule that accepts first":  {table("chain input {\n" + usual + "accept\ntcp dport 22 drop\n}"), [2]fact.FirewallDefault{acceptAll, acceptAll}},
		"a chain":                    {table("chain web {\ntcp dport != { 80, 443 } return\naccept\n}\nchain input {\n" + usual + "meta l4proto tcp jump web\n}"), [2]fact.FirewallDefault{deny, deny}},
		"a chain that does not end":  {table("chain web {\ntcp dport 80 accept\n}\nchain input {\ntype filter hook input priority 0; policy accept;\nct state established,related accept\nmeta l4proto ipv6-icmp accept\ngoto web\ndrop\n}"), [2]fact.FirewallDefault{acceptAll, acceptAll}},
		"a map of verdicts":          {table("chain input {\n" + usual + "tcp dport vmap { 22 : accept, 80 : drop, 400-500 : jump more }\n}\nchain more { accept; }"), [2]fact.FirewallDefault{deny, deny}},
		"a map of states":            {table("chain input {\ntype filter hook input priority 0; policy drop;\nct state vmap { established : accept, related : accept, invalid : drop }\nmeta l4proto ipv6-icmp accept\ntcp dport 22 limit rate 100/second accept\n}"), [2]fact.FirewallDefault{deny, deny}},
		"ports and protocols":        {table("chain input {\n" + usual + "meta l4proto . th dport { tcp . 22, udp . 53 } accept\n}"), [2]fact.FirewallDefault{deny, deny}},
		"IPv4 alone":                 {nft("table ip filter {\nchain input {\ntype filter hook input priority 0; policy drop;\nct state established,related accept\ntcp dport 22 accept\n}\n}"), [2]fact.FirewallDefault{deny, acceptAll}},
		"two tables":                 {table("chain input {\n"+usual+"tcp dport { 22, 80 } accept\n}") + "\n" + nft("table inet more {\nchain input {\ntype filter hook input priority 10; policy accept;\ntcp dport 80 drop\n}\n}"), [2]fact.FirewallDefault{deny, deny}},
		"before routing":             {nft("table inet raw {\nchain prerouting {\ntype filter hook prerouting priority raw; policy accept;\ntcp dport 5432 drop\n}\n}"), [2]fact.FirewallDefault{acceptAll, acceptAll}},
		"to others":                  {nft("table inet filter {\nchain forward {\ntype filter hook forward priority 0; policy drop;\n}\n}"), [2]fact.FirewallDefault{acceptAll, acceptAll}},
		"a table that is off":        {nft("table inet filter {\nflags dormant\nchain input {\n" + usual + "}\n}"), [2]fact.FirewallDefault{acceptAll, acceptAll}},
		"iptables-nft":               {iptables("nft"), [2]fact.FirewallDefault{deny, deny}},
		"iptables-legacy":            {iptables("legacy"), [2]fact.FirewallDefault{deny, deny}},
		"iptables, a rule at last":   {"for i in iptables ip6tables; do $i-legacy -A INPUT -m state --state ESTABLISHED -j ACCEPT; $i-legacy -A INPUT ! -i eth+ -j ACCEPT; $i-legacy -A INPUT -p tcp --dport 22 -j ACCEPT; done\niptables-legacy -A INPUT -j REJECT\nip6tables-legacy -A INPUT -p icmpv6 -j ACCEPT\nip6tables-legacy -A INPUT -j REJECT", [2]fact.FirewallDefault{deny, deny}},
		"iptables, of addresses":     {"iptables-legacy -P INPUT DROP; iptables-legacy -A INPUT -s 10.0.0.0/8 -j ACCEPT; iptables-legacy -A INPUT ! -s 10.0.0.0/8 -p tcp --dport 80 -j ACCEPT; iptables-legacy -A INPUT -p tcp ! --dport 1:8000 -g more 2>/dev/null || { iptables-legacy -N more; iptables-legacy -A more -j ACCEPT; iptables-legacy -A INPUT -p tcp ! --dport 1:8000 -g more; }", [2]fact.FirewallDefault{acceptAll, acceptAll}},
		"rules of fail2ban alone":    {"iptables -N f2b-sshd; iptables -A f2b-sshd -s 192.0.2.9 -j REJECT; iptables -A f2b-sshd -j RETURN; iptables -I INPUT -p tcp -m multiport --dports ssh -j f2b-sshd", [2]fact.FirewallDefault{acceptAll, acceptAll}},
		"ufw":                        {ufw("allow 22/tcp", "limit 443/tcp", "allow from 10.0.0.0/8 to any port 5432", "deny 8080"), [2]fact.FirewallDefault{deny, deny}},
		"ufw that allows by default": {ufw("default allow incoming", "deny 5432"), [2]fact.FirewallDefault{acceptAll, acceptAll}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // Most of it waits.
			other := world.StartIn(t, "", "--net", "--mount")
			pid := world.StartIn(t, "", "--net", "--mount")
			join(t, pid, other)
			listen(t, pid)
			output, err := exec.CommandContext(t.Context(), "nsenter", "--net=/proc/"+strconv.Itoa(pid)+"/ns/net", "sh", "-ec", test.script).CombinedOutput()
			require.NoError(t, err, "%s", output)
			found, err := collect(rootOf(t, pid), "web-1")
			require.NoError(t, err)
			require.Len(t, found.Families, 2)
			for i, address := range []string{machineV4, machineV6} {
				family := found.Families[i]
				require.Equal(t, test.standard[i], family.Default, "%+v", family)
				if family.Default == acceptAll {
					continue
				}
				require.Equal(t, told(family), reached(t, other, address, told(family)), "%+v", family)
			}
		})
	}
}

// iptables is a script of rules that is common for a server.
func iptables(backend string) string {
	var lines []string
	for _, program := range []string{"iptables-" + backend, "ip6tables-" + backend} {
		for _, arguments := range []string{
			"-P INPUT DROP", "-A INPUT -i lo -j ACCEPT", "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
			"-N web", "-A web -p tcp -m multiport --dports 80,8000:9000 -m comment --comment web -j ACCEPT", "-A web -j RETURN",
			"-A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT", "-A INPUT -j web",
			"-A INPUT -p tcp --syn --dport 443 -m addrtype --dst-type LOCAL -j ACCEPT", "-A INPUT -p udp --dport 53 -j ACCEPT",
			"-A INPUT -m limit --limit 3/min -j LOG",
		} {
			lines = append(lines, program+" "+arguments)
		}
	}
	lines = append(lines, "ip6tables-"+backend+" -A INPUT -p icmpv6 -j ACCEPT")
	return strings.Join(lines, "\n")
}

// ufw is a script that enables ufw, with files of its own in place of the machine's.
func ufw(rules ...string) string {
	lines := []string{
		"unshare --mount sh -ec '", "d=$(mktemp -d)", "cp -a /etc/ufw $d/ufw", "cp /etc/default/ufw $d/default", "mount --bind $d/ufw /etc/ufw",
		"mount --bind $d/default /etc/default/ufw", "ufw --force enable",
	}
	for _, rule := range rules {
		lines = append(lines, "ufw "+rule)
	}
	return strings.Join(append(lines, "umount /etc/ufw /etc/default/ufw", "rm -r $d'"), "\n")
}

func TestWithoutAnAddressOfIPv6OnlyIPv4IsOfConcern(t *testing.T) {
	found, err := collect(rootOf(t, world.StartIn(t, table("chain input {\n"+usual+"}"), "--net", "--mount")), "web-1")
	require.NoError(t, err)
	require.Equal(t, []fact.FirewallFamily{{Name: "ipv4", Default: fact.FirewallDrops}}, found.Families)
}

func TestConditionsThatCannotBeReadMakeTheDefaultUnclear(t *testing.T) {
	for name, script := range map[string]string{
		"an expression": table("chain input {\n" + usual + "meta hour \"00:00\"-\"12:00\" accept\n}"),
		"a match":       "iptables-legacy -P INPUT DROP; iptables-legacy -A INPUT -m length --length 1:50 -j ACCEPT",
	} {
		t.Run(name, func(t *testing.T) {
			found, err := collect(rootOf(t, world.StartIn(t, script, "--net", "--mount")), "web-1")
			require.NoError(t, err)
			require.Equal(t, fact.FirewallUnclear, found.Families[0].Default)
		})
	}
}

func TestToReadChangesNothing(t *testing.T) {
	pid := world.StartIn(t, "", "--net", "--mount")
	_, err := collect(rootOf(t, pid), "web-1")
	require.NoError(t, err)
	for _, name := range []string{"ip_tables_names", "ip6_tables_names"} {
		content, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/net/" + name)
		if err == nil {
			require.Empty(t, string(content), "to ask iptables-legacy for a table makes it")
		}
	}
}

// TestWhatTakesAPrivilegeSaysWhich runs itself as nobody.
func TestWhatTakesAPrivilegeSaysWhich(t *testing.T) {
	if root := os.Getenv("FIREWALL_TEST_ROOT"); root != "" {
		_, err := collect(root, "web-1")
		require.Equal(t, fact.ReasonDenied, fact.ReasonOf(err), "%v", err)
		require.ErrorContains(t, err, os.Getenv("FIREWALL_TEST_WANT"))
		return
	}
	for name, test := range map[string]struct {
		pid  int
		want string
	}{"in the network of the machine": {1, "CAP_NET_ADMIN"}, "in another": {world.StartIn(t, "", "--net", "--mount"), "hostNetwork: true"}} {
		t.Run(name, func(t *testing.T) {
			root := rootOf(t, test.pid)

			for folder := root; folder != os.TempDir(); folder = filepath.Dir(folder) {
				require.NoError(t, os.Chmod(folder, 0o755))
			}
			binary := filepath.Join(root, "firewall.test")
			content, err := os.ReadFile(os.Args[0])
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(binary, content, 0o755))
			command := exec.CommandContext(t.Context(), binary, "-test.run", "^TestWhatTakesAPrivilegeSaysWhich$")
			command.Env, command.Dir = append(os.Environ(), "FIREWALL_TEST_ROOT="+root, "FIREWALL_TEST_WANT="+test.want), "/"
			command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			output, err := command.CombinedOutput()
			require.NoError(t, err, "%s", output)
		})
	}
}

func TestManagersAreThoseThatLoadRulesAtTheStart(t *testing.T) {
	for name, test := range map[string]struct {
		links []string
		ufw   string
		want  []string
	}{
		"nobody":                             {},
		"ufw":                                {[]string{"multi-user.target.wants/ufw.service"}, "# a comment\nENABLED=yes\n", []string{"ufw"}},
		"ufw that is installed and disabled": {[]string{"multi-user.target.wants/ufw.service"}, "ENABLED=no\n", nil},
		"nftables":                           {[]string{"sysinit.target.wants/nftables.service"}, "", []string{"nftables"}},
		"two": {
			[]string{"multi-user.target.wants/firewalld.service", "multi-user.target.wants/netfilter-persistent.service"}, "", []string{"firewalld", "iptables"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for _, link := range test.links {
				path := filepath.Join(root, "etc/systemd/system", link)
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
				require.NoError(t, os.Symlink("/lib/systemd/system/"+filepath.Base(link), path))
			}
			require.NoError(t, os.MkdirAll(filepath.Join(root, "etc/ufw"), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(root, "etc/ufw/ufw.conf"), []byte(test.ufw), 0o600))
			require.Equal(t, test.want, managers(os.DirFS(root)))
		})
	}
}

func TestTargetsAreTheDeclaredHosts(t *testing.T) {
	s := &system.System{Name: "shop", Environment: "production", Hosts: []system.Host{{Name: "web-1"}}}
	require.Equal(t, []collector.Machine{{System: "shop/production", Host: "web-1"}}, New("/").Targets(s))
}
