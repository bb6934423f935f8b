package kubernetes

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// present is what is kept of an object of which only the metadata are asked for.
type present struct {
	owned   bool  // something made it, and cares for it
	byLabel bool  // it bears a label by which others find what they read
	changed int64 // when its data was last written, in seconds since 1970
	noted   bool  // that is noted; else it is when the object was made
}

func keepPresent(object any) present {
	meta := object.(*metav1.PartialObjectMetadata)
	changed, noted := changedAt(meta)
	return present{len(meta.OwnerReferences) > 0, foundByLabel(meta.Labels), changed.Unix(), noted}
}

// foundByLabel tells the labels by which sidecars and operators find the objects that they read, which nothing names then.
func foundByLabel(own map[string]string) bool {
	for key := range own {
		name := key[strings.LastIndex(key, "/")+1:]
		if strings.HasPrefix(name, "grafana_") || strings.HasSuffix(name, "_rule") || strings.HasSuffix(name, "_rules") ||
			strings.HasPrefix(key, "argocd.argoproj.io/") || strings.HasPrefix(key, "velero.io/") {
			return true
		}
	}
	return false
}

// secretNames and configMapNames tell what there is, by the metadata alone: no value is asked for.
func secretNames() watch.Resource[present] {
	return watch.Resource[present]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("secrets"), Variant: " by name",
		Keep: keepPresent,
	}
}

func configMapNames() watch.Resource[present] {
	return watch.Resource[present]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("configmaps"), Variant: " by name",
		Keep: keepPresent,
	}
}

const (
	kindSecret    = "Secret"
	kindConfigMap = "ConfigMap"
)

// references are what the pods of a template refer to, each once: as what they cannot start without, where it is that too.
func references(spec *corev1.PodSpec) (found []fact.Reference) {
	add := func(kind, name, from string, optional *bool) {
		if name != "" {
			found = append(found, fact.Reference{Kind: kind, Name: name, From: from, Optional: optional != nil && *optional})
		}
	}
	for i := range spec.Volumes {
		volumeReferences(&spec.Volumes[i], add)
	}
	for i := range spec.ImagePullSecrets { // One that is missing does not keep a pod from starting; its image may.
		add(kindSecret, spec.ImagePullSecrets[i].Name, "imagePullSecrets", nil)
	}
	for _, containers := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range containers {
			environmentReferences(&containers[i], add)
		}
	}
	slices.SortFunc(found, func(a, b fact.Reference) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name), behind(a.Optional, b.Optional),
			strings.Compare(a.From, b.From))
	})
	return slices.CompactFunc(found, func(a, b fact.Reference) bool { return a.Kind == b.Kind && a.Name == b.Name })
}

// behind puts what is optional behind what is not.
func behind(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

func volumeReferences(v *corev1.Volume, add func(kind, name, from string, optional *bool)) {
	from := "volume " + v.Name
	if v.Secret != nil {
		add(kindSecret, v.Secret.SecretName, from, v.Secret.Optional)
	}
	if v.ConfigMap != nil {
		add(kindConfigMap, v.ConfigMap.Name, from, v.ConfigMap.Optional)
	}
	if v.CSI != nil && v.CSI.NodePublishSecretRef != nil {
		add(kindSecret, v.CSI.NodePublishSecretRef.Name, from, nil)
	}
	for _, secret := range loginsOf(v) {
		add(kindSecret, secret, from, nil)
	}
	if v.Projected == nil {
		return
	}
	for _, source := range v.Projected.Sources {
		if source.Secret != nil {
			add(kindSecret, source.Secret.Name, from, source.Secret.Optional)
		}
		if source.ConfigMap != nil {
			add(kindConfigMap, source.ConfigMap.Name, from, source.ConfigMap.Optional)
		}
	}
}

// loginsOf are the Secrets by which the sources of a volume that are no CSI driver are opened.
func loginsOf(v *corev1.Volume) (secrets []string) {
	var references []*corev1.LocalObjectReference
	if v.FlexVolume != nil {
		references = append(references, v.FlexVolume.SecretRef)
	}
	if v.ISCSI != nil {
		references = append(references, v.ISCSI.SecretRef)
	}
	if v.CephFS != nil {
		references = append(references, v.CephFS.SecretRef)
	}
	if v.RBD != nil {
		references = append(references, v.RBD.SecretRef)
	}
	if v.AzureFile != nil {
		secrets = append(secrets, v.AzureFile.SecretName)
	}
	for _, reference := range references {
		if reference != nil {
			secrets = append(secrets, reference.Name)
		}
	}
	return secrets
}

func environmentReferences(c *corev1.Container, add func(kind, name, from string, optional *bool)) {
	for _, each := range c.EnvFrom {
		if each.SecretRef != nil {
			add(kindSecret, each.SecretRef.Name, "envFrom of container "+c.Name, each.SecretRef.Optional)
		}
		if each.ConfigMapRef != nil {
			add(kindConfigMap, each.ConfigMapRef.Name, "envFrom of container "+c.Name, each.ConfigMapRef.Optional)
		}
	}
	for _, each := range c.Env {
		if each.ValueFrom == nil {
			continue
		}
		from := "env " + each.Name + " of container " + c.Name
		if key := each.ValueFrom.SecretKeyRef; key != nil {
			add(kindSecret, key.Name, from, key.Optional)
		}
		if key := each.ValueFrom.ConfigMapKeyRef; key != nil {
			add(kindConfigMap, key.Name, from, key.Optional)
		}
	}
}

// unresolved gives those references of a namespace whose object does not exist.
func unresolved(s *snapshot, namespace string, all []fact.Reference) (missing []fact.Reference) {
	secrets, configMaps := stored(s, secretNames()), stored(s, configMapNames())
	for _, each := range all {
		there := false
		if each.Kind == kindSecret {
			_, there = secrets.Get(namespace, each.Name)
		} else {
			_, there = configMaps.Get(namespace, each.Name)
		}
		if !there && !each.Optional {
			missing = append(missing, each)
		}
	}
	return missing
}
