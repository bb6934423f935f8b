package fact

import "time"

// A Secret is one of a Kubernetes cluster that a person or a pipeline writes: those that Helm, service accounts and
// cert-manager keep are left out.
type Secret struct {
	Cluster   string    `json:"cluster"`
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	ChangedAt time.Time `json:"changed_at"` // when its data was last written, as far as the API server has noted it
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
			Name:  "secret_changed_timestamp_seconds",
			Help:  "When the data of a Secret was last written.",
			Value: func(s *Secret) (float64, bool) { return Timestamp(s.ChangedAt) },
		}},
	}
}
