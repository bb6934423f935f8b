package host

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// StorageCapacityParameters tune storage_capacity.
type StorageCapacityParameters struct {
	// Purpose is what the judged file systems are declared for: database, data, backup, logs, root.
	Purpose quantity.Choice[declaredPurposes] `yaml:"purpose"`
	// MinimumSize is how large each must be.
	MinimumSize quantity.Bytes `yaml:"minimum_size"`
	// MaximumUsedRatio is the share of each that may be used; what is reserved for root counts as used.
	MaximumUsedRatio quantity.Ratio `yaml:"maximum_used_ratio"`
	// MinimumTimeToFull is how far away the day must be on which it is full at its growth of the last hours.
	MinimumTimeToFull quantity.Duration `yaml:"minimum_time_to_full"`
}

// Validate tells what makes no sense.
func (p StorageCapacityParameters) Validate() error {
	if p.MaximumUsedRatio == 0 {
		return check.Wrong("maximum_used_ratio", "expected more than 0, and at most 1")
	}
	return nil
}

// declaredPurposes are what a file system can be declared for.
type declaredPurposes struct{}

// Values lists them.
func (declaredPurposes) Values() []string { return system.Purposes() }

func storageTooSmall() check.Reason {
	return check.Reason{
		Name: "too_small", Level: check.Fail, Sentence: "The file system is smaller than it should be.",
		Remedy: "Enlarge the disk or volume, then the file system on it (resize2fs or xfs_growfs).",
	}
}

func storageOverused() check.Reason {
	return check.Reason{
		Name: "overused", Level: check.Fail, Sentence: "Too much of the file system is used.",
	}
}

func storageFillsSoon() check.Reason {
	return check.Reason{
		Name: "fills_soon", Level: check.Fail, Sentence: "The file system will be full too soon if it grows on like this.",
		Remedy: "Find what grows (PostgreSQL: pg_database_size, pg_wal, unused replication slots), or enlarge it in time.",
	}
}

// StorageCapacity judges the file systems that are declared for one purpose, each by itself.
func StorageCapacity() check.Kind[StorageCapacityParameters] {
	return check.Kind[StorageCapacityParameters]{
		Name:    "storage_capacity",
		Summary: "The storage of the database is large enough, and stays so for a while.",
		Remedy:  "Enlarge the volume, or move what does not belong on it.",
		Reasons: []check.Reason{
			notMounted(), readOnly(), storageTooSmall(), storageOverused(), storageFillsSoon(),
		},
		Defaults: StorageCapacityParameters{
			Purpose: "database", MinimumSize: 10e9, MaximumUsedRatio: 0.8,
			MinimumTimeToFull: quantity.Duration(7 * 24 * time.Hour),
		},
		Over: []check.Quantified[StorageCapacityParameters]{
			check.Each(fact.Filesystems(), judgeStorageCapacity).
				Where(func(_ check.Context, f *fact.Filesystem, p StorageCapacityParameters) bool {
					return f.Purpose == string(p.Purpose)
				}).
				Known(func(f *fact.Filesystem, p StorageCapacityParameters) bool {
					return f.Mountpoint == "" || f.Purpose == string(p.Purpose)
				}),
		},
		WhenEmpty: check.Reason{
			Name: "no_storage", Level: check.Undeclared, Sentence: "No file system of a host is declared for this purpose.",
			Remedy: "Add the file system to its host in the system description, with its purpose.",
		},
	}
}

func judgeStorageCapacity(c check.Context, f *fact.Filesystem, p StorageCapacityParameters) []check.Problem {
	if !f.Mounted {
		return []check.Problem{notMounted().Problem("Nothing is mounted on " + f.Mountpoint + ".")}
	}
	var problems []check.Problem
	if f.ReadOnly {
		problems = append(problems, readOnlyProblem(f))
	}
	if f.Size < uint64(p.MinimumSize) {
		problems = append(problems, storageTooSmall().Problem(fmt.Sprintf("It has %s (minimum %s).",
			quantity.BytesInWords(float64(f.Size)), quantity.BytesInWords(float64(p.MinimumSize)))))
	}
	if free, known := f.AvailableRatio(); known && free < 1-float64(p.MaximumUsedRatio) {
		problems = append(problems, storageOverused().Problem(fmt.Sprintf("%.1f %% of %s is used (maximum %.1f %%).",
			100*(1-free), quantity.BytesInWords(float64(f.Size)), 100*p.MaximumUsedRatio)).UrgentIf(f.Full()))
	}
	if !f.FullAt.IsZero() && f.FullAt.Sub(c.Now) < p.MinimumTimeToFull.Std() {
		problems = append(problems, storageFillsSoon().Problem(fmt.Sprintf(
			"It grows by %[3]s an hour and is full in %[1]s, on %[2]s UTC (limit %[4]s).",
			quantity.InWords(max(0, f.FullAt.Sub(c.Now))), f.FullAt.UTC().Format("2006-01-02 15:04"),
			quantity.BytesInWords(3600*f.Growth), quantity.InWords(p.MinimumTimeToFull.Std()))).UrgentIf(f.FullWithinHours(c.Now)))
	}
	return problems
}
