package kubernetes

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
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
	files        *bool             // the files of all volumes of pods are copied, unless a pod says otherwise; nil: by the server's default
	selectors    []labels.Selector // one of which takes what is included; none: everything is
	policy       string            // the name of the ConfigMap with the volume policies; empty without one
	policies     volumePolicies    // its content
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
			keep.fact.Suspended = boolAt(u, "spec", "paused")
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
	}
	if strings.EqualFold(textAt(template, "resourcePolicy", "kind"), kindConfigMap) { // Velero reads no other.
		keep.policy = textAt(template, "resourcePolicy", "name")
	}
	// Volumes come with their claims, unless they are excluded.
	excluded := slices.Concat(textsAt(template, "excludedResources"), textsAt(template, "excludedClusterScopedResources"))
	keep.volumes = !off("includeClusterResources") && !namesAny(excluded, []string{"persistentvolumes", "persistentvolume", "pv"})
	keep.files = copiesFiles(template)
	if _, there, _ := unstructured.NestedMap(template.Object, "labelSelector"); there {
		keep.selectors = append(keep.selectors, selectorAt(template, "labelSelector"))
	}
	for _, one := range mapsAt(template, "orLabelSelectors") {
		keep.selectors = append(keep.selectors, selectorAt(&unstructured.Unstructured{Object: one}))
	}
	return keep
}

// copiesFiles tells whether a template has the files of all volumes copied; nil where it leaves that to the server.
func copiesFiles(template *unstructured.Unstructured) *bool {
	for _, field := range []string{"defaultVolumesToFsBackup", "defaultVolumesToRestic"} {
		if value, there, _ := unstructured.NestedBool(template.Object, field); there {
			return &value
		}
	}
	return nil
}

// namesAny tells whether a list of resources names one, by any of its names, with or without its group, or by a pattern of
// the first of them.
func namesAny(list, names []string) bool {
	return slices.ContainsFunc(list, func(each string) bool {
		name, _, _ := strings.Cut(strings.ToLower(each), ".")
		matches, err := path.Match(name, names[0])
		return matches && err == nil || slices.Contains(names, name)
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
	return t.claims && (t.snapshots || t.policy != "") || t.pods // Pods can ask for copies of their files.
}

// takesPods tells whether the pods that mount a claim are in the backups. They bring it along.
func (t *veleroTemplate) takesPods(c dataClaim) bool {
	return t.pods && c.pods != nil && t.takes(c.pods)
}

// covers tells whether the data of a claim is in the backups, as Velero decides it: by the first of its volume policies that
// matches, else by what the pods ask for, else by what the schedule wants of all volumes.
func (t *veleroTemplate) covers(c dataClaim) covering {
	taken := t.claims && c.labels[veleroExclude] != "true" && (t.takes(c.labels) || t.takesPods(c))
	if !taken && !t.takesPods(c) {
		return covering{}
	}
	if t.policies.trouble != "" {
		return covering{is: true, guess: "its volume policies could not be evaluated: " + t.policies.trouble}
	}
	if t.policy != "" && c.volume == nil && c.phase == bound {
		return covering{is: true, guess: "its volume policies could not be evaluated: the volume of the claim " + c.name + " was not found"}
	}
	rule, number := t.policies.first(c)
	which := fmt.Sprintf("policy %d of the ConfigMap %s, for %s, ", number, t.policy, rule.conditions)
	switch rule.action {
	case actionSkip:
		return covering{not: which + "skips it"}
	case actionCustom:
		return covering{is: true, guess: which + "leaves it to a plugin"}
	case actionSnapshot:
		return t.snapshotted(c, taken)
	case actionCopy:
		return t.copied(c, taken)
	}
	switch {
	case t.asked(c):
		return t.copied(c, taken) // And not snapshotted, even where that fails.
	case t.snapshots:
		return t.snapshotted(c, taken)
	default:
		return covering{not: "it takes no snapshots (snapshotVolumes: false), and is not asked to copy the files of this volume"}
	}
}

// asked tells whether pods, or the schedule for them, have the files of a claim copied. Pods that do not run ask for nothing.
func (t *veleroTemplate) asked(c dataClaim) bool {
	return !c.idle && slices.ContainsFunc(c.volumes, func(volume string) bool {
		if t.files != nil && *t.files {
			return !listed(c.annotations[veleroOptedOut], volume)
		}
		return listed(c.annotations[veleroOptedIn], volume)
	})
}

// copied tells whether the files of a claim are copied, as they are to be. It takes a running pod that mounts it.
func (t *veleroTemplate) copied(c dataClaim, taken bool) covering {
	switch {
	case c.block:
		return covering{not: "it is to copy files, and the volume is a block device without any"}
	case c.volume != nil && c.volume.source == "hostPath":
		return covering{not: "it is to copy files, and copies none of volumes of the type hostPath"}
	case c.pods == nil:
		return covering{is: true, guess: "it copies files of what runs; whether a pod mounts it is not evaluated here"}
	case !t.pods:
		return covering{not: "it is to copy files, and its resources leave out the pods that mount them"}
	case c.idle:
		return covering{not: "it is to copy files, which takes a running pod, and none is wanted"}
	case !t.takesPods(c) && taken:
		return covering{is: true, guess: "its selector takes the claim, but not the pods by which it is to copy its files; " +
			"not every version of Velero brings them along"}
	case !t.takesPods(c):
		return covering{}
	default:
		return covering{is: true}
	}
}

// snapshotted tells whether there are snapshots of a claim, as there are to be.
func (t *veleroTemplate) snapshotted(c dataClaim, taken bool) covering {
	v := c.volume
	switch {
	case c.labels[veleroExclude] == "true":
		return covering{not: "the claim has the label " + veleroExclude}
	case !taken:
		return covering{not: "its resources leave out PersistentVolumeClaims"}
	case v != nil && slices.Contains([]string{"hostPath", "local", "nfs"}, v.source):
		return covering{not: "it is to take a snapshot, and there are none of volumes of the type " + v.source}
	case t.files != nil && *t.files && c.pods == nil && !t.pods:
		return covering{is: true, guess: "it copies files in place of snapshots, and its resources leave out the pods that mount them"}
	case t.volumes && (v == nil || !v.excluded):
		return covering{is: true}
	case v != nil && v.csi == nil:
		return covering{not: "it leaves the PersistentVolume out, without which only CSI snapshots are made, and it is of the type " + v.source}
	default:
		return covering{is: true, guess: "it leaves PersistentVolumes out, without which only CSI snapshots are made"}
	}
}

// listed tells whether a list of names, with commas between, has one. As Velero reads it, a blank is part of a name.
func listed(list, name string) bool { return slices.Contains(strings.Split(list, ","), name) }

// asMade completes a schedule by what stands in the newest backup that was made of it: there Velero notes what its server's
// defaults are, and the namespaces that it excluded for their label.
func (b *backupSchedule) asMade(runs []backupRun, read policiesByPlace) {
	template := *b.velero // What is kept stays as it is.
	b.velero = &template
	var newest backupRun
	for _, each := range runs {
		if each.hasEnded() && each.made.After(newest.made) {
			newest = each
		}
	}
	b.leftOut = newest.excluded
	if template.files == nil {
		template.files = newest.files
	}
	if template.policy == "" {
		return
	}
	place := types.NamespacedName{Namespace: b.fact.Namespace, Name: template.policy}
	policies, there := read[place]
	if !there {
		policies.trouble = fmt.Sprintf("the ConfigMap %s was not read yet", place)
	}
	template.policies = policies
}

func veleroBackups() watch.Resource[backupRun] {
	return watch.Resource[backupRun]{
		GroupVersionResource: schema.GroupVersionResource{Group: "velero.io", Resource: "backups"}, Everywhere: true,
		Labels: "velero.io/schedule-name",
		Keep: func(object any) backupRun {
			u := object.(*unstructured.Unstructured)
			spec := unstructured.Unstructured{}
			spec.Object, _, _ = unstructured.NestedMap(u.Object, "spec")
			return backupRun{
				schedule: u.GetLabels()["velero.io/schedule-name"], phase: strings.ToLower(textAt(u, "status", "phase")),
				made: u.GetCreationTimestamp().UTC(), began: timeAt(u, "status", "startTimestamp"), at: timeAt(u, "status", "completionTimestamp"),
				excluded: textsAt(&spec, "excludedNamespaces"), files: copiesFiles(&spec),
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
