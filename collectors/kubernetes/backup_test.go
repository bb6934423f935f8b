package kubernetes

import (
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

// data is a claim of a database, as a StatefulSet mounts it.
func data(edit func(*dataClaim)) dataClaim {
	c := dataClaim{
		namespace: "shop", name: "data-db-0", labels: labels.Set{"app": "db"}, pods: labels.Set{"app": "db", "tier": "data"},
		volumes: []string{"data"}, services: []string{"db"},
	}
	if edit != nil {
		edit(&c)
	}
	return c
}

func TestWhatVeleroCovers(t *testing.T) {
	for _, c := range []struct {
		name, template string
		edit           func(*dataClaim)
		want           covering
	}{
		{"everything", "{}", nil, covering{is: true}},
		{"its namespace", "{includedNamespaces: [shop]}", nil, covering{is: true}},
		{"namespaces by a pattern", "{includedNamespaces: ['sh*']}", nil, covering{is: true}},
		{"another namespace", "{includedNamespaces: [blog]}", nil, covering{}},
		{"all but its namespace", "{includedNamespaces: ['*'], excludedNamespaces: [shop]}", nil, covering{}},
		{"claims by their labels", "{labelSelector: {matchLabels: {app: db}}}", nil, covering{is: true}},
		{"claims by those of their pods", "{labelSelector: {matchLabels: {tier: data}}}", nil, covering{is: true}},
		{"by labels of neither", "{labelSelector: {matchLabels: {app: shop}}}", nil, covering{}},
		{"by one of several selectors", "{orLabelSelectors: [{matchLabels: {app: shop}}, {matchLabels: {app: db}}]}", nil, covering{is: true}},
		{"by none of several selectors", "{orLabelSelectors: [{matchLabels: {app: shop}}]}", nil, covering{}},
		{"other resources", "{includedResources: [configmaps, secrets]}", nil, covering{}},
		{"claims alone", "{includedResources: [persistentvolumeclaims]}", nil, covering{is: true}},
		{"claims by their short name, in newer words", "{includedNamespaceScopedResources: [pvc]}", nil, covering{is: true}},
		{"all but claims and pods", "{excludedResources: [persistentvolumeclaims, pods]}", nil, covering{}},
		{"no snapshots", "{snapshotVolumes: false}", nil, covering{}},
		{"files in place of snapshots", "{snapshotVolumes: false, defaultVolumesToFsBackup: true}", nil, covering{is: true}},
		{"files, but not of this volume", "{snapshotVolumes: false, defaultVolumesToFsBackup: true}", func(c *dataClaim) {
			c.annotations = map[string]string{veleroOptedOut: "cache,data"}
		}, covering{}},
		{"files of this volume, since its pods ask for it", "{snapshotVolumes: false}", func(c *dataClaim) {
			c.annotations = map[string]string{veleroOptedIn: "data"}
		}, covering{is: true}},
		{"files of pods, which are left out", "{defaultVolumesToFsBackup: true, snapshotVolumes: false, excludedResources: [pods]}", nil, covering{}},
		{"what is labelled to be left out", "{}", func(c *dataClaim) { c.labels = labels.Set{veleroExclude: "true"} }, covering{}},
		{"by volume policies", "{resourcePolicy: {kind: configmap, name: skip}}", nil,
			covering{true, "it has volume policies (the ConfigMap skip), which are not read"}},
		{"without PersistentVolumes", "{includeClusterResources: false}", nil,
			covering{true, "it leaves PersistentVolumes out, without which only CSI snapshots are made"}},
	} {
		u := &unstructured.Unstructured{}
		require.NoError(t, yaml.Unmarshal([]byte("{metadata: {name: nightly}, spec: {schedule: '0 1 * * *', template: "+c.template+"}}"), &u.Object))
		require.Equal(t, c.want, veleroSchedules().Keep(u).covers(data(c.edit)), c.name)
	}
	long := "a-very-long-schedule-name-that-is-longer-than-sixty-three-characters-in-all"
	require.Equal(t, "daily", veleroLabel("daily"))
	require.Len(t, veleroLabel(long), 63)
	require.Equal(t, long[:57], veleroLabel(long)[:57])
}

func TestSchedulesThatHoldNoData(t *testing.T) {
	weighed := func(template string, claims ...dataClaim) fact.BackupSchedule {
		u := &unstructured.Unstructured{}
		require.NoError(t, yaml.Unmarshal([]byte("{spec: {template: "+template+"}}"), &u.Object))
		b := veleroSchedules().Keep(u)
		b.weigh(claims)
		return b.fact
	}
	claim := data(func(c *dataClaim) { c.pods = nil })
	require.Empty(t, weighed("{}", claim))
	require.Empty(t, weighed("{labelSelector: {matchLabels: {app: shop}}}"), "there is no claim that it could take")
	require.NotEmpty(t, weighed("{includedResources: [configmaps]}").Empty)
	require.NotEmpty(t, weighed("{labelSelector: {matchLabels: {app: shop}}, excludedResources: [pods]}", claim).Empty)
	require.NotEmpty(t, weighed("{labelSelector: {matchLabels: {app: shop}}}", claim).Guess, "it may take the pods that mount it")
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
		{"a dump of nobody knows what", "nightly", command("pg_dump", "shop"), covering{true, "which database it dumps is not known"}, true},
		{"a dump without the data", "nightly", command("pg_dump", "--schema-only", "--host=db"), covering{true, onlyByName}, true},
		{"a copy of what it mounts", "nightly", func(_ *batchv1.CronJob, s *corev1.PodSpec) {
			s.Containers[0].Image, s.Containers[0].Args, s.Volumes = "restic/restic:0.18", []string{"backup", "/data"}, mounting
		}, covering{is: true}, true},
		{"a job that deletes them", "delete-old-backups", command("find", "/backups", "-name", "*.pg_dump", "-delete"), covering{true, onlyByName}, true},
		{"restic that forgets", "nightly", func(_ *batchv1.CronJob, s *corev1.PodSpec) {
			s.Containers[0].Image, s.Containers[0].Args, s.Volumes = "restic/restic:0.18", []string{"forget", "--prune"}, mounting
		}, covering{true, onlyByName}, true},
		{"its annotation declares it", "nightly", func(j *batchv1.CronJob, _ *corev1.PodSpec) {
			j.Annotations = map[string]string{backupOf: "other, data-db-0"}
		}, covering{is: true}, true},
		{"its annotation declares others", "db-backup", func(j *batchv1.CronJob, _ *corev1.PodSpec) {
			j.Annotations = map[string]string{backupOf: "other"}
		}, covering{}, true},
		{"another job", "report", command("report"), covering{true, onlyByName}, false},
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

func command(words ...string) func(*batchv1.CronJob, *corev1.PodSpec) {
	return func(_ *batchv1.CronJob, s *corev1.PodSpec) { s.Containers[0].Command = words }
}
