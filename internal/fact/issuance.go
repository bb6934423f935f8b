package fact

import "time"

// An Issuance is a certificate of a Kubernetes cluster that cert-manager is to have issued and that is not there yet.
type Issuance struct {
	Cluster     string    `json:"cluster"`
	Namespace   string    `json:"namespace"`
	Secret      string    `json:"secret"`         // in which it is to be
	Certificate string    `json:"certificate"`    // the Certificate of cert-manager: shop/Certificate/tls
	Failed      bool      `json:"failed"`         // an attempt has failed; another may follow
	Trouble     string    `json:"trouble"`        // why it is not there, in the words of whoever knows best
	Since       time.Time `json:"since,omitzero"` // when it was first wanted
}

// Subject names the Secret.
func (i *Issuance) Subject() string { return i.Cluster + "/" + i.Namespace + "/Secret/" + i.Secret }

// Issuances describes the facts of certificates that are to be issued for the first time.
func Issuances() *Kind[Issuance] {
	return &Kind[Issuance]{
		Name:    "issuance",
		Help:    "A certificate of a Kubernetes cluster that cert-manager is to have issued and that is not there yet.",
		Subject: (*Issuance).Subject,
		Labels: []Label[Issuance]{
			{Name: "kubernetes_cluster", Value: func(i *Issuance) string { return i.Cluster }},
			{Name: "kubernetes_namespace", Value: func(i *Issuance) string { return i.Namespace }},
			{Name: "name", Value: func(i *Issuance) string { return i.Secret }},
		},
		Gauges: []Gauge[Issuance]{{
			Name:  "issuance_failed",
			Help:  "Whether the first attempt to issue a certificate has failed, 1 or 0.",
			Value: func(i *Issuance) (float64, bool) { return Bool(i.Failed), true },
		}},
	}
}
