// Package host looks at the machine the exporter runs on: its operating system, memory and processors, and its file
// systems. In a container it sees the machine through the machine's root file system, mounted somewhere inside.
package host

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/procfs"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// Options say where the machine is seen.
type Options struct {
	// RootFS is where the machine's root file system is: / outside of containers, else where it is mounted (/host).
	// Its proc is used too; it comes along when / of the machine is mounted with all below it.
	RootFS string
	// Now is the clock; nil: the real one.
	Now func() time.Time
}

func (o Options) filled() Options {
	if o.RootFS == "" {
		o.RootFS = "/"
	}
	o.RootFS = filepath.Clean(o.RootFS)
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// A Target is a host of a system.
type Target struct {
	System string // its ID, since two systems can share a machine
	Host   system.Host
}

func targets(s *system.System) []Target {
	all := make([]Target, len(s.Hosts))
	for i, host := range s.Hosts {
		all[i] = Target{System: s.ID(), Host: host}
	}
	return all
}

// Hosts is the collector of the machine itself.
func Hosts(options Options) collector.Collector[Target, fact.Host] {
	options = options.filled()
	return collector.Collector[Target, fact.Host]{
		Name:     "host",
		Summary:  "Looks at the operating system, memory and processors of the machine the exporter runs on.",
		Kind:     fact.Hosts(),
		Schedule: "@every 1m",
		Timeout:  10 * time.Second,
		Targets:  targets,
		Target:   func(t Target) string { return t.Host.Name },
		Look: func(ctx context.Context, t Target) (fact.Batch[fact.Host], error) {
			if ctx.Err() != nil {
				return fact.Batch[fact.Host]{}, context.Cause(ctx)
			}
			host, err := lookAtHost(options.RootFS, t.Host.Name)
			if err != nil {
				return fact.Batch[fact.Host]{}, err
			}
			return fact.Batch[fact.Host]{Facts: []fact.Host{host}}, nil
		},
	}
}

func lookAtHost(rootFS, name string) (fact.Host, error) {
	files, err := openFiles(rootFS)
	if err != nil {
		return fact.Host{}, err
	}
	defer files.Close()
	host := fact.Host{Name: name, Container: containerOf(rootFS)}
	if err := addKernel(&host, procPath(rootFS)); err != nil {
		return fact.Host{}, err
	}
	release, err := readOSRelease(files)
	if err != nil {
		return fact.Host{}, err
	}
	addOperatingSystem(&host, release, files)
	if release.isLike("debian") {
		host.RebootKnown = true
		host.RebootRequired, host.RebootPackages = readRebootRequired(files)
	}
	return host, nil
}

// procPath is where the kernel tells of itself: the machine's own proc, else ours, which tells the same.
func procPath(rootFS string) string {
	path := filepath.Join(rootFS, "proc")
	if _, err := os.Stat(filepath.Join(path, "meminfo")); err != nil {
		return procfs.DefaultMountPoint
	}
	return path
}

func addKernel(host *fact.Host, procPath string) error {
	proc, err := procfs.NewFS(procPath)
	if err != nil {
		return fmt.Errorf("open %s: %w", procPath, err)
	}
	memory, err := proc.Meminfo()
	if err != nil {
		return fmt.Errorf("read %s/meminfo: %w", procPath, err)
	}
	if memory.MemTotalBytes == nil || memory.MemAvailableBytes == nil {
		return fact.Errorf(fact.ReasonInvalid, "read %s/meminfo: expected MemTotal and MemAvailable", procPath)
	}
	stat, err := proc.Stat()
	if err != nil {
		return fmt.Errorf("read %s/stat: %w", procPath, err)
	}
	kernel, err := os.ReadFile(filepath.Join(procPath, "sys/kernel/osrelease"))
	if err != nil {
		return fmt.Errorf("read the kernel's release: %w", err)
	}
	host.Memory, host.MemoryAvailable = *memory.MemTotalBytes, *memory.MemAvailableBytes
	host.Cores = len(stat.CPU)
	host.BootedAt = time.Unix(int64(stat.BootTime), 0).UTC() //nolint:gosec // Seconds since 1970 fit.
	host.Kernel = strings.TrimSpace(string(kernel))
	return nil
}

// addOperatingSystem tells the operating system and how long it is supported. What os-release says of the end itself
// wins over the table.
func addOperatingSystem(host *fact.Host, release osRelease, files fs.FS) {
	host.ID, host.Version, host.Codename, host.Title = release.ID, release.Version, release.Codename, release.Title
	known, listed := supportOf(release.ID, release.Version)
	host.LongTermSupport = listed || release.longTerm()
	host.SupportEnd, host.ExtendedSupportEnd = known.end, known.extended
	host.ExtendedSupport = known.free || hasUbuntuPro(files)
	if !release.SupportEnd.IsZero() {
		host.SupportEnd = release.SupportEnd
	}
}

// hasUbuntuPro tells whether expanded security maintenance is switched on: pro adds the source of its packages then.
func hasUbuntuPro(files fs.FS) bool {
	return exists(files, "etc/apt/sources.list.d/ubuntu-esm-infra.sources") ||
		exists(files, "etc/apt/sources.list.d/ubuntu-esm-infra.list")
}

// maximumRebootPackages bounds what a fact carries.
const maximumRebootPackages = 50

// readRebootRequired reads the mark that Debian's and Ubuntu's packages leave.
func readRebootRequired(files fs.FS) (required bool, packages []string) {
	for _, mark := range []string{"run/reboot-required", "var/run/reboot-required"} {
		if !exists(files, mark) {
			continue
		}
		seen := make(map[string]bool)
		text, err := readFile(files, mark+".pkgs")
		if err != nil {
			return true, nil // The list is a courtesy.
		}
		for name := range strings.FieldsSeq(string(text)) {
			if !seen[name] && len(packages) < maximumRebootPackages {
				packages = append(packages, name)
			}
			seen[name] = true
		}
		return true, packages
	}
	return false, nil
}
