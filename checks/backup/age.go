package backup

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// AgeParameters tune the check backup_age.
type AgeParameters struct {
	// MaximumAge is how old the newest backup may be, and how far apart two may be, where the backup declares no
	// schedule. Where it does, both are the schedule and a twelfth of it more, at least 15 minutes: 26h for 24h.
	MaximumAge quantity.Duration `yaml:"maximum_age"`
}

// Validate wants a limit that can be kept.
func (p AgeParameters) Validate() error { return check.Positive("maximum_age", p.MaximumAge) }

// Age is the check that backups are made as often as they should be. A newest backup that is too old fails. A gap
// between older ones was such a failure while it lasted; afterwards nothing can fix it, so that it is a warning, until
// it is older than the retention.
func Age() check.Kind[AgeParameters] {
	tooOld := check.Reason{
		Name: "too_old", Level: check.Fail, Urgent: true, Sentence: "The newest backup is too old.",
		Remedy: "Make a backup now, and fix the job that should have: check its log and its schedule " +
			"(kubectl get cronjobs, systemctl list-timers, crontab -l).",
	}
	gap := check.Reason{
		Name: "gap", Level: check.Warn, Sentence: "A backup was left out earlier, within the retention.",
		Remedy: "Find out from the job's log why none was made then; nothing else is left to fix.",
	}
	disagree := check.Reason{
		Name: "dates_disagree", Level: check.Warn,
		Sentence: "The signs of when the newest backup was made disagree by more than the time between two backups.",
		Remedy: "See when it was made, and say what dates the backups of this place: date_format where their names do, manifest where a " +
			"file in each folder does.",
	}
	judge := func(c check.Context, backup *fact.Backup, p AgeParameters) []check.Problem {
		var problems []check.Problem
		limit := backup.Due(p.MaximumAge.Std())
		age, ageless := age(backup, c.Now)
		switch {
		case ageless != nil:
			problems = append(problems, *ageless)
		case age > limit:
			problems = append(problems, tooOld.Problem(fmt.Sprintf("The newest backup is %s old, of %s (limit %s).",
				quantity.InWords(age), words.Moment(backup.Newest), quantity.InWords(limit))))
		}
		if backup.LongestGap > limit {
			problems = append(problems, gap.Problem(fmt.Sprintf("No backup was made for %s until %s (limit %s).",
				quantity.InWords(backup.LongestGap), words.Moment(backup.LongestGapEnd), quantity.InWords(limit))))
		}
		if backup.OtherDate.Away > limit {
			problems = append(problems, disagree.Problem(fmt.Sprintf(
				"The newest backup, %s, is of %s by its %s, and its %s is %s away from that (limit %s).",
				backup.NewestName, words.Moment(backup.Newest), backup.DatedBy, backup.OtherDate.By, quantity.InWords(backup.OtherDate.Away),
				quantity.InWords(limit))))
		}
		return problems
	}
	return check.Kind[AgeParameters]{
		Name:      "backup_age",
		Summary:   "The newest backup in each place is recent, and none was left out before.",
		Remedy:    tooOld.Remedy,
		Reasons:   []check.Reason{noBackup(), tooOld, gap, inFuture(), disagree},
		Defaults:  AgeParameters{MaximumAge: quantity.Duration(26 * time.Hour)},
		WhenEmpty: noBackups(),
		Over:      []check.Quantified[AgeParameters]{check.Each(fact.Backups(), judge)},
	}
}
