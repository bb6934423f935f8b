package kubernetes

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
)

// needed leaves out the parts of topics that nobody needs.
func (t Target) needed(parts []part) []part {
	return slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return !t.needs(p.topic) })
}

// permissions are what it takes to watch the needed parts, and to tell an empty namespace from one that does not exist.
func (t Target) permissions(parts []part) (all []collector.Permission) {
	parts = t.needed(parts)
	for _, s := range t.scopes() {
		for _, p := range parts {
			namespace := string(s)
			if p.clusterWide() {
				namespace = ""
			}
			all = append(all, collector.Permission{
				Cluster: t.Cluster.Place(), Namespace: namespace, Group: p.named().Group, Resource: p.named().Resource,
				Verbs: []string{"list", "watch"}, Topic: p.topic,
			})
		}
		if s != "" {
			all = append(all, collector.Permission{
				Cluster: t.Cluster.Place(), Namespace: string(s), Group: corev1.GroupName, Resource: "namespaces", Verbs: []string{"get"},
			})
		}
	}
	return all
}
