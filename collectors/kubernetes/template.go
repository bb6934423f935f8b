package kubernetes

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
)

// containers gives those that run as long as the pod does, and those that run to their end before.
func containers(spec *corev1.PodSpec) (running, first []fact.Container) {
	for i := range spec.InitContainers {
		c := &spec.InitContainers[i]
		if restarts(c) {
			running = append(running, keepContainer(c, spec))
		} else {
			first = append(first, fact.Container{
				Name: c.Name, Image: c.Image, Variables: variables(c.Env), Security: securityOf(c, spec),
			})
		}
	}
	for i := range spec.Containers {
		running = append(running, keepContainer(&spec.Containers[i], spec))
	}
	return running, first
}

func keepContainer(c *corev1.Container, spec *corev1.PodSpec) fact.Container {
	keep := fact.Container{
		Name: c.Name, Image: c.Image, Requests: resourcesOf(c.Resources.Requests), Limits: resourcesOf(c.Resources.Limits),
		Variables: variables(c.Env), Security: securityOf(c, spec),
		Readiness: keepProbe(c.ReadinessProbe), Liveness: keepProbe(c.LivenessProbe), Startup: keepProbe(c.StartupProbe),
		SameProbes: c.ReadinessProbe != nil && c.LivenessProbe != nil &&
			equality.Semantic.DeepEqual(c.ReadinessProbe.ProbeHandler, c.LivenessProbe.ProbeHandler),
	}
	for _, port := range c.Ports {
		node := port.HostPort
		if spec.HostNetwork {
			node = port.ContainerPort
		}
		keep.Ports = append(keep.Ports, fact.ContainerPort{Name: port.Name, Number: int(port.ContainerPort), Node: int(node)})
	}
	return keep
}

// variables are those of a container's environment that it names itself. Their values are judged and not kept.
func variables(environment []corev1.EnvVar) (found []fact.Variable) {
	for _, each := range environment {
		found = append(found, fact.Variable{
			Name: each.Name, Empty: each.Value == "" && each.ValueFrom == nil,
			PlainSecret: each.ValueFrom == nil && secret.Holds(each.Name, each.Value),
		})
	}
	return found
}

const volumeClaim = "persistentVolumeClaim"

// volumes are those that hold data.
func volumes(spec *corev1.PodSpec) (found []fact.Volume) {
	for i := range spec.Volumes {
		v := &spec.Volumes[i]
		switch {
		case v.PersistentVolumeClaim != nil:
			found = append(found, fact.Volume{Name: v.Name, Type: volumeClaim, Claim: v.PersistentVolumeClaim.ClaimName})
		case v.EmptyDir != nil:
			found = append(found, fact.Volume{Name: v.Name, Type: "emptyDir"})
		case v.HostPath != nil:
			found = append(found, fact.Volume{Name: v.Name, Type: "hostPath", Path: v.HostPath.Path})
		case v.Ephemeral != nil:
			found = append(found, fact.Volume{Name: v.Name, Type: "ephemeral"})
		}
	}
	return found
}

// mounted are the names of the claims that pods mount.
func mounted(spec *corev1.PodSpec) (claims []string) {
	for _, volume := range volumes(spec) {
		if volume.Type == volumeClaim {
			claims = append(claims, volume.Claim)
		}
	}
	return claims
}

func keepProbe(p *corev1.Probe) *fact.Probe {
	if p == nil {
		return nil
	}
	failures, period := p.FailureThreshold, p.PeriodSeconds
	if failures <= 0 {
		failures = 3
	}
	if period <= 0 {
		period = 10
	}
	keep := &fact.Probe{Patience: time.Duration(failures) * seconds(period)}
	switch {
	case p.HTTPGet != nil:
		keep.How, keep.Port = fact.ProbeHTTP, p.HTTPGet.Port.String()
	case p.TCPSocket != nil:
		keep.How, keep.Port = fact.ProbeTCP, p.TCPSocket.Port.String()
	case p.GRPC != nil:
		keep.How, keep.Port = fact.ProbeGRPC, strconv.Itoa(int(p.GRPC.Port))
	default:
		keep.How = fact.ProbeExec
	}
	return keep
}

// spreadRules gives the rules by which so many pods of the template keep away from each other. A skew as large as their number
// permits all of them in one place.
func spreadRules(namespace string, template *corev1.PodTemplateSpec, count int) []string {
	var rules []string
	pods := labels.Set(template.Labels)
	if affinity := template.Spec.Affinity; affinity != nil && affinity.PodAntiAffinity != nil {
		for i := range affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			term := &affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[i]
			if avoids(term, namespace, pods) {
				rules = append(rules, "required anti-affinity by "+term.TopologyKey)
			}
		}
		for i := range affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
			term := &affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution[i].PodAffinityTerm
			if avoids(term, namespace, pods) {
				rules = append(rules, "preferred anti-affinity by "+term.TopologyKey)
			}
		}
	}
	for i := range template.Spec.TopologySpreadConstraints {
		constraint := &template.Spec.TopologySpreadConstraints[i]
		if selects(constraint.LabelSelector, pods) && (count < 2 || int(constraint.MaxSkew) < count) {
			rules = append(rules, fmt.Sprintf("spread by %s (%s)", constraint.TopologyKey, constraint.WhenUnsatisfiable))
		}
	}
	return rules
}

// avoids tells whether an anti-affinity term keeps the pods from each other, and not only from those of somebody else.
func avoids(term *corev1.PodAffinityTerm, namespace string, pods labels.Set) bool {
	own := len(term.Namespaces) == 0 && term.NamespaceSelector == nil || slices.Contains(term.Namespaces, namespace) ||
		term.NamespaceSelector != nil && len(term.NamespaceSelector.MatchLabels)+len(term.NamespaceSelector.MatchExpressions) == 0
	return own && selects(term.LabelSelector, pods)
}

// selects tells whether a selector takes these labels; none takes nothing, an empty one everything.
func selects(selector *metav1.LabelSelector, of labels.Set) bool {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(of)
}
