package kubernetes

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// An unreadKind is one of policies beside NetworkPolicy. What they let in each network plugin says in a language of its own, and
// is not read: only that there are some.
type unreadKind struct {
	group, resource, kind string
	clusterScoped         bool // they can select the pods of any namespace
	after                 bool // they only decide where no NetworkPolicy does
}

// unreadKinds are those of Calico (by either of the groups that it is installed with), Cilium, Antrea and SIG Network
// (https://network-policy-api.sigs.k8s.io/).
func unreadKinds() []unreadKind {
	return []unreadKind{
		{"crd.projectcalico.org", "networkpolicies", "Calico NetworkPolicy", false, false},
		{"crd.projectcalico.org", "globalnetworkpolicies", "Calico GlobalNetworkPolicy", true, false},
		{"projectcalico.org", "networkpolicies", "Calico NetworkPolicy", false, false},
		{"projectcalico.org", "globalnetworkpolicies", "Calico GlobalNetworkPolicy", true, false},
		{"cilium.io", "ciliumnetworkpolicies", "CiliumNetworkPolicy", false, false},
		{"cilium.io", "ciliumclusterwidenetworkpolicies", "CiliumClusterwideNetworkPolicy", true, false},
		{"crd.antrea.io", "networkpolicies", "Antrea NetworkPolicy", false, false},
		{"crd.antrea.io", "clusternetworkpolicies", "Antrea ClusterNetworkPolicy", true, false},
		{"policy.networking.k8s.io", "adminnetworkpolicies", "AdminNetworkPolicy", true, false},
		{"policy.networking.k8s.io", "clusternetworkpolicies", "ClusterNetworkPolicy", true, false},
		{"policy.networking.k8s.io", "baselineadminnetworkpolicies", "BaselineAdminNetworkPolicy", true, true},
	}
}

func (k unreadKind) policies() watch.Resource[struct{}] {
	return watch.Resource[struct{}]{
		GroupVersionResource: schema.GroupVersionResource{Group: k.group, Resource: k.resource},
		Everywhere:           k.clusterScoped, Metadata: true,
		Keep: func(any) struct{} { return struct{}{} },
	}
}

// policyParts are all policies of a network.
func policyParts(topic string) []part {
	parts := []part{{topic, networkPolicies()}}
	for _, k := range unreadKinds() {
		parts = append(parts, part{topic, k.policies()})
	}
	return parts
}

// unreadIndex are the policies that are not read, by namespace; those of the cluster, which can select pods of any, by none.
type unreadIndex map[string][]fact.UnreadPolicy

func unreadPolicies(s *snapshot) unreadIndex {
	index := make(unreadIndex)
	for _, k := range unreadKinds() {
		stored(s, k.policies()).Each(func(name types.NamespacedName, _ struct{}) {
			index[name.Namespace] = append(index[name.Namespace], fact.UnreadPolicy{Kind: k.kind, Name: name.Name, After: k.after})
		})
	}
	return index
}

// of gives those that can select pods of a namespace, by kind and name.
func (i unreadIndex) of(namespace string) []fact.UnreadPolicy {
	found := slices.Concat(i[namespace], i[""])
	slices.SortFunc(found, func(a, b fact.UnreadPolicy) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
	})
	return slices.Compact(found)
}
