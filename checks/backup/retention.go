package backup

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// RetentionParameters tune the check backup_retention.
type RetentionParameters struct {
	// Minimum is how far back backups must reach where the backup declares no retention, less one interval between two
	// backups (26h, or as the declared schedule says), since what is removed leaves the next one as the oldest.
	Minimum quantity.Duration `yaml:"minimum"`
	// MaximumRatio is how many times that age the oldest may have before it warns that nothing removes old ones; 0 allows
	// any age, as for monthly copies that are kept for years.
	MaximumRatio quantity.Factor `yaml:"maximum_ratio"`
}

// Validate wants limits that leave room between them.
func (p RetentionParameters) Validate() error {
	if p.MaximumRatio != 0 && p.MaximumRatio <= 1 {
		return check.Wrong("maximum_ratio", "expected more than 1, or 0 for any age")
	}
	return check.Positive("minimum", p.Minimum)
}

// interval is the longest time between two backups that declare no schedule.
const interval = 26 * time.Hour

// Retention is the check that backups are kept long enough, and not for ever. A young system's backups cannot be told from
// those that are removed too early; they pass only as far as the description says since when there are any.
func Retention() check.Kind[RetentionParameters] {
	tooShort := check.Reason{
		Name: "too_short", Level: check.Fail, Sentence: "The backups do not reach as far back as they must.",
		Remedy: "Keep them longer (restic forget --keep-within 30d, the bucket's lifecycle rule, find -mtime in the job); " +
			"of a system that is younger than the retention, declare since, the day of the first backup.",
	}
	keptLong := check.Reason{
		Name: "kept_long", Level: check.Warn, Sentence: "Backups are kept far longer than the retention.",
		Remedy: "Let old ones be removed (restic forget --prune, the bucket's lifecycle rule, find -mtime -delete in the " +
			"job), or declare the retention that is meant.",
	}
	judge := func(c check.Context, backup *fact.Backup, p RetentionParameters) []check.Problem {
		if backup.Copies == 0 {
			return []check.Problem{noBackup().Problem(nothingKept)}
		}
		retention := backup.Retention
		if retention == 0 {
			retention = p.Minimum.Std()
		}
		reach := retention
		if backup.RetentionAssured != 0 {
			reach = backup.RetentionAssured
		}
		if made := c.Now.Sub(backup.Since); !backup.Since.IsZero() && made > 0 {
			reach = min(reach, made)
		}
		age := c.Now.Sub(backup.Oldest)
		oldest := func() string {
			return fmt.Sprintf("The oldest backup is %s old, of %s", quantity.InWords(max(0, age)), words.Moment(backup.Oldest))
		}
		switch {
		case age < reach-backup.Due(interval):
			return []check.Problem{tooShort.Problem(oldest() + "; backups must reach back " + quantity.InWords(reach) + ".")}
		case p.MaximumRatio != 0 && float64(age) > float64(p.MaximumRatio)*float64(retention):
			return []check.Problem{keptLong.Problem(oldest() + "; backups are to be kept for " + quantity.InWords(retention) + ".")}
		default:
			return nil
		}
	}
	return check.Kind[RetentionParameters]{
		Name:      "backup_retention",
		Summary:   "Backups reach back as far as the retention, or as there are any, and older ones are removed.",
		Remedy:    tooShort.Remedy,
		Reasons:   []check.Reason{noBackup(), tooShort, keptLong},
		Defaults:  RetentionParameters{Minimum: quantity.Duration(30 * 24 * time.Hour), MaximumRatio: 2},
		WhenEmpty: noBackups(),
		Over:      []check.Quantified[RetentionParameters]{check.Each(fact.Backups(), judge)},
	}
}
