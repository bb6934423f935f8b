package kubernetes

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// helmReleases are what Helm has installed, by the labels that Helm puts on the Secrets in which it keeps its releases
// (https://helm.sh/docs/topics/advanced/#storage-backends). Their content is not asked for.
func helmReleases() join[fact.HelmRelease] {
	return join[fact.HelmRelease]{
		kind:  fact.HelmReleases(),
		parts: []part{{"", releaseSecrets()}},
		add:   joinHelmReleases,
		place: func(cluster, namespace string) fact.HelmRelease {
			return fact.HelmRelease{Cluster: cluster, Namespace: namespace}
		},
	}
}

func releaseSecrets() watch.Resource[fact.HelmRelease] {
	return watch.Resource[fact.HelmRelease]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("secrets"), Variant: " of Helm",
		Fields: "type=helm.sh/release.v1", Labels: "owner=helm",
		Keep: func(object any) fact.HelmRelease {
			labels := object.(*metav1.PartialObjectMetadata).Labels
			return fact.HelmRelease{Name: labels["name"], Revision: number(labels["version"]), Status: labels["status"]}
		},
	}
}

func joinHelmReleases(s *snapshot, set *fact.Set[fact.HelmRelease]) {
	newest := make(map[types.NamespacedName]fact.HelmRelease)
	stored(s, releaseSecrets()).Each(func(secret types.NamespacedName, r fact.HelmRelease) {
		name := types.NamespacedName{Namespace: secret.Namespace, Name: r.Name}
		if s.target.Cluster.Includes(secret.Namespace) && r.Revision > newest[name].Revision {
			r.Cluster, r.Namespace = s.target.Cluster.Name, secret.Namespace
			newest[name] = r
		}
	})
	for _, each := range newest {
		set.Add(each)
	}
}
