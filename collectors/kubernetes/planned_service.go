package kubernetes

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A podTemplate is what Services select by and lead to.
type podTemplate struct {
	name   string // of what has it: Deployment/api
	labels labels.Set
	ports  []string // names, those that the manifest gives
}

// plannedPods are the templates of pods that manifests hold, whatever makes pods of them, by namespace. Where something is among
// them that may make pods in its own way, there is one without a name.
func plannedPods(all []Manifest) map[string][]podTemplate {
	found := make(map[string][]podTemplate)
	for _, m := range all {
		namespace, name := m.object.GetNamespace(), m.object.GetKind()+"/"+m.object.GetName()
		switch template, is := templateIn(m.object); {
		case is:
			t := podTemplate{name: name, labels: labelsIn(template)}
			if m.object.GetKind() == fact.KindStatefulSet {
				t.labels = withPodName(t.labels, m.object.GetName())
			}
			spec, _ := template["spec"].(map[string]any)
			for _, containers := range []string{"containers", "initContainers"} {
				for _, container := range mapsIn(spec, containers) {
					for _, port := range mapsIn(container, "ports") {
						t.ports = append(t.ports, text(port, "name"))
					}
				}
			}
			found[namespace] = append(found[namespace], t)
		case !builtIn(m.object.GroupVersionKind().Group) && !podless(m.object):
			found[namespace] = append(found[namespace], podTemplate{})
		}
	}
	return found
}

// templateIn gives the pod that an object is, or that it has the template of.
func templateIn(u *unstructured.Unstructured) (map[string]any, bool) {
	if u.GroupVersionKind().Group == corev1.GroupName && u.GetKind() == "Pod" {
		return u.Object, true
	}
	for _, path := range [][]string{{"spec", "template"}, {"spec", "jobTemplate", "spec", "template"}} {
		value, _, _ := unstructured.NestedFieldNoCopy(u.Object, path...)
		if template, is := value.(map[string]any); is && template["spec"] != nil {
			return template, true
		}
	}
	return nil, false
}

// labelsIn are those of the metadata within an object.
func labelsIn(of map[string]any) labels.Set {
	found, _, _ := unstructured.NestedStringMap(of, "metadata", "labels")
	return found
}

// podless tells the custom resources that are known to make no pods.
func podless(u *unstructured.Unstructured) bool {
	return slices.Contains([]string{
		monitoringGroup + "/ServiceMonitor", monitoringGroup + "/PodMonitor", monitoringGroup + "/PrometheusRule", monitoringGroup + "/Probe",
		"cert-manager.io/Certificate", "cert-manager.io/Issuer", "keda.sh/ScaledObject", "keda.sh/TriggerAuthentication",
		"external-secrets.io/ExternalSecret", "external-secrets.io/SecretStore", "bitnami.com/SealedSecret", "cilium.io/CiliumNetworkPolicy",
	}, u.GroupVersionKind().Group+"/"+u.GetKind())
}

// plan tells what a Service of manifests leads to, if all that it selects is as it should.
func (s service) plan(f *fact.Service, templates []podTemplate) {
	var ports []string
	madeElsewhere := false
	for _, t := range templates {
		if t.name == "" {
			madeElsewhere = true
		} else if s.selector.Matches(t.labels) {
			f.Workloads, ports = append(f.Workloads, t.name), append(ports, t.ports...)
		}
	}
	slices.SortFunc(f.Workloads, strings.Compare)
	if len(f.Workloads) == 0 && !madeElsewhere && len(templates) > 0 { // With no pods at all, they are elsewhere.
		return
	}
	f.Endpoints, f.Ready = 1, 1
	for _, port := range s.ports {
		if len(f.Workloads) > 0 && port.target.Type == intstr.String && !slices.Contains(ports, port.target.StrVal) {
			f.LostPorts = append(f.LostPorts, port.target.StrVal)
		}
	}
}

// failing are the Services of manifests that lead nowhere, or by a port that is not there.
func failing(all []*fact.Service) []*fact.Service {
	return slices.DeleteFunc(all, func(s *fact.Service) bool { return s.Endpoints > 0 && len(s.LostPorts) == 0 })
}
