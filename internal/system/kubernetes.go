package system

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// A Cluster is a Kubernetes cluster, and what of it belongs to the system.
type Cluster struct {
	Name string `yaml:"name"` // the value of the label kubernetes_cluster
	// Kubeconfig is a file; empty: the service account of the pod the exporter runs in, else the user's kubeconfig.
	Kubeconfig string   `yaml:"kubeconfig,omitempty"`
	Context    string   `yaml:"context,omitempty"`    // of the kubeconfig; empty: its current one
	Namespaces []string `yaml:"namespaces,omitempty"` // empty: all but those of Kubernetes itself
	Selector   string   `yaml:"selector,omitempty"`   // labels of the workloads that belong to the system: app.kubernetes.io/part-of=shop
	// TLSSecrets collects the certificates in Secrets of type kubernetes.io/tls, whatever their labels. Kubernetes cannot
	// permit to read only those, nor only the certificates in them: it takes the permission to list all Secrets.
	TLSSecrets bool   `yaml:"tls_secrets,omitempty"`
	CAFile     string `yaml:"ca_file,omitempty"` // PEM file of the authorities that may sign them; default: the public ones
	// Resources are further ones whose objects are collected as they are, for items of one's own by kind: cel over object.
	Resources []Resource `yaml:"resources,omitempty"`
	// SecretValues collects from the values of Secrets and ConfigMaps, to tell weak and reused ones. What is kept of a value is
	// a verdict, and a fingerprint by a key that each start of the exporter makes anew.
	SecretValues bool `yaml:"secret_values,omitempty"`
	// Staging is where the same application runs before it runs here, to be compared with.
	Staging Staging `yaml:"staging,omitempty"`
	// DNS is what its own DNS is asked for; default: as an exporter within the cluster is told by its pod.
	DNS *ClusterDNS `yaml:"dns,omitempty"`
}

// A Resource is one of the Kubernetes API, as kubectl api-resources lists it. Its preferred version is read.
type Resource struct {
	Group         string `yaml:"group,omitempty"`          // cert-manager.io; empty for the core
	Resource      string `yaml:"resource"`                 // certificates
	ClusterScoped bool   `yaml:"cluster_scoped,omitempty"` // its objects are in no namespace
}

// A Staging is where an application is tried before production.
type Staging struct {
	Kubeconfig string `yaml:"kubeconfig,omitempty"` // default: that of the cluster
	Context    string `yaml:"context,omitempty"`    // default: that of the cluster, unless there is a kubeconfig of its own
	// Namespaces names for each namespace of production the one that it is compared with; default: the same name.
	Namespaces map[string]string `yaml:"namespaces,omitempty"`
}

// Declared tells whether there is one.
func (s Staging) Declared() bool {
	return s.Kubeconfig != "" || s.Context != "" || len(s.Namespaces) > 0
}

// StagingCluster is where staging is collected from: the namespaces that are compared, in the order of production's.
func (c Cluster) StagingCluster() Cluster {
	staging := Cluster{
		Name: c.Name + " staging", Kubeconfig: c.Kubeconfig, Context: c.Context, Selector: c.Selector, SecretValues: c.SecretValues,
	}
	if c.Staging.Kubeconfig != "" {
		staging.Kubeconfig, staging.Context = c.Staging.Kubeconfig, ""
	}
	staging.Context = cmp.Or(c.Staging.Context, staging.Context)
	for _, namespace := range c.Namespaces {
		staging.Namespaces = append(staging.Namespaces, c.StagingNamespace(namespace))
	}
	return staging
}

// StagingNamespace is the namespace that one of production is compared with.
func (c Cluster) StagingNamespace(namespace string) string {
	return cmp.Or(c.Staging.Namespaces[namespace], namespace)
}

// Includes tells whether a namespace belongs to the system: one of those declared or, where none is, any but those whose
// names Kubernetes keeps for itself.
func (c Cluster) Includes(namespace string) bool {
	if len(c.Namespaces) > 0 {
		return slices.Contains(c.Namespaces, namespace)
	}
	return !strings.HasPrefix(namespace, "kube-")
}

// Place says in words where the API server is found.
func (c Cluster) Place() string {
	place := "the cluster of the exporter's service account or current kubeconfig"
	if c.Kubeconfig != "" {
		place = "the cluster of " + c.Kubeconfig
	}
	if c.Context != "" {
		place += ", context " + c.Context
	}
	return place
}

func (c Cluster) identity() (string, string) { return "cluster", c.Name }

func (c Cluster) validate(list *mistake.List, path []any) {
	checkName(list, mistake.At(path, "name"), "name", c.Name)
	if c.Kubeconfig != "" && !filepath.IsAbs(c.Kubeconfig) {
		list.Add(mistake.At(path, "kubeconfig"), "kubeconfig %q: expected an absolute path", c.Kubeconfig)
	}
	for i, namespace := range c.Namespaces {
		if wrong := validation.IsDNS1123Label(namespace); len(wrong) > 0 {
			list.Add(mistake.At(path, "namespaces", i), "namespace %q: %s", namespace, wrong[0])
		} else if slices.Contains(c.Namespaces[:i], namespace) {
			list.Add(mistake.At(path, "namespaces", i), "namespace %q stands twice", namespace)
		}
	}
	if _, err := labels.Parse(c.Selector); err != nil {
		list.Add(mistake.At(path, "selector"), "selector %q: %v", c.Selector, err)
	}
	if c.CAFile != "" && !c.TLSSecrets {
		list.Add(mistake.At(path, "ca_file"), "ca_file goes with tls_secrets")
	}
	for i, resource := range c.Resources {
		at := mistake.At(path, "resources", i)
		switch wrong := validation.IsDNS1123Label(resource.Resource); {
		case len(wrong) > 0:
			list.Add(mistake.At(at, "resource"), "resource %q: expected its plural, such as certificates", resource.Resource)
		case resource.Group == "" && resource.Resource == "secrets":
			list.Add(mistake.At(at, "resource"), "resource %q: Secrets are not collected as they are; use secret_values", resource.Resource)
		case slices.Contains(c.Resources[:i], resource):
			list.Add(at, "resource %q stands twice", resource.Resource)
		}
	}
	if c.DNS != nil {
		c.DNS.validate(list, mistake.At(path, "dns"))
	}
	if c.Staging.Declared() {
		c.validateStaging(list, mistake.At(path, "staging"))
	}
}

func (c Cluster) validateStaging(list *mistake.List, path []any) {
	if len(c.Namespaces) == 0 {
		list.Add(path, "staging goes with namespaces: only what is named can be compared")
	}
	if c.Staging.Kubeconfig != "" && !filepath.IsAbs(c.Staging.Kubeconfig) {
		list.Add(mistake.At(path, "kubeconfig"), "kubeconfig %q: expected an absolute path", c.Staging.Kubeconfig)
	}
	elsewhere := c.Staging.Kubeconfig != "" || c.Staging.Context != ""
	for _, from := range slices.Sorted(maps.Keys(c.Staging.Namespaces)) {
		to := c.Staging.Namespaces[from]
		at := mistake.At(path, "namespaces", from)
		if !slices.Contains(c.Namespaces, from) {
			list.Add(at, "namespace %q is not among namespaces", from)
		}
		if wrong := validation.IsDNS1123Label(to); len(wrong) > 0 {
			list.Add(at, "namespace %q: %s", to, wrong[0])
		} else if from == to && !elsewhere {
			list.Add(at, "namespace %q: expected another than production's, or another cluster", to)
		}
	}
	for _, namespace := range c.Namespaces {
		if _, named := c.Staging.Namespaces[namespace]; !named && !elsewhere {
			list.Add(path, "namespace %q: expected to be named under namespaces, or another cluster", namespace)
		}
	}
}

// ClusterNames are the names of the system's clusters.
func (s *System) ClusterNames() []string {
	names := make([]string, len(s.Kubernetes))
	for i := range s.Kubernetes {
		names[i] = s.Kubernetes[i].Name
	}
	return names
}
