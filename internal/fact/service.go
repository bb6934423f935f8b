package fact

// A Service is one of a Kubernetes cluster that selects pods, with how many of them answer.
type Service struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Planned: it comes from manifests, and what it selects is taken to be as it should.
	Planned  bool   `json:"planned,omitempty"`
	Selector string `json:"selector"` // of its pods, as labels are selected by kubectl
	// Workloads are those whose pods it selects, running or not: Deployment/api.
	Workloads []string `json:"workloads"`
	Ready     int      `json:"ready"`     // endpoints that take requests
	Endpoints int      `json:"endpoints"` // all of them
	// LostPorts are ports of the Service that lead to none of those pods, which have no port of the name it wants.
	LostPorts []string `json:"lost_ports"`
}

// Subject names the Service.
func (s *Service) Subject() string { return s.Cluster + "/" + s.Namespace + "/Service/" + s.Name }

// Services describes the facts of Services.
func Services() *Kind[Service] {
	return &Kind[Service]{
		Name:    "service",
		Help:    "A Service of a Kubernetes cluster that selects pods.",
		Subject: (*Service).Subject,
		Labels: []Label[Service]{
			{Name: "kubernetes_cluster", Value: func(s *Service) string { return s.Cluster }},
			{Name: "kubernetes_namespace", Value: func(s *Service) string { return s.Namespace }},
			{Name: "name", Value: func(s *Service) string { return s.Name }},
		},
		Gauges: []Gauge[Service]{
			{
				Name:  "service_endpoints",
				Help:  "How many endpoints a Service has.",
				Value: func(s *Service) (float64, bool) { return float64(s.Endpoints), true },
			},
			{
				Name:  "service_endpoints_ready",
				Help:  "How many endpoints of a Service are ready.",
				Value: func(s *Service) (float64, bool) { return float64(s.Ready), true },
			},
		},
	}
}
