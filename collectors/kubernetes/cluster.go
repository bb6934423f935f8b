package kubernetes

import (
	"context"
	"slices"
	"strings"
	"time"
	"unique"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// wholeClusters are the API servers and the nodes, with what pods request of them.
func wholeClusters() join[fact.Cluster] {
	return join[fact.Cluster]{
		kind:  fact.Clusters(),
		whole: true,
		parts: []part{{fact.TopicNodes, nodes()}, {fact.TopicPods, nodes()}, {fact.TopicPods, clusterPods()}},
		ask:   askCluster,
		add:   joinCluster,
		place: func(cluster, _ string) fact.Cluster { return fact.Cluster{Name: cluster} },
	}
}

func nodes() watch.Resource[fact.Node] {
	return watch.Resource[fact.Node]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("nodes"), Example: &corev1.Node{}, Everywhere: true,
		Keep: func(object any) fact.Node { return keepNode(object.(*corev1.Node)) },
	}
}

func keepNode(n *corev1.Node) fact.Node {
	keep := fact.Node{
		Name: n.Name, Cordoned: n.Spec.Unschedulable, Kubelet: intern(n.Status.NodeInfo.KubeletVersion).Value(),
		OS: intern(n.Status.NodeInfo.OSImage).Value(), Allocatable: resourcesOf(n.Status.Allocatable),
	}
	for i := range n.Spec.Taints {
		if taint := &n.Spec.Taints[i]; taint.Effect != corev1.TaintEffectPreferNoSchedule && !strings.HasPrefix(taint.Key, ofNodeState) {
			keep.Taints = append(keep.Taints, taint.ToString())
		}
	}
	slices.Sort(keep.Taints)
	for _, address := range n.Status.Addresses {
		if address.Type == corev1.NodeExternalIP {
			keep.External = append(keep.External, address.Address)
		}
	}
	for _, condition := range n.Status.Conditions {
		switch {
		case condition.Type == corev1.NodeReady:
			keep.Ready = condition.Status == corev1.ConditionTrue
		case condition.Status == corev1.ConditionTrue && pressure(condition.Type):
			keep.Pressures = append(keep.Pressures, string(condition.Type))
		}
	}
	return keep
}

// ofNodeState begins the keys of the taints by which Kubernetes itself marks nodes that are not ready, cordoned or under
// pressure.
const ofNodeState = "node.kubernetes.io/"

// pressure tells the conditions of nodes that are well when they are false.
func pressure(of corev1.NodeConditionType) bool {
	return slices.Contains([]corev1.NodeConditionType{
		corev1.NodeDiskPressure, corev1.NodeMemoryPressure, corev1.NodePIDPressure, corev1.NodeNetworkUnavailable,
	}, of)
}

// A placedPod is what a pod requests, and of which node.
type placedPod struct {
	node          unique.Handle[string]
	requests      fact.Resources
	unschedulable bool
}

// clusterPods are those of the whole cluster: what they request is taken from the same nodes.
func clusterPods() watch.Resource[placedPod] {
	r := pods()
	return watch.Resource[placedPod]{
		GroupVersionResource: r.GroupVersionResource, Example: r.Example, Fields: r.Fields, Everywhere: true, Variant: " on nodes",
		Keep: func(object any) placedPod {
			p := object.(*corev1.Pod)
			return placedPod{intern(p.Spec.NodeName), requestsOf(&p.Spec), unschedulable(p)}
		},
	}
}

// A serverAnswer is what no watch reports of a cluster.
type serverAnswer struct {
	version           string
	credentialsExpiry time.Time
}

func askCluster(ctx context.Context, c *watch.Connection, _ Target, _ []*snapshot) (any, error) {
	version, err := c.Version(ctx)
	if err != nil {
		return nil, err
	}
	return serverAnswer{version: version, credentialsExpiry: c.CredentialsExpiry()}, nil
}

func joinCluster(s *snapshot, set *fact.Set[fact.Cluster]) {
	server, _ := s.answer.(serverAnswer)
	f := fact.Cluster{
		Name: s.target.Cluster.Name, Missing: s.lacks, Version: server.version, Distribution: distribution(server.version),
		SupportEnd: supportEnd(server.version), CredentialsEnd: server.credentialsExpiry,
	}
	requested := make(map[string]fact.Resources)
	stored(s, clusterPods()).Each(func(_ types.NamespacedName, p placedPod) {
		requested[p.node.Value()] = requested[p.node.Value()].Plus(p.requests)
		if p.unschedulable {
			f.Unschedulable++
		}
	})
	stored(s, nodes()).Each(func(_ types.NamespacedName, n fact.Node) {
		n.Requested = requested[n.Name]
		f.Nodes = append(f.Nodes, n)
	})
	slices.SortFunc(f.Nodes, func(a, b fact.Node) int { return strings.Compare(a.Name, b.Name) })
	set.Add(f)
}

// distribution reads who made a Kubernetes from its version.
func distribution(version string) string {
	for _, each := range []struct{ mark, name string }{
		{"+k3s", "k3s"}, {"+rke2", "rke2"}, {"-eks-", "eks"}, {"-gke.", "gke"}, {"-aks", "aks"},
	} {
		if strings.Contains(version, each.mark) {
			return each.name
		}
	}
	return "kubernetes"
}

// supportEnd is when the community's support of a minor version ends (https://kubernetes.io/releases/patch-releases/);
// zero for one that is newer than this table. Older ones have ended before its first.
func supportEnd(version string) time.Time {
	const oldest = 31
	ends := []string{ // of 1.31 and those after it
		"2025-11-11", "2026-02-28", "2026-06-28", "2026-10-27", "2027-02-28", "2027-06-28", "2027-10-28",
	}
	minor := fact.MinorVersion(version)
	if minor == 0 || minor-oldest >= len(ends) {
		return time.Time{}
	}
	end, _ := time.Parse(time.DateOnly, ends[max(0, minor-oldest)])
	return end
}
