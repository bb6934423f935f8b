package kubernetes_test

import (
	"testing"
	"time"

	"github.com/readiness-exporter/readiness-exporter/checks/kubernetes"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// cluster is one of three nodes that are half used, as the edits change it.
func cluster(edits ...func(*fact.Cluster)) fact.Cluster {
	c := fact.Cluster{
		Name: "main", Version: "v1.35.2+k3s1", Distribution: "k3s", SupportEnd: now.AddDate(0, 6, 0),
		CredentialsEnd: now.AddDate(0, 0, 14),
	}
	for _, name := range []string{"a", "b", "c"} {
		c.Nodes = append(c.Nodes, fact.Node{
			Name: name, Ready: true, Kubelet: "v1.35.2+k3s1",
			Allocatable: fact.Resources{CPU: 4, Memory: 8e9}, Requested: fact.Resources{CPU: 2, Memory: 4e9},
		})
	}
	for _, edit := range edits {
		edit(&c)
	}
	return c
}

func node(edit func(*fact.Node)) func(*fact.Cluster) {
	return func(c *fact.Cluster) { edit(&c.Nodes[0]) }
}

func kubelet(version string) func(*fact.Cluster) {
	return node(func(n *fact.Node) { n.Kubelet = version })
}

func TestHealth(t *testing.T) {
	kind := kubernetes.Health()
	kind.Defaults.Distribution = "k3s"
	skew := func(version string) []finding {
		return []finding{{"kubelet_skew", check.Fail, "the API server is v1.35.2+k3s1: a (" + version + ")"}}
	}
	verdicts(t, kind, []verdictOn[fact.Cluster]{
		{"in support, ready, of one version", cluster(), nil},
		{"of another distribution", cluster(func(c *fact.Cluster) { c.Distribution = "eks" }), []finding{
			{"other_distribution", check.Fail, "it is eks (v1.35.2+k3s1); k3s is wanted"},
		}},
		{"on the last day of support", cluster(func(c *fact.Cluster) { c.SupportEnd = now }), nil},
		{"after it", cluster(func(c *fact.Cluster) { c.SupportEnd = now.Add(-time.Second) }), []finding{
			{"end_of_support", check.Fail, "v1.35.2+k3s1, until 2026-11-22"},
		}},
		{"newer than what is known of support", cluster(func(c *fact.Cluster) { c.SupportEnd = time.Time{} }), nil},
		{"a node is not ready", cluster(node(func(n *fact.Node) { n.Ready = false })), []finding{
			{"node_not_ready", check.Fail, "1 of 3 nodes: a"},
		}},
		{"no node", cluster(func(c *fact.Cluster) { c.Nodes = nil }), []finding{{"no_node", check.Fail, "the API server knows of none"}}},
		{"a kubelet three versions behind", cluster(kubelet("v1.32.0")), nil},
		{"a kubelet four versions behind", cluster(kubelet("v1.31.9")), skew("v1.31.9")},
		{"a kubelet ahead", cluster(kubelet("v1.36.0")), skew("v1.36.0")},
		{"a kubelet that is none", cluster(kubelet("virtual-1.0")), nil},
	})
}

func TestAPIAccess(t *testing.T) {
	end := func(at time.Time) func(*fact.Cluster) { return func(c *fact.Cluster) { c.CredentialsEnd = at } }
	verdicts(t, kubernetes.APIAccess(), []verdictOn[fact.Cluster]{
		{"exactly as long as wanted", cluster(), nil},
		{"a second less", cluster(end(now.AddDate(0, 0, 14).Add(-time.Second))), []finding{
			{"credentials_end_soon", check.Fail, "they end at 2026-12-06T11:59:59Z"},
		}},
		{"without an end", cluster(end(time.Time{})), nil},
	})
}

func TestNodeCapacity(t *testing.T) {
	requested := func(cores float64, memory int64) func(*fact.Cluster) {
		return node(func(n *fact.Node) { n.Requested = fact.Resources{CPU: cores, Memory: memory} })
	}
	verdicts(t, kubernetes.NodeCapacity(), []verdictOn[fact.Cluster]{
		{"half is requested, and one node can be lost", cluster(), nil},
		{"two thirds, which is all that two nodes have", cluster(requested(4, 8e9)), nil},
		{"more than two nodes have", cluster(requested(4.5, 8e9)), []finding{
			{"no_spare_node", check.Fail, "without 1 node: 8.5 of 8 cores are requested"},
		}},
		{"more than may be requested", cluster(requested(6, 16e9)), []finding{
			{"overcommitted", check.Fail, "10 of 12 cores are requested, 24GB of 24GB of memory are requested"},
		}},
		{"a cordoned node takes nothing", cluster(node(func(n *fact.Node) { n.Cordoned = true })), []finding{
			{"no_spare_node", check.Fail, "without 1 node: 6 of 4 cores are requested, 12GB of 8GB of memory are requested"},
		}},
		{"a node under pressure", cluster(node(func(n *fact.Node) { n.Pressures = []string{"DiskPressure"} })), []finding{
			{"pressure", check.Fail, "a: DiskPressure"},
		}},
		{"pods that no node takes", cluster(func(c *fact.Cluster) { c.Unschedulable = 2 }), []finding{
			{"unschedulable_pods", check.Fail, "2 pods"},
		}},
	})
}
