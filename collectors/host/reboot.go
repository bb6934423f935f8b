package host

import (
	"io/fs"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
)

// maximumRebootPackages bounds what a fact carries.
const maximumRebootPackages = 50

// rebootMarks are the files that mean that a reboot is waited for: those of Debian and Ubuntu, and of SUSE.
func rebootMarks() []string {
	return []string{"run/reboot-required", "var/run/reboot-required", "run/reboot-needed", "var/run/reboot-needed"}
}

// rebootMarkers are what makes such a mark: of update-notifier-common, reboot-notifier, unattended-upgrades and libzypp.
// Debian alone has none of them.
func rebootMarkers() []string {
	return []string{
		"usr/share/update-notifier/notify-reboot-required", "usr/share/reboot-notifier/notify-reboot-required",
		"etc/kernel/postinst.d/reboot-notifier", "etc/kernel/postinst.d/unattended-upgrades",
		"etc/kernel/postinst.d/update-notifier", "usr/bin/zypper",
	}
}

// addReboot adds whether a reboot is waited for. Without a mark, that is known only where something would have made one.
func addReboot(host *fact.Host, files fs.FS) {
	for _, mark := range rebootMarks() {
		info, err := fs.Stat(files, mark)
		if err != nil {
			continue
		}
		host.RebootKnown = true
		host.RebootPackages = readRebootPackages(files, mark)
		// Where a kernel was patched while it runs, the mark stays and is emptied.
		host.RebootRequired = info.Size() > 0 || len(host.RebootPackages) > 0 || strings.HasSuffix(mark, "reboot-needed")
		return
	}
	for _, marker := range rebootMarkers() {
		host.RebootKnown = host.RebootKnown || rootfs.Exists(files, marker)
	}
}

// readRebootPackages lists for whose sake a reboot is waited for; the list is a courtesy.
func readRebootPackages(files fs.FS, mark string) (packages []string) {
	text, err := rootfs.ReadText(files, mark+".pkgs")
	if err != nil {
		return nil
	}
	listed := make(map[string]bool)
	for name := range strings.FieldsSeq(text) {
		name = rootfs.Line(name)
		if !listed[name] && len(packages) < maximumRebootPackages {
			packages = append(packages, name)
		}
		listed[name] = true
	}
	return packages
}
