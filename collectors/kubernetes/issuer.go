package kubernetes

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

const certManagerGroup = "cert-manager.io"

// Issuers makes the collector of cert-manager's issuers.
func (c *Clusters) Issuers() collector.Collector[Target, fact.Issuer] {
	return gather(c, issuersOf())
}

func issuersOf() gathering[fact.Issuer] {
	return gathering[fact.Issuer]{
		name:    "kubernetes_issuer",
		summary: "ClusterIssuers and Issuers of cert-manager.",
		kind:    fact.Issuers(),
		whole:   true,
		parts:   []part{{"", clusterIssuers()}, {"", issuers()}},
		see: func(s *sight) (found []fact.Issuer) {
			for _, r := range []resource[fact.Issuer]{clusterIssuers(), issuers()} {
				seen(s, r).each(func(name types.NamespacedName, i fact.Issuer) {
					if name.Namespace == "" || s.target.Cluster.Includes(name.Namespace) {
						i.Cluster, i.Namespace, i.Name = s.target.Cluster.Name, name.Namespace, name.Name
						found = append(found, i)
					}
				})
			}
			return found
		},
	}
}

// clusterIssuers and issuers are those of cert-manager (https://cert-manager.io/docs/reference/api-docs/#cert-manager.io/v1.Issuer).
func clusterIssuers() resource[fact.Issuer] {
	return resource[fact.Issuer]{
		GroupVersionResource: schema.GroupVersionResource{Group: certManagerGroup, Resource: "clusterissuers"}, whole: true,
		keep: func(object any) fact.Issuer { return keepIssuer(object.(*unstructured.Unstructured)) },
	}
}

func issuers() resource[fact.Issuer] {
	return resource[fact.Issuer]{
		GroupVersionResource: schema.GroupVersionResource{Group: certManagerGroup, Resource: "issuers"}, whole: true,
		keep: func(object any) fact.Issuer { return keepIssuer(object.(*unstructured.Unstructured)) },
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
