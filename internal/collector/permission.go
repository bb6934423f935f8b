package collector

// A Permission is one that a run takes of a server that permits things one by one, as Kubernetes names it.
type Permission struct {
	Cluster   string // where its API server is found, as the system's description says; in words
	Namespace string // empty: in all, or of what is in none
	Group     string // of the API
	Resource  string
	Verbs     []string
	Topic     string // of the facts that lack it otherwise; empty: there are none without it
}
