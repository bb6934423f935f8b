package kubernetes

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// permissions are what it takes to watch what a join needs for what is asked, and to tell an empty namespace from one that
// does not exist.
func permissions(t Target, of joiner, asked fact.Topics) (all []collector.Permission) {
	parts := of.needed(asked)
	if len(parts) == 0 {
		return nil
	}
	for _, r := range of.read(asked) {
		all = append(all, collector.Permission{
			Cluster: t.Cluster.Place(), Group: r.resource.Group, Resource: r.resource.Resource, Verbs: []string{"get"}, Topic: r.topic,
		})
	}
	for _, scope := range of.scopes(t) {
		for _, p := range parts {
			all = append(all, collector.Permission{
				Cluster: t.Cluster.Place(), Namespace: string(p.In(scope)), Group: p.Named().Group, Resource: p.Named().Resource,
				Verbs: []string{"list", "watch"}, Topic: p.topic,
			})
		}
		if scope != "" {
			all = append(all, collector.Permission{
				Cluster: t.Cluster.Place(), Namespace: string(scope), Group: corev1.GroupName, Resource: "namespaces", Verbs: []string{"get"},
			})
		}
	}
	return all
}
