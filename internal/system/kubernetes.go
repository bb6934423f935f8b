package system

import (
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// A Cluster is a Kubernetes cluster, and what of it belongs to the system.
type Cluster struct {
	Name string `yaml:"name"` // the value of the label cluster
	// Kubeconfig is a file; empty: the service account of the pod the exporter runs in, else the user's kubeconfig.
	Kubeconfig string   `yaml:"kubeconfig,omitempty"`
	Context    string   `yaml:"context,omitempty"`    // of the kubeconfig; empty: its current one
	Namespaces []string `yaml:"namespaces,omitempty"` // empty: all but those of Kubernetes itself
	Selector   string   `yaml:"selector,omitempty"`   // labels of the workloads that belong to the system: app.kubernetes.io/part-of=shop
	// TLSSecrets looks at the certificates in Secrets of type kubernetes.io/tls, whatever their labels. Kubernetes cannot
	// permit to read only those, nor only the certificates in them: it takes the permission to list all Secrets.
	TLSSecrets bool   `yaml:"tls_secrets,omitempty"`
	CAFile     string `yaml:"ca_file,omitempty"` // PEM file of the authorities that may sign them; default: the public ones
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
}
