package fact

import (
	"regexp"
	"slices"
	"strconv"
	"time"
)

// A Cluster is a Kubernetes cluster as a whole: its API server, and its nodes with what pods request of them.
type Cluster struct {
	Name    string   `json:"name"`
	Missing []string `json:"missing,omitempty"` // topics of what could not be seen

	Version      string `json:"version"`      // of the API server: v1.34.1+k3s1
	Distribution string `json:"distribution"` // k3s, rke2, eks, gke, aks, or kubernetes for any other
	// SupportEnd is when the community ends its support of the version; zero where that is not known.
	SupportEnd time.Time `json:"support_end,omitzero"`
	// CredentialsEnd is when the exporter's credentials expire; zero where they do not report it, or renew themselves.
	CredentialsEnd time.Time `json:"credentials_end,omitzero"`
	Nodes          []Node    `json:"nodes"`
	// Unschedulable are the pods that no node takes.
	Unschedulable int `json:"unschedulable"`
}

// A Node is one machine of a cluster.
type Node struct {
	Name     string `json:"name"`
	Ready    bool   `json:"ready"`
	Cordoned bool   `json:"cordoned"` // no pod is scheduled to it
	// Taints keep away the pods that do not tolerate them, as key=value:effect; those of a node's own state are left out.
	Taints    []string `json:"taints,omitempty"`
	Pressures []string `json:"pressures"` // DiskPressure, MemoryPressure, PIDPressure, NetworkUnavailable
	Kubelet   string   `json:"kubelet"`   // its version
	OS        string   `json:"os"`        // Ubuntu 24.04.3 LTS
	// External are its addresses of the type ExternalIP, as the cloud's controller reports them.
	External    []string  `json:"external,omitempty"`
	Allocatable Resources `json:"allocatable"`
	Requested   Resources `json:"requested"` // by the pods that are on it
}

// TopicNodes is that of a cluster's nodes; what pods request of them is of TopicPods.
const TopicNodes = "nodes"

// Subject names the cluster.
func (c *Cluster) Subject() string { return c.Name }

// Lacks gives the topics of what could not be seen.
func (c *Cluster) Lacks() []string { return c.Missing }

// Clusters describes the facts of clusters.
func Clusters() *Kind[Cluster] {
	return &Kind[Cluster]{
		Name:    "cluster",
		Help:    "A Kubernetes cluster as a whole: its API server, and its nodes with what pods request of them.",
		Subject: (*Cluster).Subject,
		Labels:  []Label[Cluster]{{Name: "kubernetes_cluster", Value: func(c *Cluster) string { return c.Name }}},
		Gauges: []Gauge[Cluster]{
			{
				Name: "cluster_version_info",
				Help: "The version of the cluster's API server, always 1.",
				Labels: []Label[Cluster]{
					{Name: "version", Value: func(c *Cluster) string { return c.Version }},
					{Name: "distribution", Value: func(c *Cluster) string { return c.Distribution }},
				},
				Value: func(*Cluster) (float64, bool) { return 1, true },
			},
			{
				Name:  "cluster_support_end_timestamp_seconds",
				Help:  "When the community ends its support of the cluster's version; absent where that is not known.",
				Value: func(c *Cluster) (float64, bool) { return Timestamp(c.SupportEnd) },
			},
			{
				Name:  "cluster_credentials_expiry_timestamp_seconds",
				Help:  "When the credentials expire by which the exporter reads the cluster; absent where they do not say.",
				Value: func(c *Cluster) (float64, bool) { return Timestamp(c.CredentialsEnd) },
			},
			{
				Name:  "cluster_nodes",
				Help:  "How many nodes the cluster has.",
				Value: func(c *Cluster) (float64, bool) { return float64(len(c.Nodes)), c.knows(TopicNodes) },
			},
			{
				Name:  "cluster_nodes_ready",
				Help:  "How many nodes of the cluster are ready.",
				Value: func(c *Cluster) (float64, bool) { return c.count(func(n Node) bool { return n.Ready }) },
			},
			{
				Name:  "cluster_nodes_cordoned",
				Help:  "How many nodes of the cluster are cordoned, so that no pod is scheduled to them.",
				Value: func(c *Cluster) (float64, bool) { return c.count(func(n Node) bool { return n.Cordoned }) },
			},
			{
				Name:  "cluster_allocatable_cpu_cores",
				Help:  "How many cores the ready nodes that take pods have for them, without those that taints reserve.",
				Value: func(c *Cluster) (float64, bool) { return c.Allocatable().CPU, c.knows(TopicNodes) },
			},
			{
				Name:  "cluster_allocatable_memory_bytes",
				Help:  "How much memory the ready nodes that take pods have for them, without those that taints reserve.",
				Value: func(c *Cluster) (float64, bool) { return float64(c.Allocatable().Memory), c.knows(TopicNodes) },
			},
			{
				Name:  "cluster_requested_cpu_cores",
				Help:  "How many cores the pods of the cluster's nodes request, without those on nodes that taints reserve.",
				Value: func(c *Cluster) (float64, bool) { return c.Requested().CPU, c.knows(TopicNodes, TopicPods) },
			},
			{
				Name:  "cluster_requested_memory_bytes",
				Help:  "How much memory the pods of the cluster's nodes request, without those on nodes that taints reserve.",
				Value: func(c *Cluster) (float64, bool) { return float64(c.Requested().Memory), c.knows(TopicNodes, TopicPods) },
			},
			{
				Name:  "cluster_unschedulable_pods",
				Help:  "How many pods no node takes.",
				Value: func(c *Cluster) (float64, bool) { return float64(c.Unschedulable), c.knows(TopicPods) },
			},
		},
	}
}

// knows tells whether nothing of these topics is unavailable: a number that is not known is not zero.
func (c *Cluster) knows(topics ...string) bool {
	return !slices.ContainsFunc(topics, func(topic string) bool { return slices.Contains(c.Missing, topic) })
}

// count is how many nodes there are of a sort; false where they are not known.
func (c *Cluster) count(wanted func(Node) bool) (float64, bool) {
	number := 0
	for _, node := range c.Nodes {
		if wanted(node) {
			number++
		}
	}
	return float64(number), c.knows(TopicNodes)
}

// Plus adds two amounts.
func (r Resources) Plus(other Resources) Resources {
	return Resources{CPU: r.CPU + other.CPU, Memory: r.Memory + other.Memory}
}

var minorVersion = regexp.MustCompile(`^v1\.(\d+)`)

// MinorVersion is the minor version of a Kubernetes: 35 of v1.35.2+k3s1; 0 of what is none, such as a virtual kubelet's.
func MinorVersion(version string) int {
	parts := minorVersion.FindStringSubmatch(version)
	if parts == nil {
		return 0
	}
	n, _ := strconv.Atoi(parts[1])
	return n
}

// Usable tells whether pods are scheduled to the node.
func (n Node) Usable() bool { return n.Ready && !n.Cordoned }

// Open are the nodes that take pods of every sort. Those with taints are no room for what does not tolerate them; where all
// have some, all pods tolerate them.
func (c *Cluster) Open() (open []Node) {
	for _, node := range c.Nodes {
		if len(node.Taints) == 0 {
			open = append(open, node)
		}
	}
	if len(open) == 0 {
		return c.Nodes
	}
	return open
}

// Allocatable is what the open nodes have that take pods.
func (c *Cluster) Allocatable() (sum Resources) {
	for _, node := range c.Open() {
		if node.Usable() {
			sum = sum.Plus(node.Allocatable)
		}
	}
	return sum
}

// Requested is what the pods of all open nodes request.
func (c *Cluster) Requested() (sum Resources) {
	for _, node := range c.Open() {
		sum = sum.Plus(node.Requested)
	}
	return sum
}
