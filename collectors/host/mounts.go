package host

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A mount is a file system at its place on the machine, or a declared one that is not there.
type mount struct {
	point, device, fstype string
	number                string // major:minor of the device: the same wherever it is mounted
	whole                 bool   // the mount shows the file system's own root, and not a folder of it
	readOnly              bool
	mounted               bool
	declared              bool
	purpose               string
}

// readMounts lists what is mounted on the machine, in the order of mounting. The list of the machine's first process is the best;
// where its list cannot be read, what of the machine is mounted into our container has to do.
func readMounts(rootFS string) ([]mount, error) {
	if proc, err := procfs.NewFS(filepath.Join(rootFS, "proc")); err == nil {
		if infos, err := proc.GetProcMounts(1); err == nil {
			return mountsOf(infos, "/"), nil
		}
	}
	infos, err := procfs.GetMounts()
	if err != nil {
		return nil, fmt.Errorf("read the list of mounts: %w", err)
	}
	mounts := mountsOf(infos, rootFS)
	if len(mounts) == 0 {
		return nil, fact.Errorf(fact.ReasonNotFound, "nothing is mounted under %s, where the machine's root should be", rootFS)
	}
	return mounts, nil
}

// mountsOf keeps what lies under the machine's root, and names it as the machine does.
func mountsOf(infos []*procfs.MountInfo, rootFS string) []mount {
	var mounts []mount
	for _, info := range infos {
		point, inside := withoutRoot(unescape(info.MountPoint), rootFS)
		if !inside {
			continue
		}
		_, readOnly := info.SuperOptions["ro"]
		// Under another root the mount's own options are those of our container, which may well mount it read-only.
		if _, mountedReadOnly := info.Options["ro"]; mountedReadOnly && rootFS == "/" {
			readOnly = true
		}
		mounts = append(mounts, mount{
			point: point, device: unescape(info.Source), fstype: info.FSType, number: info.MajorMinorVer,
			whole: info.Root == "/", readOnly: readOnly, mounted: true,
		})
	}
	return mounts
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

var octalEscape = regexp.MustCompile(`\\[0-7]{3}`)

// unescape undoes how the kernel writes blanks in its lists.
func unescape(field string) string {
	return octalEscape.ReplaceAllStringFunc(field, func(escape string) string {
		code, err := strconv.ParseUint(escape[1:], 8, 8)
		if err != nil {
			return escape
		}
		return string([]byte{byte(code)})
	})
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
		if m.point == "/" || !pseudoType.MatchString(m.fstype) && !managedPoint.MatchString(m.point) {
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
