package recovery

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// OffSiteParameters tune the check backup_off_site.
type OffSiteParameters struct {
	// MaximumAge is how old the newest off-site backup may be.
	MaximumAge quantity.Duration `yaml:"maximum_age"`
}

// Validate wants a limit that can be kept.
func (p OffSiteParameters) Validate() error { return positive("maximum_age", p.MaximumAge) }

// OffSite is the check that what takes the system does not take all its backups: one fresh copy in one place that is
// declared to be away is enough.
func OffSite() check.Kind[fact.Backup, OffSiteParameters] {
	noneOffSite := check.Reason{
		Name: "none_off_site", Level: check.Fail, Sentence: "No backup is declared to be off-site.",
		Remedy: "Copy backups to another provider or region (restic copy, rclone sync), and declare that place with off_site: true.",
	}
	tooOld := check.Reason{
		Name: "too_old", Level: check.Fail, Sentence: "The newest off-site backup is too old.",
		Remedy: "Copy the newest backup there now (restic copy, rclone sync), and mend the job that should have.",
	}
	return check.Kind[fact.Backup, OffSiteParameters]{
		Name:     "backup_off_site",
		Summary:  "A recent backup lies in a place that is declared to be off-site.",
		Remedy:   noneOffSite.Remedy,
		Reasons:  []check.Reason{noneOffSite, noBackup(), tooOld, inFuture()},
		Defaults: OffSiteParameters{MaximumAge: quantity.Duration(48 * time.Hour)},
		About:    fact.Backups(),
		None:     check.Undeclared,
		Nothing:  undeclared,
		JudgeAll: func(batch fact.Batch[fact.Backup], p OffSiteParameters, now time.Time) []check.Problem {
			var problems []check.Problem
			for _, backup := range batch.Facts {
				if !backup.OffSite {
					continue
				}
				age, problem := age(backup, now)
				if problem == nil && age <= p.MaximumAge.Std() {
					return nil
				}
				if problem == nil {
					stale := tooOld.Problem(fmt.Sprintf("the newest is %s old, of %s; allowed are %s",
						quantity.InWords(age), date(backup.Newest), quantity.InWords(p.MaximumAge.Std())))
					problem = &stale
				}
				problem.Subject = fact.Backups().Subject(backup)
				problems = append(problems, *problem)
			}
			switch {
			case len(batch.Missed) > 0:
				// The fresh copy may lie in a place that could not be seen.
				return notSeen(batch.Missed)
			case len(problems) == 0:
				return []check.Problem{noneOffSite.Problem(fmt.Sprintf("none of %d seen is", len(batch.Facts)))}
			default:
				return problems
			}
		},
	}
}

func notSeen(all []fact.Missed) []check.Problem {
	problems := make([]check.Problem, len(all))
	for i, missed := range all {
		problems[i] = check.NotSeen(missed)
	}
	return problems
}
