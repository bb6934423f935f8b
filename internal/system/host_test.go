package system

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

func TestHostMistakes(t *testing.T) {
	cases := []struct {
		name string
		host Host
		want []string
	}{
		{"a host with its mounts is right", Host{Name: "web-1", Filesystems: []Filesystem{
			{Mount: "/", Purpose: "root"}, {Mount: "/srv", Purpose: "data"},
		}}, nil},
		{"a host needs a name", Host{}, []string{"name is missing"}},
		{
			"a mount is an absolute path", Host{Name: "web-1", Filesystems: []Filesystem{{Mount: "srv", Purpose: "data"}}},
			[]string{`mount "srv": expected an absolute path`},
		},
		{
			"a mount is written as the kernel writes it", Host{Name: "web-1", Filesystems: []Filesystem{{Mount: "/srv/", Purpose: "data"}}},
			[]string{`mount "/srv/": expected "/srv", as the list of mounts has it`},
		},
		{
			"a purpose is one of a few", Host{Name: "web-1", Filesystems: []Filesystem{{Mount: "/srv", Purpose: "other"}}},
			[]string{`purpose "other": expected one of root, data, database, backup, logs`},
		},
		{
			"a mount is declared once",
			Host{Name: "web-1", Filesystems: []Filesystem{{Mount: "/srv", Purpose: "data"}, {Mount: "/srv", Purpose: "logs"}}},
			[]string{`mount "/srv" stands twice: entry 1 has it already`},
		},
		{"a host that is reached over the network is right", Host{
			Name: "web-1", Remote: true, Addresses: []string{"203.0.113.7", "2001:db8::7"},
			SSH: &SSH{Port: 2222, Users: []string{"root", "deploy_1", "ann@example.com"}, HostKeys: []string{
				"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKbvCHJiTLlGCNHlkYzQnBrtSxIQN3BpnGwYvQbDOGnV",
			}},
		}, nil},
		{
			"an address is one of IP, once and as it is shown", Host{Name: "web-1", Addresses: []string{"web-1.example.com", "0.0.0.0", "2001:DB8::7", "203.0.113.7", "203.0.113.7"}},
			[]string{
				`addresses: "web-1.example.com": expected the IP address of a machine, such as 203.0.113.7`,
				`addresses: "0.0.0.0": expected the IP address of a machine, such as 203.0.113.7`,
				`addresses: "2001:DB8::7": expected "2001:db8::7", as it is shown`,
				`addresses: "203.0.113.7" stands twice`,
			},
		},
		{
			"a host that is not reached is not remote", Host{Name: "web-1", Remote: true, SSH: &SSH{}},
			[]string{"remote: expected addresses to reach it at", "ssh: expected addresses of the host to ask it at"},
		},
		{
			"a remote host shows no files", Host{Name: "web-1", Remote: true, Addresses: []string{"203.0.113.7"}, Filesystems: []Filesystem{{Mount: "/", Purpose: "root"}}},
			[]string{"filesystems: those of a remote host cannot be read; run an exporter on it"},
		},
		{
			"an SSH server is asked for few users, who can be", Host{Name: "web-1", Addresses: []string{"203.0.113.7"}, SSH: &SSH{
				Port: 65536, Users: []string{"root", "root", "no body", "ann"}, HostKeys: []string{"SHA256:abc"},
			}},
			[]string{
				"port 65536: expected the number of a port",
				"users: expected 3 at most, since each is asked for by a connection of its own",
				`users: "root" stands twice`, `users: "no body": expected the name of a user`,
				"host_keys: expected a public key as ssh-keyscan prints it behind the host: ssh-ed25519 AAAAC3Nz…",
			},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var list mistake.List
			c.host.validate(&list, nil)
			var got []string
			for _, m := range list {
				got = append(got, m.Message)
			}
			require.Equal(t, c.want, got)
		})
	}
}
