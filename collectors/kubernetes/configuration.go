package kubernetes

import (
	"crypto/hmac"
	"crypto/sha256"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// Configurations makes the collector of what values of configuration are like, where the system description permits to
// look at them.
func (c *Clusters) Configurations() collector.Collector[Target, fact.Configuration] {
	return gather(c, c.configurations())
}

func (c *Clusters) configurations() gathering[fact.Configuration] {
	return gathering[fact.Configuration]{
		name:    "kubernetes_configuration",
		summary: "Verdicts on the values of Secrets, ConfigMaps and environments, where secret_values permits to look at them.",
		kind:    fact.Configurations(),
		wanted:  func(cluster system.Cluster) bool { return cluster.SecretValues },
		parts: []part{
			{"", c.secretValues()}, {"", configMapValues()},
			{"", deploymentValues()}, {"", statefulSetValues()}, {"", daemonSetValues()},
		},
		see: c.seeConfigurations,
	}
}

// A judgedObject is what is kept of the values of an object.
type judgedObject struct {
	labels       labels.Set // of a workload
	values       []fact.ConfiguredValue
	fingerprints map[string][]byte // of credentials, by the key
}

// secretValues are reduced to a verdict before they are stored.
func (c *Clusters) secretValues() resource[judgedObject] {
	return resource[judgedObject]{
		GroupVersionResource: writtenSecrets().GroupVersionResource, example: &corev1.Secret{}, fields: writtenSecrets().fields,
		variant: " by value",
		keep: func(object any) judgedObject {
			s := object.(*corev1.Secret)
			keep := judgedObject{fingerprints: make(map[string][]byte)}
			for _, key := range slices.Sorted(maps.Keys(s.Data)) {
				value := string(s.Data[key])
				for _, judged := range secret.Judge(key, value) {
					keep.values = append(keep.values, judged)
					if judged.Credential {
						keep.fingerprints[judged.Key] = c.fingerprint(value)
					}
				}
			}
			return keep
		},
	}
}

func configMapValues() resource[judgedObject] {
	return resource[judgedObject]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("configmaps"), example: &corev1.ConfigMap{}, variant: " by value",
		keep: func(object any) (keep judgedObject) {
			m := object.(*corev1.ConfigMap)
			for _, key := range slices.Sorted(maps.Keys(m.Data)) {
				keep.values = append(keep.values, secret.Judge(key, m.Data[key])...)
			}
			return keep
		},
	}
}

// deploymentValues and the like judge the values in templates. They are apart from what else is kept of workloads, since
// judging takes its time, and only who permits it has it done.
func deploymentValues() resource[judgedObject] {
	return templateValues(deployments(), func(object any) *corev1.PodTemplateSpec { return &object.(*appsv1.Deployment).Spec.Template })
}

func statefulSetValues() resource[judgedObject] {
	return templateValues(statefulSets(), func(object any) *corev1.PodTemplateSpec { return &object.(*appsv1.StatefulSet).Spec.Template })
}

func daemonSetValues() resource[judgedObject] {
	return templateValues(daemonSets(), func(object any) *corev1.PodTemplateSpec { return &object.(*appsv1.DaemonSet).Spec.Template })
}

func templateValues(of resource[workload], template func(object any) *corev1.PodTemplateSpec) resource[judgedObject] {
	return resource[judgedObject]{
		GroupVersionResource: of.GroupVersionResource, example: of.example, variant: " by value",
		keep: func(object any) judgedObject {
			return judgedObject{
				labels: object.(metav1.Object).GetLabels(), values: environmentValues(&template(object).Spec),
			}
		},
	}
}

// environmentValues judges the values that stand in a template, as far as there is something to say of them.
func environmentValues(spec *corev1.PodSpec) (found []fact.ConfiguredValue) {
	silent := func(v fact.ConfiguredValue) bool { return !v.Credential && !v.Placeholder && v.Development == "" }
	for i := range spec.Containers {
		for _, each := range spec.Containers[i].Env {
			if each.ValueFrom == nil && !strings.HasPrefix(each.Value, "$(") {
				found = append(found, slices.DeleteFunc(secret.Judge(each.Name, each.Value), silent)...)
			}
		}
	}
	return found
}

// fingerprint tells equal values from others, to whoever has the key: this process, as long as it runs.
func (c *Clusters) fingerprint(value string) []byte {
	keyed := hmac.New(sha256.New, c.key)
	keyed.Write([]byte(value))
	return keyed.Sum(nil)
}

func (c *Clusters) seeConfigurations(s *sight) (found []fact.Configuration) {
	note := func(kind string, name types.NamespacedName, values []fact.ConfiguredValue) {
		if len(values) > 0 && s.target.Cluster.Includes(name.Namespace) {
			found = append(found, fact.Configuration{
				Cluster: s.target.Cluster.Name, Namespace: name.Namespace, Kind: kind, Name: name.Name, Values: values,
			})
		}
	}
	seen(s, c.secretValues()).each(func(name types.NamespacedName, o judgedObject) { note(kindSecret, name, o.values) })
	seen(s, configMapValues()).each(func(name types.NamespacedName, o judgedObject) { note(kindConfigMap, name, o.values) })
	for kind, r := range map[string]resource[judgedObject]{
		fact.KindDeployment: deploymentValues(), fact.KindStatefulSet: statefulSetValues(), fact.KindDaemonSet: daemonSetValues(),
	} {
		seen(s, r).each(func(name types.NamespacedName, o judgedObject) {
			if s.selector.Matches(o.labels) {
				note(kind, name, o.values)
			}
		})
	}
	return found
}
