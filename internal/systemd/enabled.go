package systemd

import (
	"io/fs"
	"strings"
)

// Enabled are the units that are started with the machine, or by another unit: those that a folder NAME.wants or NAME.requires of
// /etc has a link to.
func Enabled(files fs.FS) map[string]bool {
	const units = "etc/systemd/system"
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
				enabled[entry.Name()] = true
			}
		}
	}
	return enabled
}
