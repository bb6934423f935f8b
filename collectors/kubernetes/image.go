package kubernetes

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// ImageDiscovery makes the collector of the images that targets are made of: those of workloads, in clusters of which namespaces or a
// selector are declared.
func (c *Clusters) ImageDiscovery() collector.Collector[Target] {
	made := c.collector("image_discovery",
		"Images of the workloads of declared namespaces, and the platforms of the nodes that they may run on, from which targets are made.",
		[]joiner{imageJoin()}, system.Cluster.Discovers, nil)
	chosen := made.Targets
	made.Targets = func(s *system.System) []Target {
		if !s.Discovery.Seeks(fact.Images().Name) {
			return nil
		}
		return chosen(s)
	}
	made.Discovers = []fact.AnySet{fact.Images().Missing(fact.Image{Discovered: true})}
	return made
}

func imageJoin() join[fact.DiscoveredImage] {
	return join[fact.DiscoveredImage]{
		kind: fact.DiscoveredImages(),
		place: func(cluster, namespace string) fact.DiscoveredImage {
			return fact.DiscoveredImage{Cluster: cluster, Namespace: namespace}
		},
		parts: append(workloadParts(), part{"", platforms()}),
		add:   joinImages,
	}
}

// A platformNode is what is kept of a node: what it runs, and the labels by which pods choose it.
type platformNode struct {
	platform string
	labels   labels.Set
}

func platforms() watch.Resource[platformNode] {
	return watch.Resource[platformNode]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("nodes"), Example: &corev1.Node{}, Everywhere: true,
		Variant: " for platforms",
		Keep: func(object any) platformNode {
			n := object.(*corev1.Node)
			keep := platformNode{labels: n.Labels}
			if info := n.Status.NodeInfo; info.OperatingSystem != "" && info.Architecture != "" {
				keep.platform = intern(info.OperatingSystem + "/" + info.Architecture).Value()
			}
			return keep
		},
	}
}

// joinImages gives each image of each workload, with the platforms of the nodes that its pods may run on. Where there is no such node
// now, as where nodes are made at need, those of all count.
func joinImages(s *snapshot, set *fact.Set[fact.DiscoveredImage]) {
	var nodes []platformNode
	stored(s, platforms()).Each(func(_ types.NamespacedName, n platformNode) {
		if n.platform != "" {
			nodes = append(nodes, n)
		}
	})
	eachWorkload(s, func(_ types.NamespacedName, w workload) {
		if !s.includes(w.fact.Namespace, w.labels) {
			return
		}
		fitting := platformsOf(nodes, w.nodes)
		var images []string
		for _, containers := range [][]fact.Container{w.fact.Containers, w.fact.InitContainers} {
			for i := range containers {
				images = append(images, containers[i].Image)
			}
		}
		slices.Sort(images)
		for _, image := range slices.Compact(images) {
			set.Add(fact.DiscoveredImage{
				Cluster: s.target.Cluster.Name, Selector: s.target.Cluster.Selector, Namespace: w.fact.Namespace,
				Kind: w.fact.Kind, Name: w.fact.Name, Image: strings.TrimSpace(image), Platforms: fitting,
			})
		}
	})
}

func platformsOf(nodes []platformNode, choice *nodeChoice) (all []string) {
	chosen := slices.DeleteFunc(slices.Clone(nodes), func(n platformNode) bool { return !choice.takes(n.labels) })
	if len(chosen) == 0 {
		chosen = nodes
	}
	for _, n := range chosen {
		all = append(all, n.platform)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// A nodeChoice says which nodes pods may run on, by the labels of the nodes; nil: any.
type nodeChoice struct {
	all labels.Selector   // wanted in any case
	any []labels.Selector // of which one is enough; nil: nothing is wanted
}

func (c *nodeChoice) takes(own labels.Set) bool {
	if c == nil {
		return true
	}
	return c.all.Matches(own) && (c.any == nil || slices.ContainsFunc(c.any, func(s labels.Selector) bool { return s.Matches(own) }))
}

// nodeChoiceOf reads the node selector and the required node affinity of a template. A term that also chooses by fields of nodes chooses
// by its labels here.
func nodeChoiceOf(spec *corev1.PodSpec) *nodeChoice {
	choice := &nodeChoice{all: labels.SelectorFromSet(spec.NodeSelector)}
	if spec.Affinity != nil && spec.Affinity.NodeAffinity != nil {
		if required := spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution; required != nil {
			for i := range required.NodeSelectorTerms {
				choice.any = append(choice.any, termOf(required.NodeSelectorTerms[i].MatchExpressions))
			}
		}
	}
	if len(spec.NodeSelector) == 0 && choice.any == nil {
		return nil
	}
	return choice
}

// termOf is a selector that matches nothing where an expression is one that the API server does not take.
func termOf(expressions []corev1.NodeSelectorRequirement) labels.Selector {
	operators := map[corev1.NodeSelectorOperator]selection.Operator{
		corev1.NodeSelectorOpIn: selection.In, corev1.NodeSelectorOpNotIn: selection.NotIn,
		corev1.NodeSelectorOpExists: selection.Exists, corev1.NodeSelectorOpDoesNotExist: selection.DoesNotExist,
		corev1.NodeSelectorOpGt: selection.GreaterThan, corev1.NodeSelectorOpLt: selection.LessThan,
	}
	selector := labels.NewSelector()
	for i := range expressions {
		requirement, err := labels.NewRequirement(expressions[i].Key, operators[expressions[i].Operator], expressions[i].Values)
		if err != nil {
			return labels.Nothing()
		}
		selector = selector.Add(*requirement)
	}
	return selector
}
