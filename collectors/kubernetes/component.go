package kubernetes

import (
	"context"
	"slices"
	"strings"
	"unique"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// components are ingress controllers, cert-manager, Prometheus, Alertmanager, Grafana, Loki and the DNS, by their well-known labels.
func components() join[fact.Component] {
	return join[fact.Component]{
		kind:  fact.Components(),
		whole: true,
		parts: []part{
			{"", componentDeployments()}, {"", componentStatefulSets()}, {"", componentDaemonSets()}, {"", dnsDeployments()},
			{fact.TopicIngressClasses, ingressClasses()},
			{fact.TopicServices, componentServices()},
		},
		ask: askServed,
		add: joinComponents,
		place: func(cluster, namespace string) fact.Component {
			return fact.Component{Cluster: cluster, Namespace: namespace}
		},
	}
}

// A product is what is known by the labels that its charts and operators put on workloads, pods and services.
type product struct {
	name       string // the value of app.kubernetes.io/name
	component  string // that of app.kubernetes.io/component; empty: any
	role       fact.ComponentRole
	controller string // what an IngressClass names; a prefix
}

func products() []product {
	return []product{
		{"ingress-nginx", "controller", fact.RoleIngressController, "k8s.io/ingress-nginx"},
		{"traefik", "", fact.RoleIngressController, "traefik.io/ingress-controller"},
		{"nginx-ingress", "", fact.RoleIngressController, "nginx.org/ingress-controller"},
		{"haproxy-ingress", "", fact.RoleIngressController, "haproxy-ingress.github.io/controller"},
		{"kubernetes-ingress", "", fact.RoleIngressController, "haproxy.org/ingress-controller"},
		{"contour", "contour", fact.RoleIngressController, "projectcontour.io/"},
		{"kong", "app", fact.RoleIngressController, "ingress-controllers.konghq.com/kong"},
		{"aws-load-balancer-controller", "", fact.RoleIngressController, "ingress.k8s.aws/alb"},
		{"cert-manager", "controller", fact.RoleCertManager, ""},
		{"webhook", "webhook", fact.RoleCertManager, ""},
		{"cainjector", "cainjector", fact.RoleCertManager, ""},
		{"prometheus", "", fact.RolePrometheus, ""},
		{"alertmanager", "", fact.RoleAlertmanager, ""},
		{"grafana", "", fact.RoleGrafana, ""},
		{"loki", "", fact.RoleLoki, ""},
	}
}

const (
	labelName      = "app.kubernetes.io/name"
	labelComponent = "app.kubernetes.io/component"
)

// productOf tells of which product an object is.
func productOf(own labels.Set) (product, bool) {
	for _, p := range products() {
		if own[labelName] == p.name && (p.component == "" || own[labelComponent] == p.component) {
			if p.role != fact.RoleCertManager || p.name == "cert-manager" || ofCertManager(own) {
				return p, true
			}
		}
	}
	return product{}, false
}

// ofCertManager tells whether what calls itself webhook or cainjector is cert-manager's.
func ofCertManager(own labels.Set) bool {
	return strings.HasPrefix(own["helm.sh/chart"], "cert-manager-") || strings.Contains(own["app.kubernetes.io/instance"], "cert-manager")
}

// ofProducts selects what bears the name of any product.
func ofProducts() string {
	var names []string
	for _, p := range products() {
		names = append(names, p.name)
	}
	return labelName + " in (" + strings.Join(names, ",") + ")"
}

// A componentWorkload is what is kept of a workload that bears the name of a product.
type componentWorkload struct {
	kind               unique.Handle[string]
	labels, podLabels  labels.Set
	desired, available int
	onNodes            bool
}

func keepComponent(kind string, meta *metav1.ObjectMeta, template *corev1.PodTemplateSpec, desired, available int) componentWorkload {
	keep := componentWorkload{
		kind: intern(kind), labels: meta.Labels, podLabels: template.Labels, desired: desired, available: available,
		onNodes: template.Spec.HostNetwork,
	}
	for i := range template.Spec.Containers {
		keep.onNodes = keep.onNodes || slices.ContainsFunc(template.Spec.Containers[i].Ports, func(p corev1.ContainerPort) bool {
			return p.HostPort != 0
		})
	}
	return keep
}

func componentDeployments() watch.Resource[componentWorkload] {
	return watch.Resource[componentWorkload]{
		GroupVersionResource: deployments().GroupVersionResource, Example: &appsv1.Deployment{}, Everywhere: true,
		Labels: ofProducts(), Variant: " of components",
		Keep: func(object any) componentWorkload {
			d := object.(*appsv1.Deployment)
			return keepComponent(fact.KindDeployment, &d.ObjectMeta, &d.Spec.Template, replicasOf(d.Spec.Replicas), int(d.Status.AvailableReplicas))
		},
	}
}

func componentStatefulSets() watch.Resource[componentWorkload] {
	return watch.Resource[componentWorkload]{
		GroupVersionResource: statefulSets().GroupVersionResource, Example: &appsv1.StatefulSet{}, Everywhere: true,
		Labels: ofProducts(), Variant: " of components",
		Keep: func(object any) componentWorkload {
			d := object.(*appsv1.StatefulSet)
			return keepComponent(fact.KindStatefulSet, &d.ObjectMeta, &d.Spec.Template, replicasOf(d.Spec.Replicas), int(d.Status.AvailableReplicas))
		},
	}
}

func componentDaemonSets() watch.Resource[componentWorkload] {
	return watch.Resource[componentWorkload]{
		GroupVersionResource: daemonSets().GroupVersionResource, Example: &appsv1.DaemonSet{}, Everywhere: true,
		Labels: ofProducts(), Variant: " of components",
		Keep: func(object any) componentWorkload {
			d := object.(*appsv1.DaemonSet)
			return keepComponent(fact.KindDaemonSet, &d.ObjectMeta, &d.Spec.Template,
				int(d.Status.DesiredNumberScheduled), int(d.Status.NumberAvailable))
		},
	}
}

// dnsDeployments are those of CoreDNS and of kube-dns before it, which whoever sets up clusters labels so.
func dnsDeployments() watch.Resource[componentWorkload] {
	r := componentDeployments()
	r.Labels, r.Variant = "k8s-app in (kube-dns,coredns)", " of the DNS"
	return r
}

func componentServices() watch.Resource[service] {
	r := services()
	r.Everywhere, r.Labels, r.Variant = true, ofProducts(), " of components"
	return r
}

// ingressClasses keep the controller that a class names.
func ingressClasses() watch.Resource[string] {
	return watch.Resource[string]{
		GroupVersionResource: networkingv1.SchemeGroupVersion.WithResource("ingressclasses"),
		Example:              &networkingv1.IngressClass{}, Everywhere: true,
		Keep: func(object any) string { return object.(*networkingv1.IngressClass).Spec.Controller },
	}
}

// askServed asks which resources of cert-manager the API server serves.
func askServed(ctx context.Context, c *watch.Connection, _ Target, _ []*snapshot) (any, error) {
	served, err := c.Discover(ctx)
	if err != nil {
		return nil, err
	}
	return served.Of(certManagerGroup), nil
}

func joinComponents(s *snapshot, set *fact.Set[fact.Component]) {
	services := servicesIn(stored(s, componentServices()))
	classes := make(map[string][]string) // by controller
	stored(s, ingressClasses()).Each(func(name types.NamespacedName, controller string) {
		classes[controller] = append(classes[controller], name.Name)
	})
	certManagers, _ := s.answer.([]string)
	claimed := make(map[string]bool)
	for _, r := range []watch.Resource[componentWorkload]{componentDeployments(), componentStatefulSets(), componentDaemonSets()} {
		stored(s, r).Each(func(name types.NamespacedName, w componentWorkload) {
			is, known := productOf(w.labels)
			if !known {
				return
			}
			c := fact.Component{
				Cluster: s.target.Cluster.Name, Missing: s.lacks, Role: is.role, Part: is.name,
				Namespace: name.Namespace, Kind: w.kind.Value(), Name: name.Name,
				Desired: w.desired, Available: w.available, OnNodes: w.onNodes,
			}
			for controller, all := range classes {
				if is.controller != "" && strings.HasPrefix(controller, is.controller) {
					c.Classes, claimed[controller] = append(c.Classes, all...), true
				}
			}
			slices.Sort(c.Classes)
			for _, each := range services.of(name.Namespace, w.podLabels) {
				c.Services = append(c.Services, each.outlet())
			}
			if is.role == fact.RoleCertManager {
				c.Serves = certManagers
			}
			set.Add(c)
		})
	}
	stored(s, dnsDeployments()).Each(func(name types.NamespacedName, w componentWorkload) {
		set.Add(fact.Component{
			Cluster: s.target.Cluster.Name, Missing: s.lacks, Role: fact.RoleDNS, Part: w.labels["k8s-app"],
			Namespace: name.Namespace, Kind: w.kind.Value(), Name: name.Name, Desired: w.desired, Available: w.available,
		})
	})
	for controller, all := range classes {
		for _, class := range all {
			if !claimed[controller] {
				set.Add(fact.Component{
					Cluster: s.target.Cluster.Name, Missing: s.lacks, Role: fact.RoleIngressController, Part: controller,
					Kind: "IngressClass", Name: class, Classes: []string{class},
				})
			}
		}
	}
}

// outlet is what reaches a service from outside.
func (s namedService) outlet() fact.Outlet {
	outlet := fact.Outlet{Name: s.name, Type: s.kind, Addresses: s.addresses}
	for _, port := range s.ports {
		if port.node != 0 {
			outlet.NodePorts = append(outlet.NodePorts, port.node)
		}
	}
	return outlet
}
