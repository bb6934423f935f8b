package items_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// An object is one of Kubernetes, as YAML.
type object map[string]any

// id names an object within a world: Kind/name, or Kind/namespace/name in a namespace of its own.
func (o object) id() string {
	metadata, _ := o["metadata"].(map[string]any)
	if namespace, own := metadata["namespace"]; own {
		return fmt.Sprintf("%v/%v/%v", o["kind"], namespace, metadata["name"])
	}
	return fmt.Sprintf("%v/%v", o["kind"], metadata["name"])
}

// objects makes objects on a cluster.
type objects struct {
	client dynamic.Interface
	mapper meta.RESTMapper
}

// newObjects installs the custom resources of crds/.
func newObjects(t *testing.T, cluster *world.Cluster) *objects {
	t.Helper()
	client, err := dynamic.NewForConfig(cluster.Config)
	require.NoError(t, err)
	paths, err := filepath.Glob("crds/*.yaml")
	require.NoError(t, err)
	definitions := client.Resource(schema.GroupVersionResource{
		Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions",
	})
	for _, path := range paths {
		for _, definition := range readObjects(t, path, "") {
			_, err := definitions.Create(t.Context(), &unstructured.Unstructured{Object: definition}, metav1.CreateOptions{})
			require.NoError(t, err, path)
			name := definition["metadata"].(map[string]any)["name"].(string)
			require.EventuallyWithT(t, func(c *assert.CollectT) {
				u, err := definitions.Get(t.Context(), name, metav1.GetOptions{})
				require.NoError(c, err)
				conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
				require.Contains(c, fmt.Sprint(conditions), "status:True type:Established")
			}, 2*time.Minute, 50*time.Millisecond)
		}
	}
	asked, err := discovery.NewDiscoveryClientForConfig(cluster.Config)
	require.NoError(t, err)
	groups, err := restmapper.GetAPIGroupResources(asked)
	require.NoError(t, err)
	return &objects{client: client, mapper: restmapper.NewDiscoveryRESTMapper(groups)}
}

// readObjects reads the documents of a file, for a namespace.
func readObjects(t *testing.T, path, namespace string) (found []object) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	decoder := utilyaml.NewYAMLOrJSONDecoder(strings.NewReader(fill(t, namespace, string(content))), 4096)
	for {
		var each object
		err := decoder.Decode(&each)
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err, path)
		if len(each) > 0 {
			found = append(found, each)
		}
	}
}

// create makes the objects of a world: those of its table as it changes them, then what it changes afterwards.
func (o *objects) create(t *testing.T, namespace string, of table, scene scene) {
	t.Helper()
	for _, each := range assemble(t, namespace, of, scene) {
		o.make(t, namespace, each)
	}
	for _, change := range scene.Then {
		o.patch(t, namespace, filled(t, namespace, change).(map[string]any))
	}
	for _, each := range scene.Status {
		o.writeStatus(t, namespace, filled(t, namespace, each).(map[string]any))
	}
}

// unsettled names the workloads of a namespace whose rollout has not finished, as kubectl rollout status judges it.
func (o *objects) unsettled(t *testing.T, namespace string) (names []string) {
	t.Helper()
	for _, resource := range []string{"deployments", "statefulsets", "daemonsets"} {
		listed, err := o.client.Resource(schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: resource}).
			Namespace(namespace).List(t.Context(), metav1.ListOptions{})
		require.NoError(t, err)
		for i := range listed.Items {
			if each := &listed.Items[i]; !settled(each) {
				names = append(names, each.GetKind()+"/"+each.GetName())
			}
		}
	}
	return names
}

// settled tells whether the controller has seen the newest specification and all pods are of it and available.
func settled(u *unstructured.Unstructured) bool {
	number := func(fields ...string) int64 {
		value, _, _ := unstructured.NestedInt64(u.Object, fields...)
		return value
	}
	if number("status", "observedGeneration") < u.GetGeneration() {
		return false
	}
	if u.GetKind() == "DaemonSet" {
		wanted := number("status", "desiredNumberScheduled")
		return number("status", "updatedNumberScheduled") == wanted && number("status", "numberAvailable") == wanted
	}
	wanted, found, _ := unstructured.NestedInt64(u.Object, "spec", "replicas")
	if !found {
		wanted = 1
	}
	return number("status", "updatedReplicas") == wanted && number("status", "availableReplicas") == wanted &&
		number("status", "replicas") == wanted
}

// assemble gives the objects of a world: those of its table as it changes them.
func assemble(t *testing.T, namespace string, of table, scene scene) (all []object) {
	t.Helper()
	for _, base := range of.Base {
		all = append(all, readObjects(t, filepath.Join("base", base), namespace)...)
	}
	for _, each := range append(slices.Clone(of.Objects), scene.Objects...) {
		all = append(all, filled(t, namespace, each).(map[string]any))
	}
	for _, change := range scene.Change {
		change := object(filled(t, namespace, change).(map[string]any))
		at := slices.IndexFunc(all, func(each object) bool { return each.id() == change.id() })
		require.GreaterOrEqual(t, at, 0, "there is no %s to change", change.id())
		all[at] = merged(map[string]any(all[at]), map[string]any(change)).(map[string]any)
	}
	for _, id := range scene.Remove {
		id := fill(t, namespace, id)
		at := slices.IndexFunc(all, func(each object) bool { return each.id() == id })
		require.GreaterOrEqual(t, at, 0, "there is no %s to remove", id)
		all = slices.Delete(all, at, at+1)
	}
	return all
}

// resource gives the client of an object's kind.
func (o *objects) resource(t *testing.T, namespace string, each object) dynamic.ResourceInterface {
	t.Helper()
	u := unstructured.Unstructured{Object: each}
	kind := u.GroupVersionKind()
	mapping, err := o.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	require.NoError(t, err)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		if own := u.GetNamespace(); own != "" {
			namespace = own
		}
		return o.client.Resource(mapping.Resource).Namespace(namespace)
	}
	return o.client.Resource(mapping.Resource)
}

// make creates an object and, where it says any, writes its status. What is not of the namespace is removed at the end.
func (o *objects) make(t *testing.T, namespace string, each object) {
	t.Helper()
	client := o.resource(t, namespace, each)
	u := &unstructured.Unstructured{Object: each}
	_, said := each["status"]
	made, err := client.Create(t.Context(), u, metav1.CreateOptions{})
	require.NoError(t, err, each.id())
	if made.GetNamespace() != namespace {
		t.Cleanup(func() {
			err := client.Delete(context.WithoutCancel(t.Context()), u.GetName(), metav1.DeleteOptions{})
			if !apierrors.IsNotFound(err) {
				assert.NoError(t, err, each.id())
			}
		})
	}
	if said && fmt.Sprint(made.Object["status"]) != fmt.Sprint(each["status"]) { // Some have no subresource for it.
		o.writeStatus(t, namespace, each)
	}
}

// writeStatus changes the status of an object, once it is there, and a pod once it runs.
func (o *objects) writeStatus(t *testing.T, namespace string, each object) {
	t.Helper()
	client := o.resource(t, namespace, each)
	name := (&unstructured.Unstructured{Object: each}).GetName()
	require.EventuallyWithT(t, func(c *assert.CollectT) { // Controllers may change it at the same time.
		newest, err := client.Get(t.Context(), name, metav1.GetOptions{})
		require.NoError(c, err)
		if newest.GetKind() == "Pod" {
			phase, _, _ := unstructured.NestedString(newest.Object, "status", "phase")
			require.Equal(c, "Running", phase)
		}
		newest.Object["status"] = merged(newest.Object["status"], each["status"])
		_, err = client.UpdateStatus(t.Context(), newest, metav1.UpdateOptions{})
		require.NoError(c, err, each.id())
	}, 2*time.Minute, 50*time.Millisecond)
}

// patch changes an object once its controller has seen it as it was.
func (o *objects) patch(t *testing.T, namespace string, change object) {
	t.Helper()
	client := o.resource(t, namespace, change)
	name := (&unstructured.Unstructured{Object: change}).GetName()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		newest, err := client.Get(t.Context(), name, metav1.GetOptions{})
		require.NoError(c, err)
		if newest.GetKind() == "Deployment" {
			observed, _, _ := unstructured.NestedInt64(newest.Object, "status", "observedGeneration")
			require.Equal(c, newest.GetGeneration(), observed)
		}
		newest.Object = merged(newest.Object, map[string]any(change)).(map[string]any)
		_, err = client.Update(t.Context(), newest, metav1.UpdateOptions{})
		require.NoError(c, err)
	}, 2*time.Minute, 50*time.Millisecond)
}

// merged applies a JSON merge patch (RFC 7386).
func merged(whole, patch any) any {
	changes, is := patch.(map[string]any)
	if !is {
		return patch
	}
	old, _ := whole.(map[string]any)
	result := maps.Clone(old)
	if result == nil {
		result = make(map[string]any)
	}
	for key, value := range changes {
		if value == nil {
			delete(result, key)
			continue
		}
		result[key] = merged(result[key], value)
	}
	return result
}

// filled puts the namespace, times and certificates into every text of a value.
func filled(t *testing.T, namespace string, value any) any {
	t.Helper()
	switch value := value.(type) {
	case string:
		if found := certificate.FindStringSubmatch(value); found != nil {
			return certified(t, found[1], found[2])
		}
		return fill(t, namespace, value)
	case object:
		return filled(t, namespace, map[string]any(value))
	case map[string]any:
		result := make(map[string]any, len(value))
		for key, each := range value {
			result[fill(t, namespace, key)] = filled(t, namespace, each)
		}
		return result
	case []any:
		result := make([]any, len(value))
		for i, each := range value {
			result[i] = filled(t, namespace, each)
		}
		return result
	case int:
		return int64(value) // As JSON has it.
	default:
		return value
	}
}

var certificate = regexp.MustCompile(`^\$CERTIFICATE\(([^,]+)(?:,([-+]?\w+))?\)$`)

// certified is the data of a Secret with a certificate for a host, that ends at a time relative to now, or in 90 days.
func certified(t *testing.T, host, end string) map[string]any {
	t.Helper()
	spec := world.Spec{DNSNames: []string{host}}
	if end != "" {
		var err error
		spec.NotAfter, err = time.Parse(time.RFC3339, fill(t, "", "$TIME("+end+")"))
		require.NoError(t, err)
	}
	issued := world.NewCA(t, world.Spec{}).Issue(t, spec)
	return map[string]any{
		"tls.crt": base64.StdEncoding.EncodeToString(issued.PEM()), "tls.key": base64.StdEncoding.EncodeToString(issued.KeyPEM()),
	}
}

var placeholder = regexp.MustCompile(`\$TIME\(([+-]?)(\w+)\)`)

// fill puts the namespace, and times relative to now, into a text: $NAMESPACE, $TIME(-40d).
func fill(t *testing.T, namespace, text string) string {
	t.Helper()
	text = placeholder.ReplaceAllStringFunc(text, func(found string) string {
		parts := placeholder.FindStringSubmatch(found)
		distance, err := model.ParseDuration(parts[2])
		require.NoError(t, err)
		if parts[1] == "-" {
			distance = -distance
		}
		return time.Now().Add(time.Duration(distance)).UTC().Format(time.RFC3339)
	})
	return strings.ReplaceAll(text, "$NAMESPACE", namespace)
}
