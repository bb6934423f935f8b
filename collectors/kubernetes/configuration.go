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
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// Configurations makes the collector of what values of configuration are like, where secret_values permits to read them.
func (c *Clusters) Configurations() collector.Collector[Target] {
	made := c.collector("kubernetes_configuration",
		"Verdicts on the values of Secrets, ConfigMaps and environments, where secret_values permits to read them.",
		[]joiner{c.configurations()}, func(cluster system.Cluster) bool { return cluster.SecretValues }, nil)
	made.Narrows = true
	return made
}

func (c *Clusters) configurations() join[fact.Configuration] {
	return join[fact.Configuration]{
		kind: fact.Configurations(),
		parts: []part{
			{"", c.secretValues()}, {"", configMapValues()},
			{"", deploymentValues()}, {"", statefulSetValues()}, {"", daemonSetValues()}, {"", rolloutValues()},
		},
		add: c.joinConfigurations,
		place: func(cluster, namespace string) fact.Configuration {
			return fact.Configuration{Cluster: cluster, Namespace: namespace}
		},
	}
}

// A judgedObject is what is kept of the values of an object.
type judgedObject struct {
	labels       labels.Set // of a workload
	values       []fact.ConfiguredValue
	fingerprints map[string][]byte // of credentials, by the key
}

// secretValues are reduced to a verdict before they are stored.
func (c *Clusters) secretValues() watch.Resource[judgedObject] {
	return watch.Resource[judgedObject]{
		GroupVersionResource: writtenSecrets().GroupVersionResource, Example: &corev1.Secret{}, Fields: writtenSecrets().Fields,
		Variant: " by value",
		Keep: func(object any) judgedObject {
			s := object.(*corev1.Secret)
			keep := judgedObject{fingerprints: make(map[string][]byte)}
			for _, key := range slices.Sorted(maps.Keys(s.Data)) {
				value := string(s.Data[key])
				for _, judged := range secret.Judge(key, value) {
					judged.Placeholder = judged.Placeholder || secret.Unfilled(value)
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

func configMapValues() watch.Resource[judgedObject] {
	return watch.Resource[judgedObject]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("configmaps"), Example: &corev1.ConfigMap{}, Variant: " by value",
		Keep: func(object any) (keep judgedObject) {
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
func deploymentValues() watch.Resource[judgedObject] {
	return templateValues(deployments(), func(object any) *corev1.PodTemplateSpec { return &object.(*appsv1.Deployment).Spec.Template })
}

func statefulSetValues() watch.Resource[judgedObject] {
	return templateValues(statefulSets(), func(object any) *corev1.PodTemplateSpec { return &object.(*appsv1.StatefulSet).Spec.Template })
}

func daemonSetValues() watch.Resource[judgedObject] {
	return templateValues(daemonSets(), func(object any) *corev1.PodTemplateSpec { return &object.(*appsv1.DaemonSet).Spec.Template })
}

func rolloutValues() watch.Resource[judgedObject] {
	of := watch.Resource[workload]{GroupVersionResource: rollouts().GroupVersionResource}
	return templateValues(of, func(object any) *corev1.PodTemplateSpec {
		template, err := templateOfRollout(object.(*unstructured.Unstructured))
		if err != nil {
			return &corev1.PodTemplateSpec{} // That of a Deployment is judged itself; as a workload it is unavailable.
		}
		return template
	})
}

func templateValues(of watch.Resource[workload], template func(object any) *corev1.PodTemplateSpec) watch.Resource[judgedObject] {
	return watch.Resource[judgedObject]{
		GroupVersionResource: of.GroupVersionResource, Example: of.Example, Variant: " by value",
		Keep: func(object any) judgedObject {
			return judgedObject{
				labels: object.(metav1.Object).GetLabels(), values: environmentValues(&template(object).Spec),
			}
		},
	}
}

// environmentValues judges the values that stand in a template, as far as anything is wrong with them.
func environmentValues(spec *corev1.PodSpec) (found []fact.ConfiguredValue) {
	silent := func(v fact.ConfiguredValue) bool { return !v.Credential && !v.Placeholder && v.Development == "" }
	for _, container := range slices.Concat(spec.InitContainers, spec.Containers) {
		for _, each := range container.Env {
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

func (c *Clusters) joinConfigurations(s *snapshot, set *fact.Set[fact.Configuration]) {
	note := func(kind string, name types.NamespacedName, values []fact.ConfiguredValue) {
		if len(values) > 0 && s.target.Cluster.Includes(name.Namespace) {
			set.Add(fact.Configuration{
				Cluster: s.target.Cluster.Name, Namespace: name.Namespace, Kind: kind, Name: name.Name, Values: values,
			})
		}
	}
	stored(s, c.secretValues()).Each(func(name types.NamespacedName, o judgedObject) { note(kindSecret, name, o.values) })
	stored(s, configMapValues()).Each(func(name types.NamespacedName, o judgedObject) { note(kindConfigMap, name, o.values) })
	for kind, r := range map[string]watch.Resource[judgedObject]{
		fact.KindDeployment: deploymentValues(), fact.KindStatefulSet: statefulSetValues(), fact.KindDaemonSet: daemonSetValues(),
		fact.KindRollout: rolloutValues(),
	} {
		stored(s, r).Each(func(name types.NamespacedName, o judgedObject) {
			if s.selector.Matches(o.labels) {
				note(kind, name, o.values)
			}
		})
	}
}
