package host

import (
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
	"github.com/readiness-exporter/readiness-exporter/internal/rpm"
)

// maximumRPMTime bounds how long the database of rpm is read: the rest of the machine can be collected without it.
const maximumRPMTime = 5 * time.Second

// core are the packages of which an update takes effect with a reboot only, as dnf's needs-restarting has them; the files of a folder add
// others.
func core(files fs.FS) []string {
	names := []string{
		"kernel", "kernel-core", "kernel-rt", "kernel-rt-core", "kernel-PAE", "glibc", "linux-firmware", "systemd", "udev", "openssl-libs",
		"gnutls", "dbus", "dbus-daemon", "dbus-broker",
	}
	const folder = "etc/dnf/plugins/needs-restarting.d"
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		return names
	}
	for _, entry := range entries {
		if text, err := rootfs.ReadText(files, path.Join(folder, entry.Name())); err == nil && path.Ext(entry.Name()) == ".conf" {
			names = append(names, strings.Fields(text)...)
		}
	}
	return names
}

// rpmPackages is what rpm has installed, kept while its database stays as it is.
type rpmPackages struct {
	mu       sync.Mutex
	state    string
	packages []rpm.Package
}

func (r *rpmPackages) read(ctx context.Context, files fs.FS, database string) ([]rpm.Package, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	state, err := rpm.State(files, database)
	if err != nil || state == r.state {
		return r.packages, err
	}
	ctx, cancel := context.WithTimeout(ctx, maximumRPMTime)
	defer cancel()
	packages, err := rpm.Installed(ctx, files, database)
	if err == nil {
		r.state, r.packages = state, packages
	}
	return packages, err
}

// addRPM adds for which packages a reboot is waited for, where rpm has installed some since the machine was started. That is not known
// where its database cannot be read, or is not that of the machine's own packages.
func (r *rpmPackages) addRPM(ctx context.Context, host *fact.Host, files fs.FS) {
	database := rpm.Find(files)
	if about, err := fs.Stat(files, "var/lib/dpkg/status"); database == "" || err == nil && about.Size() > 0 {
		return
	}
	packages, err := r.read(ctx, files, database)
	if err != nil {
		return
	}
	host.RebootKnown = true
	names := core(files)
	for _, each := range packages {
		if each.InstalledAt.After(host.BootedAt) && slices.Contains(names, each.Name) && len(host.RebootPackages) < maximumRebootPackages {
			host.RebootPackages = append(host.RebootPackages, rootfs.Line(each.Name))
		}
	}
	slices.Sort(host.RebootPackages)
	host.RebootPackages = slices.Compact(host.RebootPackages)
	host.RebootRequired = len(host.RebootPackages) > 0
}
