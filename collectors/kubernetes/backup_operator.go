package kubernetes

import (
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// snapshotSchedules are those of snapscheduler (https://backube.github.io/snapscheduler/usage.html).
func snapshotSchedules() watch.Resource[backupSchedule] {
	return watch.Resource[backupSchedule]{
		GroupVersionResource: schema.GroupVersionResource{Group: "snapscheduler.backube", Resource: "snapshotschedules"},
		Keep: func(object any) backupSchedule {
			u := object.(*unstructured.Unstructured)
			keep := backupSchedule{
				namespaces: []string{u.GetNamespace()}, isBackup: true, fires: firesBy(textAt(u, "spec", "schedule"), ""),
				fact: fact.BackupSchedule{Schedule: textAt(u, "spec", "schedule"), LastRunAt: timeAt(u, "status", "lastSnapshotTime")},
			}
			keep.fact.SucceededAt = keep.fact.LastRunAt
			keep.fact.Suspended = boolAt(u, "spec", "disabled")
			if _, selects, _ := unstructured.NestedMap(u.Object, "spec", "claimSelector"); selects {
				keep.selector = selectorAt(u, "spec", "claimSelector")
			}
			if reconciled := conditionOf(u, "Reconciled"); reconciled.status == "False" {
				keep.fact.Failed, keep.fact.Trouble = true, reconciled.reason
			}
			return keep
		},
	}
}

// A volumeSnapshot is what is kept of a VolumeSnapshot (https://kubernetes.io/docs/concepts/storage/volume-snapshots/).
type volumeSnapshot struct {
	claim    string
	schedule string // of snapscheduler, that had it taken; empty for others
	at       time.Time
	ready    bool
	trouble  bool
}

func volumeSnapshots() watch.Resource[volumeSnapshot] {
	return watch.Resource[volumeSnapshot]{
		GroupVersionResource: schema.GroupVersionResource{Group: "snapshot.storage.k8s.io", Resource: "volumesnapshots"},
		Keep: func(object any) volumeSnapshot {
			u := object.(*unstructured.Unstructured)
			keep := volumeSnapshot{
				claim: textAt(u, "spec", "source", "persistentVolumeClaimName"), schedule: u.GetLabels()["snapscheduler.backube/schedule"],
				at: timeAt(u, "status", "creationTime"),
			}
			if keep.at.IsZero() {
				keep.at = u.GetCreationTimestamp().UTC()
			}
			keep.ready = boolAt(u, "status", "readyToUse")
			_, keep.trouble, _ = unstructured.NestedMap(u.Object, "status", "error")
			return keep
		},
	}
}

// snapshotted are claims of which snapshots are taken again and again, whoever does it: two are there at least.
func snapshotted(s *snapshot) (found []backupSchedule) {
	byClaim := make(map[types.NamespacedName][]volumeSnapshot)
	stored(s, volumeSnapshots()).Each(func(name types.NamespacedName, v volumeSnapshot) {
		of := types.NamespacedName{Namespace: name.Namespace, Name: v.claim}
		byClaim[of] = append(byClaim[of], v)
	})
	for claim, all := range byClaim {
		if claim.Name == "" || len(all) < 2 || !s.target.Cluster.Includes(claim.Namespace) {
			continue
		}
		b := backupSchedule{namespaces: []string{claim.Namespace}, claims: []string{claim.Name}, fact: fact.BackupSchedule{
			Cluster: s.target.Cluster.Name, Namespace: claim.Namespace, Kind: "VolumeSnapshot", Name: claim.Name,
		}}
		var ready []time.Time
		for _, v := range all {
			v.run().note(&b.fact)
			if v.ready {
				ready = append(ready, v.at)
			}
		}
		b.fact.Failed = b.fact.FailedAt.After(b.fact.SucceededAt)
		b.fact.DueAt = dueAfter(ready)
		found = append(found, b)
	}
	return found
}

// run is the snapshot as a run of what has it taken.
func (v volumeSnapshot) run() backupRun {
	run := backupRun{schedule: v.schedule, began: v.at, at: v.at}
	switch {
	case v.ready:
		run.phase = "completed"
	case v.trouble:
		run.phase = "failed"
	}
	return run
}

// scheduledSnapshots are those that snapscheduler has had taken, as runs.
func scheduledSnapshots(s *snapshot) runsBySchedule {
	found := make(runsBySchedule)
	stored(s, volumeSnapshots()).Each(func(name types.NamespacedName, v volumeSnapshot) {
		if v.schedule != "" {
			of := types.NamespacedName{Namespace: name.Namespace, Name: v.schedule}
			found[of] = append(found[of], v.run())
		}
	})
	return found
}

// dueAfter is when another snapshot is due after those that were taken, by nobody knows which schedule: by the median of the
// times between the newest of them, and a twelfth more. It is zero of none.
func dueAfter(taken []time.Time) time.Time {
	const compared = 8
	slices.SortFunc(taken, func(a, b time.Time) int { return b.Compare(a) })
	if len(taken) == 0 {
		return time.Time{}
	}
	var gaps []time.Duration
	for i := 1; i < min(len(taken), compared); i++ {
		gaps = append(gaps, taken[i-1].Sub(taken[i]))
	}
	slices.Sort(gaps)
	gap := withoutSchedule
	if len(gaps) > 0 {
		gap = max(gaps[len(gaps)/2], time.Hour)
	}
	return taken[0].Add(gap + max(gap/12, 15*time.Minute))
}

const cloudNativePG = "postgresql.cnpg.io"

// scheduledBackups are those of CloudNativePG (https://cloudnative-pg.io/documentation/current/backup/).
func scheduledBackups() watch.Resource[backupSchedule] {
	return watch.Resource[backupSchedule]{
		GroupVersionResource: schema.GroupVersionResource{Group: cloudNativePG, Resource: "scheduledbackups"},
		Keep: func(object any) backupSchedule {
			u := object.(*unstructured.Unstructured)
			keep := backupSchedule{
				namespaces: []string{u.GetNamespace()}, isBackup: true, of: textAt(u, "spec", "cluster", "name"),
				fires: firesBy(textAt(u, "spec", "schedule"), ""),
				fact:  fact.BackupSchedule{Schedule: textAt(u, "spec", "schedule"), LastRunAt: timeAt(u, "status", "lastScheduleTime")},
			}
			keep.fact.Suspended = boolAt(u, "spec", "suspend")
			return keep
		},
	}
}

func clusterBackups() watch.Resource[backupRun] {
	return watch.Resource[backupRun]{
		GroupVersionResource: schema.GroupVersionResource{Group: cloudNativePG, Resource: "backups"},
		Labels:               "cnpg.io/scheduled-backup",
		Keep: func(object any) backupRun {
			u := object.(*unstructured.Unstructured)
			return backupRun{
				schedule: u.GetLabels()["cnpg.io/scheduled-backup"], phase: strings.ToLower(textAt(u, "status", "phase")),
				made: u.GetCreationTimestamp().UTC(), began: timeAt(u, "status", "startedAt"), at: timeAt(u, "status", "stoppedAt"),
			}
		},
	}
}
