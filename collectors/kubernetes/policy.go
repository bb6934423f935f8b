package kubernetes

import (
	"cmp"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// A policy is what is kept of a NetworkPolicy.
type policy struct {
	fact     fact.NetworkPolicy
	selector labels.Selector
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
		selector: labels.Nothing(),
		fact: fact.NetworkPolicy{
			Name: p.Name, Ingress: len(types) == 0 || slices.Contains(types, networkingv1.PolicyTypeIngress),
			Egress: len(types) == 0 && len(p.Spec.Egress) > 0 || slices.Contains(types, networkingv1.PolicyTypeEgress),
		},
	}
	if keep.fact.Ingress {
		keep.fact.Admits, keep.fact.AdmitsToPorts = admitted(p)
	}
	if selector, err := metav1.LabelSelectorAsSelector(&p.Spec.PodSelector); err == nil {
		keep.selector = selector
	}
	return keep
}

// admitted gives the widest peers that a policy lets in: to every port, and to some ports alone.
func admitted(p *networkingv1.NetworkPolicy) (toAll, toSome fact.Peers) {
	var all, some []networkingv1.NetworkPolicyIngressRule
	for _, rule := range p.Spec.Ingress {
		if everyPort(rule.Ports) {
			all = append(all, rule)
		} else {
			some = append(some, rule)
		}
	}
	return widest(all, p.Namespace), widest(some, p.Namespace)
}

// widest gives the widest peers that rules together let in.
func widest(rules []networkingv1.NetworkPolicyIngressRule, namespace string) fact.Peers {
	found, blocks := fact.PeersNone, []netip.Prefix(nil)
	for i := range rules {
		if len(rules[i].From) == 0 {
			return fact.PeersAny
		}
		for j := range rules[i].From {
			peer := &rules[i].From[j]
			if peer.IPBlock == nil {
				found = wider(found, peersOf(peer, namespace))
				continue
			}
			found = wider(found, fact.PeersSome)
			if block, err := netip.ParsePrefix(peer.IPBlock.CIDR); err == nil {
				blocks = append(blocks, block.Masked())
			}
		}
	}
	if whole(blocks, netip.PrefixFrom(netip.IPv4Unspecified(), 0)) || whole(blocks, netip.PrefixFrom(netip.IPv6Unspecified(), 0)) {
		return fact.PeersAny
	}
	return found
}

// wider gives the more of two.
func wider(a, b fact.Peers) fact.Peers {
	order := []fact.Peers{fact.PeersNone, fact.PeersSome, fact.PeersNamespace, fact.PeersCluster, fact.PeersAny}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

// everyPort tells whether a rule is for every port; one without ports is, and so is one of a protocol or of all its numbers.
func everyPort(ports []networkingv1.NetworkPolicyPort) bool {
	return len(ports) == 0 || slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool {
		if p.Protocol != nil && *p.Protocol != corev1.ProtocolTCP {
			return false
		}
		return p.Port == nil || p.Port.Type == intstr.Int && p.Port.IntVal <= 1 && p.EndPort != nil && *p.EndPort >= 65535
	})
}

// peersOf tells how many pods are peers, from the point of view of a namespace.
func peersOf(peer *networkingv1.NetworkPolicyPeer, own string) fact.Peers {
	switch everyPod := peer.PodSelector == nil || takesAll(peer.PodSelector); {
	case !everyPod:
		return fact.PeersSome
	case peer.NamespaceSelector == nil:
		return fact.PeersNamespace
	case takesAll(peer.NamespaceSelector):
		return fact.PeersCluster
	case len(peer.NamespaceSelector.MatchExpressions) == 0 && len(peer.NamespaceSelector.MatchLabels) == 1 &&
		peer.NamespaceSelector.MatchLabels[corev1.LabelMetadataName] == own:
		return fact.PeersNamespace
	default:
		return fact.PeersSome
	}
}

// takesAll tells whether a selector takes everything, or everything but what it names.
func takesAll(s *metav1.LabelSelector) bool {
	return len(s.MatchLabels) == 0 && !slices.ContainsFunc(s.MatchExpressions, func(e metav1.LabelSelectorRequirement) bool {
		switch e.Operator {
		case metav1.LabelSelectorOpNotIn, metav1.LabelSelectorOpDoesNotExist:
			return false
		case metav1.LabelSelectorOpExists:
			return e.Key != corev1.LabelMetadataName // That one is on every namespace.
		default:
			return true
		}
	})
}

// whole tells whether blocks together hold all addresses of a prefix.
func whole(blocks []netip.Prefix, of netip.Prefix) bool {
	within := false
	for _, block := range blocks {
		switch {
		case block.Addr().Is4() != of.Addr().Is4():
		case block.Bits() <= of.Bits() && block.Contains(of.Addr()):
			return true
		case of.Contains(block.Addr()):
			within = true
		}
	}
	if !within {
		return false
	}
	low := netip.PrefixFrom(of.Addr(), of.Bits()+1)
	bytes := of.Addr().AsSlice()
	bytes[of.Bits()/8] |= 0x80 >> (of.Bits() % 8)
	high, _ := netip.AddrFromSlice(bytes)
	return whole(blocks, low) && whole(blocks, netip.PrefixFrom(high, low.Bits()))
}

// defaultDeny tells whether the policy isolates every pod of its namespace, so that nothing comes in that no policy lets in.
func (p policy) defaultDeny() bool { return p.fact.Ingress && p.selector.Empty() }

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
