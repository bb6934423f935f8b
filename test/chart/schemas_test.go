package chart_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func schemaOf(groupVersion string) (schema.GroupVersion, error) {
	return schema.ParseGroupVersion(groupVersion)
}

// schemasOf writes what the API server knows of its resources, those of others included, as kubeconform reads it: a file for
// each kind, in which a key that is not known is a mistake.
func schemasOf(t *testing.T, cluster *world.Cluster) string {
	t.Helper()
	dir := t.TempDir()
	get := func(path string, into any) {
		body, err := cluster.Client.RESTClient().Get().AbsPath(path).DoRaw(t.Context())
		require.NoError(t, err, path)
		require.NoError(t, json.Unmarshal(body, into))
	}
	for _, path := range []string{
		"api/v1", "apis/apps/v1", "apis/rbac.authorization.k8s.io/v1", "apis/policy/v1", "apis/networking.k8s.io/v1",
		"apis/monitoring.coreos.com/v1", "apis/grafana.integreatly.org/v1beta1",
	} {
		var document struct {
			Components struct {
				Schemas map[string]map[string]any
			}
		}
		get("/openapi/v3/"+path, &document)
		definitions := make(map[string]any)
		for name, each := range document.Components.Schemas {
			definitions[name] = strict(each)
		}
		for name, each := range document.Components.Schemas {
			kinds, _ := each["x-kubernetes-group-version-kind"].([]any)
			for _, kind := range kinds {
				about := kind.(map[string]any)
				whole := maps.Clone(definitions[name].(map[string]any))
				whole["components"] = map[string]any{"schemas": definitions}
				encoded, err := json.Marshal(whole)
				require.NoError(t, err)
				// What has no group has its version for one there.
				group := cmp.Or(about["group"].(string), about["version"].(string))
				file := strings.ToLower(about["kind"].(string)) + "-" + group + "-" + about["version"].(string) + ".json"
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), encoded, 0o600))
			}
		}
	}
	return dir
}

// strict is a schema in which objects with known keys have no others.
func strict(of any) any {
	switch of := of.(type) {
	case map[string]any:
		made := make(map[string]any, len(of)+1)
		for key, value := range of {
			if key != "default" {
				made[key] = strict(value)
			}
		}
		_, keys := of["properties"].(map[string]any)
		if _, more := of["additionalProperties"]; keys && !more && of["x-kubernetes-preserve-unknown-fields"] == nil {
			made["additionalProperties"] = false
		}
		// A number or a text, as Kubernetes writes them.
		if of["format"] == "int-or-string" || of["x-kubernetes-int-or-string"] == true {
			return map[string]any{"type": []string{"string", "integer"}}
		}
		return made
	case []any:
		made := make([]any, len(of))
		for i, each := range of {
			made[i] = strict(each)
		}
		return made
	default:
		return of
	}
}
