package system

import (
	"net/netip"
	"path"
	"regexp"
	"slices"

	"golang.org/x/crypto/ssh"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// A Host is the machine that the exporter runs on, read through --path.rootfs where it runs in a container, or one that is
// reached over the network alone.
type Host struct {
	Name string `yaml:"name,omitempty"` // the value of the label host; default: that of --host.name
	// Remote: it is another machine than the one that the exporter runs on. Its addresses alone are asked.
	Remote      bool         `yaml:"remote,omitempty"`
	Filesystems []Filesystem `yaml:"filesystems,omitempty"` // mounts that must be there; others are found by themselves
	EnvFiles    []EnvFile    `yaml:"env_files,omitempty"`   // files of assignments by which what runs on it is configured
	Addresses   []string     `yaml:"addresses,omitempty"`   // the IP addresses by which others reach it: 203.0.113.7
	SSH         *SSH         `yaml:"ssh,omitempty"`         // its SSH server, to be asked at each address what it offers
	Ports       *Ports       `yaml:"ports,omitempty"`       // its ports, to be tried at each address
	// LocalOnly: its addresses are not asked from vantage points, since they cannot be reached from there.
	LocalOnly bool `yaml:"local_only,omitempty"`
}

// An EnvFile is a file of assignments, KEY=value, by which a program is configured.
type EnvFile struct {
	Path    string `yaml:"path"`              // where it is on the host: /srv/shop/.env
	Example string `yaml:"example,omitempty"` // the file that names every key there ought to be; default: .env.example beside it
}

// ExamplePath is the file that names every key.
func (f EnvFile) ExamplePath() string {
	if f.Example != "" {
		return f.Example
	}
	return path.Join(path.Dir(f.Path), ".env.example")
}

func (f EnvFile) identity() (string, string) { return "path", f.Path }

func (f EnvFile) validate(list *mistake.List, at []any) {
	for _, each := range []struct{ field, path string }{{"path", f.Path}, {"example", f.Example}} {
		if (each.path != "" || each.field == "path") && (!path.IsAbs(each.path) || path.Clean(each.path) != each.path) {
			list.Add(mistake.At(at, each.field), "%s %q: expected an absolute path, such as /srv/shop/.env", each.field, each.path)
		}
	}
}

// A Ports is which ports of a host are tried, by connecting and sending nothing: 22, 80, 443, and those at which databases, parts of
// Kubernetes, monitoring, consoles and shared files usually listen.
type Ports struct {
	Also []int `yaml:"also,omitempty"` // further ports
	// Allowed are those at which items have it that strangers may reach something, in ascending order.
	Allowed []int `yaml:"-"`
}

// An SSH is the SSH server of a host. It is asked which methods of authentication it offers, once a user, and given no credential.
type SSH struct {
	Port int `yaml:"port,omitempty"` // default: 22
	// Users are those for whom it is asked, three at most; default: root. They must exist: programs that ban attackers count a
	// user who does not.
	Users []string `yaml:"users,omitempty"`
	// HostKeys are its public keys, as ssh-keyscan and /etc/ssh/ssh_host_*_key.pub have them: ssh-ed25519 AAAAC3Nz…
	HostKeys []string `yaml:"host_keys,omitempty"`
}

// A Filesystem is a mount that must be there.
type Filesystem struct {
	Mount   string `yaml:"mount"`   // where it is mounted on the host: /var/lib/postgresql
	Purpose string `yaml:"purpose"` // what it is for: root, data, database, backup, logs
}

// The purposes of file systems that nobody declares: of /, and of every other one.
const (
	PurposeRoot  = "root"
	PurposeOther = "other"
)

// Purposes are what a file system can be declared for.
func Purposes() []string { return []string{PurposeRoot, "data", "database", "backup", "logs"} }

func (h Host) identity() (string, string) { return "host", h.Name }

func (h Host) validate(list *mistake.List, at []any) {
	checkName(list, mistake.At(at, "name"), "name", h.Name)
	validateEach(list, mistake.At(at, "filesystems"), h.Filesystems)
	validateEach(list, mistake.At(at, "env_files"), h.EnvFiles)
	for i, address := range h.Addresses {
		h.validateAddress(list, mistake.At(at, "addresses", i), address, i)
	}
	if h.Remote && len(h.Addresses) == 0 {
		list.Add(mistake.At(at, "remote"), "remote: expected addresses to reach it at")
	}
	for _, each := range []struct {
		key   string
		given int
	}{{"filesystems", len(h.Filesystems)}, {"env_files", len(h.EnvFiles)}} {
		if h.Remote && each.given > 0 {
			list.Add(mistake.At(at, each.key), "%s: those of a remote host cannot be read; run an exporter on it", each.key)
		}
	}
	if h.SSH != nil {
		h.SSH.validate(list, mistake.At(at, "ssh"), h.Addresses)
	}
	if h.Ports != nil {
		h.Ports.validate(list, mistake.At(at, "ports"), h.Addresses)
	}
}

// mostPorts bounds what is tried of one address.
const mostPorts = 100

func (p Ports) validate(list *mistake.List, at []any, addresses []string) {
	if len(addresses) == 0 {
		list.Add(at, "ports: expected addresses of the host to try them at")
	}
	if len(p.Also) > mostPorts {
		list.Add(mistake.At(at, "also"), "also: expected %d ports at most", mostPorts)
	}
	for i, port := range p.Also {
		if port < 1 || port > 65535 {
			list.Add(mistake.At(at, "also", i), "also: %d: expected the number of a port", port)
		}
	}
}

// validateAddress wants an address of one machine: a name may lead elsewhere tomorrow.
func (h Host) validateAddress(list *mistake.List, at []any, text string, i int) {
	switch address, err := netip.ParseAddr(text); {
	case err != nil || address.IsUnspecified() || address.IsMulticast():
		list.Add(at, "addresses: %q: expected the IP address of a machine, such as 203.0.113.7", text)
	case address.String() != text:
		list.Add(at, "addresses: %q: expected %q, as it is shown", text, address)
	case slices.Contains(h.Addresses[:i], text):
		list.Add(at, "addresses: %q stands twice", text)
	}
}

// DefaultSSHPort is where SSH servers listen.
const DefaultSSHPort = 22

// mostSSHUsers bounds how often a server is asked: fail2ban with mode = aggressive bans after five connections in ten minutes.
const mostSSHUsers = 3

// userName is a name that useradd takes, or a directory service has.
var userName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}\$?$`)

func (s SSH) validate(list *mistake.List, at []any, addresses []string) {
	if len(addresses) == 0 {
		list.Add(at, "ssh: expected addresses of the host to ask it at")
	}
	if s.Port < 0 || s.Port > 65535 {
		list.Add(mistake.At(at, "port"), "port %d: expected the number of a port", s.Port)
	}
	if len(s.Users) > mostSSHUsers {
		list.Add(mistake.At(at, "users"), "users: expected %d at most, since each is asked for by a connection of its own", mostSSHUsers)
	}
	for i, user := range s.Users {
		switch {
		case !userName.MatchString(user):
			list.Add(mistake.At(at, "users", i), "users: %q: expected the name of a user", user)
		case slices.Contains(s.Users[:i], user):
			list.Add(mistake.At(at, "users", i), "users: %q stands twice", user)
		}
	}
	for i, text := range s.HostKeys {
		if _, err := ParseHostKey(text); err != nil {
			list.Add(mistake.At(at, "host_keys", i),
				"host_keys: expected a public key as ssh-keyscan prints it behind the host: ssh-ed25519 AAAAC3Nz…")
		}
	}
}

// ParseHostKey reads a public key of a host: its type, and the key in base64.
func ParseHostKey(text string) (ssh.PublicKey, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text))
	return key, err
}

func (f Filesystem) identity() (string, string) { return "mount", f.Mount }

func (f Filesystem) validate(list *mistake.List, at []any) {
	switch {
	case !path.IsAbs(f.Mount):
		list.Add(mistake.At(at, "mount"), "mount %q: expected an absolute path", f.Mount)
	case path.Clean(f.Mount) != f.Mount:
		list.Add(mistake.At(at, "mount"), "mount %q: expected %q, as the list of mounts has it", f.Mount, path.Clean(f.Mount))
	}
	checkOneOf(list, mistake.At(at, "purpose"), "purpose", f.Purpose, Purposes())
}
