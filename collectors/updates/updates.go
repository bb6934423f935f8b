// Package updates collects which security updates the machine has not installed, by the files of its package manager: apt's lists of
// packages and what dpkg has installed, or the advisories of dnf's repositories and what rpm has. It runs, fetches and locks nothing.
package updates

import (
	"cmp"
	"context"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
	"github.com/readiness-exporter/readiness-exporter/internal/rpm"
)

// New makes the collector; rootFS is where the machine's root file system is, now the clock.
func New(rootFS string, now func() time.Time) collector.Collector[collector.Machine] {
	known := func(host string) fact.Updates { return fact.Updates{Host: host} }
	kept := memory{since: make(map[string]time.Time)}
	machines := collector.OfMachine("updates", "Security updates that the machine has not installed, by the files of its package manager.",
		fact.UpdatesOfHosts(), known,
		func(ctx context.Context, host string) (*fact.Set[fact.Updates], error) {
			set := &fact.Set[fact.Updates]{}
			if container := rootfs.Container(rootFS); container != "" {
				set.Lack(known(host), "", rootfs.InContainer(container))
				return set, nil
			}
			files, err := rootfs.Open(rootFS)
			if err != nil {
				return nil, err
			}
			defer files.Close()
			// What cannot be read often is a privilege that the exporter was not given, and no failure of the collector.
			if found, err := kept.collect(ctx, files, now()); err != nil {
				set.Lack(known(host), "", err)
			} else {
				found.Host = host
				set.Add(found)
			}
			return set, nil
		})
	machines.Timeout = maximumTime
	return machines
}

// maximumTime is how long lists and advisories may take to be read, where there are 100 MB of them and the machine is busy.
const maximumTime = 50 * time.Second

// A memory is what is kept of the machine between runs: reading lists of packages, or advisories, takes seconds of a processor, and they
// change once or twice a day.
type memory struct {
	mu    sync.Mutex
	state string // of all files that were read, by size and time
	found fact.Updates
	good  []validity
	since map[string]time.Time // when an update was first found, by package and version
}

// Where apt and dpkg keep what is of concern.
const (
	status   = "var/lib/dpkg/status"
	info     = "var/lib/dpkg/info"
	lists    = "var/lib/apt/lists"
	periodic = "var/lib/apt/periodic"
)

// A validity is when a list was made, and until when it is good; zero where it does not say so.
type validity struct{ made, until time.Time }

// A manager is a package manager of which the files are read.
type manager interface {
	// state tells one state of what read reads from another.
	state(files fs.FS) (string, error)
	// read compares what is installed with the lists, and says how long they are good.
	read(ctx context.Context, files fs.FS) (fact.Updates, []validity, error)
	listsAt(files fs.FS) time.Time
	automatic(files fs.FS) bool
}

// managerOf finds the package manager of a machine. dpkg, which Fedora has as a package, has installed nothing there.
func managerOf(files fs.FS) (manager, error) {
	about, err := fs.Stat(files, status)
	database := rpm.Find(files)
	switch {
	case err == nil && (about.Size() > 0 || database == ""):
		return apt{}, nil
	case database != "":
		return newDNF(files, database)
	}
	return nil, fact.Errorf(fact.ReasonUnsupported,
		"neither /%s nor the database of rpm is there: only the package managers apt and dnf can be collected from", status)
}

func (m *memory) collect(ctx context.Context, files fs.FS, now time.Time) (fact.Updates, error) {
	manager, err := managerOf(files)
	if err != nil {
		return fact.Updates{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	state, err := manager.state(files)
	if err != nil {
		return fact.Updates{}, err
	}
	if state != m.state || state == "" {
		found, good, err := manager.read(ctx, files)
		if err != nil {
			return fact.Updates{}, err
		}
		m.state, m.found, m.good = state, found, good
	}
	found := m.found
	found.ListsAt, found.Automatic = manager.listsAt(files), manager.automatic(files)
	for _, each := range m.good {
		// A list that is good no more is as old as it says, however often others were fetched since: a signature that has expired, or a mirror
		// that stands still.
		if !each.until.IsZero() && now.After(each.until) && found.ListsAt.After(each.made) {
			found.ListsAt = each.made
		}
	}
	found.Pending = slices.Clone(found.Pending)
	since := make(map[string]time.Time)
	for i := range found.Pending {
		each := &found.Pending[i]
		key := each.Package + " " + each.Available
		// An advisory has a date; lists of packages have none, and one of tomorrow is none.
		if each.Since.IsZero() || each.Since.After(now) {
			each.Since = cmp.Or(m.since[key], now)
			since[key] = each.Since
		}
	}
	m.since = since
	return found, nil
}

// changed is when the newest of some files was written; zero where there is none. dpkg writes the list of a package's files when it
// installs a version, and not later.
func changed(files fs.FS, names ...string) (at time.Time) {
	for _, name := range names {
		if about, err := fs.Stat(files, name); err == nil && about.ModTime().After(at) {
			at = about.ModTime()
		}
	}
	return at
}
