package host

import (
	"context"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// maximumPatience is how long a file system may take to answer; the kernel waits forever for a dead server.
const maximumPatience = 5 * time.Second

func (m *machine) collectFilesystems(ctx context.Context, target Target, mounts []mount) *fact.Set[fact.Filesystem] {
	set := &fact.Set[fact.Filesystem]{}
	wanted := choose(mounts, target.Host.Filesystems, m.container != "")
	measured := make([]measuredSize, len(wanted))
	patience := patienceOf(ctx)
	var waiting sync.WaitGroup
	for i, each := range wanted {
		if each.mounted && each.unread == "" {
			waiting.Go(func() { measured[i].size, measured[i].err = m.sizes.of(ctx, each, patience) })
		}
	}
	waiting.Wait()
	if m.container != "" {
		set.Lack(fact.Filesystem{Host: target.Host.Name, Mountpoint: "/", Purpose: system.PurposeRoot}, "", rootfs.InContainer(m.container))
	}
	m.addFilesystems(set, target, wanted, measured)
	return set
}

// measuredSize is what one wanted mount answered.
type measuredSize struct {
	size size
	err  error
}

func (m *machine) addFilesystems(set *fact.Set[fact.Filesystem], target Target, wanted []mount, measured []measuredSize) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.Now()
	before, after := m.growths[target.key()], make(map[string]*growth)
	for i, each := range wanted {
		size, err := measured[i].size, measured[i].err
		f := fact.Filesystem{Host: target.Host.Name, Mountpoint: each.point, Purpose: each.purpose}
		grown := before[each.point]
		if grown == nil {
			grown = &growth{}
		}
		switch {
		case each.unread != "":
			set.Lack(f, "", fact.Errorf(fact.ReasonInvalid, "%s", each.unread))
			continue
		case err != nil:
			set.Lack(f, "", err)
			after[each.point] = grown
			continue
		case each.mounted && size.total == 0 && each.declared:
			set.Lack(f, "", fact.Errorf(fact.ReasonUnsupported, "%s on %s has no size", each.fstype, each.point))
			continue
		case each.mounted && size.total == 0:
			continue // A view of the kernel or of a program, and no place to keep anything.
		case each.mounted:
			f.Mounted, f.Device, f.Type = true, each.device, each.fstype
			f.ReadOnly, f.MeantReadOnly = each.readOnly || size.broken, each.meantReadOnly && !size.broken
			f.Size, f.Free, f.Available = size.total, size.free, size.available
			f.Inodes, f.InodesFree = size.inodes, size.inodesFree
			grown.add(now, size.total-min(size.free, size.total))
			f.Growth, f.GrowthKnown = grown.rate()
			f.FullAt = fullAt(now, f)
			after[each.point] = grown
		}
		set.Add(f)
	}
	m.growths[target.key()] = after
}

func (m *machine) forget(target Target) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.growths, target.key())
}

// patienceOf leaves time to return what the other file systems answered before the run's own time is up.
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
