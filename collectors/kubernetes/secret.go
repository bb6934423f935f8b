package kubernetes

import (
	"bytes"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// Secrets makes the collector of Secrets, by their metadata alone: no value is asked for.
func (c *Clusters) Secrets() collector.Collector[Target, fact.Secret] {
	return gather(c, secrets())
}

func secrets() gathering[fact.Secret] {
	return gathering[fact.Secret]{
		name:    "kubernetes_secret",
		summary: "When Secrets were last changed, by their metadata alone.",
		kind:    fact.Secrets(),
		parts:   []part{{"", secretChanges()}},
		see: func(s *sight) (found []fact.Secret) {
			seen(s, secretChanges()).each(func(name types.NamespacedName, changed time.Time) {
				if s.target.Cluster.Includes(name.Namespace) {
					found = append(found, fact.Secret{
						Cluster: s.target.Cluster.Name, Namespace: name.Namespace, Name: name.Name, ChangedAt: changed,
					})
				}
			})
			return found
		},
	}
}

// secretChanges keep when the data of a Secret was last written. What others keep in Secrets has its own ways to be
// renewed.
func secretChanges() resource[time.Time] {
	return resource[time.Time]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("secrets"), variant: " by change",
		fields: "type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token,type!=kubernetes.io/tls,type!=bootstrap.kubernetes.io/token",
		keep:   func(object any) time.Time { return changedAt(object.(*metav1.PartialObjectMetadata)) },
	}
}

// changedAt is when somebody last wrote data, as the API server notes of every field
// (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management); else when the object was made.
func changedAt(of *metav1.PartialObjectMetadata) time.Time {
	changed := of.CreationTimestamp.Time
	for _, each := range of.ManagedFields {
		wrote := each.FieldsV1 != nil && bytes.Contains(each.FieldsV1.GetRawBytes(), []byte(`"f:data"`))
		if wrote && each.Time != nil && each.Time.After(changed) {
			changed = each.Time.Time
		}
	}
	return changed.UTC()
}
