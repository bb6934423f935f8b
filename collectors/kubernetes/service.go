package kubernetes

import (
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// A service is what is kept of a Service.
type service struct {
	labels    labels.Set
	selector  labels.Selector // of templates of its pods; nil where it has none
	written   string          // that selector as it is written
	kind      string          // ClusterIP, NodePort, LoadBalancer, ExternalName
	headless  bool
	ports     []servicePort
	addresses []string // of its load balancer, and external ones
}

type servicePort struct {
	name   string
	number int
	target intstr.IntOrString
	node   int // on every node; 0 without one
}

func services() watch.Resource[service] {
	return watch.Resource[service]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("services"), Example: &corev1.Service{},
		Keep: func(object any) service { return keepService(object.(*corev1.Service)) },
	}
}

func keepService(s *corev1.Service) service {
	keep := service{
		labels: s.Labels, kind: string(s.Spec.Type), headless: s.Spec.ClusterIP == corev1.ClusterIPNone,
		addresses: slices.Clone(s.Spec.ExternalIPs),
	}
	if keep.kind == "" {
		keep.kind = string(corev1.ServiceTypeClusterIP)
	}
	if len(s.Spec.Selector) > 0 {
		keep.selector, keep.written = templatesOf(s.Spec.Selector), labels.Set(s.Spec.Selector).String()
	}
	for _, p := range s.Spec.Ports {
		keep.ports = append(keep.ports, servicePort{p.Name, int(p.Port), p.TargetPort, int(p.NodePort)})
	}
	for _, ingress := range s.Status.LoadBalancer.Ingress {
		if ingress.IP != "" {
			keep.addresses = append(keep.addresses, ingress.IP)
		}
		if ingress.Hostname != "" {
			keep.addresses = append(keep.addresses, ingress.Hostname)
		}
	}
	return keep
}

// templatesOf selects the templates of pods that a Service selects: those have no labels yet that controllers add to pods. One
// pod of a StatefulSet is known by its name.
func templatesOf(pods labels.Set) labels.Selector {
	templates := maps.Clone(pods)
	for _, added := range []string{
		rolloutHash, appsv1.DefaultDeploymentUniqueLabelKey, appsv1.ControllerRevisionHashLabelKey, appsv1.PodIndexLabel,
		batchv1.ControllerUidLabel, batchv1.JobNameLabel, batchv1.JobCompletionIndexAnnotation,
	} {
		delete(templates, added)
	}
	if pod, named := templates[appsv1.StatefulSetPodNameLabel]; named {
		templates[appsv1.StatefulSetPodNameLabel] = pod[:max(0, strings.LastIndex(pod, "-"))]
	}
	if len(templates) == 0 { // It would select all.
		templates = pods
	}
	return labels.SelectorFromSet(templates)
}

// withPodName adds to the labels of a StatefulSet's template that by which a Service selects one pod of it: see templatesOf.
func withPodName(template labels.Set, name string) labels.Set {
	template = maps.Clone(template)
	if template != nil {
		template[appsv1.StatefulSetPodNameLabel] = name
	}
	return template
}

// An endpointSlice is what is kept of an EndpointSlice.
type endpointSlice struct {
	service string
	family  discoveryv1.AddressType
	ready   int
	all     int
	ports   []string // names; a port that the pods do not have by name is not among them
}

func endpointSlices() watch.Resource[endpointSlice] {
	return watch.Resource[endpointSlice]{
		GroupVersionResource: discoveryv1.SchemeGroupVersion.WithResource("endpointslices"), Example: &discoveryv1.EndpointSlice{},
		Keep: func(object any) endpointSlice { return keepEndpointSlice(object.(*discoveryv1.EndpointSlice)) },
	}
}

func keepEndpointSlice(e *discoveryv1.EndpointSlice) endpointSlice {
	keep := endpointSlice{service: e.Labels[discoveryv1.LabelServiceName], family: e.AddressType, all: len(e.Endpoints)}
	for i := range e.Endpoints {
		// Without the condition it is ready (https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/).
		if ready := e.Endpoints[i].Conditions.Ready; ready == nil || *ready {
			keep.ready++
		}
	}
	for _, port := range e.Ports {
		if port.Name != nil {
			keep.ports = append(keep.ports, *port.Name)
		}
	}
	return keep
}

// serviceJoin is of Services that select pods, with their endpoints, and with the workloads whose pods they select.
func serviceJoin() join[fact.Service] {
	return join[fact.Service]{
		kind:   fact.Services(),
		parts:  append(workloadParts(), part{"", services()}, part{"", endpointSlices()}),
		add:    joinServices,
		proven: failing,
		place: func(cluster, namespace string) fact.Service {
			return fact.Service{Cluster: cluster, Namespace: namespace}
		},
	}
}

func joinServices(s *snapshot, set *fact.Set[fact.Service]) {
	slicesOf := make(map[types.NamespacedName][]endpointSlice)
	stored(s, endpointSlices()).Each(func(name types.NamespacedName, e endpointSlice) {
		of := types.NamespacedName{Namespace: name.Namespace, Name: e.service}
		slicesOf[of] = append(slicesOf[of], e)
	})
	templates := make(map[string][]podTemplate) // by namespace
	eachWorkload(s, func(name types.NamespacedName, w workload) {
		templates[name.Namespace] = append(templates[name.Namespace], podTemplate{w.fact.Kind + "/" + name.Name, w.podLabels, nil})
	})
	planned := plannedPods(s.manifests)
	stored(s, services()).Each(func(name types.NamespacedName, each service) {
		if each.selector == nil || !s.target.Cluster.Includes(name.Namespace) {
			return
		}
		f := fact.Service{
			Cluster: s.target.Cluster.Name, Namespace: name.Namespace, Name: name.Name, Selector: each.written, Planned: s.planned,
		}
		if s.planned {
			each.plan(&f, planned[name.Namespace])
			set.Add(f)
			return
		}
		each.reach(&f, slicesOf[name])
		for _, t := range templates[name.Namespace] {
			if each.selector.Matches(t.labels) {
				f.Workloads = append(f.Workloads, t.name)
			}
		}
		slices.Sort(f.Workloads)
		set.Add(f)
	})
}

// reach counts the endpoints of a Service. One pod is in one slice of each family of addresses.
func (s service) reach(f *fact.Service, endpoints []endpointSlice) {
	ready, all := make(map[discoveryv1.AddressType]int), make(map[discoveryv1.AddressType]int)
	var led []string
	for _, e := range endpoints {
		ready[e.family] += e.ready
		all[e.family] += e.all
		f.Ready, f.Endpoints, led = max(f.Ready, ready[e.family]), max(f.Endpoints, all[e.family]), append(led, e.ports...)
	}
	for _, port := range s.ports {
		if f.Endpoints > 0 && !slices.Contains(led, port.name) {
			f.LostPorts = append(f.LostPorts, port.target.String())
		}
	}
}

// A namedService is a service with its name.
type namedService struct {
	service
	name string
}

// A serviceIndex finds the services of pods.
type serviceIndex map[string][]namedService // by namespace

func servicesIn(all *watch.Store[service]) serviceIndex {
	index := make(serviceIndex)
	all.Each(func(name types.NamespacedName, each service) {
		if each.selector != nil {
			index[name.Namespace] = append(index[name.Namespace], namedService{each, name.Name})
		}
	})
	for _, named := range index {
		slices.SortFunc(named, func(a, b namedService) int { return strings.Compare(a.name, b.name) })
	}
	return index
}

// of gives the services that select pods with these labels, by name.
func (i serviceIndex) of(namespace string, pods labels.Set) (found []namedService) {
	for _, each := range i[namespace] {
		if each.selector.Matches(pods) {
			found = append(found, each)
		}
	}
	return found
}
