package updates

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
	"github.com/readiness-exporter/readiness-exporter/internal/rpm"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// A rpmPackage is one that is installed, in its newest version, with what is offered for the sake of security.
type rpmPackage struct {
	rpm.Package
	offered rpm.Version
	issued  time.Time // when the first advisory of a newer version was
	undated bool      // one of them has no date
}

// A rpmInventory is what is installed.
type rpmInventory struct {
	packages map[string]*rpmPackage // by name and architecture: "openssl-libs.x86_64"
	streams  map[string]bool        // of modules that are enabled: "nodejs:18"
	vendor   string                 // of most packages, which is that of the distribution
	native   string                 // the architecture of most packages that have one
}

// dnf collects by the files of rpm and dnf.
type dnf struct {
	database     string
	repositories []repository
	never        []string // repositories that were never fetched
	streams      map[string]bool
	locked       []string // packages whose version is kept, by patterns
}

func newDNF(files fs.FS, database string) (d dnf, err error) {
	switch {
	case rootfs.Exists(files, "run/ostree-booted"):
		err = fact.Errorf(fact.ReasonUnsupported, "the host is updated as a whole, by rpm-ostree or bootc, and not by packages")
	case !rootfs.Exists(files, "etc/dnf"):
		err = fact.Errorf(fact.ReasonUnsupported,
			"/etc/dnf is not there: of package managers that use rpm, only dnf can be collected from, and neither zypper nor yum")
	case pinned(files):
		err = fact.Errorf(fact.ReasonUnsupported, "Amazon Linux stays at the release that it was installed with, whose repositories get no "+
			"updates: echo latest > /etc/dnf/vars/releasever")
	}
	if err != nil {
		return d, err
	}
	d.database, d.locked = database, locks(files)
	if d.streams, err = modules(files); err != nil {
		return d, err
	}
	d.repositories, d.never, err = enabledRepositories(files)
	return d, err
}

// pinned tells Amazon Linux 2023 that does not follow its newest release.
func pinned(files fs.FS) bool {
	release, err := rootfs.ReadText(files, "etc/os-release")
	if err != nil || !strings.Contains("\n"+release, "\nID=\"amzn\"\n") || strings.Contains(release, "\nVERSION_ID=\"2\"\n") {
		return false
	}
	followed, err := rootfs.ReadText(files, "etc/dnf/vars/releasever")
	return err != nil || strings.TrimSpace(followed) != "latest"
}

func (d dnf) state(files fs.FS) (string, error) {
	state, err := rpm.State(files, d.database)
	if err != nil {
		return "", err
	}
	for _, each := range d.repositories {
		state += fmt.Sprintln(each.id, each.folder, changed(files, each.description()).UnixNano(), each.excluded)
	}
	return state + fmt.Sprintln(d.never, d.streams, d.locked), nil
}

// listsAt is when the repository that was not fetched for longest was.
func (d dnf) listsAt(files fs.FS) (at time.Time) {
	for _, each := range d.repositories {
		if fetched := each.fetched(files); at.IsZero() || fetched.Before(at) {
			at = fetched
		}
	}
	return at
}

func (d dnf) automatic(files fs.FS) bool { return automaticOfDNF(files) }

// read compares what is installed with the advisories of all repositories that are enabled. One that was never fetched might have some.
func (d dnf) read(ctx context.Context, files fs.FS) (found fact.Updates, good []validity, err error) {
	if len(d.never) > 0 {
		return found, nil, fact.Errorf(fact.ReasonNotFound,
			"repositories are enabled and were never fetched (%s): run dnf makecache, or disable them", words.List(d.never))
	}
	packages, err := rpm.Installed(ctx, files, d.database)
	if err != nil {
		return found, nil, err
	}
	installed := newInventory(packages, d.streams)
	found.Manager = "dnf"
	covered := false
	for _, each := range d.repositories {
		name, err := each.advisories(files)
		if err != nil {
			return found, nil, err
		}
		if name == "" {
			continue
		}
		found.Sources = append(found.Sources, rootfs.Line(each.id))
		covers, err := installed.readAdvisories(ctx, files, name)
		if err != nil {
			return found, nil, err
		}
		covered = covered || covers
	}
	// Repositories of others have advisories where those of the distribution have none, as EPEL has beside CentOS Stream.
	if !covered {
		found.Sources = nil
	}
	found.Pending = installed.pending(d.repositories, d.locked)
	return found, nil, nil
}

func newInventory(packages []rpm.Package, streams map[string]bool) rpmInventory {
	i := rpmInventory{packages: make(map[string]*rpmPackage), streams: streams}
	vendors, architectures := make(map[string]int), make(map[string]int)
	for _, each := range packages {
		vendors[each.Vendor]++
		if each.Architecture != "noarch" {
			architectures[each.Architecture]++
		}
		// Kernels are installed beside each other, and the newest is what a reboot starts.
		key := each.Name + "." + each.Architecture
		if before, there := i.packages[key]; !there || each.Version.Compare(before.Version) > 0 {
			i.packages[key] = &rpmPackage{Package: each, offered: each.Version}
		}
	}
	i.vendor, i.native = most(vendors), most(architectures)
	return i
}

// most is what there is most of, and the first by name of several.
func most(counts map[string]int) (name string) {
	for _, each := range slices.Sorted(maps.Keys(counts)) {
		if counts[each] > counts[name] {
			name = each
		}
	}
	return name
}

// pending are the packages of which a newer version is offered.
func (i rpmInventory) pending(repositories []repository, kept []string) (all []fact.PendingUpdate) {
	for _, each := range repositories {
		kept = append(kept, each.excluded...)
	}
	for _, key := range slices.Sorted(maps.Keys(i.packages)) {
		each := i.packages[key]
		if each.offered == each.Version {
			continue
		}
		title := each.Name
		if each.Architecture != i.native && each.Architecture != "noarch" {
			title = key
		}
		update := fact.PendingUpdate{
			Package: rootfs.Line(title), Installed: rootfs.Line(each.Version.String()), Available: rootfs.Line(each.offered.String()),
			Held: held(each.Package, kept), Since: each.issued, Earliest: each.issued,
		}
		if each.undated {
			update.Earliest = each.InstalledAt
		}
		all = append(all, update)
	}
	return all
}
