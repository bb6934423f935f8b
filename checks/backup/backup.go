// Package backup judges what is kept of backups: how old, how large, how far back and where.
package backup

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// clockTolerance is how far a store's clock may be ahead.
const clockTolerance = 5 * time.Minute

// nothingKept says in words that a place is empty.
const nothingKept = "No backup is kept there."

// noBackups is the reason when places were collected, and nothing is known to be kept in any.
func noBackups() check.Reason {
	return check.Reason{
		Name: "no_backups", Level: check.Fail, Sentence: "No backup is kept in any of the declared places.", Remedy: noBackup().Remedy,
	}
}

func noBackup() check.Reason {
	return check.Reason{
		Name: "no_backup", Level: check.Fail, Sentence: nothingKept,
		Remedy: "Make a backup now, and see why none is there: the job's log, and whether path, prefix and pattern are as declared.",
	}
}

func inFuture() check.Reason {
	return check.Reason{
		Name: "in_future", Level: check.Fail, Sentence: "The newest backup is dated in the future, so its age is not known.",
		Remedy: "Set the clock of whoever made it (timedatectl set-ntp true), and date it right (touch FILE) or remove it.",
	}
}

// age is how old the newest backup is; or the problem that it has no age.
func age(backup *fact.Backup, now time.Time) (time.Duration, *check.Problem) {
	switch ahead := backup.Newest.Sub(now); {
	case backup.Copies == 0:
		problem := noBackup().Problem(nothingKept)
		return 0, &problem
	case ahead > clockTolerance:
		problem := inFuture().Problem(fmt.Sprintf("The newest backup is dated %s, %s in the future.",
			words.Moment(backup.Newest), quantity.InWords(ahead)))
		return 0, &problem
	default:
		return max(0, -ahead), nil
	}
}
