package kubernetes

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestSecretsThatVolumesAreOpenedByAreReferences(t *testing.T) {
	by := func(name string) *corev1.LocalObjectReference { return &corev1.LocalObjectReference{Name: name} }
	spec := &corev1.PodSpec{Volumes: []corev1.Volume{
		{Name: "a", VolumeSource: corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{NodePublishSecretRef: by("csi")}}},
		{Name: "b", VolumeSource: corev1.VolumeSource{FlexVolume: &corev1.FlexVolumeSource{SecretRef: by("flex")}}},
		{Name: "c", VolumeSource: corev1.VolumeSource{ISCSI: &corev1.ISCSIVolumeSource{SecretRef: by("iscsi")}}},
		{Name: "d", VolumeSource: corev1.VolumeSource{CephFS: &corev1.CephFSVolumeSource{SecretRef: by("ceph")}}},
		{Name: "e", VolumeSource: corev1.VolumeSource{RBD: &corev1.RBDVolumeSource{SecretRef: by("rbd")}}},
		{Name: "f", VolumeSource: corev1.VolumeSource{AzureFile: &corev1.AzureFileVolumeSource{SecretName: "azure"}}},
		{Name: "g", VolumeSource: corev1.VolumeSource{ISCSI: &corev1.ISCSIVolumeSource{}}},
	}}
	require.Equal(t, []fact.Reference{
		{Kind: kindSecret, Name: "azure", From: "volume f"}, {Kind: kindSecret, Name: "ceph", From: "volume d"},
		{Kind: kindSecret, Name: "csi", From: "volume a"}, {Kind: kindSecret, Name: "flex", From: "volume b"},
		{Kind: kindSecret, Name: "iscsi", From: "volume c"}, {Kind: kindSecret, Name: "rbd", From: "volume e"},
	}, references(spec))
}
