package host

import (
	"context"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// maximumPatience is how long a file system may take to tell its size; the kernel waits forever for a dead server.
const maximumPatience = 5 * time.Second

// Filesystems is the collector of file systems: all real ones of the machine, and those that are declared.
func Filesystems(options Options) collector.Collector[Target, fact.Filesystem] {
	c := newFilesystems(options.filled())
	return collector.Collector[Target, fact.Filesystem]{
		Name:     "filesystem",
		Summary:  "Looks at the file systems of the machine the exporter runs on: size, free space, inodes, growth.",
		Kind:     fact.Filesystems(),
		Schedule: "@every 30s",
		Timeout:  10 * time.Second,
		Targets:  targets,
		Target:   func(t Target) string { return t.Host.Name },
		Look:     c.look,
		Forget:   c.forget,
	}
}

// filesystems is what the collector keeps between looks.
type filesystems struct {
	Options
	container string // as containerOf tells
	sizes     *sizes

	mu      sync.Mutex
	growths map[string]map[string]*growth // by target and mount point
}

func newFilesystems(options Options) *filesystems {
	return &filesystems{
		Options:   options,
		container: containerOf(options.RootFS),
		sizes:     newSizes(options.RootFS),
		growths:   make(map[string]map[string]*growth),
	}
}

func (c *filesystems) look(ctx context.Context, target Target) (fact.Batch[fact.Filesystem], error) {
	var batch fact.Batch[fact.Filesystem]
	all, err := readMounts(c.RootFS)
	if err != nil {
		return batch, err
	}
	wanted := choose(all, target.Host.Filesystems, c.container != "")
	seen := make([]seenSize, len(wanted))
	patience := patienceOf(ctx)
	var waiting sync.WaitGroup
	for i, m := range wanted {
		if m.mounted {
			waiting.Go(func() { seen[i].size, seen[i].err = c.sizes.of(ctx, m, patience) })
		}
	}
	waiting.Wait()
	if c.container != "" {
		root := fact.Filesystem{Host: target.Host.Name, Mountpoint: "/", Purpose: system.PurposeRoot}
		batch.Missed = append(batch.Missed, miss(root, fact.Errorf(fact.ReasonUnsupported,
			"the exporter runs in a container (%s): mount the machine's root in it and point --path.rootfs there", c.container)))
	}
	c.addFacts(&batch, target, wanted, seen)
	return batch, nil
}

// miss says that a file system could not be seen. It concerns only the checks on its purpose; the root is more than what
// it was declared for.
func miss(f fact.Filesystem, err error) fact.Missed {
	missed := fact.Miss(fact.Filesystems().Subject(f), err)
	if missed.Topic = f.Purpose; f.Mountpoint == "/" && f.Purpose != system.PurposeRoot {
		missed.Topic = ""
	}
	return missed
}

// seenSize is what was seen of one wanted mount.
type seenSize struct {
	size size
	err  error
}

func (c *filesystems) addFacts(batch *fact.Batch[fact.Filesystem], target Target, wanted []mount, seen []seenSize) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Now()
	before, after := c.growths[target.key()], make(map[string]*growth)
	for i, m := range wanted {
		size, err := seen[i].size, seen[i].err
		f := fact.Filesystem{Host: target.Host.Name, Mountpoint: m.point, Purpose: m.purpose, Mounted: m.mounted}
		grown := before[m.point]
		if grown == nil {
			grown = &growth{}
		}
		switch {
		case err != nil:
			batch.Missed = append(batch.Missed, miss(f, err))
			after[m.point] = grown
			continue
		case m.mounted && size.total == 0 && m.declared:
			batch.Missed = append(batch.Missed, miss(f,
				fact.Errorf(fact.ReasonUnsupported, "%s on %s has no size", m.fstype, m.point)))
			continue
		case m.mounted && size.total == 0:
			continue // A view of the kernel or of a program, and no place to keep anything.
		case m.mounted:
			f.Device, f.Type, f.ReadOnly = m.device, m.fstype, m.readOnly
			f.Size, f.Free, f.Available = size.total, size.free, size.available
			f.Inodes, f.InodesFree = size.inodes, size.inodesFree
			grown.add(now, size.total-min(size.free, size.total))
			f.Growth, f.GrowthKnown = grown.rate()
			f.FullAt = fullAt(now, f)
			after[m.point] = grown
		}
		batch.Facts = append(batch.Facts, f)
	}
	c.growths[target.key()] = after
}

func (t Target) key() string { return t.System + "/" + t.Host.Name }

func (c *filesystems) forget(target Target) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.growths, target.key())
}

// patienceOf leaves time to return what the other file systems told before the look's own time is up.
func patienceOf(ctx context.Context) time.Duration {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return maximumPatience
	}
	return min(maximumPatience, time.Until(deadline)/2)
}

// purposeOf is what a mount is for when nobody says.
func purposeOf(point string) string {
	if point == "/" {
		return system.PurposeRoot
	}
	return system.PurposeOther
}
