package kubernetes

import (
	"regexp"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// backupSchedules are what makes backups again and again: CronJobs by their names, and schedules of Velero, snapscheduler
// and CloudNativePG, snapshots.
func backupSchedules() join[fact.BackupSchedule] {
	return join[fact.BackupSchedule]{
		kind:  fact.BackupSchedules(),
		parts: scheduleParts(""),
		place: func(cluster, namespace string) fact.BackupSchedule {
			return fact.BackupSchedule{Cluster: cluster, Namespace: namespace}
		},
		add: func(s *snapshot, set *fact.Set[fact.BackupSchedule]) {
			for _, each := range schedulesOf(s) {
				set.Add(each.fact)
			}
		},
	}
}

// scheduleParts are what schedules are joined from.
func scheduleParts(topic string) []part {
	return []part{
		{topic, backupJobs()}, {topic, veleroSchedules()}, {topic, veleroBackups()},
		{topic, snapshotSchedules()}, {topic, volumeSnapshots()}, {topic, scheduledBackups()}, {topic, clusterBackups()},
	}
}

// A backupSchedule is a schedule with what tells which claims it covers.
type backupSchedule struct {
	fact       fact.BackupSchedule
	isBackup   bool            // for CronJobs: others do other things
	namespaces []string        // "*": all
	excluded   []string        // namespaces
	claims     []string        // names; empty: all that the selector takes
	selector   labels.Selector // of claims
	of         string          // of CloudNativePG: the name of its Cluster
}

// reaches tells whether the schedule makes backups of what is in a namespace.
func (b backupSchedule) reaches(namespace string) bool {
	return !slices.Contains(b.excluded, namespace) && (slices.Contains(b.namespaces, namespace) || slices.Contains(b.namespaces, "*"))
}

// covers tells whether the schedule makes backups of a claim.
func (b backupSchedule) covers(namespace, name string, own labels.Set) bool {
	if !b.reaches(namespace) {
		return false
	}
	if b.of != "" && own["cnpg.io/cluster"] != b.of {
		return false
	}
	return (len(b.claims) == 0 || slices.Contains(b.claims, name)) && (b.selector == nil || b.selector.Matches(own))
}

// backupWords are in the names, images and commands of jobs that make backups.
var backupWords = regexp.MustCompile(`(?i)backup|pg_?dump|mysqldump|mongodump|mariadb-dump|restic|borg|pgbackrest|wal-g|kopia|snapshot`)

func backupJobs() watch.Resource[backupSchedule] {
	return watch.Resource[backupSchedule]{
		GroupVersionResource: batchv1.SchemeGroupVersion.WithResource("cronjobs"), Example: &batchv1.CronJob{},
		Keep: func(object any) backupSchedule { return keepCronJob(object.(*batchv1.CronJob)) },
	}
}

// keepCronJob reads a CronJob that makes backups: of the claims that it mounts or, where it mounts none, of what its
// namespace holds.
func keepCronJob(c *batchv1.CronJob) backupSchedule {
	keep := backupSchedule{
		namespaces: []string{c.Namespace}, isBackup: backupWords.MatchString(c.Name),
		fact: fact.BackupSchedule{Schedule: c.Spec.Schedule, Suspended: c.Spec.Suspend != nil && *c.Spec.Suspend},
	}
	if c.Status.LastScheduleTime != nil {
		keep.fact.LastRunAt = c.Status.LastScheduleTime.UTC()
	}
	if c.Status.LastSuccessfulTime != nil {
		keep.fact.SucceededAt = c.Status.LastSuccessfulTime.UTC()
	}
	keep.fact.Failed = len(c.Status.Active) == 0 && keep.fact.LastRunAt.After(keep.fact.SucceededAt)
	spec := &c.Spec.JobTemplate.Spec.Template.Spec
	for i := range spec.Containers {
		words := slices.Concat([]string{spec.Containers[i].Image}, spec.Containers[i].Command, spec.Containers[i].Args)
		keep.isBackup = keep.isBackup || backupWords.MatchString(strings.Join(words, " "))
	}
	keep.claims = mounted(spec)
	return keep
}

// A backupRun is one run of a schedule.
type backupRun struct {
	schedule  string
	phase     string
	began, at time.Time
}

// veleroSchedules are those of Velero (https://velero.io/docs/main/api-types/schedule/), wherever it runs.
func veleroSchedules() watch.Resource[backupSchedule] {
	return watch.Resource[backupSchedule]{
		GroupVersionResource: schema.GroupVersionResource{Group: "velero.io", Resource: "schedules"}, Everywhere: true,
		Keep: func(object any) backupSchedule {
			u := object.(*unstructured.Unstructured)
			keep := backupSchedule{
				namespaces: textsAt(u, "spec", "template", "includedNamespaces"), excluded: textsAt(u, "spec", "template", "excludedNamespaces"),
				isBackup: true,
				fact:     fact.BackupSchedule{Schedule: textAt(u, "spec", "schedule"), LastRunAt: timeAt(u, "status", "lastBackup")},
			}
			if len(keep.namespaces) == 0 {
				keep.namespaces = []string{"*"}
			}
			keep.fact.Suspended, _, _ = unstructured.NestedBool(u.Object, "spec", "paused")
			if phase := textAt(u, "status", "phase"); phase == "FailedValidation" {
				keep.fact.Failed, keep.fact.Trouble = true, phase
			}
			return keep
		},
	}
}

func veleroBackups() watch.Resource[backupRun] {
	return watch.Resource[backupRun]{
		GroupVersionResource: schema.GroupVersionResource{Group: "velero.io", Resource: "backups"}, Everywhere: true,
		Labels: "velero.io/schedule-name",
		Keep: func(object any) backupRun {
			u := object.(*unstructured.Unstructured)
			return backupRun{
				u.GetLabels()["velero.io/schedule-name"], strings.ToLower(textAt(u, "status", "phase")),
				timeAt(u, "status", "startTimestamp"), timeAt(u, "status", "completionTimestamp"),
			}
		},
	}
}

// snapshotSchedules are those of snapscheduler (https://backube.github.io/snapscheduler/usage.html).
func snapshotSchedules() watch.Resource[backupSchedule] {
	return watch.Resource[backupSchedule]{
		GroupVersionResource: schema.GroupVersionResource{Group: "snapscheduler.backube", Resource: "snapshotschedules"},
		Keep: func(object any) backupSchedule {
			u := object.(*unstructured.Unstructured)
			keep := backupSchedule{
				namespaces: []string{u.GetNamespace()}, isBackup: true,
				fact: fact.BackupSchedule{Schedule: textAt(u, "spec", "schedule"), LastRunAt: timeAt(u, "status", "lastSnapshotTime")},
			}
			keep.fact.SucceededAt = keep.fact.LastRunAt
			keep.fact.Suspended, _, _ = unstructured.NestedBool(u.Object, "spec", "disabled")
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
	claim   string
	at      time.Time
	ready   bool
	trouble bool
}

func volumeSnapshots() watch.Resource[volumeSnapshot] {
	return watch.Resource[volumeSnapshot]{
		GroupVersionResource: schema.GroupVersionResource{Group: "snapshot.storage.k8s.io", Resource: "volumesnapshots"},
		Keep: func(object any) volumeSnapshot {
			u := object.(*unstructured.Unstructured)
			keep := volumeSnapshot{claim: textAt(u, "spec", "source", "persistentVolumeClaimName"), at: timeAt(u, "status", "creationTime")}
			if keep.at.IsZero() {
				keep.at = u.GetCreationTimestamp().UTC()
			}
			keep.ready, _, _ = unstructured.NestedBool(u.Object, "status", "readyToUse")
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
		for _, v := range all {
			b.fact.LastRunAt = newer(b.fact.LastRunAt, v.at)
			switch {
			case v.ready:
				b.fact.SucceededAt = newer(b.fact.SucceededAt, v.at)
			case v.trouble:
				b.fact.FailedAt = newer(b.fact.FailedAt, v.at)
			}
		}
		b.fact.Failed = b.fact.FailedAt.After(b.fact.SucceededAt)
		found = append(found, b)
	}
	return found
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
				fact: fact.BackupSchedule{Schedule: textAt(u, "spec", "schedule"), LastRunAt: timeAt(u, "status", "lastScheduleTime")},
			}
			keep.fact.Suspended, _, _ = unstructured.NestedBool(u.Object, "spec", "suspend")
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
				u.GetLabels()["cnpg.io/scheduled-backup"], strings.ToLower(textAt(u, "status", "phase")),
				timeAt(u, "status", "startedAt"), timeAt(u, "status", "stoppedAt"),
			}
		},
	}
}

// schedulesOf joins the schedules of a system with their runs, by name.
func schedulesOf(s *snapshot) (found []backupSchedule) {
	for _, source := range []struct {
		kind      string
		schedules watch.Resource[backupSchedule]
		runs      *watch.Store[backupRun]
	}{
		{"CronJob", backupJobs(), nil},
		{"Schedule", veleroSchedules(), stored(s, veleroBackups())},
		{"SnapshotSchedule", snapshotSchedules(), nil},
		{"ScheduledBackup", scheduledBackups(), stored(s, clusterBackups())},
	} {
		stored(s, source.schedules).Each(func(name types.NamespacedName, b backupSchedule) {
			if !b.isBackup || !s.concerns(name.Namespace, b) {
				return
			}
			b.fact.Cluster, b.fact.Kind, b.fact.Namespace, b.fact.Name = s.target.Cluster.Name, source.kind, name.Namespace, name.Name
			source.runs.Each(func(run types.NamespacedName, each backupRun) {
				if run.Namespace == name.Namespace && each.schedule == name.Name {
					each.note(&b.fact)
				}
			})
			b.fact.Failed = b.fact.Failed || b.fact.FailedAt.After(b.fact.SucceededAt)
			found = append(found, b)
		})
	}
	found = append(found, snapshotted(s)...)
	slices.SortFunc(found, func(a, b backupSchedule) int { return strings.Compare(a.fact.Subject(), b.fact.Subject()) })
	return found
}

// note adds a run to its schedule: the newest that has ended tells whether it succeeded.
func (r backupRun) note(to *fact.BackupSchedule) {
	if r.began.After(to.LastRunAt) {
		to.LastRunAt = r.began
	}
	switch {
	case r.phase == "completed" && r.at.After(to.SucceededAt):
		to.SucceededAt = r.at
	case strings.Contains(r.phase, "fail") && r.at.After(to.FailedAt):
		to.FailedAt, to.Trouble = r.at, r.phase
	}
}

// concerns tells whether a schedule of some namespace makes backups of what belongs to the system.
func (s *snapshot) concerns(namespace string, b backupSchedule) bool {
	if s.scope != "" {
		return b.reaches(string(s.scope))
	}
	return s.target.Cluster.Includes(namespace) || slices.ContainsFunc(b.namespaces, func(each string) bool {
		return each == "*" || s.target.Cluster.Includes(each)
	})
}
