// Package updates collects which security updates the machine has not installed, by the files of its package manager: apt's lists of
// packages, and what dpkg has installed. It runs nothing, fetches nothing, and locks nothing.
package updates

import (
	"cmp"
	"context"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
)

// New makes the collector; rootFS is where the machine's root file system is, now the clock.
func New(rootFS string, now func() time.Time) collector.Collector[collector.Machine] {
	known := func(host string) fact.Updates { return fact.Updates{Host: host} }
	kept := memory{since: make(map[string]time.Time)}
	return collector.OfMachine("updates", "Security updates that the machine has not installed, by the files of its package manager.",
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
}

// A memory is what is kept of the machine between runs: reading lists of packages takes a second of a processor, and they change once
// or twice a day.
type memory struct {
	mu    sync.Mutex
	state string // of all files that were read, by size and time
	found fact.Updates
	since map[string]time.Time // when an update was first found, by package and version
}

// Where apt and dpkg keep what is of concern.
const (
	status   = "var/lib/dpkg/status"
	info     = "var/lib/dpkg/info"
	lists    = "var/lib/apt/lists"
	periodic = "var/lib/apt/periodic"
)

func (m *memory) collect(ctx context.Context, files fs.FS, now time.Time) (fact.Updates, error) {
	if !rootfs.Exists(files, status) {
		return fact.Updates{}, fact.Errorf(fact.ReasonUnsupported,
			"/%s is not there: only the package manager apt, of Debian and Ubuntu, can be collected from", status)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	state, err := stateOf(files)
	if err != nil {
		return fact.Updates{}, err
	}
	if state != m.state || state == "" {
		found, err := read(ctx, files)
		if err != nil {
			return fact.Updates{}, err
		}
		m.state, m.found = state, found
	}
	found := m.found
	found.ListsAt, found.Automatic = fetched(files), automatic(files)
	found.Pending = slices.Clone(found.Pending)
	since := make(map[string]time.Time)
	for i := range found.Pending {
		each := &found.Pending[i]
		key := each.Package + " " + each.Available
		each.Since = cmp.Or(m.since[key], now)
		since[key] = each.Since
	}
	m.since = since
	return found, nil
}

// stateOf tells one state of the files from another.
func stateOf(files fs.FS) (string, error) {
	names := []string{status}
	entries, err := fs.ReadDir(files, lists)
	if err != nil {
		return "", unreadable(err)
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			names = append(names, path.Join(lists, entry.Name()))
		}
	}
	var state strings.Builder
	for _, name := range names {
		about, err := fs.Stat(files, name)
		if err != nil {
			return "", unreadable(err)
		}
		state.WriteString(name + about.ModTime().Format(time.RFC3339Nano) + " " + time.Duration(about.Size()).String() + "\n")
	}
	return state.String(), nil
}

// read compares what is installed with the lists of security updates.
func read(ctx context.Context, files fs.FS) (found fact.Updates, err error) {
	installed, err := readInstalled(ctx, files)
	if err != nil {
		return found, err
	}
	sources, err := securitySources(files)
	if err != nil {
		return found, err
	}
	found.Manager = "apt"
	for _, source := range sources {
		found.Sources = append(found.Sources, source.suite)
		for _, name := range source.packages {
			if err := stanzas(ctx, files, name, installed.offer); err != nil {
				return found, err
			}
		}
	}
	slices.Sort(found.Sources)
	found.Sources = slices.Compact(found.Sources)
	for _, name := range slices.Sorted(maps.Keys(installed.packages)) {
		each := installed.packages[name]
		if each.offered.Equal(each.version) {
			continue
		}
		found.Pending = append(found.Pending, fact.PendingUpdate{
			Package: rootfs.Line(installed.title(each)), Installed: each.version.String(), Available: each.offered.String(), Held: each.held,
			Earliest: changed(files, path.Join(info, each.name+".list"), path.Join(info, name+".list")),
		})
	}
	return found, nil
}

// fetched is when the lists were last fetched: what apt's daily job notes, and otherwise when apt last wrote to their folders. Its
// cache changes with every installation, and tells nothing.
func fetched(files fs.FS) time.Time {
	return changed(files, periodic+"/update-success-stamp", periodic+"/update-stamp", lists+"/partial", lists)
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
