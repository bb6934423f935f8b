package kubernetes

import (
	"cmp"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// An otherScheduler makes backups by schedules of which neither the selection nor the runs are evaluated. That there are some
// keeps what they may cover from being called without any.
type otherScheduler struct {
	name            string // as people call it
	group, resource string
	kind            string
	cluster         bool     // its schedules can be of every namespace
	schedule        []string // where it stands
}

func otherSchedulers() []otherScheduler {
	return []otherScheduler{
		{"k8up", "k8up.io", "schedules", "Schedule.k8up.io", false, []string{"spec", "backup", "schedule"}},
		{"Stash", "stash.appscode.com", "backupconfigurations", "BackupConfiguration.stash.appscode.com", false, []string{"spec", "schedule"}},
		{"KubeStash", "core.kubestash.com", "backupconfigurations", "BackupConfiguration.core.kubestash.com", false, nil},
		{"Longhorn", "longhorn.io", "recurringjobs", "RecurringJob", true, []string{"spec", "cron"}},
		{"Kasten", "config.kio.kasten.io", "policies", "Policy.config.kio.kasten.io", true, []string{"spec", "frequency"}},
	}
}

func (o otherScheduler) schedules() watch.Resource[backupSchedule] {
	return watch.Resource[backupSchedule]{
		GroupVersionResource: schema.GroupVersionResource{Group: o.group, Resource: o.resource}, Everywhere: o.cluster,
		Keep: func(object any) backupSchedule {
			u := object.(*unstructured.Unstructured)
			keep := backupSchedule{
				isBackup: o.makesBackups(u), unread: "schedules of " + o.name + " are not evaluated",
				namespaces: []string{cmp.Or(textAt(u, "spec", "target", "namespace"), u.GetNamespace())},
				fact:       fact.BackupSchedule{Unread: true, Schedule: textAt(u, o.schedule...)},
			}
			keep.fact.Guess = keep.unread
			if o.cluster {
				keep.namespaces = []string{"*"}
			}
			for _, field := range []string{"paused", "suspend"} {
				keep.fact.Suspended = keep.fact.Suspended || boolAt(u, "spec", field)
			}
			return keep
		},
	}
}

// makesBackups tells whether an object is of backups at all: Schedules of k8up can be of checks alone, recurring jobs of
// Longhorn trim file systems and delete snapshots.
func (o otherScheduler) makesBackups(u *unstructured.Unstructured) bool {
	switch o.name {
	case "k8up":
		return textAt(u, o.schedule...) != ""
	case "Longhorn":
		task := textAt(u, "spec", "task")
		return strings.HasPrefix(task, "backup") || task == "snapshot" || task == "snapshot-force-create"
	default:
		return true
	}
}

// replicationSources are those of VolSync (https://volsync.readthedocs.io/): each copies one claim. Only some of its movers
// keep what was before.
func replicationSources() watch.Resource[backupSchedule] {
	return watch.Resource[backupSchedule]{
		GroupVersionResource: schema.GroupVersionResource{Group: "volsync.backube", Resource: "replicationsources"},
		Keep: func(object any) backupSchedule {
			u := object.(*unstructured.Unstructured)
			schedule := textAt(u, "spec", "trigger", "schedule")
			keep := backupSchedule{
				namespaces: []string{u.GetNamespace()}, claims: []string{textAt(u, "spec", "sourcePVC")}, isBackup: true,
				fires: firesBy(schedule, ""),
				fact:  fact.BackupSchedule{Schedule: schedule, SucceededAt: timeAt(u, "status", "lastSyncTime")},
			}
			keep.fact.LastRunAt = keep.fact.SucceededAt
			keep.fact.Suspended = boolAt(u, "spec", "paused")
			if _, copies, _ := unstructured.NestedMap(u.Object, "spec", "restic"); !copies {
				keep.unread = "only by restic does VolSync keep earlier copies"
			}
			if textAt(u, "status", "latestMoverStatus", "result") == "Failed" {
				keep.fact.Failed, keep.fact.Trouble = true, "the last mover failed"
			}
			return keep
		},
	}
}
