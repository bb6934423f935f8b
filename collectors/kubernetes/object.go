package kubernetes

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// Objects makes the collector of objects of those resources that the system description names.
func (c *Clusters) Objects() collector.Collector[Target] {
	made := c.collector("kubernetes_object",
		"Objects of the resources that the system description names, for expressions of its own.",
		[]joiner{objectsOf(nil)}, func(cluster system.Cluster) bool { return len(cluster.Resources) > 0 },
		func(own *Target, cluster system.Cluster) { own.Cluster.Resources = cluster.Resources })
	made.Collect = func(ctx context.Context, t Target, asked fact.Topics) ([]fact.AnySet, error) {
		return c.collect(ctx, t, t.user(made.Name), []joiner{objectsOf(t.Cluster.Resources)}, asked)
	}
	made.Permissions = func(t Target, asked fact.Topics) []collector.Permission {
		return permissions(t, objectsOf(t.Cluster.Resources), asked)
	}
	return made
}

func objectsOf(named []system.Resource) join[fact.Object] {
	j := join[fact.Object]{
		kind: fact.Objects(),
		place: func(cluster, namespace string) fact.Object {
			return fact.Object{Cluster: cluster, Namespace: namespace}
		},
	}
	var resources []watch.Resource[fact.Object]
	for _, each := range named {
		r := watch.Resource[fact.Object]{
			GroupVersionResource: schema.GroupVersionResource{Group: each.Group, Resource: each.Resource},
			Everywhere:           each.ClusterScoped, Variant: " as they are", Untyped: true,
			Keep: func(object any) fact.Object { return keepObject(object.(*unstructured.Unstructured)) },
		}
		if each.Group == corev1.GroupName {
			r.Version = corev1.SchemeGroupVersion.Version
		}
		resources, j.parts = append(resources, r), append(j.parts, part{"", r})
	}
	j.add = func(s *snapshot, set *fact.Set[fact.Object]) {
		for _, r := range resources {
			if stored(s, r) == nil {
				set.Lack(j.place(s.target.Cluster.Name, string(s.scope)), s.target.subject(s.scope),
					fact.Errorf(fact.ReasonNotFound, "watch %s: the API server offers no such resource", r.GroupResource()))
			}
			stored(s, r).Each(func(name types.NamespacedName, o fact.Object) {
				if name.Namespace == "" || s.target.Cluster.Includes(name.Namespace) {
					o.Cluster, o.Namespace, o.Name = s.target.Cluster.Name, name.Namespace, name.Name
					set.Add(o)
				}
			})
		}
	}
	return j
}

// keepObject keeps an object without what the API server keeps for itself.
func keepObject(u *unstructured.Unstructured) fact.Object {
	u.SetManagedFields(nil)
	return fact.Object{Group: u.GroupVersionKind().Group, Kind: u.GetKind(), Object: u.Object, MadeAt: u.GetCreationTimestamp().UTC()}
}
