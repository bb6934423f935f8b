package fact

// An Ingress is what leads requests from outside to the Services of a Kubernetes cluster: an Ingress, or an HTTPRoute of
// Gateway API.
type Ingress struct {
	Cluster   string        `json:"cluster"`
	Missing   []string      `json:"missing,omitempty"` // topics of what could not be seen
	Namespace string        `json:"namespace"`
	Kind      string        `json:"kind"` // Ingress, HTTPRoute
	Name      string        `json:"name"`
	Class     string        `json:"class"`     // of an Ingress
	Hosts     []IngressHost `json:"hosts"`     // each once
	CatchAll  bool          `json:"catch_all"` // it takes requests to any host
	Services  []string      `json:"services"`  // names of those in its namespace that it leads to
}

// An IngressHost is a host name that requests are led by, and the certificate that is shown for it.
type IngressHost struct {
	Name string `json:"name"`
	// Secret holds the certificate, as namespace/name; empty where nothing covers the host.
	Secret string `json:"secret"`
	// Trouble is what is wrong with the certificate; empty where it is valid for the host.
	Trouble HostTrouble `json:"trouble"`
}

// A HostTrouble is why a host has no certificate that is valid for it.
type HostTrouble string

// The troubles of hosts.
const (
	HostNotCovered    HostTrouble = "not_covered"      // no tls entry or listener names it
	HostNoSecret      HostTrouble = "secret_missing"   // the Secret is not there, or is not one of TLS
	HostElsewhere     HostTrouble = "secret_elsewhere" // the Secret is in a namespace that is not looked at
	HostNoCertificate HostTrouble = "no_certificate"   // the Secret holds none
	HostOtherName     HostTrouble = "other_name"       // the certificate is for other names
	HostExpired       HostTrouble = "expired"          // the certificate has ended
)

// TopicCertificates is that of the certificates that ingresses show.
const TopicCertificates = "certificates"

// Subject names the ingress.
func (i *Ingress) Subject() string {
	return i.Cluster + "/" + i.Namespace + "/" + i.Kind + "/" + i.Name
}

// Lacks gives the topics of what could not be seen.
func (i *Ingress) Lacks() []string { return i.Missing }

// Ingresses describes the facts of ingresses.
func Ingresses() *Kind[Ingress] {
	return &Kind[Ingress]{
		Name:    "ingress",
		Help:    "An Ingress of a Kubernetes cluster, or an HTTPRoute of Gateway API.",
		Subject: (*Ingress).Subject,
		Labels: []Label[Ingress]{
			{Name: "kubernetes_cluster", Value: func(i *Ingress) string { return i.Cluster }},
			{Name: "kubernetes_namespace", Value: func(i *Ingress) string { return i.Namespace }},
			{Name: "kind", Value: func(i *Ingress) string { return i.Kind }},
			{Name: "name", Value: func(i *Ingress) string { return i.Name }},
		},
		Gauges: []Gauge[Ingress]{
			{
				Name:  "ingress_hosts",
				Help:  "How many hosts an ingress names.",
				Value: func(i *Ingress) (float64, bool) { return float64(len(i.Hosts)), true },
			},
			{
				Name:  "ingress_hosts_without_certificate",
				Help:  "How many hosts of an ingress have no certificate that is valid for them; absent where all have one.",
				Value: (*Ingress).hostsWithoutCertificate,
			},
		},
	}
}

func (i *Ingress) hostsWithoutCertificate() (float64, bool) {
	without := 0
	for _, host := range i.Hosts {
		if host.Trouble != "" {
			without++
		}
	}
	return float64(without), without > 0
}
