package kubernetes

import (
	"cmp"
	"maps"
	"slices"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// A budget is what is kept of a PodDisruptionBudget.
type budget struct {
	fact     fact.DisruptionBudget // without how many workloads it covers
	selector labels.Selector
	// wants is one label that every pod it covers has, to find it by; empty where its selector names none.
	wants label
}

type label struct{ key, value string }

func keepBudget(p *policyv1.PodDisruptionBudget) budget {
	keep := budget{
		selector: labels.Nothing(),
		fact: fact.DisruptionBudget{
			Name: p.Name, MinAvailable: textOf(p.Spec.MinAvailable), MaxUnavailable: textOf(p.Spec.MaxUnavailable),
			Counted:  p.Status.ObservedGeneration >= p.Generation && !syncFailed(p),
			Expected: int(p.Status.ExpectedPods), Healthy: int(p.Status.CurrentHealthy), Needed: int(p.Status.DesiredHealthy),
			Allowed: int(p.Status.DisruptionsAllowed),
		},
	}
	if selector, err := metav1.LabelSelectorAsSelector(p.Spec.Selector); err == nil {
		keep.selector = selector
	}
	if p.Spec.Selector != nil && len(p.Spec.Selector.MatchLabels) > 0 {
		key := slices.Min(slices.Collect(maps.Keys(p.Spec.Selector.MatchLabels)))
		keep.wants = label{key, p.Spec.Selector.MatchLabels[key]}
	}
	return keep
}

func textOf(value *intstr.IntOrString) string {
	if value == nil {
		return ""
	}
	return value.String()
}

// syncFailed tells whether the controller could not count the pods, as for pods that nothing scales.
func syncFailed(p *policyv1.PodDisruptionBudget) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c metav1.Condition) bool {
		return c.Type == policyv1.DisruptionAllowedCondition && c.Reason == policyv1.SyncFailedReason
	})
}

// coverage finds the budgets that cover the pods of a workload, without trying each of them on each.
type coverage map[coverageKey][]*budget

type coverageKey struct {
	namespace string
	wants     label
}

func (c coverage) add(namespace string, b budget) {
	key := coverageKey{namespace, b.wants}
	c[key] = append(c[key], &b)
}

// of gives the budgets that cover pods of these labels, by name, and counts for each that it does.
func (c coverage) of(namespace string, pods labels.Set) []*budget {
	var covering []*budget
	try := func(wants label) {
		for _, b := range c[coverageKey{namespace, wants}] {
			if b.selector.Matches(pods) {
				b.fact.Workloads++
				covering = append(covering, b)
			}
		}
	}
	try(label{})
	for key, value := range pods {
		try(label{key, value})
	}
	slices.SortFunc(covering, func(a, b *budget) int { return cmp.Compare(a.fact.Name, b.fact.Name) })
	return covering
}

func coverageOf(budgets *watch.Store[budget]) coverage {
	c := make(coverage)
	budgets.Each(func(name types.NamespacedName, b budget) { c.add(name.Namespace, b) })
	return c
}
