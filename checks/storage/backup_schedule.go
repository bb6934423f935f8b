package storage

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// The reasons why a schedule makes no backups: another one might, which makes them reasons of absence.
func suspended() check.Reason {
	return check.Reason{
		Name: "suspended", Level: check.Fail, Sentence: "What should make backups is suspended.", Absence: true,
		Remedy: "Resume it: kubectl patch cronjob NAME -p '{\"spec\":{\"suspend\":false}}'; velero schedule unpause NAME.",
	}
}

func lastFailed() check.Reason {
	return check.Reason{
		Name: "last_run_failed", Level: check.Fail, Sentence: "The last backup did not succeed.", Absence: true,
		Remedy: "Find out why: kubectl logs of the newest Job; velero backup describe; then make one by hand: kubectl create job " +
			"--from=cronjob/NAME NAME-now.",
	}
}

// idle gives why a schedule makes no backups; false where it makes them.
func idle(s *fact.BackupSchedule) (check.Problem, bool) {
	name := s.Kind + " " + s.Namespace + "/" + s.Name
	switch {
	case s.Suspended:
		return suspended().Problem("The " + name + " is suspended."), true
	case s.Failed && s.Trouble != "":
		return lastFailed().Problem("The last run of the " + name + " did not succeed: " + s.Trouble + "."), true
	case s.Failed:
		return lastFailed().Problem(fmt.Sprintf("The run of the %s that began at %s did not succeed.", name,
			s.LastRunAt.UTC().Format(time.RFC3339))), true
	default:
		return check.Problem{}, false
	}
}

// VolumeBackups judges whether backups are made of every claim.
func VolumeBackups() check.Kind[struct{}] {
	none := check.Reason{Name: "no_schedule", Level: check.Fail, Sentence: "Nothing makes backups of a claim."}
	return check.Kind[struct{}]{
		Name: "volume_backup_schedule",
		Summary: "Every claim of a workload is covered by a CronJob, a Velero or snapshot schedule, or a database operator's, that is " +
			"not suspended and whose last run succeeded.",
		Remedy: "Schedule backups: a CronJob that mounts the claim or dumps the database, a Velero Schedule, a SnapshotSchedule, a " +
			"ScheduledBackup.",
		Reasons: []check.Reason{none, suspended(), lastFailed()},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, _ struct{}) (problems []check.Problem) {
				for _, claim := range w.Claims() {
					if claim.Phase == "" {
						continue
					}
					if problem, is := uncovered(claim, none); is {
						problems = append(problems, problem)
					}
				}
				return problems
			}).Where(func(_ check.Context, w *fact.Workload, _ struct{}) bool { return len(w.Claims()) > 0 }).
				Needs(fact.TopicClaims, fact.TopicBackupSchedules),
		},
		WhenEmpty: noData(),
	}
}

// uncovered gives why no backups are made of a claim; false where a schedule makes them.
func uncovered(claim fact.Claim, none check.Reason) (check.Problem, bool) {
	problem := none.Problem("Nothing makes backups of the claim " + claim.Name + ".")
	for i := range claim.Schedules {
		why, is := idle(&claim.Schedules[i])
		if !is {
			return check.Problem{}, false
		}
		problem = why
		problem.Detail = "No backup is made of the claim " + claim.Name + ". " + why.Detail
	}
	return problem, true
}

// BackupAutomationParameters say how old the newest success may be.
type BackupAutomationParameters struct {
	// How long ago the newest run that succeeded may have ended.
	MaximumAge quantity.Duration `yaml:"maximum_age"`
}

// Validate says what cannot be.
func (p BackupAutomationParameters) Validate() error {
	return check.Positive("maximum_age", p.MaximumAge)
}

// BackupAutomation judges whether in every cluster a schedule makes backups by itself: one that does is enough.
func BackupAutomation() check.Kind[BackupAutomationParameters] {
	none := check.Reason{
		Name: "no_schedule", Level: check.Fail, Sentence: "Nothing makes backups in the cluster by itself.", Absence: true,
		Remedy: "Schedule backups: a CronJob that dumps the database, a Velero Schedule, a ScheduledBackup; where they are made " +
			"elsewhere, list the item under not_applicable with a reason.",
	}
	never := check.Reason{
		Name: "never_succeeded", Level: check.Fail, Sentence: "What should make backups has made none yet.", Absence: true,
		Remedy: "Make one now: kubectl create job --from=cronjob/NAME NAME-now; velero backup create --from-schedule NAME.",
	}
	old := check.Reason{
		Name: "too_old", Level: check.Fail, Sentence: "The last backup that a schedule made is too old.", Absence: true,
	}
	judge := func(c check.Context, s *fact.BackupSchedule, p BackupAutomationParameters) (check.Problem, bool) {
		problem, is := idle(s)
		switch {
		case is:
		case s.SucceededAt.IsZero():
			problem = never.Problem(fmt.Sprintf("The schedule %q has made no backup yet.", s.Schedule))
		case c.Now.Sub(s.SucceededAt) > p.MaximumAge.Std():
			problem = old.Problem(fmt.Sprintf("The last backup was made %s ago; at most %s is wanted.",
				quantity.InWords(c.Now.Sub(s.SucceededAt)), quantity.InWords(p.MaximumAge.Std())))
		default:
			return check.Problem{}, false
		}
		problem.Subject = s.Subject()
		return problem, true
	}
	return check.Kind[BackupAutomationParameters]{
		Name: "backup_automation",
		Summary: "A CronJob or another schedule in every cluster makes backups: it is not suspended, and its last run succeeded, not long " +
			"ago.",
		Remedy:   "Find out why it does not run: kubectl describe cronjob; its controller, its schedule, its startingDeadlineSeconds.",
		Reasons:  []check.Reason{suspended(), lastFailed(), never, old},
		Defaults: BackupAutomationParameters{MaximumAge: quantity.Duration(26 * time.Hour)},
		Over: []check.Quantified[BackupAutomationParameters]{
			check.PerGroup(fact.BackupSchedules(), func(s *fact.BackupSchedule) string { return s.Cluster },
				func(c check.Context, _ BackupAutomationParameters) []string { return c.System.ClusterNames() },
				func(c check.Context, cluster string, all []*fact.BackupSchedule, p BackupAutomationParameters) (problems []check.Problem) {
					if len(all) == 0 {
						return []check.Problem{none.Problem("Nothing makes backups in the cluster " + cluster + " by itself.")}
					}
					for _, s := range all {
						problem, is := judge(c, s, p)
						if !is {
							return nil
						}
						problems = append(problems, problem)
					}
					return problems
				}),
		},
		WhenEmpty: none,
	}
}
