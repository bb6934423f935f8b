package cluster_test

import (
	"slices"
	"testing"
	"time"

	"github.com/readiness-exporter/readiness-exporter/checks/cluster"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// kubernetes is a cluster of three nodes that are half used, as the edits change it.
func kubernetes(edits ...func(*fact.Cluster)) fact.Cluster {
	c := fact.Cluster{
		Name: "main", Version: "v1.35.2+k3s1", Distribution: "k3s", SupportEnd: checktest.Now().AddDate(0, 6, 0),
		CredentialsEnd: checktest.Now().AddDate(0, 0, 14),
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

func supported(until time.Time) func(*fact.Cluster) {
	return func(c *fact.Cluster) { c.SupportEnd = until }
}

func TestHealth(t *testing.T) {
	kind := cluster.Health()
	kind.Defaults.Distribution = "k3s"
	v := checktest.Of(t, kind, fact.Clusters())
	v.Finds("in support, ready, of one version", kubernetes())
	v.Finds("of another distribution", kubernetes(func(c *fact.Cluster) { c.Distribution = "eks" }),
		"fail other_distribution: The distribution is eks (v1.35.2+k3s1); k3s is wanted.")
	v.Finds("on the last day of support", kubernetes(supported(checktest.Now())))
	v.Finds("after it", kubernetes(supported(checktest.Now().Add(-time.Second))),
		"fail end_of_support: The community supported the version v1.35.2+k3s1 until 2026-11-22.")
	v.Finds("newer than what is known of support", kubernetes(supported(time.Time{})))
	v.Finds("a node is not ready", kubernetes(node(func(n *fact.Node) { n.Ready = false })),
		"fail node_not_ready: Of 3 nodes, 1 is not ready: a.")
	v.Finds("no node", kubernetes(func(c *fact.Cluster) { c.Nodes = nil }),
		"fail no_node: The API server knows of no node.")
	v.Finds("a kubelet three versions behind", kubernetes(kubelet("v1.32.0")))
	v.Finds("a kubelet four versions behind", kubernetes(kubelet("v1.31.9")),
		"fail kubelet_skew: The API server is v1.35.2+k3s1; the kubelet does not fit it on the node a (v1.31.9).")
	v.Finds("a kubelet ahead", kubernetes(kubelet("v1.36.0")),
		"fail kubelet_skew: The API server is v1.35.2+k3s1; the kubelet does not fit it on the node a (v1.36.0).")
	v.Finds("a kubelet that is none", kubernetes(kubelet("virtual-1.0")))
	v.FindsOn("each cluster is judged", []fact.Cluster{kubernetes(), kubernetes(func(c *fact.Cluster) { c.Name, c.Nodes = "other", nil })},
		"fail no_node on other: The API server knows of no node.")
}

func TestSecurityUpdates(t *testing.T) {
	v := checktest.Some(t, cluster.SecurityUpdates(), fact.Clusters())
	v.Finds("in support, of one version", kubernetes())
	v.Finds("out of support", kubernetes(supported(checktest.Now().Add(-time.Second))),
		"fail end_of_support: The community supported the version v1.35.2+k3s1 until 2026-11-22.")
	v.Finds("a kubelet four versions behind", kubernetes(kubelet("v1.31.9")),
		"fail kubelet_skew: The API server is v1.35.2+k3s1; the kubelet does not fit it on the node a (v1.31.9).")
}

func TestAPIAccess(t *testing.T) {
	end := func(at time.Time) func(*fact.Cluster) { return func(c *fact.Cluster) { c.CredentialsEnd = at } }
	v := checktest.Of(t, cluster.APIAccess(), fact.Clusters())
	v.Finds("exactly as long as wanted", kubernetes())
	v.Finds("a second less", kubernetes(end(checktest.Now().AddDate(0, 0, 14).Add(-time.Second))),
		"fail credentials_expire_soon: The credentials expire in 13 d 23 h, at 2026-12-06T11:59:59Z; at least 14 d are wanted.")
	v.Finds("expired an hour ago", kubernetes(end(checktest.Now().Add(-time.Hour))),
		"fail credentials_expire_soon: The credentials expired 1 h ago, at 2026-11-22T11:00:00Z; at least 14 d are wanted.")
	v.Finds("credentials that do not expire", kubernetes(end(time.Time{})))
}

func TestNodeCapacity(t *testing.T) {
	requested := func(cores float64, memory int64) func(*fact.Cluster) {
		return node(func(n *fact.Node) { n.Requested = fact.Resources{CPU: cores, Memory: memory} })
	}
	v := checktest.Of(t, cluster.NodeCapacity(), fact.Clusters())
	v.Finds("half is requested, and one node can be lost", kubernetes())
	v.Finds("two thirds, which is all that two nodes have", kubernetes(requested(4, 8e9)))
	v.Finds("more than two nodes have", kubernetes(requested(4.5, 8e9)),
		"fail no_spare_node: Without the largest node pods request 8.5 of 8 cores.")
	v.Finds("more than may be requested", kubernetes(requested(6, 16e9)),
		"fail overcommitted: Pods request 10 of 12 cores and 24 GB of 24 GB of memory; at most 80 % is wanted.")
	tainted := func(taints ...string) func(*fact.Cluster) {
		return func(c *fact.Cluster) {
			c.Nodes = append(slices.Clone(c.Nodes), fact.Node{Name: "control-plane", Ready: true, Taints: taints, Allocatable: fact.Resources{CPU: 64, Memory: 256e9}})
		}
	}
	v.Finds("a node that takes everything is room", kubernetes(requested(6, 8e9), tainted()))
	v.Finds("a node with a taint is no room", kubernetes(requested(6, 8e9), tainted("node-role.kubernetes.io/control-plane:NoSchedule")),
		"fail overcommitted: Pods request 10 of 12 cores; at most 80 % is wanted.")
	v.Finds("where all nodes have taints all pods tolerate them", kubernetes(requested(6, 8e9), func(c *fact.Cluster) {
		c.Nodes = slices.Clone(c.Nodes)
		for i := range c.Nodes {
			c.Nodes[i].Taints = []string{"team=shop:NoSchedule"}
		}
	}),
		"fail overcommitted: Pods request 10 of 12 cores; at most 80 % is wanted.")
	v.Finds("a cordoned node takes nothing", kubernetes(node(func(n *fact.Node) { n.Cordoned = true })),
		"fail no_spare_node: Without the largest node pods request 6 of 4 cores and 12 GB of 8.0 GB of memory.")
	v.Finds("a node under pressure", kubernetes(node(func(n *fact.Node) { n.Pressures = []string{"DiskPressure"} })),
		"fail pressure: The node a reports DiskPressure.")
	v.Finds("pods that no node takes", kubernetes(func(c *fact.Cluster) { c.Unschedulable = 2 }),
		"fail unschedulable_pods: 2 pods cannot be scheduled to any node.")
}

func TestHelmReleases(t *testing.T) {
	release := func(status string) fact.HelmRelease {
		return fact.HelmRelease{Cluster: "main", Namespace: "shop", Name: "shop", Revision: 3, Status: status}
	}
	v := checktest.Of(t, cluster.HelmReleases(), fact.HelmReleases())
	v.Finds("deployed", release("deployed"))
	v.Finds("failed", release("failed"),
		"fail failed: The status of the newest revision (3) of the release shop is failed.")
	v.Finds("cut off", release("pending-upgrade"),
		"fail pending: The status of the newest revision (3) of the release shop is pending-upgrade.")
	v.Finds("going", release("uninstalling"),
		"fail pending: The status of the newest revision (3) of the release shop is uninstalling.")
}

func TestAuthorization(t *testing.T) {
	grant := fact.Grant{Subject: "ServiceAccount shop/api", Role: "ClusterRole cluster-admin", Binding: "ClusterRoleBinding x", Risk: "everything"}
	v := checktest.Of(t, cluster.Authorization(), fact.Authorizations())
	v.Finds("nothing too much", fact.Authorization{Cluster: "main", Bindings: 60})
	v.Finds("too much", fact.Authorization{Cluster: "main", Grants: []fact.Grant{grant}},
		"fail excessive_grant: The ServiceAccount shop/api has too many permissions (everything), by the ClusterRoleBinding x of the ClusterRole cluster-admin.")
	v.Finds("no authorizer", fact.Authorization{Cluster: "main", Open: true, Grants: []fact.Grant{grant}},
		"fail no_authorizer: The API server permits what no role names.")
}
