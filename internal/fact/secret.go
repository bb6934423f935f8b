package fact

import "time"

// A Secret is one of a Kubernetes cluster that a person or a pipeline writes: those that Helm, service accounts and
// cert-manager keep are left out.
type Secret struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// ChangedAt is the latest that its data can have been written: when whoever wrote it last wrote anything of the Secret.
	ChangedAt time.Time `json:"changed_at"`
	// Unnoted: the API server has not noted who wrote the data, and ChangedAt is when the Secret was made.
	Unnoted bool `json:"unnoted,omitempty"`
}

// Subject names the Secret.
func (s *Secret) Subject() string { return s.Cluster + "/" + s.Namespace + "/Secret/" + s.Name }

// Secrets describes the facts of Secrets.
func Secrets() *Kind[Secret] {
	return &Kind[Secret]{
		Name:    "secret",
		Help:    "A Secret of a Kubernetes cluster, by its metadata alone.",
		Subject: (*Secret).Subject,
		Labels: []Label[Secret]{
			{Name: "kubernetes_cluster", Value: func(s *Secret) string { return s.Cluster }},
			{Name: "kubernetes_namespace", Value: func(s *Secret) string { return s.Namespace }},
			{Name: "name", Value: func(s *Secret) string { return s.Name }},
		},
		Gauges: []Gauge[Secret]{{
			Name: "secret_changed_timestamp_seconds",
			Help: "The latest that the data of a Secret can have been written; absent where that is not noted.",
			Value: func(s *Secret) (float64, bool) {
				at, known := Timestamp(s.ChangedAt)
				return at, known && !s.Unnoted
			},
		}},
	}
}
