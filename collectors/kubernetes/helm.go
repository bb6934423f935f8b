package kubernetes

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// HelmReleases makes the collector of what Helm has installed, by the labels that Helm puts on the Secrets in which it
// keeps its releases (https://helm.sh/docs/topics/advanced/#storage-backends). Their content is not asked for.
func (c *Clusters) HelmReleases() collector.Collector[Target, fact.HelmRelease] {
	return gather(c, helmReleases())
}

func helmReleases() gathering[fact.HelmRelease] {
	return gathering[fact.HelmRelease]{
		name:    "kubernetes_helm_release",
		summary: "Releases that Helm keeps in Secrets, by their labels.",
		kind:    fact.HelmReleases(),
		parts:   []part{{"", releaseSecrets()}},
		see:     seeHelmReleases,
	}
}

func releaseSecrets() resource[fact.HelmRelease] {
	return resource[fact.HelmRelease]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("secrets"), variant: " of Helm",
		fields: "type=helm.sh/release.v1", labels: "owner=helm",
		keep: func(object any) fact.HelmRelease {
			labels := object.(*metav1.PartialObjectMetadata).Labels
			return fact.HelmRelease{Name: labels["name"], Revision: number(labels["version"]), Status: labels["status"]}
		},
	}
}

func seeHelmReleases(s *sight) []fact.HelmRelease {
	newest := make(map[types.NamespacedName]fact.HelmRelease)
	seen(s, releaseSecrets()).each(func(secret types.NamespacedName, r fact.HelmRelease) {
		name := types.NamespacedName{Namespace: secret.Namespace, Name: r.Name}
		if s.target.Cluster.Includes(secret.Namespace) && r.Revision > newest[name].Revision {
			r.Cluster, r.Namespace = s.target.Cluster.Name, secret.Namespace
			newest[name] = r
		}
	})
	var facts []fact.HelmRelease
	for _, each := range newest {
		facts = append(facts, each)
	}
	return facts
}
