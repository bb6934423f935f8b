package kubernetes_test

import (
	"testing"
	"time"

	"github.com/readiness-exporter/readiness-exporter/checks/kubernetes"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
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
		LastRunAt: now.Add(-2 * time.Hour), SucceededAt: now.Add(-2 * time.Hour),
	}
	for _, edit := range edits {
		edit(&s)
	}
	return s
}

func suspend(s *fact.BackupSchedule) { s.Suspended = true }

func failed(s *fact.BackupSchedule) { s.Failed = true }

const noData = "no workload of the system keeps data in the cluster; where that is meant, say so in not_applicable"

func TestClaims(t *testing.T) {
	phase := func(phase string) fact.Workload { return database(func(c *fact.Claim) { c.Phase = phase }) }
	volumes := func(all ...fact.Volume) fact.Workload {
		w := database(nil)
		w.Volumes = all
		return w
	}
	scratch := api(func(w *fact.Workload) { w.Volumes = []fact.Volume{{Name: "tmp", Type: "emptyDir"}} })
	cache := volumes(fact.Volume{Name: "data", Type: "emptyDir"})
	cache.Database, cache.Kind = "", fact.KindDeployment
	verdicts(t, kubernetes.Claims(), []verdict{
		{"a bound claim", phase("Bound"), nil},
		{"a claim that waits", phase("Pending"), []finding{{"not_bound", check.Fail, "data-database-0: Pending"}}},
		{"a claim that is not there", phase(""), []finding{{"claim_missing", check.Fail, "data-database-0"}}},
		{"a database on the node", volumes(fact.Volume{Name: "data", Type: "hostPath"}), []finding{
			{"not_on_claim", check.Fail, "volume data is of type hostPath"},
		}},
		{"a database without a volume", volumes(), []finding{{"not_on_claim", check.Fail, "it runs postgresql without a volume"}}},
		{"what has nothing to lose", scratch, leftOut(noData)},
		{"a cache", cache, leftOut(noData)},
	})
}

func TestStorageClass(t *testing.T) {
	policy := func(policy string) fact.Workload { return database(func(c *fact.Claim) { c.ReclaimPolicy = policy }) }
	files := policy("Delete")
	files.Database = ""
	verdicts(t, kubernetes.StorageClass(), []verdict{
		{"a class that lets volumes grow, and retains them", policy("Retain"), nil},
		{"a database's volume that is deleted", policy("Delete"), []finding{
			{"reclaim_policy", check.Fail, "data-database-0: Delete; Retain is wanted"},
		}},
		{"another's volume may be", files, nil},
		{"a volume that cannot grow", database(func(c *fact.Claim) { c.Expandable = false }), []finding{
			{"not_expandable", check.Fail, "data-database-0: fast"},
		}},
		{"a class that is gone", database(func(c *fact.Claim) { c.ClassKnown, c.Expandable = false, false }), []finding{
			{"class_not_found", check.Fail, "data-database-0: fast"},
		}},
		{"a volume made by hand", database(func(c *fact.Claim) { c.Class, c.ClassKnown, c.Expandable = "", false, false }), nil},
		{"a claim without a volume", database(func(c *fact.Claim) { c.Phase = "Pending" }), leftOut(noData)},
	})
}

func TestVolumeBackupSchedule(t *testing.T) {
	covered := func(by ...fact.BackupSchedule) fact.Workload {
		return database(func(c *fact.Claim) { c.Schedules = by })
	}
	troubled := schedule(failed, func(s *fact.BackupSchedule) { s.Trouble = "partiallyfailed" })
	verdicts(t, kubernetes.VolumeBackupSchedule(), []verdict{
		{"a schedule", covered(schedule()), nil},
		{"none", covered(), []finding{{"no_schedule", check.Fail, "data-database-0"}}},
		{"one that is suspended", covered(schedule(suspend)), []finding{{"suspended", check.Fail, "data-database-0: CronJob shop/dump"}}},
		{"one that fails", covered(schedule(failed)), []finding{
			{"last_run_failed", check.Fail, "data-database-0: CronJob shop/dump: run of 2026-11-22T10:00:00Z"},
		}},
		{"one that says why", covered(troubled), []finding{
			{"last_run_failed", check.Fail, "data-database-0: CronJob shop/dump: partiallyfailed"},
		}},
		{"one that is suspended, and one that is not", covered(schedule(suspend), schedule()), nil},
		{"what keeps no data", api(), leftOut(noData)},
	})
}

func TestBackupAutomation(t *testing.T) {
	succeeded := func(at time.Time) func(*fact.BackupSchedule) {
		return func(s *fact.BackupSchedule) { s.SucceededAt = at }
	}
	verdictsOnAll(t, kubernetes.BackupAutomation(), []verdictOnAll{
		{"one that works is enough", []any{schedule(suspend), schedule()}, nil},
		{"26 hours ago", []any{schedule(succeeded(now.Add(-26 * time.Hour)))}, nil},
		{"more than 26 hours ago", []any{schedule(succeeded(now.Add(-27 * time.Hour)))}, []finding{
			{"too_old", check.Fail, "it ended 1 d 3 h ago; at most 1 d 2 h is wanted"},
		}},
		{"never", []any{schedule(succeeded(time.Time{}))}, []finding{{"never_succeeded", check.Fail, "0 3 * * *"}}},
		{"one suspended, one failed", []any{schedule(suspend), schedule(failed)}, []finding{
			{"suspended", check.Fail, "CronJob shop/dump"}, {"last_run_failed", check.Fail, "CronJob shop/dump: run of 2026-11-22T10:00:00Z"},
		}},
	})
}
