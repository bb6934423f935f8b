package kubernetes

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unique"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// A claim is what is kept of a PersistentVolumeClaim.
type claim struct {
	labels labels.Set
	phase  string
	class  unique.Handle[string]
	volume string
	block  bool // its volume is a device, without files
	owned  bool // something made it, and cares for it: a pod, a StatefulSet, an operator
}

func claims() watch.Resource[claim] {
	return watch.Resource[claim]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("persistentvolumeclaims"), Example: &corev1.PersistentVolumeClaim{},
		Keep: func(object any) claim {
			c := object.(*corev1.PersistentVolumeClaim)
			keep := claim{
				labels: c.Labels, phase: string(c.Status.Phase), class: intern(""), volume: c.Spec.VolumeName, owned: len(c.OwnerReferences) > 0,
			}
			if c.Spec.StorageClassName != nil {
				keep.class = intern(*c.Spec.StorageClassName)
			}
			keep.block = c.Spec.VolumeMode != nil && *c.Spec.VolumeMode == corev1.PersistentVolumeBlock
			return keep
		},
	}
}

// A storageClass is what is kept of a StorageClass.
type storageClass struct {
	expandable bool
	reclaim    string
}

func storageClasses() watch.Resource[storageClass] {
	return watch.Resource[storageClass]{
		GroupVersionResource: storagev1.SchemeGroupVersion.WithResource("storageclasses"), Example: &storagev1.StorageClass{}, Everywhere: true,
		Keep: func(object any) storageClass {
			c := object.(*storagev1.StorageClass)
			keep := storageClass{
				expandable: c.AllowVolumeExpansion != nil && *c.AllowVolumeExpansion, reclaim: string(corev1.PersistentVolumeReclaimDelete),
			}
			if c.ReclaimPolicy != nil {
				keep.reclaim = string(*c.ReclaimPolicy)
			}
			return keep
		},
	}
}

// A persistentVolume is what is kept of a PersistentVolume.
type persistentVolume struct {
	reclaim  unique.Handle[string] // what becomes of it once its claim is deleted: it can be another than that of its class
	class    unique.Handle[string]
	source   string // what it is of: csi, nfs, hostPath, …
	csi      *csiSource
	nfs      *nfsSource
	capacity int64 // bytes
	excluded bool  // it has the label by which Velero leaves it out
}

func persistentVolumes() watch.Resource[persistentVolume] {
	return watch.Resource[persistentVolume]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("persistentvolumes"), Example: &corev1.PersistentVolume{}, Everywhere: true,
		Keep: func(object any) persistentVolume {
			v := object.(*corev1.PersistentVolume)
			keep := persistentVolume{
				reclaim: intern(string(v.Spec.PersistentVolumeReclaimPolicy)), class: intern(v.Spec.StorageClassName),
				source: sourceOf(&v.Spec.PersistentVolumeSource), capacity: v.Spec.Capacity.Storage().Value(),
				excluded: v.Labels[veleroExclude] == "true",
			}
			if csi := v.Spec.CSI; csi != nil {
				keep.csi = &csiSource{Driver: intern(csi.Driver).Value(), VolumeAttributes: csi.VolumeAttributes}
			}
			if nfs := v.Spec.NFS; nfs != nil {
				keep.nfs = &nfsSource{Server: nfs.Server, Path: nfs.Path}
			}
			return keep
		},
	}
}

// sourceOf names what a volume is of, as its field is named. Of these, exactly one is set.
func sourceOf(source *corev1.PersistentVolumeSource) string {
	of := reflect.ValueOf(source).Elem()
	for i := range of.NumField() {
		if !of.Field(i).IsNil() {
			name, _, _ := strings.Cut(of.Type().Field(i).Tag.Get("json"), ",")
			if name == "storageos" {
				return "storageOS" // as Velero has it
			}
			return name
		}
	}
	return ""
}

// bound is the phase of a claim that has a volume.
const bound = string(corev1.ClaimBound)

// claimed joins the claims to the volumes of a workload, which are changed in place. Those of a StatefulSet's templates are the
// ones that its pods mount, and those of pods that it wants and that are not there just now: it makes the others itself.
func (j workloadJoin) claimed(f *fact.Workload, w workload) {
	for i := range f.Volumes {
		v := &f.Volumes[i]
		switch {
		case v.Type != volumeClaim:
		case f.Kind == fact.KindStatefulSet && v.Template:
			for _, name := range j.ofTemplate(v.Claim, f, w) {
				v.Claims = append(v.Claims, j.claim(f.Namespace, name, v.Name, w))
			}
		default:
			v.Claims = append(v.Claims, j.claim(f.Namespace, v.Claim, v.Name, w))
		}
	}
}

// ofTemplate are the names of the claims that were made of a template, in order.
func (j workloadJoin) ofTemplate(template string, f *fact.Workload, w workload) (names []string) {
	if t := j.tallies[w.id]; t != nil {
		for _, each := range t.claims {
			if each.volume.Value() == template {
				names = append(names, each.claim.Value())
			}
		}
	}
	for ordinal := w.ordinal; ordinal < w.ordinal+f.Replicas.Desired; ordinal++ {
		name := fmt.Sprintf("%s-%s-%d", template, f.Name, ordinal)
		if _, there := stored(j.snapshot, claims()).Get(f.Namespace, name); there || j.planned {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
	return slices.Compact(names)
}

func (j workloadJoin) claim(namespace, name, volume string, w workload) fact.Claim {
	f := fact.Claim{Name: name}
	c, there := stored(j.snapshot, claims()).Get(namespace, name)
	if !there {
		return f
	}
	f.Phase, f.Class = c.phase, c.class.Value()
	var class storageClass
	class, f.ClassKnown = stored(j.snapshot, storageClasses()).Get("", f.Class)
	f.Expandable, f.ReclaimPolicy = class.expandable, class.reclaim
	data := dataClaimOf(j.snapshot, namespace, name, c)
	if data.volume != nil {
		f.ReclaimPolicy = cmp.Or(data.volume.reclaim.Value(), f.ReclaimPolicy)
	}
	data.pods, data.annotations, data.volumes, data.idle = w.podLabels, w.notes, []string{volume}, w.fact.Replicas.Desired == 0
	if data.pods == nil {
		data.pods = labels.Set{}
	}
	for _, each := range j.services.of(namespace, w.podLabels) {
		data.services = append(data.services, each.name)
	}
	for _, schedule := range j.schedules {
		covered := schedule.covers(data)
		own := schedule.fact
		switch {
		case covered.is:
			own.Guess = covered.guess
			f.Schedules = append(f.Schedules, own)
		case covered.not != "":
			f.LeftOut = append(f.LeftOut, fact.LeftOut{By: own.Kind + " " + own.Namespace + "/" + own.Name, Reason: covered.not})
		}
	}
	return f
}
