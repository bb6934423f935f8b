package kubernetes

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// A veleroTemplate is what of a schedule of Velero tells whose data its backups hold
// (https://velero.io/docs/main/resource-filtering/).
type veleroTemplate struct {
	claims, pods bool              // they are among the resources that are included
	volumes      bool              // PersistentVolumes of claims are too
	snapshots    bool              // volumes are snapshotted, as they are unless that is turned off
	files        bool              // the files of all volumes of pods are copied, unless a pod says otherwise
	selectors    []labels.Selector // one of which takes what is included; none: everything is
	policy       string            // the name of the ConfigMap with the volume policies; empty without one
}

// The labels and annotations by which objects tell Velero what to leave out and what to take.
const (
	veleroExclude  = "velero.io/exclude-from-backup"
	veleroOptedIn  = "backup.velero.io/backup-volumes"
	veleroOptedOut = "backup.velero.io/backup-volumes-excludes"
)

// veleroSchedules are those of Velero (https://velero.io/docs/main/api-types/schedule/), wherever it runs.
func veleroSchedules() watch.Resource[backupSchedule] {
	return watch.Resource[backupSchedule]{
		GroupVersionResource: schema.GroupVersionResource{Group: "velero.io", Resource: "schedules"}, Everywhere: true,
		Keep: func(object any) backupSchedule {
			u := object.(*unstructured.Unstructured)
			template := unstructured.Unstructured{}
			template.Object, _, _ = unstructured.NestedMap(u.Object, "spec", "template")
			keep := backupSchedule{
				namespaces: textsAt(&template, "includedNamespaces"), excluded: textsAt(&template, "excludedNamespaces"),
				isBackup: true, velero: keepTemplate(&template), fires: firesBy(textAt(u, "spec", "schedule"), ""),
				fact: fact.BackupSchedule{Schedule: textAt(u, "spec", "schedule"), LastRunAt: timeAt(u, "status", "lastBackup")},
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

func keepTemplate(template *unstructured.Unstructured) *veleroTemplate {
	taken := func(names ...string) bool {
		for _, which := range []string{"Resources", "NamespaceScopedResources"} {
			included, excluded := textsAt(template, "included"+which), textsAt(template, "excluded"+which)
			if len(included) > 0 && !namesAny(included, names) || namesAny(excluded, names) {
				return false
			}
		}
		return true
	}
	off := func(field string) bool {
		value, there, _ := unstructured.NestedBool(template.Object, field)
		return there && !value
	}
	keep := &veleroTemplate{
		claims:    taken("persistentvolumeclaims", "persistentvolumeclaim", "pvc"),
		pods:      taken("pods", "pod", "po"),
		snapshots: !off("snapshotVolumes"),
		policy:    textAt(template, "resourcePolicy", "name"),
	}
	// Volumes come with their claims, unless they are excluded.
	excluded := slices.Concat(textsAt(template, "excludedResources"), textsAt(template, "excludedClusterScopedResources"))
	keep.volumes = !off("includeClusterResources") && !namesAny(excluded, []string{"persistentvolumes", "persistentvolume", "pv"})
	for _, field := range []string{"defaultVolumesToFsBackup", "defaultVolumesToRestic"} {
		set, _, _ := unstructured.NestedBool(template.Object, field)
		keep.files = keep.files || set
	}
	if _, there, _ := unstructured.NestedMap(template.Object, "labelSelector"); there {
		keep.selectors = append(keep.selectors, selectorAt(template, "labelSelector"))
	}
	for _, one := range mapsAt(template, "orLabelSelectors") {
		keep.selectors = append(keep.selectors, selectorAt(&unstructured.Unstructured{Object: one}))
	}
	return keep
}

// namesAny tells whether a list of resources names one, by any of its names and with or without its group.
func namesAny(list, names []string) bool {
	return slices.ContainsFunc(list, func(each string) bool {
		name, _, _ := strings.Cut(strings.ToLower(each), ".")
		return name == "*" || slices.Contains(names, name)
	})
}

// takes tells whether what has these labels is in the backups.
func (t *veleroTemplate) takes(own labels.Set) bool {
	if own[veleroExclude] == "true" {
		return false
	}
	return len(t.selectors) == 0 || slices.ContainsFunc(t.selectors, func(s labels.Selector) bool { return s.Matches(own) })
}

// holdsData tells whether its backups can hold the data of any volume.
func (t *veleroTemplate) holdsData() bool {
	return t.claims && t.snapshots || t.pods // Pods can ask for copies of their files.
}

// covers tells whether the data of a claim is in the backups. Pods bring the claims along that they mount.
func (t *veleroTemplate) covers(c dataClaim) covering {
	ofPods := t.pods && c.pods != nil && t.takes(c.pods)
	snapshotted := t.snapshots && t.claims && c.labels[veleroExclude] != "true" && (t.takes(c.labels) || ofPods)
	copied := ofPods && slices.ContainsFunc(c.volumes, func(volume string) bool {
		if t.files {
			return !listed(c.annotations[veleroOptedOut], volume)
		}
		return listed(c.annotations[veleroOptedIn], volume)
	})
	switch {
	case !snapshotted && !copied:
		return covering{}
	case t.policy != "":
		return covering{is: true, guess: "it has volume policies (the ConfigMap " + t.policy + "), which are not read"}
	case !copied && !t.volumes:
		return covering{is: true, guess: "it leaves PersistentVolumes out, without which only CSI snapshots are made"}
	default:
		return covering{is: true}
	}
}

// listed tells whether a list of names, with commas between, has one.
func listed(list, name string) bool {
	return slices.ContainsFunc(strings.Split(list, ","), func(each string) bool { return strings.TrimSpace(each) == name })
}

func veleroBackups() watch.Resource[backupRun] {
	return watch.Resource[backupRun]{
		GroupVersionResource: schema.GroupVersionResource{Group: "velero.io", Resource: "backups"}, Everywhere: true,
		Labels: "velero.io/schedule-name",
		Keep: func(object any) backupRun {
			u := object.(*unstructured.Unstructured)
			return backupRun{
				schedule: u.GetLabels()["velero.io/schedule-name"], phase: strings.ToLower(textAt(u, "status", "phase")),
				made: u.GetCreationTimestamp().UTC(), began: timeAt(u, "status", "startTimestamp"), at: timeAt(u, "status", "completionTimestamp"),
			}
		},
	}
}

// veleroLabel is the value by which Velero labels the backups of a schedule: of a name that is too long for a label, what
// fits of it and the beginning of its digest.
func veleroLabel(schedule string) string {
	if len(schedule) <= validation.DNS1035LabelMaxLength {
		return schedule
	}
	const kept = 6
	digest := sha256.Sum256([]byte(schedule))
	return schedule[:validation.DNS1035LabelMaxLength-kept] + hex.EncodeToString(digest[:])[:kept]
}
