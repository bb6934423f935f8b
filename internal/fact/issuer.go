package fact

// An Issuer is what cert-manager has certificates signed by.
type Issuer struct {
	Cluster   string `json:"cluster"`
	Kind      string `json:"kind"`      // ClusterIssuer, Issuer
	Namespace string `json:"namespace"` // of an Issuer
	Name      string `json:"name"`
	Ready     bool   `json:"ready"`
	Trouble   string `json:"trouble"` // why it is not, in cert-manager's word: ErrRegisterACMEAccount
	Server    string `json:"server"`  // address of the ACME directory; empty for issuers of another type
}

// Subject names the issuer.
func (i *Issuer) Subject() string {
	if i.Namespace == "" {
		return i.Cluster + "/" + i.Kind + "/" + i.Name
	}
	return i.Cluster + "/" + i.Namespace + "/" + i.Kind + "/" + i.Name
}

// Issuers describes the facts of issuers.
func Issuers() *Kind[Issuer] {
	return &Kind[Issuer]{
		Name:    "issuer",
		Help:    "A ClusterIssuer or Issuer of cert-manager.",
		Subject: (*Issuer).Subject,
		Labels: []Label[Issuer]{
			{Name: "kubernetes_cluster", Value: func(i *Issuer) string { return i.Cluster }},
			{Name: "kubernetes_namespace", Value: func(i *Issuer) string { return i.Namespace }},
			{Name: "kind", Value: func(i *Issuer) string { return i.Kind }},
			{Name: "name", Value: func(i *Issuer) string { return i.Name }},
		},
		Gauges: []Gauge[Issuer]{{
			Name:  "issuer_ready",
			Help:  "Whether cert-manager can have certificates signed by the issuer, 1 or 0.",
			Value: func(i *Issuer) (float64, bool) { return Bool(i.Ready), true },
		}},
	}
}
