package kubernetes

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// TestWhomAPolicyLetsInIsToldByItsEffect reads rules of other shapes that let in the same.
func TestWhomAPolicyLetsInIsToldByItsEffect(t *testing.T) {
	for _, c := range []struct {
		rules         string
		toAll, toSome fact.Peers
	}{
		{"[]", fact.PeersNone, fact.PeersNone},
		{"[{}]", fact.PeersAny, fact.PeersNone},
		{"[{from: [], ports: []}]", fact.PeersAny, fact.PeersNone},
		{"[{ports: [{port: 8080}]}]", fact.PeersNone, fact.PeersAny},
		{"[{ports: [{protocol: TCP}]}]", fact.PeersAny, fact.PeersNone},
		{"[{ports: [{port: 1, endPort: 65535}]}]", fact.PeersAny, fact.PeersNone},
		{"[{from: [{podSelector: {}}]}]", fact.PeersNamespace, fact.PeersNone},
		{"[{from: [{podSelector: {matchLabels: {app: web}}}]}]", fact.PeersSome, fact.PeersNone},
		{"[{from: [{namespaceSelector: {}}]}]", fact.PeersCluster, fact.PeersNone},
		{"[{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}]}]", fact.PeersSome, fact.PeersNone},
		{"[{from: [{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: Exists}]}}]}]", fact.PeersCluster, fact.PeersNone},
		{"[{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, values: [x]}]}}]}]", fact.PeersCluster, fact.PeersNone},
		{"[{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}]}]", fact.PeersNamespace, fact.PeersNone},
		{"[{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: edge}}}]}]", fact.PeersSome, fact.PeersNone},
		{"[{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]", fact.PeersAny, fact.PeersNone},
		{"[{from: [{ipBlock: {cidr: '::/0'}}]}]", fact.PeersAny, fact.PeersNone},
		{"[{from: [{ipBlock: {cidr: 0.0.0.0/1}}, {ipBlock: {cidr: 192.0.0.0/2}}]}, {from: [{ipBlock: {cidr: 128.0.0.0/2}}]}]", fact.PeersAny, fact.PeersNone},
		{"[{from: [{ipBlock: {cidr: 0.0.0.0/1}}, {ipBlock: {cidr: 192.0.0.0/2}}]}]", fact.PeersSome, fact.PeersNone},
		{"[{from: [{podSelector: {}}]}, {ports: [{port: 80}]}]", fact.PeersNamespace, fact.PeersAny},
	} {
		sets := planned(t, read(t, fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {}, ingress: %s}
`, c.rules)))
		w := setOf(fact.Workloads(), sets).Facts[0]
		require.Equal(t, []fact.NetworkPolicy{{Name: "web", Ingress: true, Admits: c.toAll, AdmitsToPorts: c.toSome}}, w.Policies, c.rules)
		require.True(t, w.DefaultDeny, "whatever it lets in, it selects every pod")
	}
}
