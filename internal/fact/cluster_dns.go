package fact

import "time"

// A ClusterDNS is what the DNS of a Kubernetes cluster answered for names that everything in the cluster asks for.
type ClusterDNS struct {
	Cluster string          `json:"cluster"`
	Server  string          `json:"server,omitempty"` // its address
	Lookups []ClusterLookup `json:"lookups,omitempty"`
}

// A ClusterLookup is one name, which was asked for several times: the Service hands each question to any of its pods.
type ClusterLookup struct {
	Name    string `json:"name"`
	Outside bool   `json:"outside,omitempty"` // it is none of the cluster
	Asked   int    `json:"asked"`             // how often
	// Failed is how often there was no answer, or an error; Failure is why, the first time.
	Failed  int      `json:"failed,omitempty"`
	Failure *Failure `json:"failure,omitempty"`
	// Unknown is how often it was answered that there is no such name, or none with an address.
	Unknown int `json:"unknown,omitempty"`
	// Slowest is how long the slowest answer took, rounded up to whole seconds.
	Slowest time.Duration `json:"slowest"`
	// Differs: answers had different addresses, as where two pods of the DNS know different things. Of names outside that is usual.
	Differs bool `json:"differs,omitempty"`
}

// ClusterDNSs describes the facts of the DNS of clusters. They export nothing: CoreDNS has metrics of its own.
func ClusterDNSs() *Kind[ClusterDNS] {
	return &Kind[ClusterDNS]{
		Name:    "cluster_dns",
		Help:    "What the DNS of a Kubernetes cluster answers for names of Services, and for names outside.",
		Subject: func(d *ClusterDNS) string { return d.Cluster + "/DNS" },
	}
}
