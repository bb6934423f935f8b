package kubernetes

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const (
	noSnapshots = "it takes no snapshots (snapshotVolumes: false), and is not asked to copy the files of this volume"
	withoutPods = "it is to copy files, and its resources leave out the pods that mount them"
)

// of makes the volume of a claim one of another source.
func of(source string) func(*dataClaim) {
	return func(c *dataClaim) { c.volume = &persistentVolume{class: intern("fast"), source: source} }
}

func annotated(key, value string) func(*dataClaim) {
	return func(c *dataClaim) { c.annotations = map[string]string{key: value} }
}

// velero is a schedule with a template.
func velero(t *testing.T, template string) backupSchedule {
	t.Helper()
	u := &unstructured.Unstructured{}
	require.NoError(t, yaml.Unmarshal([]byte("{metadata: {name: nightly}, spec: {schedule: '0 1 * * *', template: "+template+"}}"), &u.Object))
	return veleroSchedules().Keep(u)
}

// Numbers are of issues of velero-io/velero, in which somebody missed a volume in a backup.
func TestWhatVeleroCovers(t *testing.T) {
	for _, c := range []struct {
		name, template string
		edit           func(*dataClaim)
		want           covering
	}{
		{"everything", "{}", nil, covering{is: true}},
		{"its namespace", "{includedNamespaces: [shop]}", nil, covering{is: true}},
		{"its namespace by a pattern, which older versions do not know (#9255)", "{includedNamespaces: ['sh*']}", nil,
			covering{is: true, guess: "it includes the namespace by a pattern, which Velero before 1.18 takes for a name"}},
		{"its namespace by its name, beside a pattern", "{includedNamespaces: [shop, 'b*']}", nil, covering{is: true}},
		{"another namespace", "{includedNamespaces: [blog]}", nil, covering{}},
		{"no namespace, but what is of the cluster", "{includedNamespaces: ['']}", nil, covering{}},
		{"all but its namespace", "{includedNamespaces: ['*'], excludedNamespaces: [shop]}", nil, covering{}},
		{"all but namespaces by a pattern", "{includedNamespaces: ['*'], excludedNamespaces: ['s*']}", nil, covering{}},
		{"claims by their labels", "{labelSelector: {matchLabels: {app: db}}}", nil, covering{is: true}},
		{"claims by those of their pods", "{labelSelector: {matchLabels: {tier: data}}}", nil, covering{is: true}},
		{"by labels of neither", "{labelSelector: {matchLabels: {app: shop}}}", nil, covering{}},
		{"by one of several selectors", "{orLabelSelectors: [{matchLabels: {app: shop}}, {matchLabels: {app: db}}]}", nil, covering{is: true}},
		{"by none of several selectors", "{orLabelSelectors: [{matchLabels: {app: shop}}]}", nil, covering{}},
		{"other resources", "{includedResources: [configmaps, secrets]}", nil, covering{}},
		{"resources with a slip of the pen (#4229)", "{includedResources: [persistentvolumes, persistentcolumeclaims]}", nil, covering{}},
		{"claims alone", "{includedResources: [persistentvolumeclaims]}", nil, covering{is: true}},
		{"resources by a pattern", "{includedResources: ['persistentvolume*']}", nil, covering{is: true}},
		{"claims by their short name, in newer words", "{includedNamespaceScopedResources: [pvc]}", nil, covering{is: true}},
		{"all but claims and pods", "{excludedResources: [persistentvolumeclaims, pods]}", nil, covering{}},
		{"pods without their claims, of which there are no snapshots then", "{includedResources: [pods]}", nil,
			covering{not: "its resources leave out PersistentVolumeClaims"}},
		{"no snapshots (#2603)", "{snapshotVolumes: false}", nil, covering{not: noSnapshots}},
		{"files in place of snapshots", "{snapshotVolumes: false, defaultVolumesToFsBackup: true}", nil, covering{is: true}},
		{"files of pods alone, without their claims (#7550)", "{includedResources: [pods], snapshotVolumes: false, defaultVolumesToFsBackup: true}", nil,
			covering{is: true}},
		{"files, but not of this volume", "{snapshotVolumes: false, defaultVolumesToFsBackup: true}", annotated(veleroOptedOut, "cache,data"),
			covering{not: noSnapshots}},
		{"a snapshot, since its files are not to be copied", "{defaultVolumesToFsBackup: true}", annotated(veleroOptedOut, "cache,data"),
			covering{is: true}},
		{"files of this volume, since its pods ask for it", "{snapshotVolumes: false}", annotated(veleroOptedIn, "data"), covering{is: true}},
		{"pods that name the claim, and not their volume (#1845)", "{snapshotVolumes: false}", annotated(veleroOptedIn, "data-db-0"),
			covering{not: noSnapshots}},
		{"pods that name their volume after a blank", "{snapshotVolumes: false}", annotated(veleroOptedIn, "cache, data"),
			covering{not: noSnapshots}},
		{"files of pods, which are left out (#4229)", "{defaultVolumesToRestic: true, includedResources: [persistentvolumes, persistentvolumeclaims]}", nil,
			covering{not: withoutPods}},
		{"files of pods, which are left out, as they ask for it", "{excludedResources: [pods]}", annotated(veleroOptedIn, "data"),
			covering{not: withoutPods}},
		{"files of pods that the selector does not take", "{defaultVolumesToFsBackup: true, labelSelector: {matchLabels: {app: db}}}",
			func(c *dataClaim) { c.pods = labels.Set{"tier": "data"} },
			covering{is: true, guess: "its selector takes the claim, but not the pods by which it is to copy its files; not every version of Velero brings them along"}},
		{"files of pods that do not run (#4516)", "{snapshotVolumes: false, defaultVolumesToFsBackup: true}", func(c *dataClaim) { c.idle = true },
			covering{not: noSnapshots}},
		{"a snapshot of what no pod mounts just now", "{defaultVolumesToFsBackup: true}", func(c *dataClaim) { c.idle = true }, covering{is: true}},
		{"files of a block device", "{defaultVolumesToFsBackup: true}", func(c *dataClaim) { c.block = true },
			covering{not: "it is to copy files, and the volume is a block device without any"}},
		{"files of a hostPath (#2822, #8161)", "{defaultVolumesToFsBackup: true}", of("hostPath"),
			covering{not: "it is to copy files, and copies none of volumes of the type hostPath"}},
		{"snapshots of a hostPath (#4335)", "{}", of("hostPath"), covering{not: "it is to take a snapshot, and there are none of volumes of the type hostPath"}},
		{"snapshots of a local volume (#1806, #8251)", "{}", of("local"), covering{not: "it is to take a snapshot, and there are none of volumes of the type local"}},
		{"files of a local volume", "{defaultVolumesToFsBackup: true}", of("local"), covering{is: true}},
		{"what is labelled to be left out", "{}", func(c *dataClaim) { c.labels = labels.Set{veleroExclude: "true"} },
			covering{not: "the claim has the label " + veleroExclude}},
		{"files of what is labelled to be left out (#5349)", "{defaultVolumesToFsBackup: true}",
			func(c *dataClaim) { c.labels = labels.Set{veleroExclude: "true"} }, covering{is: true}},
		{"without PersistentVolumes, a CSI volume (#5745)", "{includeClusterResources: false}", nil,
			covering{is: true, guess: "it leaves PersistentVolumes out, without which only CSI snapshots are made"}},
		{"without PersistentVolumes, another (#5745)", "{includeClusterResources: false}", of("awsElasticBlockStore"),
			covering{not: "it leaves the PersistentVolume out, without which only CSI snapshots are made, and it is of the type awsElasticBlockStore"}},
		{"a PersistentVolume that is labelled to be left out", "{}", func(c *dataClaim) {
			c.volume = &persistentVolume{class: intern("fast"), source: "vsphereVolume", excluded: true}
		}, covering{not: "it leaves the PersistentVolume out, without which only CSI snapshots are made, and it is of the type vsphereVolume"}},
		{"the data mover takes what is snapshotted", "{snapshotMoveData: true}", nil, covering{is: true}},
		{"volume policies of another kind of object are none", "{resourcePolicy: {kind: secret, name: skip}}", nil, covering{is: true}},
	} {
		require.Equal(t, c.want, velero(t, c.template).covers(data(c.edit)), c.name)
	}
	long := "a-very-long-schedule-name-that-is-longer-than-sixty-three-characters-in-all"
	require.Equal(t, "daily", veleroLabel("daily"))
	require.Len(t, veleroLabel(long), 63)
	require.Equal(t, long[:57], veleroLabel(long)[:57])
}

func TestVolumePolicies(t *testing.T) {
	skipped := func(number, of string) covering {
		return covering{not: "policy " + number + " of the ConfigMap p, for " + of + ", skips it"}
	}
	pending := func(c *dataClaim) { c.phase, c.volume = "Pending", nil }
	for _, c := range []struct {
		name, template string // what else the schedule wants
		policies       string // a list
		edit           func(*dataClaim)
		want           covering
	}{
		{"no policy matches", "", "[{conditions: {storageClass: [slow]}, action: {type: skip}}]", nil, covering{is: true}},
		{"skipped by its class (#9318)", "", "[{conditions: {storageClass: [slow, fast]}, action: {type: skip}}]", nil,
			skipped("1", "volumes of storageClass slow or fast")},
		{"the first that matches decides", "", "[{conditions: {csi: {}}, action: {type: snapshot}}, {conditions: {}, action: {type: skip}}]", nil,
			covering{is: true}},
		{"all conditions must match", "", "[{conditions: {storageClass: [fast], csi: {driver: disk.csi.azure.com}}, action: {type: skip}}]", nil,
			covering{is: true}},
		{"every CSI volume (#6054)", "", "[{conditions: {csi: {}}, action: {type: skip}}]", nil, skipped("1", "volumes of csi")},
		{"a CSI driver", "", "[{conditions: {csi: {driver: ebs.csi.aws.com}}, action: {type: skip}}]", nil, skipped("1", "volumes of csi ebs.csi.aws.com")},
		{"a driver and its attributes", "", "[{conditions: {csi: {driver: ebs.csi.aws.com, volumeAttributes: {zone: a}}}, action: {type: skip}}]", nil,
			skipped("1", "volumes of csi ebs.csi.aws.com")},
		{"a driver and other attributes", "", "[{conditions: {csi: {driver: ebs.csi.aws.com, volumeAttributes: {zone: b}}}, action: {type: skip}}]", nil,
			covering{is: true}},
		{"its size", "", "[{conditions: {capacity: '10Gi,20Gi'}, action: {type: skip}}]", nil, skipped("1", "volumes of capacity 10Gi,20Gi")},
		{"its size, without an upper bound", "", "[{conditions: {capacity: '10Gi,'}, action: {type: skip}}]", nil, skipped("1", "volumes of capacity 10Gi,")},
		{"a smaller size", "", "[{conditions: {capacity: ',19Gi'}, action: {type: skip}}]", nil, covering{is: true}},
		{"NFS, whatever the server (helm-charts #607)", "", "[{conditions: {nfs: {}}, action: {type: skip}}]",
			func(c *dataClaim) {
				c.volume = &persistentVolume{class: intern(""), source: "nfs", nfs: &nfsSource{Server: "nas", Path: "/a"}}
			}, skipped("1", "volumes of nfs")},
		{"another path of an NFS server", "{defaultVolumesToFsBackup: true}", "[{conditions: {nfs: {server: nas, path: /b}}, action: {type: skip}}]",
			func(c *dataClaim) {
				c.volume = &persistentVolume{class: intern(""), source: "nfs", nfs: &nfsSource{Server: "nas", Path: "/a"}}
			}, covering{is: true}},
		{"a type of volume", "", "[{conditions: {volumeTypes: [emptyDir, csi]}, action: {type: skip}}]", nil, skipped("1", "volumes of volumeTypes emptyDir or csi")},
		{"other types of volumes (helm-charts #607)", "", "[{conditions: {volumeTypes: [emptyDir]}, action: {type: skip}}]", nil, covering{is: true}},
		{"its labels", "", "[{conditions: {pvcLabels: {app: db}}, action: {type: skip}}]", nil, skipped("1", "volumes of pvcLabels app=db")},
		{"labels that it has not", "", "[{conditions: {pvcLabels: {app: db, tier: cache}}, action: {type: skip}}]", nil, covering{is: true}},
		{"its phase (#9507)", "", "[{conditions: {pvcPhase: [Pending, Lost]}, action: {type: skip}}]", pending, skipped("1", "volumes of pvcPhase Pending or Lost")},
		{"a class, where there is no volume yet", "", "[{conditions: {storageClass: [fast]}, action: {type: skip}}]", pending, covering{is: true}},
		{"a snapshot, though there are none otherwise (#7782)", "{snapshotVolumes: false}", "[{conditions: {}, action: {type: snapshot}}]", nil, covering{is: true}},
		{"a snapshot, though files are copied otherwise", "{defaultVolumesToFsBackup: true, excludedResources: [pods]}",
			"[{conditions: {}, action: {type: snapshot}}]", nil, covering{is: true}},
		{"a snapshot of a volume that can have none", "", "[{conditions: {}, action: {type: snapshot}}]", of("local"),
			covering{not: "it is to take a snapshot, and there are none of volumes of the type local"}},
		{"files, of pods that are left out", "{excludedResources: [pods]}", "[{conditions: {}, action: {type: fs-backup}}]", nil, covering{not: withoutPods}},
		{"files, of a workload without pods", "", "[{conditions: {}, action: {type: fs-backup}}]", func(c *dataClaim) { c.idle = true },
			covering{not: "it is to copy files, which takes a running pod, and none is wanted"}},
		{"files, though the pods opted out", "", "[{conditions: {}, action: {type: fs-backup}}]", annotated(veleroOptedOut, "data"), covering{is: true}},
		{"skipped, though the pods opted in", "", "[{conditions: {}, action: {type: skip}}]", annotated(veleroOptedIn, "data"), skipped("1", "every volume")},
		{"left to a plugin", "", "[{conditions: {}, action: {type: custom, parameters: {by: us}}}]", nil,
			covering{is: true, guess: "policy 1 of the ConfigMap p, for every volume, leaves it to a plugin"}},
		{"a volume that is not there", "", "[{conditions: {csi: {}}, action: {type: skip}}]", func(c *dataClaim) { c.volume = nil },
			covering{is: true, guess: "its volume policies could not be evaluated: the volume of the claim data-db-0 was not found"}},
		{"what is not taken anyway", "{includedNamespaces: [blog]}", "[{conditions: {}, action: {type: skip}}]", nil, covering{}},
	} {
		b := velero(t, "{}")
		if c.template != "" {
			b = velero(t, c.template)
		}
		policies, err := readVolumePolicies(map[string]string{"p.yaml": "{version: v1, volumePolicies: " + c.policies + "}"})
		require.NoError(t, err, c.name)
		b.velero.policy, b.velero.policies = "p", policies
		require.Equal(t, c.want, b.covers(data(c.edit)), c.name)
	}
}

func TestVolumePoliciesThatAreNotKnown(t *testing.T) {
	for content, want := range map[string]string{
		"":                                  `version "" is not known; expected v1`,
		"{version: v2, volumePolicies: []}": `version "v2" is not known; expected v1`,
		"{version: v1, volumePolicies: [{conditions: {zone: [a]}, action: {type: skip}}]}":           "zone",
		"{version: v1, volumePolicies: [{conditions: {}, action: {type: clone}}]}":                   `policy 1: the action "clone" is not known`,
		"{version: v1, volumePolicies: [{conditions: {capacity: 10Gi}, action: {type: skip}}]}":      `policy 1: capacity "10Gi": expected two quantities`,
		"{version: v1, volumePolicies: [{conditions: {capacity: '2Gi,1Gi'}, action: {type: skip}}]}": "the second is less than the first",
		"{version: v1, volumePolicies: [{conditions: {storageClass: fast}, action: {type: skip}}]}":  "cannot construct",
		"{version: v1, includeExcludePolicy: {excludedNamespaceScopedResources: [pods]}}":            "includeExcludePolicy",
		"{version: v1, fileSystemPolicies: []}":                                                      "fileSystemPolicies",
	} {
		_, err := readVolumePolicies(map[string]string{"p.yaml": content})
		require.ErrorContains(t, err, want, content)
	}
	_, err := readVolumePolicies(map[string]string{"a": "version: v1", "b": "version: v1"})
	require.EqualError(t, err, "expected one key with the policies, there are 2")
}

func TestASchedulesNewestBackupTellsWhatItLeavesOpen(t *testing.T) {
	now := time.Now().UTC()
	run := func(at time.Time, spec string) backupRun {
		u := &unstructured.Unstructured{}
		require.NoError(t, yaml.Unmarshal([]byte("{status: {phase: Completed}, spec: "+spec+"}"), &u.Object))
		u.SetCreationTimestamp(metav1.NewTime(at))
		return veleroBackups().Keep(u)
	}
	for _, c := range []struct {
		name, template string
		runs           []backupRun
		want           covering
	}{
		{"the server copies files by default", "{snapshotVolumes: false}", []backupRun{run(now, "{defaultVolumesToFsBackup: true}")}, covering{is: true}},
		{"what the schedule says comes first", "{snapshotVolumes: false, defaultVolumesToFsBackup: false}",
			[]backupRun{run(now, "{defaultVolumesToFsBackup: true}")}, covering{not: noSnapshots}},
		{"the namespace has the label", "{}", []backupRun{run(now, "{excludedNamespaces: [shop]}")},
			covering{not: "its newest backup excluded the namespace; Velero does so where a namespace has the label " + veleroExclude}},
		{"the namespace had it", "{}", []backupRun{run(now, "{}"), run(now.Add(-time.Hour), "{excludedNamespaces: [shop]}")}, covering{is: true}},
		{"policies that were not read", "{resourcePolicy: {kind: configmap, name: p}}", nil,
			covering{is: true, guess: "its volume policies could not be evaluated: the ConfigMap velero/p was not read yet"}},
		{"policies that were", "{resourcePolicy: {kind: ConfigMap, name: skip}}", nil,
			covering{not: "policy 1 of the ConfigMap skip, for every volume, skips it"}},
	} {
		b := velero(t, c.template)
		b.fact.Namespace = "velero"
		b.asMade(c.runs, policiesByPlace{types.NamespacedName{Namespace: "velero", Name: "skip"}: {rules: []volumePolicy{{action: actionSkip}}}})
		require.Equal(t, c.want, b.covers(data(nil)), c.name)
	}
}

func TestWhatAVolumeIsOf(t *testing.T) {
	require.Equal(t, "storageOS", sourceOf(&corev1.PersistentVolumeSource{StorageOS: &corev1.StorageOSPersistentVolumeSource{}}))
	require.Equal(t, "awsElasticBlockStore", sourceOf(&corev1.PersistentVolumeSource{AWSElasticBlockStore: &corev1.AWSElasticBlockStoreVolumeSource{}}))
	require.Empty(t, sourceOf(&corev1.PersistentVolumeSource{}))
}

func TestSchedulesThatHoldNoData(t *testing.T) {
	weighed := func(template string, claims ...dataClaim) fact.BackupSchedule {
		b := velero(t, template)
		b.weigh(claims)
		return fact.BackupSchedule{Empty: b.fact.Empty, Guess: b.fact.Guess}
	}
	unmounted := func(edit func(*dataClaim)) dataClaim {
		c := data(edit)
		c.pods, c.volumes = nil, nil
		return c
	}
	claim := unmounted(nil)
	require.Empty(t, weighed("{}", claim))
	require.Empty(t, weighed("{labelSelector: {matchLabels: {app: shop}}}"), "there is no claim that it could take")
	require.NotEmpty(t, weighed("{includedResources: [configmaps]}").Empty)
	require.NotEmpty(t, weighed("{labelSelector: {matchLabels: {app: shop}}, excludedResources: [pods]}", claim).Empty)
	require.NotEmpty(t, weighed("{labelSelector: {matchLabels: {app: shop}}}", claim).Guess, "it may take the pods that mount it")
	require.NotEmpty(t, weighed("{defaultVolumesToFsBackup: true, excludedResources: [pods]}", claim).Guess, "pods may mount it, or none")
	require.Equal(t, "it is to take a snapshot, and there are none of volumes of the type local",
		weighed("{excludedResources: [pods]}", unmounted(of("local"))).Empty)
}

func TestVolumePoliciesTakeAPermissionOnlyWhereTheyAreAskedFor(t *testing.T) {
	reads := func(asked fact.Topics) (found []collector.Permission) {
		for _, j := range []joiner{workloads(), backupSchedules()} {
			for _, p := range permissions(Target{Cluster: system.Cluster{Name: "main", Namespaces: []string{"shop"}}}, j, asked) {
				if p.Resource == "configmaps" && slices.Equal(p.Verbs, []string{"get"}) {
					found = append(found, p)
				}
			}
		}
		return found
	}
	require.Empty(t, reads(asking(fact.Workloads(), fact.TopicPods, fact.TopicReferences)))
	for _, p := range append(reads(asking(fact.Workloads(), fact.TopicBackupSchedules)), reads(asking(fact.BackupSchedules()))...) {
		require.Empty(t, p.Namespace, "Velero runs in another")
	}
	require.Len(t, reads(asking(fact.Workloads(), fact.TopicBackupSchedules)), 1)
	require.Len(t, reads(asking(fact.BackupSchedules())), 1)
}
