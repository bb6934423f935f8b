package kubernetes

import (
	"cmp"
	"fmt"
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
}

func claims() watch.Resource[claim] {
	return watch.Resource[claim]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("persistentvolumeclaims"), Example: &corev1.PersistentVolumeClaim{},
		Keep: func(object any) claim {
			c := object.(*corev1.PersistentVolumeClaim)
			keep := claim{labels: c.Labels, phase: string(c.Status.Phase), class: intern(""), volume: c.Spec.VolumeName}
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

// claimed joins the claims to the volumes of a workload, which are changed in place.
func (j workloadJoin) claimed(f *fact.Workload) {
	for i := range f.Volumes {
		v := &f.Volumes[i]
		switch {
		case v.Type != volumeClaim:
		case f.Kind == fact.KindStatefulSet && v.Template:
			for ordinal := range f.Replicas.Desired {
				v.Claims = append(v.Claims, j.claim(f.Namespace, fmt.Sprintf("%s-%s-%d", v.Claim, f.Name, ordinal)))
			}
		default:
			v.Claims = append(v.Claims, j.claim(f.Namespace, v.Claim))
		}
	}
}

func (j workloadJoin) claim(namespace, name string) fact.Claim {
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
	for _, schedule := range j.schedules {
		if schedule.covers(namespace, name, c.labels) {
			f.Schedules = append(f.Schedules, schedule.fact)
		}
	}
	return f
}
