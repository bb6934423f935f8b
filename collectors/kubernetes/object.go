package kubernetes

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const objectCollector = "kubernetes_object"

// Objects makes the collector of objects of those resources that the system description names.
func (c *Clusters) Objects() collector.Collector[Target, fact.Object] {
	return collector.Collector[Target, fact.Object]{
		Name: objectCollector, Summary: "Objects of the resources that the system description names, for expressions of its own.",
		Kind: fact.Objects(), Schedule: "@every 15s", Timeout: 10 * time.Second,
		Targets: func(s *system.System) []Target {
			return targets(s, func(cluster system.Cluster) bool { return len(cluster.Resources) > 0 })
		},
		Target: Target.name,
		Look: func(ctx context.Context, t Target) (fact.Batch[fact.Object], error) {
			return lookAt(ctx, c, objectsOf(t.Cluster), t)
		},
		Changes:     func(t Target) <-chan struct{} { return c.signals.of(t.user(objectCollector)) },
		Permissions: func(t Target) []collector.Permission { return t.permissions(objectsOf(t.Cluster).parts) },
		Forget:      func(t Target) { c.forget(t.Cluster, t.user(objectCollector)) },
	}
}

func objectsOf(cluster system.Cluster) gathering[fact.Object] {
	g := gathering[fact.Object]{name: objectCollector, kind: fact.Objects()}
	var resources []resource[fact.Object]
	for _, each := range cluster.Resources {
		r := resource[fact.Object]{
			GroupVersionResource: schema.GroupVersionResource{Group: each.Group, Resource: each.Resource},
			whole:                each.ClusterScoped, variant: " as they are", untyped: true,
			keep: func(object any) fact.Object { return keepObject(object.(*unstructured.Unstructured)) },
		}
		if each.Group == corev1.GroupName {
			r.Version = corev1.SchemeGroupVersion.Version
		}
		resources, g.parts = append(resources, r), append(g.parts, part{"", r})
	}
	g.see = func(s *sight) (found []fact.Object) {
		for _, r := range resources {
			if _, there := s.held[r.key()]; !there {
				s.missed = append(s.missed, s.target.miss(s.scope, fact.Errorf(fact.ReasonNotFound,
					"watch %s: the API server offers no such resource", r.GroupResource())))
			}
			seen(s, r).each(func(name types.NamespacedName, o fact.Object) {
				if name.Namespace == "" || s.target.Cluster.Includes(name.Namespace) {
					o.Cluster, o.Namespace, o.Name = s.target.Cluster.Name, name.Namespace, name.Name
					found = append(found, o)
				}
			})
		}
		return found
	}
	return g
}

// keepObject keeps an object without what the API server keeps for itself.
func keepObject(u *unstructured.Unstructured) fact.Object {
	u.SetManagedFields(nil)
	return fact.Object{Group: u.GroupVersionKind().Group, Kind: u.GetKind(), Object: u.Object, MadeAt: u.GetCreationTimestamp().UTC()}
}
