package kubernetes

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// certManagerReferences are the Secrets that objects of cert-manager name: accounts, tokens of DNS providers, authorities, logins
// of Vault and Venafi, passwords of key stores. Those of a ClusterIssuer are in whichever namespace cert-manager was started with
// (https://cert-manager.io/docs/configuration/#cluster-resource-namespace), which no object says.
func certManagerReferences(resource string) watch.Resource[consumer] {
	return watch.Resource[consumer]{
		GroupVersionResource: schema.GroupVersionResource{Group: certManagerGroup, Resource: resource}, Variant: " by reference",
		Everywhere: resource == "clusterissuers",
		Keep: func(object any) (keep consumer) {
			spec := object.(*unstructured.Unstructured).Object["spec"]
			for _, name := range secretsNamedIn(spec, false) {
				keep.uses = append(keep.uses, fact.Reference{Kind: kindSecret, Name: name})
			}
			return keep
		},
	}
}

// secretsNamedIn are the names of Secrets in an object: what secretName says, and the name within whatever is called a reference
// or has to do with a Secret. What else is referred to has names of its own, which no Secret bears but by chance.
func secretsNamedIn(value any, reference bool) (names []string) {
	switch value := value.(type) {
	case map[string]any:
		for key, each := range value {
			lower := strings.ToLower(key)
			of := strings.Contains(lower, "secret")
			if name, is := each.(string); is && (of || reference && key == "name") {
				names = append(names, name)
			}
			names = append(names, secretsNamedIn(each, of || strings.HasSuffix(lower, "ref"))...)
		}
	case []any:
		for _, each := range value {
			names = append(names, secretsNamedIn(each, reference)...)
		}
	}
	return names
}
