package kubernetes

import (
	"cmp"
	"fmt"
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

// volumePolicies keep what becomes of a volume once its claim is deleted: it can be another than that of its class.
func volumePolicies() watch.Resource[unique.Handle[string]] {
	return watch.Resource[unique.Handle[string]]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("persistentvolumes"), Example: &corev1.PersistentVolume{}, Everywhere: true,
		Keep: func(object any) unique.Handle[string] {
			return intern(string(object.(*corev1.PersistentVolume).Spec.PersistentVolumeReclaimPolicy))
		},
	}
}

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
	if policy, there := stored(j.snapshot, volumePolicies()).Get("", c.volume); there {
		f.ReclaimPolicy = cmp.Or(policy.Value(), f.ReclaimPolicy)
	}
	data := dataClaim{
		namespace: namespace, name: name, labels: c.labels, pods: w.podLabels, annotations: w.notes, volumes: []string{volume},
	}
	if data.pods == nil {
		data.pods = labels.Set{}
	}
	for _, each := range j.services.of(namespace, w.podLabels) {
		data.services = append(data.services, each.name)
	}
	for _, schedule := range j.schedules {
		if covered := schedule.covers(data); covered.is {
			own := schedule.fact
			own.Guess = covered.guess
			f.Schedules = append(f.Schedules, own)
		}
	}
	return f
}
