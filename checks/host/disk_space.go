package host

import (
	"fmt"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// DiskSpaceParameters tune disk_space.
type DiskSpaceParameters struct {
	// MinimumSize is how large the largest must be of a host's file systems that are declared, and of its root: a small root
	// beside large data is enough.
	MinimumSize quantity.Bytes `yaml:"minimum_size"`
	// MinimumFreeRatio is the share of each file system that everybody must still be able to use.
	MinimumFreeRatio quantity.Ratio `yaml:"minimum_free_ratio"`
	// MinimumInodesFreeRatio is the share of inodes that must be free; file systems that do not number them are left out.
	MinimumInodesFreeRatio quantity.Ratio `yaml:"minimum_inodes_free_ratio"`
	// MinimumTimeToFull is how far away the day must be on which a file system is full at its growth of the last hours.
	MinimumTimeToFull quantity.Duration `yaml:"minimum_time_to_full"`
	// Purposes are what the judged file systems are for: root, data, database, backup, logs, and other, which is every one
	// that is found and not declared. The file system of / is the root, whatever else it is declared for.
	Purposes []Purpose `yaml:"purposes"`
}

// Validate tells what makes no sense.
func (p DiskSpaceParameters) Validate() error {
	if len(p.Purposes) == 0 {
		return check.Wrong("purposes", "expected at least one of %s", strings.Join(purposes{}.Values(), ", "))
	}
	return nil
}

// A Purpose is what a file system can be for.
type Purpose = quantity.Choice[purposes]

// purposes are what file systems can be for.
type purposes struct{}

// Values lists them.
func (purposes) Values() []string { return append(system.Purposes(), system.PurposeOther) }

func everyPurpose() (all []Purpose) {
	for _, each := range (purposes{}).Values() {
		all = append(all, Purpose(each))
	}
	return all
}

func notMounted() check.Reason {
	return check.Reason{
		Name: "not_mounted", Level: check.Fail, Urgent: true, Sentence: "The file system is declared and is not mounted.",
		Remedy: "Mount it (mount <mount point>; see dmesg if that fails), and keep it in /etc/fstab.",
	}
}

func readOnly() check.Reason {
	return check.Reason{
		Name: "read_only", Level: check.Fail, Urgent: true, Sentence: "Nothing can be written to the file system.",
		Remedy: "Check for disk errors (dmesg), check it with fsck while it is not mounted, and mount it read-write again.",
	}
}

func readOnlyProblem(f *fact.Filesystem) check.Problem {
	return readOnly().Problem(fmt.Sprintf("Nothing can be written to the device %s (%s).", f.Device, f.Type))
}

func tooSmall() check.Reason {
	return check.Reason{
		Name: "too_small", Level: check.Fail, Sentence: "No file system of the host is as large as one should be.", Absence: true,
		Remedy: "Enlarge the disk and its file system (growpart, resize2fs or xfs_growfs), or add one and declare it.",
	}
}

func lowSpace() check.Reason {
	return check.Reason{
		Name: "low_space", Level: check.Fail, Sentence: "The file system is nearly full.",
		Remedy: "Find what takes the space (du --one-file-system --human-readable --max-depth=2 <mount point>) and remove it, or enlarge it.",
	}
}

func lowInodes() check.Reason {
	return check.Reason{
		Name: "low_inodes", Level: check.Fail, Sentence: "The file system can hold few more files.",
		Remedy: "Find what makes so many files (du --inodes --one-file-system --max-depth=2 <mount point>) and remove them.",
	}
}

func filling() check.Reason {
	return check.Reason{
		Name: "filling", Level: check.Warn, Sentence: "The file system will soon be full if it grows on like this.",
		Remedy: "Find what grows (du --one-file-system --max-depth=2 <mount point>, twice), or enlarge it in time.",
	}
}

// DiskSpace judges the file systems of each host that are for one of the purposes.
func DiskSpace() check.Kind[DiskSpaceParameters] {
	host := func(f *fact.Filesystem) string { return f.Host }
	return check.Kind[DiskSpaceParameters]{
		Name:    "disk_space",
		Summary: "Each file system of a host has space and inodes left, found or declared, and its root or a declared one is large enough.",
		Remedy:  "Make room on the file system, or enlarge it.",
		Reasons: []check.Reason{notMounted(), readOnly(), tooSmall(), lowSpace(), lowInodes(), filling()},
		Defaults: DiskSpaceParameters{
			MinimumSize: 50e9, MinimumFreeRatio: 0.15, MinimumInodesFreeRatio: 0.15,
			MinimumTimeToFull: quantity.Duration(4 * 24 * time.Hour), Purposes: everyPurpose(),
		},
		Over: []check.Quantified[DiskSpaceParameters]{
			check.PerGroup(fact.Filesystems(), host, nil, judgeDiskSpace).
				Where(func(_ check.Context, f *fact.Filesystem, p DiskSpaceParameters) bool { return p.concern(f) }).
				Known(func(f *fact.Filesystem, p DiskSpaceParameters) bool { return f.Mountpoint == "" || p.concern(f) }),
		},
		WhenEmpty: check.Reason{
			Name: "no_filesystem", Level: check.Undeclared, Sentence: "No host has a file system for one of the purposes.",
			Remedy: "Add the file system to its host in the system description, with its purpose.",
		},
	}
}

// concern tells whether a file system is for one of the purposes.
func (p DiskSpaceParameters) concern(f *fact.Filesystem) bool {
	return quantity.ChoiceOf(p.Purposes, f.Purpose) || f.Mountpoint == "/" && quantity.ChoiceOf(p.Purposes, system.PurposeRoot)
}

func judgeDiskSpace(c check.Context, _ string, all []*fact.Filesystem, p DiskSpaceParameters) []check.Problem {
	var problems []check.Problem
	var largest *fact.Filesystem
	for _, f := range all {
		for _, problem := range judgeFilesystem(f, p, c.Now) {
			problem.Subject = fact.Filesystems().Subject(f)
			problems = append(problems, problem)
		}
		sized := f.Mounted && f.Purpose != system.PurposeOther
		if sized && (largest == nil || f.Size > largest.Size || f.Size == largest.Size && f.Mountpoint < largest.Mountpoint) {
			largest = f
		}
	}
	if largest != nil && largest.Size < uint64(p.MinimumSize) {
		problems = append(problems, tooSmall().Problem(fmt.Sprintf("The largest file system, %s, has %s (minimum %s).", largest.Mountpoint,
			quantity.BytesInWords(float64(largest.Size)), quantity.BytesInWords(float64(p.MinimumSize)))))
	}
	return problems
}

func judgeFilesystem(f *fact.Filesystem, p DiskSpaceParameters, now time.Time) []check.Problem {
	if !f.Mounted {
		return []check.Problem{notMounted().Problem("Nothing is mounted on " + f.Mountpoint + ".")}
	}
	if f.NothingIsWritten() {
		return nil // Nothing is ever written to it.
	}
	var problems []check.Problem
	if f.ReadOnly {
		problems = append(problems, readOnlyProblem(f))
	}
	if free, known := f.AvailableRatio(); known && free < float64(p.MinimumFreeRatio) {
		problems = append(problems, lowSpace().Problem(fmt.Sprintf("%s of %s are free, %.1f %% (minimum %.1f %%).",
			quantity.BytesInWords(float64(f.Available)), quantity.BytesInWords(float64(f.Size)), 100*free, 100*p.MinimumFreeRatio)).
			UrgentIf(f.Full()))
	}
	if free, known := f.InodesFreeRatio(); known && free < float64(p.MinimumInodesFreeRatio) {
		problems = append(problems, lowInodes().Problem(fmt.Sprintf("%d of %d inodes are free, %.1f %% (minimum %.1f %%).",
			f.InodesFree, f.Inodes, 100*free, 100*p.MinimumInodesFreeRatio)).UrgentIf(f.InodesUsedUp()))
	}
	if !f.FullAt.IsZero() && f.FullAt.Sub(now) < p.MinimumTimeToFull.Std() {
		problems = append(problems, filling().Problem(fmt.Sprintf("It grows by %[3]s an hour and is full in %[1]s, on %[2]s UTC (limit %[4]s).",
			quantity.InWords(max(0, f.FullAt.Sub(now))), f.FullAt.UTC().Format("2006-01-02 15:04"),
			quantity.BytesInWords(3600*f.Growth), quantity.InWords(p.MinimumTimeToFull.Std()))).UrgentIf(f.FullWithinHours(now)))
	}
	return problems
}
