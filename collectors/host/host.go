// Package host collects from the machine the exporter runs on: its operating system, memory and processors, and its file
// systems. In a container it reads the machine's root file system, mounted somewhere inside.
package host

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/procfs"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/distribution"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// Options say where the machine is found.
type Options struct {
	// RootFS is where the machine's root file system is: / outside of containers, else where it is mounted (/host).
	// Its proc is used too; it comes along when / of the machine is mounted with all below it.
	RootFS string
	// Now is the clock; nil: the real one.
	Now func() time.Time
	// ClockError is by how much the clock of the machine can be wrong at most; nil: the kernel is asked.
	ClockError func() (time.Duration, error)
}

func (o Options) filled() Options {
	if o.RootFS == "" {
		o.RootFS = "/"
	}
	o.RootFS = filepath.Clean(o.RootFS)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.ClockError == nil {
		o.ClockError = clockError
	}
	return o
}

// A Target is a host of a system.
type Target struct {
	System string // its ID, since two systems can share a machine
	Host   system.Host
}

func (t Target) key() string { return t.System + "/" + t.Host.Name }

func targets(s *system.System) []Target {
	machines := s.Machines()
	all := make([]Target, len(machines))
	for i, host := range machines {
		all[i] = Target{System: s.ID(), Host: host}
	}
	return all
}

// New makes the collector of the machine: its operating system, and its file systems, which are all real ones and those
// that are declared. Where one of both cannot be read, the other is still collected.
func New(options Options) collector.Collector[Target] {
	return newMachine(options.filled()).collector()
}

// machine is what the collector knows of the machine, and what it keeps between runs.
type machine struct {
	Options
	system    string // as Go names it
	container string // as rootfs.Container says
	sizes     *sizes
	installed rpmPackages

	mu      sync.Mutex
	growths map[string]map[string]*growth // by target and mount point
}

func newMachine(options Options) *machine {
	return &machine{
		Options:   options,
		system:    runtime.GOOS,
		container: rootfs.Container(options.RootFS),
		sizes:     newSizes(options.RootFS),
		growths:   make(map[string]map[string]*growth),
	}
}

func (m *machine) collector() collector.Collector[Target] {
	return collector.Collector[Target]{
		Name:     "host",
		Summary:  "The operating system, memory, processors and file systems of the machine the exporter runs on.",
		Yields:   []fact.Any{fact.Hosts(), fact.Filesystems()},
		Schedule: "@every 30s",
		Timeout:  10 * time.Second,
		Targets:  targets,
		Target:   func(t Target) string { return t.Host.Name },
		Known:    known,
		Collect:  m.collect,
		Forget:   m.forget,
	}
}

// known is what is declared: the host, its mounts, and its root, which every machine has.
func known(target Target) []fact.AnySet {
	hosts := &fact.Set[fact.Host]{Unavailable: []fact.Unavailable[fact.Host]{{Known: fact.Host{Name: target.Host.Name}}}}
	filesystems := &fact.Set[fact.Filesystem]{}
	lack := func(f fact.Filesystem, subject string) {
		f.Host = target.Host.Name
		filesystems.Unavailable = append(filesystems.Unavailable, fact.Unavailable[fact.Filesystem]{Known: f, Subject: subject})
	}
	isRoot := func(f system.Filesystem) bool { return f.Mount == "/" }
	if !slices.ContainsFunc(target.Host.Filesystems, isRoot) {
		lack(fact.Filesystem{Mountpoint: "/", Purpose: system.PurposeRoot}, "")
	}
	for _, f := range target.Host.Filesystems {
		lack(fact.Filesystem{Mountpoint: f.Mount, Purpose: f.Purpose}, "")
	}
	// Those that nobody declares cannot be named before they are found.
	lack(fact.Filesystem{Purpose: system.PurposeOther}, target.Host.Name)
	return []fact.AnySet{fact.Hosts().Set(hosts), fact.Filesystems().Set(filesystems)}
}

func (m *machine) collect(ctx context.Context, target Target, _ fact.Topics) ([]fact.AnySet, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := checkSystem(m.system); err != nil {
		return nil, err
	}
	sets := known(target)
	host, hostErr := m.readHost(ctx, target.Host.Name)
	mounts, mountsErr := readMounts(m.RootFS)
	if hostErr != nil && mountsErr != nil {
		return nil, hostErr
	}
	if hostErr != nil {
		sets[0] = sets[0].Fail(target.Host.Name, *fact.FailureOf(hostErr))
	} else {
		sets[0] = fact.Hosts().Set(&fact.Set[fact.Host]{Facts: []*fact.Host{&host}})
	}
	if mountsErr != nil {
		sets[1] = sets[1].Fail(target.Host.Name, *fact.FailureOf(mountsErr))
	} else {
		sets[1] = fact.Filesystems().Set(m.collectFilesystems(ctx, target, mounts))
	}
	return sets, nil
}

// checkSystem gives an error unless machines with that operating system can be collected.
func checkSystem(name string) error {
	if name == "linux" {
		return nil
	}
	return fact.Errorf(fact.ReasonUnsupported, "this machine runs %s, and only machines with Linux can be collected: run the exporter "+
		"on the machine that is meant", name)
}

func (m *machine) readHost(ctx context.Context, name string) (fact.Host, error) {
	files, err := rootfs.Open(m.RootFS)
	if err != nil {
		return fact.Host{}, err
	}
	defer files.Close()
	host := fact.Host{Name: name, Container: m.container}
	if err := addKernel(&host, rootfs.Proc(m.RootFS)); err != nil {
		return fact.Host{}, err
	}
	release, err := readOSRelease(files)
	if err != nil {
		return fact.Host{}, err
	}
	addOperatingSystem(&host, release, files)
	if addReboot(&host, files); !host.RebootKnown {
		m.installed.addRPM(ctx, &host, files)
	}
	host.NewestKernel = newestKernel(files, host.Kernel)
	addClock(&host, m.ClockError)
	return host, nil
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
	kernel, err := readfile.Read(filepath.Join(procPath, "sys/kernel/osrelease"), rootfs.MaximumFileSize)
	if err != nil {
		return fmt.Errorf("read the kernel's release: %w", err)
	}
	host.Memory, host.MemoryAvailable = *memory.MemTotalBytes, *memory.MemAvailableBytes
	host.Cores = len(stat.CPU)
	host.BootedAt = time.Unix(int64(stat.BootTime), 0).UTC() //nolint:gosec // Seconds since 1970 fit.
	host.Kernel = rootfs.Line(string(kernel))
	return nil
}

// addOperatingSystem adds the operating system and how long it is supported. What os-release says of the end itself
// wins over the table.
func addOperatingSystem(host *fact.Host, release osRelease, files fs.FS) {
	host.ID, host.Version, host.Codename, host.Title = release.ID, release.Version, release.Codename, release.Title
	known, listed := distribution.Supported().Of(distribution.Release{ID: release.ID, Version: release.Version})
	host.LongTermSupport = listed || release.longTerm()
	host.SupportEnd, host.ExtendedSupportEnd = known.End, known.Extended
	host.ExtendedSupport = known.Free || hasUbuntuPro(files)
	if !release.SupportEnd.IsZero() {
		host.SupportEnd = release.SupportEnd
	}
}
