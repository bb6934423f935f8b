package kubernetes

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"
	"time"
	"unique"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// ClusterHealth makes the collector of clusters as a whole.
func (c *Clusters) ClusterHealth() collector.Collector[Target, fact.Cluster] {
	return gather(c, wholeClusters())
}

func wholeClusters() gathering[fact.Cluster] {
	return gathering[fact.Cluster]{
		name:    "kubernetes_cluster",
		summary: "Kubernetes clusters as a whole: the version of the API server, and nodes with what pods request of them.",
		kind:    fact.Clusters(),
		whole:   true,
		parts:   []part{{fact.TopicNodes, nodes()}, {fact.TopicPods, nodes()}, {fact.TopicPods, clusterPods()}},
		ask:     askCluster,
		see:     seeCluster,
	}
}

func nodes() resource[fact.Node] {
	return resource[fact.Node]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("nodes"), example: &corev1.Node{}, whole: true,
		keep: func(object any) fact.Node { return keepNode(object.(*corev1.Node)) },
	}
}

func keepNode(n *corev1.Node) fact.Node {
	keep := fact.Node{
		Name: n.Name, Cordoned: n.Spec.Unschedulable, Kubelet: intern(n.Status.NodeInfo.KubeletVersion).Value(),
		OS: intern(n.Status.NodeInfo.OSImage).Value(), Allocatable: resourcesOf(n.Status.Allocatable),
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
func clusterPods() resource[placedPod] {
	r := pods()
	return resource[placedPod]{
		GroupVersionResource: r.GroupVersionResource, example: r.example, fields: r.fields, whole: true, variant: " on nodes",
		keep: func(object any) placedPod {
			p := object.(*corev1.Pod)
			return placedPod{intern(p.Spec.NodeName), requestsOf(&p.Spec), unschedulable(p)}
		},
	}
}

// An askedCluster is what no watch tells of a cluster.
type askedCluster struct {
	version        string
	credentialsEnd time.Time
}

func askCluster(ctx context.Context, c *connection, s *sight) error {
	version, err := c.version(ctx)
	if err != nil {
		return err
	}
	s.asked = askedCluster{version: version, credentialsEnd: c.config.credentialsEnd()}
	return nil
}

func seeCluster(s *sight) []fact.Cluster {
	asked, _ := s.asked.(askedCluster)
	seenCluster := fact.Cluster{
		Name: s.target.Cluster.Name, Missing: s.lacks, Version: asked.version, Distribution: distribution(asked.version),
		SupportEnd: supportEnd(asked.version), CredentialsEnd: asked.credentialsEnd,
	}
	requested := make(map[string]fact.Resources)
	seen(s, clusterPods()).each(func(_ types.NamespacedName, p placedPod) {
		requested[p.node.Value()] = requested[p.node.Value()].Plus(p.requests)
		if p.unschedulable {
			seenCluster.Unschedulable++
		}
	})
	seen(s, nodes()).each(func(_ types.NamespacedName, n fact.Node) {
		n.Requested = requested[n.Name]
		seenCluster.Nodes = append(seenCluster.Nodes, n)
	})
	slices.SortFunc(seenCluster.Nodes, func(a, b fact.Node) int { return strings.Compare(a.Name, b.Name) })
	return []fact.Cluster{seenCluster}
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

// credentialsEnd is when a client certificate or a token ends; zero for what renews itself, or does not say.
func (c clientConfig) credentialsEnd() time.Time {
	if block, _ := pem.Decode(c.rest.CertData); block != nil {
		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil {
			return certificate.NotAfter.UTC()
		}
	}
	if c.rest.BearerTokenFile != "" { // Whoever writes the file renews it.
		return time.Time{}
	}
	parts := strings.Split(c.rest.BearerToken, ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	var token struct {
		End int64 `json:"exp"` // RFC 7519, section 4.1.4
	}
	if err != nil || json.Unmarshal(claims, &token) != nil {
		return time.Time{}
	}
	return unix(token.End)
}
