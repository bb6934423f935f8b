package kubernetes

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

const certManagerGroup = "cert-manager.io"

// issuersOf are the ClusterIssuers and Issuers of cert-manager.
func issuersOf() join[fact.Issuer] {
	return join[fact.Issuer]{
		kind:  fact.Issuers(),
		whole: true,
		parts: []part{{"", clusterIssuers()}, {"", issuers()}},
		place: func(cluster, namespace string) fact.Issuer {
			return fact.Issuer{Cluster: cluster, Namespace: namespace}
		},
		add: func(s *snapshot, set *fact.Set[fact.Issuer]) {
			for _, r := range []watch.Resource[fact.Issuer]{clusterIssuers(), issuers()} {
				stored(s, r).Each(func(name types.NamespacedName, i fact.Issuer) {
					if name.Namespace == "" || s.target.Cluster.Includes(name.Namespace) {
						i.Cluster, i.Namespace, i.Name = s.target.Cluster.Name, name.Namespace, name.Name
						set.Add(i)
					}
				})
			}
		},
	}
}

// clusterIssuers and issuers are those of cert-manager (https://cert-manager.io/docs/reference/api-docs/#cert-manager.io/v1.Issuer).
func clusterIssuers() watch.Resource[fact.Issuer] {
	return watch.Resource[fact.Issuer]{
		GroupVersionResource: schema.GroupVersionResource{Group: certManagerGroup, Resource: "clusterissuers"}, Everywhere: true,
		Keep: func(object any) fact.Issuer { return keepIssuer(object.(*unstructured.Unstructured)) },
	}
}

func issuers() watch.Resource[fact.Issuer] {
	return watch.Resource[fact.Issuer]{
		GroupVersionResource: schema.GroupVersionResource{Group: certManagerGroup, Resource: "issuers"}, Everywhere: true,
		Keep: func(object any) fact.Issuer { return keepIssuer(object.(*unstructured.Unstructured)) },
	}
}

func keepIssuer(u *unstructured.Unstructured) fact.Issuer {
	ready := conditionOf(u, "Ready")
	keep := fact.Issuer{Kind: u.GetKind(), Ready: ready.status == "True", Server: textAt(u, "spec", "acme", "server")}
	if !keep.Ready {
		keep.Trouble = ready.reason
	}
	return keep
}
