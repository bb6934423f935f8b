package site_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/report"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// A publicSite is a web server, an SSH server, two name servers and a database behind a firewall, as strangers reach them: from
// namespaces of their own, which are joined to those of the site by one cable.
type publicSite struct {
	binary   string
	outside  int // a process there
	folder   string
	ca       *world.CA
	days     int // that the certificate remains valid for
	web      string
	sshd     []string
	hostKey  string // that is declared; empty: its own
	firewall string
	zones    [2]string
}

// The addresses of the site; those of other name servers and of resolvers are of other machines.
const cable = `
	ip address add 203.0.113.254/24 dev site
	ip address add 2001:db8:1::2/64 dev site nodad
	ip address add 203.0.113.11/32 dev site
	ip address add 203.0.113.12/32 dev site
	for resolver in 203.0.113.53 1.1.1.1 8.8.8.8 9.9.9.9; do ip address add $resolver/32 dev site; done
	ip link set site up`

const strangers = `
	mount --make-rprivate /
	umount /etc/hosts # that the other tests have
	resolver=$(mktemp)
	echo nameserver 203.0.113.53 > "$resolver"
	mount --bind "$resolver" /etc/resolv.conf
	rm "$resolver"
	ip link set lo up`

const joined = `
	ip address add 203.0.113.1/24 dev outside
	ip address add 2001:db8:1::1/64 dev outside nodad
	ip link set outside up
	ip route add default via 203.0.113.254
	ip -6 route add 2001:db8::10 via 2001:db8:1::2`

// describedInTenLines is all that the owner of the site writes.
const describedInTenLines = `
systems:
  - name: shop
    environment: production
    hosts: [{name: web-1, remote: true, addresses: [203.0.113.10], ssh: {host_keys: [$HOSTKEY]}, ports: {}}]
    domains: [{name: shop.example.com, addresses: [203.0.113.10, "2001:db8::10"]}]
    endpoints:
      - {url: "https://shop.example.com/", ca_file: $DIR/ca.pem}
      - {url: "https://shop.example.com/health", purpose: health, ca_file: $DIR/ca.pem}
      - {url: "https://shop.example.com/privacy", purpose: privacy-policy, ca_file: $DIR/ca.pem}
`

// newStrangers makes the place of strangers, and gives a process there.
func newStrangers(t *testing.T) int {
	t.Helper()
	outside := world.StartIn(t, strangers, "--net", "--mount")
	shell(t, fmt.Sprintf("ip link add site type veth peer name outside netns %d", outside)+cable)
	shell(t, fmt.Sprintf("nsenter --target %d --net --mount sh -ec '%s'", outside, joined))
	return outside
}

func newPublicSite(t *testing.T, binary string, outside int) *publicSite {
	t.Helper()
	records := "@ A 203.0.113.10\nshop A 203.0.113.10\nshop AAAA 2001:db8::10\n"
	return &publicSite{
		binary: binary, outside: outside, folder: t.TempDir(), ca: world.NewCA(t, world.Spec{}), days: 80, zones: [2]string{records, records},
		sshd: []string{"PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin no"},
		web: `server { listen 203.0.113.10:443 ssl; listen [2001:db8::10]:443 ssl;
			location = / { return 200 welcome; } location = /health { return 200 ok; }
			location = /privacy { return 200 "` + strings.Repeat("What is kept of you, and for how long. ", 40) + `"; } }`,
		firewall: `table inet filter { chain input { type filter hook input priority 0; policy drop;
			iif lo accept
			ct state established,related accept
			ip6 nexthdr icmpv6 accept
			tcp dport { 22, 53, 80, 443 } accept
			udp dport 53 accept
			tcp dport != 5432 reject with tcp reset; }; }`, // What is dropped takes whoever asks a while.
	}
}

func shell(t *testing.T, script string) {
	t.Helper()
	// Also when the test has ended, to leave nothing behind.
	output, err := exec.CommandContext(context.WithoutCancel(t.Context()), "sh", "-ec", script).CombinedOutput()
	require.NoError(t, err, "%s", output)
}

// judge starts all servers of the site, and has strangers judge it once.
func (s *publicSite) judge(t *testing.T) map[string]string {
	t.Helper()
	s.ca.WriteRoot(t, s.folder, "ca.pem")
	now := time.Now()
	s.ca.Issue(t, world.Spec{
		DNSNames: []string{"shop.example.com"}, Key: world.RSA2048,
		NotBefore: now.AddDate(0, 0, s.days-90), NotAfter: now.AddDate(0, 0, s.days),
	}).Write(t, s.folder, "site")
	base, err := os.ReadFile("base.conf")
	require.NoError(t, err)
	servers.Nginx(t, s.folder, "203.0.113.10:443", string(base)+s.web)
	sshd := servers.SSHD(t, append([]string{"ListenAddress 203.0.113.10:22"}, s.sshd...)...)
	var database net.ListenConfig
	listener, err := database.Listen(t.Context(), "tcp", "203.0.113.10:5432")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	first := s.nameServer(t, "203.0.113.10", s.zones[0])
	s.nameServer(t, "203.0.113.11", s.zones[1])
	top := servers.NameServer(t, world.NameServerSpec{Addresses: []string{"203.0.113.12"}, Port: "53", Zones: []world.Zone{{
		Name: "com.", Text: "$TTL 60\n@ SOA ns admin 1 3600 600 86400 60\n@ NS ns\nns A 203.0.113.12\n" +
			"example NS ns1.example\nexample NS ns2.example\nns1.example A 203.0.113.10\nns2.example A 203.0.113.11\n",
	}}})
	servers.NameServer(t, world.NameServerSpec{
		Addresses: []string{"203.0.113.53", "1.1.1.1", "8.8.8.8", "9.9.9.9"}, Port: "53",
		Forward: map[string]string{"example.com.": first.Addr, "com.": top.Addr},
	})
	require.NoError(t, os.WriteFile(filepath.Join(s.folder, "firewall"), []byte("flush ruleset\n"+s.firewall+"\n"), 0o600))
	shell(t, "nft -f "+filepath.Join(s.folder, "firewall"))
	t.Cleanup(func() { shell(t, "nft flush ruleset") })

	key := sshd.HostKey
	if s.hostKey != "" {
		key = s.hostKey
	}
	config := filepath.Join(s.folder, "readiness.yaml")
	described := strings.NewReplacer("$DIR", s.folder, "$HOSTKEY", strconv.Quote(key)).Replace(describedInTenLines)
	require.NoError(t, os.WriteFile(config, []byte(described), 0o600))
	command := exec.CommandContext(t.Context(), "nsenter", "--target", strconv.Itoa(s.outside), "--net", "--mount", s.binary,
		"--config.file", config, "check", "--output", "json")
	var complaints strings.Builder
	command.Stderr = &complaints
	output, err := command.Output()
	require.Error(t, err, "much of a whole checklist is not described here")
	var systems []report.System
	require.NoError(t, json.Unmarshal(output, &systems), "%s", &complaints)
	statuses := make(map[string]string)
	for _, item := range systems[0].Items {
		if !item.Composite {
			statuses[item.Check] = item.Status.String()
		}
	}
	return statuses
}

func (s *publicSite) nameServer(t *testing.T, address, records string) *world.NameServer {
	t.Helper()
	return servers.NameServer(t, world.NameServerSpec{Addresses: []string{address}, Port: "53", Zones: []world.Zone{{
		Name: "example.com.", Text: "$TTL 60\n$ORIGIN example.com.\n@ SOA ns1 admin 7 3600 600 86400 60\n@ NS ns1\n@ NS ns2\n" +
			"ns1 A 203.0.113.10\nns2 A 203.0.113.11\n" + records,
	}}})
}

// TestAWholeSiteIsJudgedByStrangers describes a site in ten lines, has it judged from outside, and breaks one thing after the other:
// what follows from it changes, and nothing else.
func TestAWholeSiteIsJudgedByStrangers(t *testing.T) {
	require.LessOrEqual(t, strings.Count(describedInTenLines, "\n"), 10)
	binary := filepath.Join(t.TempDir(), "readiness-exporter")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../../cmd/readiness-exporter").CombinedOutput()
	require.NoError(t, err, "%s", output)

	outside := newStrangers(t)
	var sound map[string]string
	t.Run("as it should be", func(t *testing.T) {
		sound = newPublicSite(t, binary, outside).judge(t)
		for _, item := range []string{
			"access.database-private", "access.open-ports", "access.ssh-keys-only", "access.ssh-no-passwords", "data-protection.in-transit",
			"domain.propagation", "domain.records", "functional.domain", "functional.health", "legal.privacy", "server.firewall-ports",
			"server.ssh-access", "tls.redirect", "tls.renewal",
		} {
			require.Equal(t, "pass", sound[item], item)
		}
	})
	for name, each := range breaks() {
		t.Run(name, func(t *testing.T) {
			s := newPublicSite(t, binary, outside)
			each.broken(s)
			changed := make(map[string]string)
			for id, status := range s.judge(t) {
				if sound[id] != status {
					changed[id] = status
				}
			}
			require.Equal(t, each.changes, changed)
		})
	}
}

// A siteBreak is one way in which a site breaks, with all that changes.
type siteBreak struct {
	broken  func(s *publicSite)
	changes map[string]string
}

func breaks() map[string]siteBreak {
	web := func(old, other string) func(*publicSite) {
		return func(s *publicSite) { s.web = strings.Replace(s.web, old, other, 1) }
	}
	return map[string]siteBreak{
		"an error in place of the page": {web("return 200 welcome", "return 502"), map[string]string{"functional.domain": "fail"}},
		"the health path fails":         {web("return 200 ok", "return 503"), map[string]string{"functional.health": "fail"}},
		"no privacy policy":             {web("location = /privacy", "location = /imprint"), map[string]string{"legal.privacy": "fail"}},
		"passwords at the SSH server": {
			func(s *publicSite) { s.sshd[0] = "PasswordAuthentication yes" },
			map[string]string{"access.ssh-keys-only": "fail", "access.ssh-no-passwords": "fail"},
		},
		"another host key": {
			func(s *publicSite) {
				s.hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
			},
			map[string]string{"server.ssh-access": "fail", "access.ssh-keys-only": "fail"},
		},
		"the firewall is off": {
			func(s *publicSite) { s.firewall = "" },
			map[string]string{"server.firewall-ports": "fail", "access.open-ports": "fail", "access.database-private": "fail"},
		},
		"the second name server has old records": {
			func(s *publicSite) { s.zones[1] = strings.ReplaceAll(s.zones[1], "203.0.113.10", "203.0.113.77") },
			map[string]string{"domain.propagation": "fail"},
		},
		"the certificate was not renewed": {
			func(s *publicSite) { s.days = 5 },
			map[string]string{"tls.renewal": "fail"},
		},
	}
}
