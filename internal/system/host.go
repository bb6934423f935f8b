package system

import (
	"path"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// A Host is the machine that the exporter runs on, read through --path.rootfs where it runs in a container.
type Host struct {
	Name        string       `yaml:"name,omitempty"`        // the value of the label host; default: that of --host.name
	Filesystems []Filesystem `yaml:"filesystems,omitempty"` // mounts that must be there; others are found by themselves
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
