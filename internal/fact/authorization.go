package fact

// An Authorization is who may do what in a Kubernetes cluster, as far as it is too much.
type Authorization struct {
	Cluster string `json:"cluster"`
	// Open: the exporter may do what nothing has permitted, so that nothing restricts anybody.
	Open   bool    `json:"open"`
	Grants []Grant `json:"grants"` // those that permit too much; none: nobody that was checked may do too much
	// Bindings is how many bindings were checked.
	Bindings int `json:"bindings"`
}

// A Grant permits a subject more than an application should be able to do.
type Grant struct {
	Subject string `json:"subject"` // ServiceAccount shop/default, User system:anonymous, Group system:authenticated
	Role    string `json:"role"`    // ClusterRole cluster-admin, Role shop/everything
	Binding string `json:"binding"` // ClusterRoleBinding shop-admin
	Risk    string `json:"risk"`    // in words: what the role permits
}

// Subject names the cluster.
func (a *Authorization) Subject() string { return a.Cluster }

// Authorizations describes the facts of authorization.
func Authorizations() *Kind[Authorization] {
	return &Kind[Authorization]{
		Name:    "authorization",
		Help:    "Who may do too much in a Kubernetes cluster, by its roles and bindings.",
		Subject: (*Authorization).Subject,
		Labels:  []Label[Authorization]{{Name: "kubernetes_cluster", Value: func(a *Authorization) string { return a.Cluster }}},
		Gauges: []Gauge[Authorization]{{
			Name:  "authorization_excessive_grants",
			Help:  "How many roles with wildcards are bound to service accounts of the system, to default ones, or to everybody.",
			Value: func(a *Authorization) (float64, bool) { return float64(len(a.Grants)), true },
		}},
	}
}
