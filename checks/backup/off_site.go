package backup

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// OffSiteParameters tune the check backup_off_site.
type OffSiteParameters struct {
	// MaximumAge is how old the newest off-site backup may be.
	MaximumAge quantity.Duration `yaml:"maximum_age"`
}

// Validate wants a limit that can be kept.
func (p OffSiteParameters) Validate() error { return check.Positive("maximum_age", p.MaximumAge) }

// OffSite is the check that what takes the system does not take all its backups: one fresh copy in one place that is
// declared to be away is enough.
func OffSite() check.Kind[OffSiteParameters] {
	tooOld := check.Reason{
		Name: "too_old", Level: check.Fail, Sentence: "The newest off-site backup is too old.",
		Remedy: "Copy the newest backup there now (restic copy, rclone sync), and fix the job that should have.",
	}
	noneOffSite := check.Reason{
		Name: "none_off_site", Level: check.Fail, Sentence: "No place of backups is declared to be off-site.",
		Remedy: "Copy backups to another provider or region (restic copy, rclone sync), and declare that place with off_site: true.",
	}
	judge := func(c check.Context, backup *fact.Backup, p OffSiteParameters) []check.Problem {
		age, problem := age(backup, c.Now)
		switch {
		case problem != nil:
			return []check.Problem{*problem}
		case age > p.MaximumAge.Std():
			return []check.Problem{tooOld.Problem(fmt.Sprintf("The newest backup is %s old, of %s (limit %s).",
				quantity.InWords(age), words.Moment(backup.Newest), quantity.InWords(p.MaximumAge.Std())))}
		default:
			return nil
		}
	}
	return check.Kind[OffSiteParameters]{
		Name:     "backup_off_site",
		Summary:  "A recent backup lies in a place that is declared to be off-site.",
		Remedy:   noneOffSite.Remedy,
		Reasons:  []check.Reason{noBackup(), tooOld, inFuture()},
		Defaults: OffSiteParameters{MaximumAge: quantity.Duration(48 * time.Hour)},
		Over: []check.Quantified[OffSiteParameters]{
			check.AtLeastOne(fact.Backups(), judge).
				Where(func(_ check.Context, backup *fact.Backup, _ OffSiteParameters) bool { return backup.OffSite }).
				Known(func(backup *fact.Backup, _ OffSiteParameters) bool { return backup.OffSite }),
		},
		WhenEmpty: noneOffSite,
	}
}
