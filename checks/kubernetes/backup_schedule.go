package kubernetes

import (
	"errors"
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// The reasons why a schedule makes no backups.
func suspended() check.Reason {
	return check.Reason{
		Name: "suspended", Level: check.Fail, Sentence: "What should make backups is suspended.",
		Remedy: "Resume it: kubectl patch cronjob NAME -p '{\"spec\":{\"suspend\":false}}'; velero schedule unpause NAME.",
	}
}

func lastFailed() check.Reason {
	return check.Reason{
		Name: "last_run_failed", Level: check.Fail, Sentence: "The last backup did not succeed.",
		Remedy: "See why: kubectl logs of the newest Job; velero backup describe; then make one by hand: kubectl create job " +
			"--from=cronjob/NAME NAME-now.",
	}
}

// idle gives why a schedule makes no backups; false where it makes them.
func idle(s fact.BackupSchedule) (check.Problem, bool) {
	name := s.Kind + " " + s.Namespace + "/" + s.Name
	switch {
	case s.Suspended:
		return suspended().Problem(name), true
	case s.Failed && s.Trouble != "":
		return lastFailed().Problem(name + ": " + s.Trouble), true
	case s.Failed:
		return lastFailed().Problem(fmt.Sprintf("%s: run of %s", name, s.LastRunAt.Format(time.RFC3339))), true
	default:
		return check.Problem{}, false
	}
}

// VolumeBackupScheduleParameters are none.
type VolumeBackupScheduleParameters struct{}

// VolumeBackupSchedule judges whether backups are made of every claim.
func VolumeBackupSchedule() check.Kind[fact.Workload, VolumeBackupScheduleParameters] {
	none := check.Reason{Name: "no_schedule", Level: check.Fail, Sentence: "Nothing makes backups of a claim."}
	return check.Kind[fact.Workload, VolumeBackupScheduleParameters]{
		Name: "volume_backup_schedule",
		Summary: "Every claim of a workload is covered by a CronJob, a Velero or snapshot schedule, or a database operator's, that is " +
			"not suspended and whose last run succeeded.",
		Remedy: "Schedule backups: a CronJob that mounts the claim or dumps the database, a Velero Schedule, a SnapshotSchedule, a " +
			"ScheduledBackup.",
		Reasons: []check.Reason{none, suspended(), lastFailed()},
		About:   fact.Workloads(),
		Topics: func(VolumeBackupScheduleParameters) []string {
			return []string{fact.TopicClaims, fact.TopicBackupSchedules}
		},
		Select:  func(w fact.Workload, _ VolumeBackupScheduleParameters) bool { return len(w.Claims()) > 0 },
		None:    check.Undeclared,
		Nothing: noData,
		Judge: func(w fact.Workload, _ VolumeBackupScheduleParameters, _ time.Time) []check.Problem {
			var problems []check.Problem
			for _, claim := range w.Claims() {
				if claim.Phase == "" {
					continue
				}
				problem := none.Problem("")
				for _, schedule := range claim.Schedules {
					var is bool
					if problem, is = idle(schedule); !is {
						problem = check.Problem{}
						break
					}
				}
				if problem.Reason != "" {
					problem.Detail = joined(claim.Name, problem.Detail)
					problems = append(problems, problem)
				}
			}
			return problems
		},
	}
}

func joined(name, detail string) string {
	if detail == "" {
		return name
	}
	return name + ": " + detail
}

// BackupAutomationParameters say how old the newest success may be.
type BackupAutomationParameters struct {
	// How long ago the newest run that succeeded may have ended.
	MaximumAge quantity.Duration `yaml:"maximum_age"`
}

// Validate says what cannot be.
func (p BackupAutomationParameters) Validate() error {
	if p.MaximumAge <= 0 {
		return errors.New("maximum_age: expected more than 0")
	}
	return nil
}

// BackupAutomation judges whether a schedule makes backups by itself: one that does is enough.
func BackupAutomation() check.Kind[fact.BackupSchedule, BackupAutomationParameters] {
	never := check.Reason{
		Name: "never_succeeded", Level: check.Fail, Sentence: "What should make backups has made none yet.",
		Remedy: "Make one now: kubectl create job --from=cronjob/NAME NAME-now; velero backup create --from-schedule NAME.",
	}
	old := check.Reason{Name: "too_old", Level: check.Fail, Sentence: "The last backup that a schedule made is too old."}
	return check.Kind[fact.BackupSchedule, BackupAutomationParameters]{
		Name:     "backup_automation",
		Summary:  "A CronJob or another schedule in the cluster makes backups: it is not suspended, and its last run succeeded, not long ago.",
		Remedy:   "See why it does not run: kubectl describe cronjob; its controller, its schedule, its startingDeadlineSeconds.",
		Reasons:  []check.Reason{suspended(), lastFailed(), never, old},
		Defaults: BackupAutomationParameters{MaximumAge: quantity.Duration(26 * time.Hour)},
		About:    fact.BackupSchedules(),
		None:     check.Undeclared,
		Nothing:  "nothing is known in the cluster that makes backups; where they are made elsewhere, say so in not_applicable",
		JudgeAll: func(batch fact.Batch[fact.BackupSchedule], p BackupAutomationParameters, now time.Time) []check.Problem {
			var problems []check.Problem
			for _, s := range batch.Facts {
				problem, is := idle(s)
				switch {
				case is:
				case s.SucceededAt.IsZero():
					problem = never.Problem(s.Schedule)
				case now.Sub(s.SucceededAt) > p.MaximumAge.Std():
					problem = old.Problem(fmt.Sprintf("it ended %s ago; at most %s is wanted",
						quantity.InWords(now.Sub(s.SucceededAt)), quantity.InWords(p.MaximumAge.Std())))
				default:
					return nil
				}
				problem.Subject = s.Subject()
				problems = append(problems, problem)
			}
			for _, missed := range batch.Missed {
				problems = append(problems, check.NotSeen(missed))
			}
			return problems
		},
	}
}
