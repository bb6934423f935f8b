package kubernetes

import (
	"cmp"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// A policy is what is kept of a NetworkPolicy.
type policy struct {
	fact     fact.NetworkPolicy
	selector labels.Selector
	allows   bool // it lets something in
}

func networkPolicies() watch.Resource[policy] {
	return watch.Resource[policy]{
		GroupVersionResource: networkingv1.SchemeGroupVersion.WithResource("networkpolicies"), Example: &networkingv1.NetworkPolicy{},
		Keep: func(object any) policy { return keepPolicy(object.(*networkingv1.NetworkPolicy)) },
	}
}

// keepPolicy reads a policy as network plugins do: without policyTypes it isolates for what comes in and, if it has rules
// for that, for what goes out (https://kubernetes.io/docs/concepts/services-networking/network-policies/).
func keepPolicy(p *networkingv1.NetworkPolicy) policy {
	types := p.Spec.PolicyTypes
	keep := policy{
		selector: labels.Nothing(), allows: len(p.Spec.Ingress) > 0,
		fact: fact.NetworkPolicy{
			Name: p.Name, Ingress: len(types) == 0 || slices.Contains(types, networkingv1.PolicyTypeIngress),
			Egress: len(types) == 0 && len(p.Spec.Egress) > 0 || slices.Contains(types, networkingv1.PolicyTypeEgress),
		},
	}
	if selector, err := metav1.LabelSelectorAsSelector(&p.Spec.PodSelector); err == nil {
		keep.selector = selector
	}
	return keep
}

// defaultDeny tells whether the policy selects every pod of its namespace, and lets nothing in by itself.
func (p policy) defaultDeny() bool { return p.fact.Ingress && p.selector.Empty() && !p.allows }

// A policyIndex finds the policies that select pods.
type policyIndex map[string][]policy // by namespace

func policiesOf(s *snapshot) policyIndex {
	index := make(policyIndex)
	stored(s, networkPolicies()).Each(func(name types.NamespacedName, p policy) {
		index[name.Namespace] = append(index[name.Namespace], p)
	})
	return index
}

// of gives the policies that select pods with these labels, by name.
func (i policyIndex) of(namespace string, pods labels.Set) (found []fact.NetworkPolicy) {
	for _, p := range i[namespace] {
		if p.selector.Matches(pods) {
			found = append(found, p.fact)
		}
	}
	slices.SortFunc(found, func(a, b fact.NetworkPolicy) int { return cmp.Compare(a.Name, b.Name) })
	return found
}
