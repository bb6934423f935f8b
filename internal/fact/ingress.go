package fact

// An Ingress is what leads requests from outside to the Services of a Kubernetes cluster: an Ingress, or an HTTPRoute of
// Gateway API.
type Ingress struct {
	Cluster   string        `json:"cluster"`
	Missing   []string      `json:"missing,omitempty"` // topics of what could not be seen
	Planned   bool          `json:"planned,omitempty"` // it comes from manifests
	Namespace string        `json:"namespace"`
	Kind      string        `json:"kind"` // Ingress, HTTPRoute
	Name      string        `json:"name"`
	Class     string        `json:"class"`     // of an Ingress
	Hosts     []IngressHost `json:"hosts"`     // each once
	CatchAll  bool          `json:"catch_all"` // it takes requests to any host
	Services  []string      `json:"services"`  // names of those in its namespace that it leads to
	// LostBackends are those Services, or their ports, that do not exist, in words: "the Service gone".
	LostBackends []string `json:"lost_backends,omitempty"`
	// Unresolved is why its controller cannot resolve what an HTTPRoute leads to, in its own word: RefNotPermitted.
	Unresolved string `json:"unresolved,omitempty"`
	// Detached is why an HTTPRoute, or some of its hosts, is attached to no listener, in words; Unsure why that is not known.
	Detached string `json:"detached,omitempty"`
	Unsure   string `json:"unsure,omitempty"`
}

// An IngressHost is a host name that requests are led by, and the certificate that is shown for it.
type IngressHost struct {
	Name string `json:"name"`
	// Secret holds the certificate, as namespace/name; empty where nothing covers the host.
	Secret string `json:"secret"`
	// Trouble is what is wrong with the certificate; empty where it is valid for the host.
	Trouble HostTrouble `json:"trouble"`
	// Plain: it is served without TLS too, and clients are not sent to https.
	Plain bool `json:"plain,omitempty"`
}

// A HostTrouble is why a host has no certificate that is valid for it.
type HostTrouble string

// The troubles of hosts.
const (
	HostNotCovered    HostTrouble = "not_covered"      // no tls entry or listener names it
	HostNoSecret      HostTrouble = "secret_missing"   // the Secret is not there, or is not one of TLS
	HostElsewhere     HostTrouble = "secret_elsewhere" // the Secret is in a namespace that is not collected
	HostNoCertificate HostTrouble = "no_certificate"   // the Secret holds none
	HostOtherKey      HostTrouble = "other_key"        // the key of the Secret is not that of its certificate
	HostOtherName     HostTrouble = "other_name"       // the certificate is for other names
	HostExpired       HostTrouble = "expired"          // the certificate has expired
	HostManaged       HostTrouble = "managed"          // the certificate is in no Secret: a provider or a controller keeps it
	HostNoGateway     HostTrouble = "gateway_missing"  // the manifests do not hold the Gateway that shows one
	HostNotAttached   HostTrouble = "not_attached"     // no listener takes the route for it, so that nothing serves it
	HostUnsure        HostTrouble = "unsure"           // which listeners take the route is not known
)

// The topics of ingresses.
const (
	TopicGateways     = "gateways"     // that routes are open at
	TopicCertificates = "certificates" // that are shown
	TopicBackends     = "backends"     // Services that are led to
)

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
		if host.Trouble != "" && host.Trouble != HostManaged {
			without++
		}
	}
	return float64(without), without > 0
}
