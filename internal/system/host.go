package system

import (
	"path"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// A Host is the machine that the exporter runs on, read through --path.rootfs where it runs in a container.
type Host struct {
	Name        string       `yaml:"name,omitempty"`        // the value of the label host; default: that of --host.name
	Filesystems []Filesystem `yaml:"filesystems,omitempty"` // mounts that must be there; others are found by themselves
	EnvFiles    []EnvFile    `yaml:"env_files,omitempty"`   // files of assignments by which what runs on it is configured
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
