package kubernetes

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestFailedRunsWithoutAnEndAreFailedRuns(t *testing.T) {
	now := time.Now().UTC()
	for name, run := range map[string]backupRun{
		"CloudNativePG sets no stoppedAt": clusterBackups().Keep(&unstructured.Unstructured{Object: map[string]any{
			"status": map[string]any{"phase": "failed", "startedAt": now.Add(-time.Hour).Format(time.RFC3339)},
		}}),
		"Velero sets nothing on what it does not validate": veleroBackups().Keep(&unstructured.Unstructured{Object: map[string]any{
			"metadata": map[string]any{"creationTimestamp": now.Add(-time.Hour).Format(time.RFC3339)},
			"status":   map[string]any{"phase": "FailedValidation"},
		}}),
		"without any time it is the run that the schedule tells of": {phase: "failedvalidation"},
	} {
		b := backupSchedule{fact: fact.BackupSchedule{SucceededAt: now.Add(-20 * time.Hour), LastRunAt: now.Add(-time.Hour)}}
		b.ran([]backupRun{run})
		require.True(t, b.fact.Failed, name)
		require.WithinDuration(t, now.Add(-time.Hour), b.fact.FailedAt, time.Second, name)
	}
}

func TestABackupIsDueByItsOwnSchedule(t *testing.T) {
	night := time.Date(2026, time.November, 20, 3, 0, 0, 0, time.UTC) // a Friday
	for _, c := range []struct {
		name, schedule, zone string
		began, succeeded     time.Time
		now                  bool // a run is under way that began a day later
		want                 time.Time
	}{
		{"daily", "0 3 * * *", "", night, night.Add(time.Hour), false, night.Add(27 * time.Hour)},
		{"every hour", "0 * * * *", "", night, night.Add(time.Minute), false, night.Add(76 * time.Minute)},
		{"on weekdays", "0 3 * * 1-5", "", night, night, false, night.Add(74 * time.Hour)},
		{"with the second first", "0 0 3 * * *", "", night, night, false, night.Add(26 * time.Hour)},
		{"in a zone", "0 4 * * *", "Europe/Berlin", night, night, false, night.Add(26 * time.Hour)},
		{"every so often", "@every 2h", "", night, night, false, night.Add(135 * time.Minute)},
		{"not readable", "often", "", night, night, false, night.Add(26 * time.Hour)},
		{"not yet", "0 3 * * *", "", night, time.Time{}, false, time.Time{}},
		{"one under way may take its time", "0 3 * * *", "", night.Add(24 * time.Hour), night.Add(time.Hour), true, night.Add(74 * time.Hour)},
	} {
		b := backupSchedule{fires: firesBy(c.schedule, c.zone), runsNow: c.now, fact: fact.BackupSchedule{
			Schedule: c.schedule, LastRunAt: c.began, SucceededAt: c.succeeded,
		}}
		require.Equal(t, c.want, b.due(), c.name)
	}
	require.Equal(t, night.Add(26*time.Hour), dueAfter([]time.Time{night.Add(-24 * time.Hour), night, night.Add(-48 * time.Hour)}))
}

// data is a claim of a database, as a StatefulSet mounts it, with a volume of a CSI driver.
func data(edit func(*dataClaim)) dataClaim {
	c := dataClaim{
		namespace: "shop", name: "data-db-0", labels: labels.Set{"app": "db"}, pods: labels.Set{"app": "db", "tier": "data"},
		volumes: []string{"data"}, services: []string{"db"}, phase: bound, volume: &persistentVolume{
			class: intern("fast"), source: "csi", csi: &csiSource{Driver: "ebs.csi.aws.com", VolumeAttributes: map[string]string{"zone": "a"}}, capacity: 20 << 30,
		},
	}
	if edit != nil {
		edit(&c)
	}
	return c
}

func TestWhatCronJobsMakeBackupsOf(t *testing.T) {
	mounting := []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data-db-0"},
	}}}
	for _, c := range []struct {
		name string
		job  string // its name
		edit func(*batchv1.CronJob, *corev1.PodSpec)
		want covering
		is   bool // that it is one that may make backups
	}{
		{"a dump of the database by its Service", "nightly", command("pg_dump", "--host=db", "-f", "/x"), covering{is: true}, true},
		{"in a script", "nightly", command("sh", "-c", "set -e; PGPASSWORD=$P exec pg_dump -h db.shop.svc shop | gzip > /x"), covering{is: true}, true},
		{"by a URL", "nightly", command("pg_dump", "postgresql://u:p@db-0.db.shop.svc.cluster.local:5432/shop"), covering{is: true}, true},
		{"by a variable", "nightly", func(_ *batchv1.CronJob, s *corev1.PodSpec) {
			s.Containers[0].Command = []string{"mysqldump", "shop"}
			s.Containers[0].Env = []corev1.EnvVar{{Name: "MYSQL_HOST", Value: "db"}}
		}, covering{is: true}, true},
		{"a dump of another database", "nightly", command("pg_dump", "--host=orders"), covering{}, true},
		{"a dump of its namesake elsewhere", "nightly", command("pg_dump", "--host=db.blog"), covering{}, true},
		{"a dump of nobody knows what", "nightly", command("pg_dump", "shop"), covering{is: true, guess: "which database it dumps is not known"}, true},
		{"a dump without the data", "nightly", command("pg_dump", "--schema-only", "--host=db"), covering{is: true, guess: onlyByName}, true},
		{"a copy of what it mounts", "nightly", func(_ *batchv1.CronJob, s *corev1.PodSpec) {
			s.Containers[0].Image, s.Containers[0].Args, s.Volumes = "restic/restic:0.18", []string{"backup", "/data"}, mounting
		}, covering{is: true}, true},
		{"a job that deletes them", "delete-old-backups", command("find", "/backups", "-name", "*.pg_dump", "-delete"), covering{is: true, guess: onlyByName}, true},
		{"restic that forgets", "nightly", func(_ *batchv1.CronJob, s *corev1.PodSpec) {
			s.Containers[0].Image, s.Containers[0].Args, s.Volumes = "restic/restic:0.18", []string{"forget", "--prune"}, mounting
		}, covering{is: true, guess: onlyByName}, true},
		{"restic that forgets what has the tag backup", "nightly", copying(mounting, "restic", "-r", "backup", "forget", "--tag", "backup"),
			covering{is: true, guess: onlyByName}, true},
		{"restic that tries", "nightly", copying(mounting, "restic", "backup", "--dry-run", "/data"), covering{is: true, guess: onlyByName}, true},
		{"restic with flags first", "nightly", copying(mounting, "restic", "--verbose", "--repo", "s3:x", "-p", "/pw", "backup", "/data"), covering{is: true}, true},
		{"kopia that makes a repository", "nightly", copying(mounting, "kopia", "repository", "create", "filesystem"), covering{is: true, guess: onlyByName}, true},
		{"kopia that makes a snapshot", "nightly", copying(mounting, "kopia", "snapshot", "create", "/data"), covering{is: true}, true},
		{"borg in a script", "nightly", copying(mounting, "sh", "-c", "borg create --stats ::{now} /data && borg prune --keep-daily 7"), covering{is: true}, true},
		{"its annotation declares it", "nightly", func(j *batchv1.CronJob, _ *corev1.PodSpec) {
			j.Annotations = map[string]string{backupOf: "other, data-db-0"}
		}, covering{is: true}, true},
		{"its annotation declares others", "db-backup", func(j *batchv1.CronJob, _ *corev1.PodSpec) {
			j.Annotations = map[string]string{backupOf: "other"}
		}, covering{}, true},
		{"another job", "report", command("report"), covering{is: true, guess: onlyByName}, false},
	} {
		job := &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: c.job}, Spec: batchv1.CronJobSpec{Schedule: "0 3 * * *"}}
		spec := &job.Spec.JobTemplate.Spec.Template.Spec
		spec.Containers = []corev1.Container{{Name: "c", Image: "registry.contoso.com/tools:1"}}
		c.edit(job, spec)
		kept := keepCronJob(job)
		require.Equal(t, c.is, kept.isBackup, c.name)
		require.Equal(t, c.want, kept.covers(data(nil)), c.name)
	}
}

func copying(volumes []corev1.Volume, words ...string) func(*batchv1.CronJob, *corev1.PodSpec) {
	return func(_ *batchv1.CronJob, s *corev1.PodSpec) { s.Containers[0].Command, s.Volumes = words, volumes }
}

func command(words ...string) func(*batchv1.CronJob, *corev1.PodSpec) {
	return func(_ *batchv1.CronJob, s *corev1.PodSpec) { s.Containers[0].Command = words }
}

func TestSchedulesThatAreNotEvaluatedKeepClaimsFromBeingCalledWithoutAny(t *testing.T) {
	for _, c := range []struct {
		name, by, object string
		is               bool
		want             covering
	}{
		{"k8up", "k8up", "{metadata: {namespace: shop}, spec: {backup: {schedule: '@daily-random'}}}", true, notEvaluated("k8up")},
		{"k8up of another namespace", "k8up", "{metadata: {namespace: blog}, spec: {backup: {schedule: '@daily'}}}", true, covering{}},
		{"k8up that only checks", "k8up", "{metadata: {namespace: shop}, spec: {check: {schedule: '@daily'}}}", false, notEvaluated("k8up")},
		{"Stash", "Stash", "{metadata: {namespace: shop}, spec: {schedule: '0 3 * * *'}}", true, notEvaluated("Stash")},
		{"KubeStash, of a target elsewhere", "KubeStash", "{metadata: {namespace: ops}, spec: {target: {namespace: shop}}}", true, notEvaluated("KubeStash")},
		{"Longhorn, wherever it runs", "Longhorn", "{metadata: {namespace: longhorn-system}, spec: {cron: '0 3 * * *', task: backup}}", true, notEvaluated("Longhorn")},
		{"Longhorn that trims file systems", "Longhorn", "{metadata: {namespace: longhorn-system}, spec: {cron: '0 3 * * *', task: filesystem-trim}}", false,
			notEvaluated("Longhorn")},
		{"Kasten", "Kasten", "{metadata: {namespace: kasten-io}, spec: {frequency: '@daily', paused: true}}", true, notEvaluated("Kasten")},
	} {
		u := &unstructured.Unstructured{}
		require.NoError(t, yaml.Unmarshal([]byte(c.object), &u.Object))
		at := slices.IndexFunc(otherSchedulers(), func(o otherScheduler) bool { return o.name == c.by })
		kept := otherSchedulers()[at].schedules().Keep(u)
		require.Equal(t, c.is, kept.isBackup, c.name)
		require.Equal(t, c.want, kept.covers(data(nil)), c.name)
		require.Equal(t, c.by == "Kasten", kept.fact.Suspended, c.name)
	}
}

func notEvaluated(name string) covering {
	return covering{is: true, guess: "schedules of " + name + " are not evaluated"}
}

func TestWhatVolSyncCovers(t *testing.T) {
	kept := func(spec, status string) backupSchedule {
		u := &unstructured.Unstructured{}
		require.NoError(t, yaml.Unmarshal([]byte("{metadata: {namespace: shop}, spec: "+spec+", status: "+status+"}"), &u.Object))
		return replicationSources().Keep(u)
	}
	by := kept("{sourcePVC: data-db-0, trigger: {schedule: '0 3 * * *'}, restic: {repository: r}}",
		"{lastSyncTime: '2026-11-22T03:01:00Z', latestMoverStatus: {result: Successful}}")
	require.Equal(t, covering{is: true}, by.covers(data(nil)))
	require.False(t, by.fact.Failed)
	require.Equal(t, time.Date(2026, 11, 22, 3, 1, 0, 0, time.UTC), by.fact.SucceededAt)
	require.Equal(t, covering{}, kept("{sourcePVC: other, restic: {repository: r}}", "{}").covers(data(nil)))
	require.NotEmpty(t, kept("{sourcePVC: data-db-0, rsyncTLS: {address: a}}", "{}").covers(data(nil)).guess, "a mirror follows what is lost")
	require.True(t, kept("{sourcePVC: data-db-0, restic: {repository: r}}", "{latestMoverStatus: {result: Failed}}").fact.Failed)
	require.True(t, kept("{sourcePVC: data-db-0, paused: true, restic: {repository: r}}", "{}").fact.Suspended)
}

func TestRunsOfWhichThePhaseIsNotKnownAreNoSuccess(t *testing.T) {
	night := time.Date(2026, time.November, 20, 3, 0, 0, 0, time.UTC)
	for phase, failed := range map[string]bool{
		"": false, "new": false, "queued": false, "readytostart": false, "inprogress": false, "waitingforpluginoperations": false,
		"waitingforpluginoperationspartiallyfailed": true, "finalizing": false, "finalizingpartiallyfailed": true, "partiallyfailed": true,
		"failed": true, "failedvalidation": true, "deleting": false, "canceled": false, // of Velero
		"pending": false, "started": false, "running": false, "walarchivingfailing": true, // of CloudNativePG
	} {
		b := backupSchedule{fires: firesBy("0 3 * * *", ""), fact: fact.BackupSchedule{Schedule: "0 3 * * *"}}
		b.ran([]backupRun{{phase: "completed", began: night, at: night}, {phase: phase, made: night.AddDate(0, 0, 1), began: night.AddDate(0, 0, 1)}})
		require.Equal(t, night, b.fact.SucceededAt, phase)
		require.Equal(t, failed, b.fact.Failed, phase)
		require.False(t, b.fact.DueAt.After(night.AddDate(0, 0, 3).Add(12*time.Hour)), "%s: it does not run for ever", phase)
	}
}
