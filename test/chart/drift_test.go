package chart_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// stays wants each rendering to be kept by the API server as it is written: whoever compares it with the cluster again and again
// (Argo CD, Flux) finds no difference in what the API server fills in.
func stays(t *testing.T, cluster *world.Cluster) {
	t.Helper()
	client, err := dynamic.NewForConfig(cluster.Config)
	require.NoError(t, err)
	kinds := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(cluster.Client.Discovery()))
	var differences []string
	for _, profile := range profiles(t) {
		for _, each := range world.Objects(t, []byte(render(t, profile))) {
			mapping, err := kinds.RESTMapping(each.GroupVersionKind().GroupKind(), each.GroupVersionKind().Version)
			require.NoError(t, err, each.GetKind())
			each.SetName(each.GetName() + "-again") // beside what is installed
			kept, err := client.Resource(mapping.Resource).Namespace(each.GetNamespace()).Create(t.Context(), each,
				metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			require.NoError(t, err, "%s %s of %s", each.GetKind(), each.GetName(), profile)
			if claims, is, _ := unstructured.NestedSlice(kept.Object, "spec", "volumeClaimTemplates"); is {
				for _, claim := range claims {
					delete(claim.(map[string]any), "status") // which is nobody's to write
				}
				require.NoError(t, unstructured.SetNestedSlice(kept.Object, claims, "spec", "volumeClaimTemplates"))
			}
			differences = append(differences, drift(each.GetKind(), each.Object, kept.Object)...)
		}
	}
	slices.Sort(differences)
	require.Empty(t, slices.Compact(differences))
}

// drift names what of an object is kept in other words than it was written. What is only in the object that is kept counts where a
// list is compared as a whole: in one whose entries have no name.
func drift(path string, written, kept any) (differences []string) {
	switch written := written.(type) {
	case map[string]any:
		kept, _ := kept.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(written)) {
			differences = append(differences, drift(path+"."+key, written[key], kept[key])...)
		}
	case []any:
		kept, _ := kept.([]any)
		if named, is := byName(kept); is && len(kept) > 0 {
			for _, each := range written {
				name, _, _ := unstructured.NestedString(each.(map[string]any), "name")
				differences = append(differences, drift(path+"["+name+"]", each, named[name])...)
			}
			return differences
		}
		return whole(path, written, kept)
	default:
		return whole(path, written, kept)
	}
	return differences
}

// whole compares two values as the texts that they are sent in.
func whole(path string, written, kept any) []string {
	before, _ := json.Marshal(written)
	after, _ := json.Marshal(kept)
	if bytes.Equal(before, after) {
		return nil
	}
	return []string{fmt.Sprintf("%s: written as %s, kept as %s", path, before, after)}
}

// byName gives the entries of a list by their names, if all have one.
func byName(list []any) (map[string]any, bool) {
	named := make(map[string]any, len(list))
	for _, each := range list {
		entry, _ := each.(map[string]any)
		name, is := entry["name"].(string)
		if !is {
			return nil, false
		}
		named[name] = each
	}
	return named, true
}
