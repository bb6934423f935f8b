package fact

// A Namespace is one of a Kubernetes cluster, with what in it nobody uses.
type Namespace struct {
	Cluster string     `json:"cluster"`
	Name    string     `json:"name"`
	Objects int        `json:"objects"` // how many were checked
	Unused  []Leftover `json:"unused"`
}

// A Leftover is an object that nobody uses.
type Leftover struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Reason string `json:"reason"` // in words: "no pod mounts it"
}

// Subject names the namespace.
func (n *Namespace) Subject() string { return n.Cluster + "/" + n.Name }

// Namespaces describes the facts of namespaces.
func Namespaces() *Kind[Namespace] {
	return &Kind[Namespace]{
		Name:    "namespace",
		Help:    "A namespace of a Kubernetes cluster, with what in it nobody uses.",
		Subject: (*Namespace).Subject,
		Labels: []Label[Namespace]{
			{Name: "kubernetes_cluster", Value: func(n *Namespace) string { return n.Cluster }},
			{Name: "kubernetes_namespace", Value: func(n *Namespace) string { return n.Name }},
		},
		Gauges: []Gauge[Namespace]{{
			Name:  "namespace_unused_objects",
			Help:  "How many claims, Services, ConfigMaps, Secrets, Jobs and workloads of a namespace nobody uses.",
			Value: func(n *Namespace) (float64, bool) { return float64(len(n.Unused)), true },
		}},
	}
}
