package kubernetes

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// secrets are those that are written, by their metadata alone: no value is asked for.
func secrets() join[fact.Secret] {
	return join[fact.Secret]{
		kind:  fact.Secrets(),
		parts: []part{{"", writtenSecrets()}},
		place: func(cluster, namespace string) fact.Secret {
			return fact.Secret{Cluster: cluster, Namespace: namespace}
		},
		add: func(s *snapshot, set *fact.Set[fact.Secret]) {
			stored(s, writtenSecrets()).Each(func(name types.NamespacedName, p present) {
				if s.target.Cluster.Includes(name.Namespace) {
					set.Add(fact.Secret{
						Cluster: s.target.Cluster.Name, Namespace: name.Namespace, Name: name.Name, ChangedAt: unix(p.changed), Unnoted: !p.noted,
					})
				}
			})
		},
	}
}

// writtenSecrets are those that a person or a pipeline writes: what others keep in Secrets has its own ways to be renewed.
func writtenSecrets() watch.Resource[present] {
	r := secretNames()
	r.Variant = " that are written"
	r.Fields = "type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token,type!=kubernetes.io/tls,type!=bootstrap.kubernetes.io/token"
	return r
}

// changedAt is the latest that somebody can have written data, as the API server notes it of whoever writes any field
// (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management): what is noted is when one wrote last, data or
// labels. Where nothing is noted of the data, it is when the object was made, since when anything can have been written.
func changedAt(of *metav1.PartialObjectMetadata) (at time.Time, noted bool) {
	at = of.CreationTimestamp.Time
	for _, each := range of.ManagedFields {
		if len(dataKeysOf(each.FieldsV1)) > 0 && each.Time != nil {
			noted = true
			if each.Time.After(at) {
				at = each.Time.Time
			}
		}
	}
	return at.UTC(), noted
}

// dataKeys are those of an object's data, as the API server notes of every field.
func dataKeys(of *metav1.PartialObjectMetadata) (keys []string) {
	for _, each := range of.ManagedFields {
		keys = append(keys, dataKeysOf(each.FieldsV1)...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// dataKeysOf are the keys of data that somebody wrote: who applies stringData is noted to have written that. Labels and annotations
// can be called data too.
func dataKeysOf(written *metav1.FieldsV1) (keys []string) {
	var fields struct {
		Data  map[string]any `json:"f:data"`
		Plain map[string]any `json:"f:stringData"`
	}
	if written == nil || json.Unmarshal(written.GetRawBytes(), &fields) != nil {
		return nil
	}
	for _, written := range []map[string]any{fields.Data, fields.Plain} {
		for field := range written {
			if key, is := strings.CutPrefix(field, "f:"); is {
				keys = append(keys, key)
			}
		}
	}
	return keys
}
