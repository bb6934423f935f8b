package systemd

import (
	"io/fs"
	"strings"
)

// units is where the administrator's units are, and runtime where those are that last until the next start.
const (
	units   = "etc/systemd/system"
	runtime = "run/systemd/system"
)

// Enabled are the units that are started with the machine, or by another unit: those that a folder NAME.wants or NAME.requires of
// /etc has a link to, and that are not masked.
func Enabled(files fs.FS) map[string]bool {
	enabled := make(map[string]bool)
	folders, err := fs.ReadDir(files, units)
	if err != nil {
		return enabled
	}
	for _, folder := range folders {
		if !strings.HasSuffix(folder.Name(), ".wants") && !strings.HasSuffix(folder.Name(), ".requires") {
			continue
		}
		// A link to what is outside of a mounted root cannot be followed, and need not be.
		if entries, err := fs.ReadDir(files, units+"/"+folder.Name()); err == nil {
			for _, entry := range entries {
				if !Masked(files, entry.Name()) {
					enabled[entry.Name()] = true
				}
			}
		}
	}
	return enabled
}

// Masked tells whether a unit can be started by nothing (systemctl(1), mask), which leaves what enables it as it is: in its place there is
// a link to /dev/null, or an empty file.
func Masked(files fs.FS, unit string) bool {
	for _, folder := range []string{units, runtime} {
		name := folder + "/" + unit
		if target, err := fs.ReadLink(files, name); err == nil && target == "/dev/null" {
			return true
		}
		if info, err := fs.Lstat(files, name); err == nil && info.Mode().IsRegular() && info.Size() == 0 {
			return true
		}
	}
	return false
}
