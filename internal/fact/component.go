package fact

// A Component is a well-known part of a Kubernetes cluster that applications stand on, found by its well-known labels.
type Component struct {
	Cluster   string        `json:"cluster"`
	Missing   []string      `json:"missing,omitempty"` // topics of what could not be seen
	Role      ComponentRole `json:"role"`
	Part      string        `json:"part"` // the product, or what of it: ingress-nginx, traefik; webhook of cert-manager
	Namespace string        `json:"namespace"`
	Kind      string        `json:"kind"` // of the workload; IngressClass for a controller of which no workload is known
	Name      string        `json:"name"`
	Desired   int           `json:"desired"`   // pods
	Available int           `json:"available"` // pods
	// Classes are the IngressClasses that an ingress controller answers to.
	Classes []string `json:"classes"`
	// OnNodes: its pods have ports of their nodes.
	OnNodes  bool     `json:"on_nodes"`
	Services []Outlet `json:"services"` // those that select its pods
	Serves   []string `json:"serves"`   // custom resources that the API server offers for cert-manager
}

// An Outlet is a Service, by what reaches it from outside of the cluster.
type Outlet struct {
	Name      string   `json:"name"`
	Type      string   `json:"type"`       // ClusterIP, NodePort, LoadBalancer, ExternalName
	Addresses []string `json:"addresses"`  // of its load balancer, and external ones
	NodePorts []int    `json:"node_ports"` // on every node
}

// A ComponentRole is what a component is for.
type ComponentRole string

// The roles of components.
const (
	RoleIngressController ComponentRole = "ingress_controller"
	RoleCertManager       ComponentRole = "cert_manager"
	RolePrometheus        ComponentRole = "prometheus"
	RoleAlertmanager      ComponentRole = "alertmanager"
	RoleGrafana           ComponentRole = "grafana"
	RoleLoki              ComponentRole = "loki"
	RoleDNS               ComponentRole = "dns"
)

// TopicIngressClasses is that of which classes an ingress controller answers to. The Services of components are of
// TopicServices.
const TopicIngressClasses = "ingress_classes"

// Subject names the component's workload, or the IngressClass.
func (c *Component) Subject() string {
	if c.Namespace == "" {
		return c.Cluster + "/" + c.Kind + "/" + c.Name
	}
	return c.Cluster + "/" + c.Namespace + "/" + c.Kind + "/" + c.Name
}

// Lacks gives the topics of what could not be seen.
func (c *Component) Lacks() []string { return c.Missing }

// Components describes the facts of components.
func Components() *Kind[Component] {
	return &Kind[Component]{
		Name:    "component",
		Help:    "A well-known part of a Kubernetes cluster that applications stand on: ingress controller, cert-manager, monitoring, DNS.",
		Subject: (*Component).Subject,
		Labels: []Label[Component]{
			{Name: "kubernetes_cluster", Value: func(c *Component) string { return c.Cluster }},
			{Name: "kubernetes_namespace", Value: func(c *Component) string { return c.Namespace }},
			{Name: "kind", Value: func(c *Component) string { return c.Kind }},
			{Name: "name", Value: func(c *Component) string { return c.Name }},
			{Name: "role", Value: func(c *Component) string { return string(c.Role) }},
		},
		Gauges: []Gauge[Component]{
			{
				Name:  "component_replicas_desired",
				Help:  "How many pods of a part of the cluster are desired.",
				Value: func(c *Component) (float64, bool) { return float64(c.Desired), true },
			},
			{
				Name:  "component_replicas_available",
				Help:  "How many pods of a part of the cluster are available.",
				Value: func(c *Component) (float64, bool) { return float64(c.Available), true },
			},
		},
	}
}
