package storage_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/storage"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// database is a StatefulSet whose claim is bound to a volume that is retained, and backed up last night.
func database(edit func(*fact.Claim)) fact.Workload {
	claim := fact.Claim{
		Name: "data-database-0", Phase: "Bound", Class: "fast", ClassKnown: true, Expandable: true, ReclaimPolicy: "Retain",
		Schedules: []fact.BackupSchedule{schedule()},
	}
	if edit != nil {
		edit(&claim)
	}
	return fact.Workload{
		Cluster: "main", Namespace: "shop", Kind: fact.KindStatefulSet, Name: "database",
		Replicas: fact.Replicas{Desired: 1}, Containers: []fact.Container{{Name: "database", Image: "docker.io/library/postgres:18@sha256:0"}},
		Database: "postgresql",
		Volumes:  []fact.Volume{{Name: "data", Type: "persistentVolumeClaim", Claim: "data", Template: true, Claims: []fact.Claim{claim}}},
	}
}

// schedule is one whose last run succeeded two hours ago, as the edits change it.
func schedule(edits ...func(*fact.BackupSchedule)) fact.BackupSchedule {
	s := fact.BackupSchedule{
		Cluster: "main", Namespace: "shop", Kind: "CronJob", Name: "dump", Schedule: "0 3 * * *",
		LastRunAt: checktest.Now().Add(-2 * time.Hour), SucceededAt: checktest.Now().Add(-2 * time.Hour),
	}
	for _, edit := range edits {
		edit(&s)
	}
	return s
}

func suspend(s *fact.BackupSchedule) { s.Suspended = true }

func failed(s *fact.BackupSchedule) { s.Failed = true }

func guess(s *fact.BackupSchedule) { s.Guess = "only its name suggests it" }

func due(in time.Duration) func(*fact.BackupSchedule) {
	return func(s *fact.BackupSchedule) { s.DueAt = checktest.Now().Add(in) }
}

func TestJobsThatAreNamedMakeBackups(t *testing.T) {
	kind := storage.VolumeBackups()
	kind.Defaults.Jobs = []string{"shop/dump"}
	require.NoError(t, kind.Defaults.Validate())
	v := checktest.Some(t, kind, fact.Workloads())
	v.Finds("one that is named", database(func(c *fact.Claim) { c.Schedules = []fact.BackupSchedule{schedule(guess)} }))
	v.Finds("one that is named, and whose runs are not read", database(func(c *fact.Claim) {
		c.Schedules = []fact.BackupSchedule{schedule(guess, func(s *fact.BackupSchedule) { s.Unread = true })}
	}), "unknown cannot_tell: No backup is known to be made of the claim data-database-0. "+
		"Whether the CronJob shop/dump makes backups is not known: only its name suggests it.")
	kind.Defaults.Jobs = []string{"dump"}
	require.EqualError(t, kind.Defaults.Validate(), `jobs: "dump": expected namespace/name, such as shop/db-backup`)
}

const noData = "undeclared no_data on the item: No workload of the system keeps data in the cluster."

func TestClaims(t *testing.T) {
	phase := func(phase string) fact.Workload { return database(func(c *fact.Claim) { c.Phase = phase }) }
	volumes := func(all ...fact.Volume) fact.Workload {
		w := database(nil)
		w.Volumes = all
		return w
	}
	cache := volumes(fact.Volume{Name: "data", Type: "emptyDir"})
	cache.Database, cache.Kind = "", fact.KindDeployment
	planned := phase("")
	planned.Planned = true
	v := checktest.Of(t, storage.Claims(), fact.Workloads())
	v.Finds("a bound claim", phase("Bound"))
	v.Finds("a claim that waits", phase("Pending"),
		"fail not_bound: The claim data-database-0 has no volume: it is Pending.")
	v.Finds("a claim that is not there", phase(""),
		"fail claim_missing: The claim data-database-0 does not exist.")
	v.Finds("a claim of a manifest is not there yet", planned)
	v.Finds("a database on the node", volumes(fact.Volume{Name: "data", Type: "hostPath"}),
		"fail not_on_claim: The workload keeps data on the volume data of type hostPath, and on no claim.")
	v.Finds("a database without a volume", volumes(),
		"fail not_on_claim: The workload runs postgresql without a volume.")
	v.Finds("a cache has nothing to lose", cache, noData)
	v.Finds("a StatefulSet whose pods are not made yet", volumes(fact.Volume{Name: "data", Type: "persistentVolumeClaim", Template: true}))
}

func TestClass(t *testing.T) {
	policy := func(policy string) fact.Workload { return database(func(c *fact.Claim) { c.ReclaimPolicy = policy }) }
	files := policy("Delete")
	files.Database = ""
	v := checktest.Of(t, storage.Class(), fact.Workloads())
	v.Finds("a class that lets volumes grow, and retains them", policy("Retain"))
	v.Finds("a database's volume that is deleted", policy("Delete"),
		"fail reclaim_policy: The volume of the claim data-database-0 has the reclaim policy Delete; Retain is wanted.")
	v.Finds("another's volume may be", files)
	v.Finds("a volume that cannot grow", database(func(c *fact.Claim) { c.Expandable = false }),
		"fail not_expandable: The storage class fast of the claim data-database-0 does not let volumes grow.")
	v.Finds("a class that is gone", database(func(c *fact.Claim) { c.ClassKnown, c.Expandable = false, false }),
		"fail class_not_found: The storage class fast of the claim data-database-0 does not exist.")
	v.Finds("a volume made by hand", database(func(c *fact.Claim) { c.Class, c.ClassKnown, c.Expandable = "", false, false }))
	v.Finds("a claim without a volume", database(func(c *fact.Claim) { c.Phase = "Pending" }), noData)
}

func TestVolumeBackups(t *testing.T) {
	covered := func(by ...fact.BackupSchedule) fact.Workload {
		return database(func(c *fact.Claim) { c.Schedules = by })
	}
	v := checktest.Of(t, storage.VolumeBackups(), fact.Workloads())
	v.Finds("a schedule", covered(schedule()))
	v.Finds("none", covered(),
		"fail no_schedule: Nothing makes backups of the claim data-database-0.")
	v.Finds("one that is suspended", covered(schedule(suspend)),
		"fail suspended: No backup is made of the claim data-database-0. The CronJob shop/dump is suspended.")
	v.Finds("one that fails", covered(schedule(failed)),
		"fail last_run_failed: No backup is made of the claim data-database-0. The run of the CronJob shop/dump that began at 2026-11-22T10:00:00Z did not succeed.")
	v.Finds("one that says why", covered(schedule(failed, func(s *fact.BackupSchedule) { s.Trouble = "partiallyfailed" })),
		"fail last_run_failed: No backup is made of the claim data-database-0. The last run of the CronJob shop/dump did not succeed: partiallyfailed.")
	v.Finds("one that is suspended, and one that is not", covered(schedule(suspend), schedule()))
	v.Finds("one that has never run", covered(schedule(func(s *fact.BackupSchedule) { s.SucceededAt, s.LastRunAt = time.Time{}, time.Time{} })),
		`fail never_succeeded: No backup is made of the claim data-database-0. The CronJob shop/dump (schedule "0 3 * * *") has made no backup yet.`)
	v.Finds("one that is due", covered(schedule(due(0))))
	v.Finds("one that is overdue", covered(schedule(due(-time.Second))),
		`fail overdue: No backup is made of the claim data-database-0. The last backup of the CronJob shop/dump (schedule "0 3 * * *") was made 2 h ago; the next was due by 2026-11-22T11:59:59Z.`)
	v.Finds("one that leaves it out", database(func(c *fact.Claim) {
		c.Schedules, c.LeftOut = nil, []fact.LeftOut{{By: "Schedule velero/nightly", Reason: "it takes no snapshots"}}
	}), "fail no_schedule: Nothing makes backups of the claim data-database-0. The Schedule velero/nightly leaves it out: it takes no snapshots.")
	unknown := "unknown cannot_tell: No backup is known to be made of the claim data-database-0. " +
		"Whether the CronJob shop/dump makes backups is not known: only its name suggests it."
	v.Finds("one whose name alone says so", covered(schedule(guess)), unknown)
	v.Finds("that does not turn unknown what is covered", covered(schedule(guess), schedule()))
	v.Finds("what may make some comes before what makes none", covered(schedule(suspend), schedule(guess), schedule(failed)), unknown)
	v.With = []fact.AnySet{checktest.Facts(fact.Backups(), fact.Backup{Name: "dumps", Newest: checktest.Now().Add(-2*time.Hour + time.Minute)})}
	began := func(s *fact.BackupSchedule) { s.LastRunAt = s.SucceededAt.Add(-time.Minute) }
	v.Finds("one that made the newest backup of a declared place", covered(schedule(guess, began)))
	v.With = []fact.AnySet{checktest.Facts(fact.Backups(), fact.Backup{Name: "dumps", Newest: checktest.Now().Add(-20 * time.Hour)})}
	v.Finds("one that made none in the declared place", covered(schedule(guess, began)), unknown)
	v.Finds("what keeps no data", fact.Workload{Kind: fact.KindDeployment}, noData)
}

func TestBackupAutomation(t *testing.T) {
	succeeded := func(at time.Time) func(*fact.BackupSchedule) {
		return func(s *fact.BackupSchedule) { s.SucceededAt = at }
	}
	in := func(cluster string) func(*fact.BackupSchedule) {
		return func(s *fact.BackupSchedule) { s.Cluster = cluster }
	}
	v := checktest.Of(t, storage.BackupAutomation(), fact.BackupSchedules())
	v.FindsOn("one that works is enough", []fact.BackupSchedule{schedule(suspend), schedule()})
	v.Finds("26 hours ago", schedule(succeeded(checktest.Now().Add(-26*time.Hour))))
	v.Finds("more than 26 hours ago", schedule(succeeded(checktest.Now().Add(-27*time.Hour))),
		"fail too_old: The last backup was made 1 d 3 h ago; at most 1 d 2 h is wanted.")
	v.Finds("never", schedule(succeeded(time.Time{})),
		`fail never_succeeded: There is no backup of the CronJob shop/dump (schedule "0 3 * * *") that succeeded; its last run began 2 h ago.`)
	unread := func(s *fact.BackupSchedule) {
		s.Kind, s.Unread, s.Guess, s.SucceededAt, s.LastRunAt = "RecurringJob", true, "schedules of Longhorn are not evaluated", time.Time{}, time.Time{}
	}
	v.Finds("one that is not evaluated", schedule(unread),
		"unknown cannot_tell: Whether the RecurringJob shop/dump makes backups is not known: schedules of Longhorn are not evaluated.")
	v.Finds("one that is not evaluated, and suspended", schedule(unread, suspend), "fail suspended: The RecurringJob shop/dump is suspended.")
	v.Finds("by its own schedule it should have made another", schedule(due(-time.Hour)),
		`fail overdue: The last backup of the CronJob shop/dump (schedule "0 3 * * *") was made 2 h ago; the next was due by 2026-11-22T11:00:00Z.`)
	v.Finds("its backups hold no data", schedule(func(s *fact.BackupSchedule) { s.Empty = "it takes none of the claims" }),
		"fail holds_no_data: The backups of the CronJob shop/dump hold no data: it takes none of the claims.")
	v.Finds("only its name says so", schedule(guess),
		"unknown cannot_tell: Whether the CronJob shop/dump makes backups is not known: only its name suggests it.")
	v.FindsOn("one that may makes it unknown", []fact.BackupSchedule{schedule(guess), schedule(suspend)},
		"unknown cannot_tell on main/shop/CronJob/dump: Whether the CronJob shop/dump makes backups is not known: only its name suggests it.")
	v.FindsOn("one that does is enough beside one that may", []fact.BackupSchedule{schedule(guess), schedule()})
	v.FindsOn("one suspended, one failed", []fact.BackupSchedule{schedule(suspend), schedule(failed)},
		"fail last_run_failed on main/shop/CronJob/dump: The run of the CronJob shop/dump that began at 2026-11-22T10:00:00Z did not succeed.",
		"fail suspended on main/shop/CronJob/dump: The CronJob shop/dump is suspended.")
	v.FindsOn("nothing makes any", nil,
		"fail no_schedule on main: Nothing makes backups in the cluster main by itself.")
	away := []fact.Unavailable[fact.BackupSchedule]{{
		Subject: "elsewhere", Known: fact.BackupSchedule{Cluster: "elsewhere"}, Reason: fact.ReasonTimeout, Detail: "no answer in 10 s",
	}}
	v.FindsIn("nothing makes any in one cluster, while another is unavailable", fact.Set[fact.BackupSchedule]{Unavailable: away},
		"fail no_schedule on main: Nothing makes backups in the cluster main by itself.",
		"unknown not_collected on elsewhere: no answer in 10 s")

	v.System = &system.System{Kubernetes: []system.Cluster{{Name: "main"}, {Name: "elsewhere"}}}
	v.FindsOn("one cluster makes backups, another does not", []fact.BackupSchedule{schedule()},
		"fail no_schedule on elsewhere: Nothing makes backups in the cluster elsewhere by itself.")
	v.FindsOn("each cluster makes its own", []fact.BackupSchedule{schedule(), schedule(in("elsewhere"))})
	v.FindsIn("what is unavailable might make backups", fact.Set[fact.BackupSchedule]{
		Facts: []*fact.BackupSchedule{new(schedule()), new(schedule(suspend, in("elsewhere")))}, Unavailable: away,
	},
		"unknown not_collected on elsewhere: no answer in 10 s")

	v.System = &system.System{}
	v.FindsOn("no cluster is declared and nothing makes any", nil,
		"fail no_schedule on the item: Nothing makes backups in the cluster by itself.")
}

func TestParametersThatCannotBeAreRefused(t *testing.T) {
	require.NoError(t, storage.BackupAutomation().Defaults.Validate())
	require.EqualError(t, storage.BackupAutomationParameters{}.Validate(), "maximum_age: expected more than 0")
}
