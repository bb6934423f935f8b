package backup

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// SizeParameters tune the check backup_size.
type SizeParameters struct {
	// MinimumRatio is how large the newest backup must be, compared with the median of the earlier ones.
	MinimumRatio quantity.Ratio `yaml:"minimum_ratio"`
}

// Size is the check that the newest backup is about as large as those before it: one that broke off is not.
func Size() check.Kind[SizeParameters] {
	empty := check.Reason{Name: "empty", Level: check.Fail, Sentence: "The newest backup is empty."}
	tooSmall := check.Reason{Name: "too_small", Level: check.Fail, Sentence: "The newest backup is far smaller than those before it."}
	tooFew := check.Reason{
		Name: "too_few", Level: check.Warn, Sentence: "There are too few earlier backups of a known size to compare with.",
		Remedy: "Wait for more backups; where there are more, see that the size of each is reported.",
	}
	sizeUnknown := check.Reason{
		Name: "size_unknown", Level: check.Unknown, Sentence: "The place does not report how large the newest backup is.",
		Remedy: "Make restic snapshots with restic 0.17 or later, which notes their size; let the exporter read folders that are backups.",
	}
	judge := func(_ check.Context, backup *fact.Backup, p SizeParameters) []check.Problem {
		if backup.Copies == 0 {
			return []check.Problem{noBackup().Problem(nothingKept)}
		}
		if backup.NewestBytes == nil {
			return []check.Problem{sizeUnknown.Problem(
				"The place does not report the size of the newest backup, of " + words.Moment(backup.Newest) + ".")}
		}
		newest := float64(*backup.NewestBytes)
		switch {
		case backup.HoldsNothing():
			size := quantity.BytesInWords(newest)
			if newest > 0 {
				size += ", as a compressed file of nothing has"
			}
			return []check.Problem{empty.Problem(fmt.Sprintf("The newest backup, of %s, has %s.", words.Moment(backup.Newest), size))}
		case backup.EarlierSizes < fact.EnoughSizes:
			return []check.Problem{tooFew.Problem(fmt.Sprintf("Only %d of the %d earlier backups that it takes to compare have a known size.",
				backup.EarlierSizes, fact.EnoughSizes))}
		case newest < float64(p.MinimumRatio)*float64(backup.MedianBytes):
			return []check.Problem{tooSmall.Problem(fmt.Sprintf("The newest backup, of %s, has %s; the median of %d earlier ones is %s.",
				words.Moment(backup.Newest), quantity.BytesInWords(newest), backup.EarlierSizes, quantity.BytesInWords(float64(backup.MedianBytes))))}
		default:
			return nil
		}
	}
	return check.Kind[SizeParameters]{
		Name:    "backup_size",
		Summary: "The newest backup is not empty, and not far smaller than those before it.",
		Remedy: "See from the job's log whether the backup broke off, make one that is whole, and restore it into a scratch " +
			"place; if the data did shrink, the median follows by itself.",
		Reasons:   []check.Reason{noBackup(), empty, tooSmall, tooFew, sizeUnknown},
		Defaults:  SizeParameters{MinimumRatio: 0.5},
		WhenEmpty: noBackups(),
		Over:      []check.Quantified[SizeParameters]{check.Each(fact.Backups(), judge)},
	}
}
