package backup

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// PointParameters tune the check recovery_point, which has nothing to tune: the objective is declared.
type PointParameters struct{}

// Point is the check that no more work would be lost now than the declared recovery point objective allows, whichever
// of the places were the only one left.
func Point() check.Kind[PointParameters] {
	tooOld := check.Reason{
		Name: "too_old", Level: check.Fail, Urgent: true, Sentence: "More work would be lost now than the objective allows.",
	}
	noObjective := check.Reason{
		Name: "no_objective", Level: check.Undeclared, Sentence: "No recovery point objective is declared.",
		Remedy: "Declare how much work may be lost: objectives.recovery_point of the system, or recovery_point of the backup.",
	}
	judge := func(c check.Context, backup *fact.Backup, _ PointParameters) []check.Problem {
		if backup.RecoveryPoint == 0 {
			return []check.Problem{noObjective.Problem("Neither the system nor the backup declares a recovery point objective.")}
		}
		age, problem := age(backup, c.Now)
		switch {
		case problem != nil:
			return []check.Problem{*problem}
		case age > backup.RecoveryPoint:
			return []check.Problem{tooOld.Problem(fmt.Sprintf("The newest backup is %s old, of %s; the objective allows to lose %s.",
				quantity.InWords(age), words.Moment(backup.Newest), quantity.InWords(backup.RecoveryPoint)))}
		default:
			return nil
		}
	}
	return check.Kind[PointParameters]{
		Name:    "recovery_point",
		Summary: "A recovery point objective is declared, and the newest backup in each place is younger.",
		Remedy: "Make a backup now; make them more often than the objective, or ship the write-ahead log. A place that may " +
			"lag behind, such as one off-site, can declare a recovery_point of its own.",
		Reasons:   []check.Reason{noObjective, noBackup(), tooOld, inFuture()},
		WhenEmpty: noBackups(),
		Over:      []check.Quantified[PointParameters]{check.Each(fact.Backups(), judge)},
	}
}
