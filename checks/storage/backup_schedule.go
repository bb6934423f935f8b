package storage

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// The reasons why a schedule makes no backups: another one might, which makes them reasons of absence.
func suspended() check.Reason {
	return check.Reason{
		Name: "suspended", Level: check.Fail, Sentence: "What should make backups is suspended.", Absence: true,
		Remedy: "Set suspend: false where it is declared; at once: kubectl patch cronjob NAME -p '{\"spec\":{\"suspend\":false}}'; " +
			"velero schedule unpause NAME.",
	}
}

func lastFailed() check.Reason {
	return check.Reason{
		Name: "last_run_failed", Level: check.Fail, Sentence: "The last backup did not succeed.", Absence: true,
		Remedy: "Find out why: kubectl logs of the newest Job; velero backup describe; then make one by hand: kubectl create job " +
			"--from=cronjob/NAME NAME-now.",
	}
}

func never() check.Reason {
	return check.Reason{
		Name: "never_succeeded", Level: check.Fail, Sentence: "What should make backups has made none yet.", Absence: true,
		Remedy: "Make one now: kubectl create job --from=cronjob/NAME NAME-now; velero backup create --from-schedule NAME.",
	}
}

func overdue() check.Reason {
	return check.Reason{
		Name: "overdue", Level: check.Fail, Sentence: "The last backup is older than its own schedule allows.", Absence: true,
		Remedy: "Find out why it does not run: kubectl describe cronjob NAME; its controller, its schedule, its startingDeadlineSeconds.",
	}
}

func cannotTell() check.Reason {
	return check.Reason{
		Name: "cannot_tell", Level: check.Unknown, Sentence: "It is not known whether what runs makes backups.", Absence: true,
		Remedy: "Declare what a CronJob makes backups of by the annotation readiness-exporter/backup-of (claims with commas between, or " +
			"*), or by the parameter jobs; or declare the place of its backups under backups in the system description. Where volume " +
			"policies of Velero could not be read, permit to get that ConfigMap: a Role in Velero's namespace is enough.",
	}
}

// idle gives why a schedule makes no backups; false where it makes them.
func idle(c check.Context, s *fact.BackupSchedule) (check.Problem, bool) {
	name := s.Kind + " " + s.Namespace + "/" + s.Name
	switch {
	case s.Suspended:
		reason := suspended()
		reason.Absence = !s.Planned // Manifests in which nothing else makes backups are all that is asked about.
		return reason.Problem("The " + name + " is suspended."), true
	case s.Failed && s.Trouble != "":
		return lastFailed().Problem("The last run of the " + name + " did not succeed: " + s.Trouble + "."), true
	case s.Failed:
		return lastFailed().Problem(fmt.Sprintf("The run of the %s that began at %s did not succeed.", name,
			s.LastRunAt.UTC().Format(time.RFC3339))), true
	case s.Unread:
		return check.Problem{}, false
	case s.SucceededAt.IsZero() && s.LastRunAt.IsZero():
		return never().Problem(fmt.Sprintf("The %s (schedule %q) has made no backup yet.", name, s.Schedule)), true
	case s.SucceededAt.IsZero():
		return never().Problem(fmt.Sprintf("There is no backup of the %s (schedule %q) that succeeded; its last run began %s ago.", name,
			s.Schedule, quantity.InWords(c.Now.Sub(s.LastRunAt)))), true
	case !s.DueAt.IsZero() && c.Now.After(s.DueAt):
		return overdue().Problem(fmt.Sprintf("The last backup of the %s (schedule %q) was made %s ago; the next was due by %s.", name,
			s.Schedule, quantity.InWords(c.Now.Sub(s.SucceededAt)), s.DueAt.UTC().Format(time.RFC3339))), true
	default:
		return check.Problem{}, false
	}
}

// guessed gives why it is not known that a schedule makes backups; false where it is: it is declared, or the newest backup of
// a declared place was made while it ran.
func guessed(c check.Context, s *fact.BackupSchedule, jobs []string) (check.Problem, bool) {
	if s.Guess == "" || !s.Unread && slices.ContainsFunc(jobs, func(pattern string) bool {
		matches, err := path.Match(pattern, s.Namespace+"/"+s.Name)
		return matches && err == nil
	}) {
		return check.Problem{}, false
	}
	const late = 15 * time.Minute // A file may be there a little after the run that made it.
	for _, backup := range check.Read(c, fact.Backups()) {
		if !s.LastRunAt.IsZero() && backup.Newest.After(s.LastRunAt) && backup.Newest.Before(s.SucceededAt.Add(late)) {
			return check.Problem{}, false
		}
	}
	return cannotTell().Problem(fmt.Sprintf("Whether the %s %s/%s makes backups is not known: %s.",
		s.Kind, s.Namespace, s.Name, s.Guess)), true
}

// VolumeBackupParameters say what makes backups.
type VolumeBackupParameters struct {
	// CronJobs that make backups of what they mount or, where they mount nothing, of their namespace, as patterns of
	// namespace/name: shop/db-backup.
	Jobs []string `yaml:"jobs"`
}

// Validate says what cannot be.
func (p VolumeBackupParameters) Validate() error { return validateJobs(p.Jobs) }

// validateJobs says which of the patterns can match nothing.
func validateJobs(jobs []string) error {
	for _, pattern := range jobs {
		if _, err := path.Match(pattern, ""); err != nil || !strings.Contains(pattern, "/") {
			return check.Wrong("jobs", "%q: expected namespace/name, such as shop/db-backup", pattern)
		}
	}
	return nil
}

// VolumeBackups judges whether backups are made of every claim.
func VolumeBackups() check.Kind[VolumeBackupParameters] {
	none := check.Reason{Name: "no_schedule", Level: check.Fail, Sentence: "Nothing makes backups of a claim."}
	return check.Kind[VolumeBackupParameters]{
		Name: "volume_backup_schedule",
		Summary: "Every claim of a workload is covered by a CronJob, a Velero or snapshot schedule, or a database operator's, that is " +
			"not suspended and whose last run succeeded, no longer ago than its own schedule allows.",
		Remedy: "Schedule backups: a CronJob that mounts the claim or dumps the database, a Velero Schedule, a SnapshotSchedule, a " +
			"ScheduledBackup.",
		Reasons: []check.Reason{none, suspended(), lastFailed(), never(), overdue(), cannotTell()},
		Over: []check.Quantified[VolumeBackupParameters]{
			check.Each(fact.Workloads(), func(c check.Context, w *fact.Workload, p VolumeBackupParameters) (problems []check.Problem) {
				for _, claim := range w.Claims() {
					if claim.Phase == "" {
						continue
					}
					if problem, is := uncovered(c, claim, none, p.Jobs); is {
						problems = append(problems, problem)
					}
				}
				return problems
			}).Where(func(_ check.Context, w *fact.Workload, _ VolumeBackupParameters) bool { return len(w.Claims()) > 0 }).
				Needs(fact.TopicClaims, fact.TopicBackupSchedules),
		},
		With:      []check.Input{check.Reading(fact.Backups()).Optional()},
		WhenEmpty: noData(),
	}
}

// uncovered gives why no backups are made of a claim; false where a schedule makes them. What may make some comes before
// what certainly makes none.
func uncovered(c check.Context, claim fact.Claim, none check.Reason, jobs []string) (check.Problem, bool) {
	problem := none.Problem("Nothing makes backups of the claim " + claim.Name + ".")
	for _, each := range claim.LeftOut {
		problem.Detail += " The " + each.By + " leaves it out: " + each.Reason + "."
	}
	unsure := false
	for i := range claim.Schedules {
		why, is := idle(c, &claim.Schedules[i])
		guess := false
		if !is {
			if why, guess = guessed(c, &claim.Schedules[i], jobs); !guess {
				return check.Problem{}, false
			}
		}
		if unsure && !guess {
			continue
		}
		problem, unsure = why, guess
		problem.Detail = "No backup is made of the claim " + claim.Name + ". " + why.Detail
		if guess {
			problem.Detail = "No backup is known to be made of the claim " + claim.Name + ". " + why.Detail
		}
	}
	return problem, true
}

// BackupAutomationParameters say how old the newest success may be.
type BackupAutomationParameters struct {
	// How long ago the newest run that succeeded may have ended.
	MaximumAge quantity.Duration `yaml:"maximum_age"`
	// CronJobs that make backups, as patterns of namespace/name: shop/db-backup.
	Jobs []string `yaml:"jobs"`
}

// Validate says what cannot be.
func (p BackupAutomationParameters) Validate() error {
	return errors.Join(check.Positive("maximum_age", p.MaximumAge), validateJobs(p.Jobs))
}

// BackupAutomation judges whether in every cluster a schedule makes backups by itself: one that does is enough.
func BackupAutomation() check.Kind[BackupAutomationParameters] {
	none := check.Reason{
		Name: "no_schedule", Level: check.Fail, Sentence: "Nothing makes backups in the cluster by itself.", Absence: true,
		Remedy: "Schedule backups: a CronJob that dumps the database, a Velero Schedule, a ScheduledBackup; where they are made " +
			"elsewhere, list the item under not_applicable with a reason.",
	}
	old := check.Reason{
		Name: "too_old", Level: check.Fail, Sentence: "The last backup that a schedule made is too old.", Absence: true,
	}
	empty := check.Reason{
		Name: "holds_no_data", Level: check.Fail, Sentence: "The backups that a schedule makes hold no data.", Absence: true,
		Remedy: "Include the claims: their namespace, persistentvolumeclaims among the resources, a selector that takes their labels, " +
			"snapshotVolumes or defaultVolumesToFsBackup.",
	}
	judge := func(c check.Context, s *fact.BackupSchedule, p BackupAutomationParameters) (problem check.Problem, sure, is bool) {
		if problem, is = idle(c, s); !is && !s.Unread {
			switch {
			case c.Now.Sub(s.SucceededAt) > p.MaximumAge.Std():
				problem, is = old.Problem(fmt.Sprintf("The last backup was made %s ago; at most %s is wanted.",
					quantity.InWords(c.Now.Sub(s.SucceededAt)), quantity.InWords(p.MaximumAge.Std()))), true
			case s.Empty != "":
				problem, is = empty.Problem(fmt.Sprintf("The backups of the %s %s/%s hold no data: %s.", s.Kind, s.Namespace, s.Name, s.Empty)), true
			}
		}
		if sure = is; !is {
			problem, is = guessed(c, s, p.Jobs)
		}
		problem.Subject = s.Subject()
		return problem, sure, is
	}
	return check.Kind[BackupAutomationParameters]{
		Name: "backup_automation",
		Summary: "A CronJob or another schedule in every cluster makes backups: it is not suspended, and its last run succeeded, not long " +
			"ago.",
		Remedy:   "Find out why it does not run: kubectl describe cronjob; its controller, its schedule, its startingDeadlineSeconds.",
		Reasons:  []check.Reason{suspended(), lastFailed(), never(), overdue(), old, empty, cannotTell()},
		Defaults: BackupAutomationParameters{MaximumAge: quantity.Duration(26 * time.Hour)},
		Over: []check.Quantified[BackupAutomationParameters]{
			check.PerGroup(fact.BackupSchedules(), func(s *fact.BackupSchedule) string { return s.Cluster },
				func(c check.Context, _ BackupAutomationParameters) []string { return c.System.ClusterNames() },
				func(c check.Context, cluster string, all []*fact.BackupSchedule, p BackupAutomationParameters) (problems []check.Problem) {
					if len(all) == 0 {
						return []check.Problem{none.Problem("Nothing makes backups in the cluster " + cluster + " by itself.")}
					}
					var unsure []check.Problem
					for _, s := range all {
						problem, sure, is := judge(c, s, p)
						switch {
						case !is:
							return nil
						case sure:
							problems = append(problems, problem)
						default:
							unsure = append(unsure, problem)
						}
					}
					if len(unsure) > 0 {
						return unsure // One of them may be the one that does.
					}
					return problems
				}),
		},
		With:      []check.Input{check.Reading(fact.Backups()).Optional()},
		WhenEmpty: none,
	}
}
