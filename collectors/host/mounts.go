package host

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A mount is a file system at its place on the machine, or a declared one that is not there.
type mount struct {
	point, device, fstype string
	number                string // major:minor of the device: the same wherever it is mounted
	whole                 bool   // the mount shows the file system's own root, and not a folder of it
	readOnly              bool   // nothing can be written
	meantReadOnly         bool   // it was mounted so, and not made so by an error
	ofUser                bool   // a user mounted it for themselves: nobody else, not even root, may ask it anything
	unread                string // why its line in the list could not be read
	mounted               bool
	declared              bool
	purpose               string
}

// readMounts lists what is mounted on the machine, in the order of mounting. The list of the machine's first process is the best;
// where its list cannot be read, what of the machine is mounted into our container, or left to our service, has to do.
func readMounts(rootFS string) ([]mount, error) {
	if infos, err := rootfs.ReadMounts(filepath.Join(rootFS, "proc/1/mountinfo")); err == nil {
		return mountsOf(infos, "/", true), nil
	}
	infos, err := rootfs.ReadMounts("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("read the list of mounts: %w", err)
	}
	mounts := mountsOf(infos, rootFS, false)
	if len(mounts) == 0 {
		return nil, fact.Errorf(fact.ReasonNotFound, "nothing is mounted under %s, where the machine's root should be", rootFS)
	}
	return mounts, nil
}

// mountsOf keeps what lies under the machine's root, and names it as the machine does. Unless the list is the machine's own,
// the options of each mount are those of our container or service, which may well have it read-only: only those of the file
// system itself count then.
func mountsOf(infos []rootfs.Mount, rootFS string, own bool) []mount {
	var mounts []mount
	for _, info := range infos {
		point, inside := withoutRoot(info.Point, rootFS)
		if !inside {
			continue
		}
		mountedSo, readOnly := own && slices.Contains(info.Options, "ro"), slices.Contains(info.SuperOptions, "ro")
		broken := slices.ContainsFunc(info.SuperOptions, brokenOption.MatchString)
		mounts = append(mounts, mount{
			point: point, device: info.Source, fstype: info.FSType, number: info.Number,
			whole: info.Root == "/", readOnly: readOnly || broken || mountedSo, meantReadOnly: mountedSo && !broken,
			ofUser: isOfUser(info), unread: info.Unread, mounted: true,
		})
	}
	return mounts
}

// brokenOption matches what kernels write of a file system that lets nothing be written any more, while its mount stays rw.
var brokenOption = regexp.MustCompile(`^(emergency|forced|error)[_-]?(ro|read[_-]?only|shutdown)$|^shutdown$`)

// isOfUser tells the mounts of FUSE that a user made for themselves.
func isOfUser(info rootfs.Mount) bool {
	if !strings.HasPrefix(info.FSType, "fuse") || slices.Contains(info.SuperOptions, "allow_other") {
		return false
	}
	return slices.ContainsFunc(info.SuperOptions, func(option string) bool {
		id, is := strings.CutPrefix(option, "user_id=")
		return is && id != "0"
	})
}

func withoutRoot(point, rootFS string) (string, bool) {
	switch rest, inside := strings.CutPrefix(point, rootFS); {
	case rootFS == "/":
		return point, true
	case !inside:
		return "", false
	case rest == "":
		return "/", true
	default:
		return rest, rest[0] == '/'
	}
}

var (
	// pseudoType matches file systems that keep nothing, or nothing that can fill: those of the kernel, memory, images
	// that are full by nature, layers of containers, mounts on demand.
	pseudoType = regexp.MustCompile(`^(autofs|binfmt_misc|bpf|cgroup2?|configfs|cramfs|debugfs|devpts|devtmpfs|ecryptfs|` +
		`efivarfs|erofs|fusectl|fuse\.(gvfsd-fuse|lxcfs|portal|snapfuse)|hugetlbfs|iso9660|mqueue|nfsd|nsfs|overlay|proc|` +
		`pstore|ramfs|rootfs|rpc_pipefs|securityfs|selinuxfs|smackfs|squashfs|sysfs|tmpfs|tracefs|udf)$`)
	// managedPoint matches mounts that come and go with containers; their volumes are collected from the cluster.
	managedPoint = regexp.MustCompile(`^/(dev|proc|run|sys|snap)/|/kubelet/(pods|plugins)/|/k3s/agent/|/io\.containerd\.|` +
		`^/var/lib/(docker|containers|containerd)/`)
)

// choose picks the mounts to collect, sorted by mount point: the declared ones, the root, and every real file system
// once. In a container only the declared ones are the system's, and the root never is.
func choose(all []mount, declared []system.Filesystem, inContainer bool) []mount {
	top := make(map[string]mount, len(all)) // what is mounted last at a place hides the rest
	for _, m := range all {
		top[m.point] = m
	}
	var chosen []mount
	known := make(map[string]bool) // devices
	add := func(m mount) {
		if inContainer && m.point == "/" {
			return
		}
		chosen = append(chosen, m)
		known[m.number] = true
		delete(top, m.point)
	}
	for _, d := range declared {
		m := top[d.Mount] // not mounted: the zero value
		m.point, m.purpose, m.declared = d.Mount, d.Purpose, true
		add(m)
	}
	if !inContainer {
		for _, m := range discoverable(top) {
			if !known[m.number] || m.point == "/" {
				m.purpose = purposeOf(m.point)
				add(m)
			}
		}
	}
	slices.SortFunc(chosen, func(a, b mount) int { return strings.Compare(a.point, b.point) })
	return chosen
}

// discoverable are the root, whatever it is, and the real file systems: of several mounts of one the best first, which is
// that of its own root, at the shortest path.
func discoverable(top map[string]mount) []mount {
	var found []mount
	for _, m := range top {
		if m.point == "/" || !pseudoType.MatchString(m.fstype) && !managedPoint.MatchString(m.point) && !m.ofUser {
			found = append(found, m)
		}
	}
	rank := func(m mount) int {
		switch {
		case m.point == "/":
			return 0
		case m.whole:
			return 1
		default:
			return 2
		}
	}
	slices.SortFunc(found, func(a, b mount) int {
		return cmp.Or(rank(a)-rank(b), len(a.point)-len(b.point), strings.Compare(a.point, b.point))
	})
	return found
}
