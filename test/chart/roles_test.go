package chart_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// TestRolesAreThoseThatTheCommandPrints compares the roles of the chart with those that the exporter prints for the
// configuration that it finds in the chart's ConfigMap, which it must accept.
func TestRolesAreThoseThatTheCommandPrints(t *testing.T) {
	for _, profile := range profiles(t) {
		t.Run(filepath.Base(profile), func(t *testing.T) {
			objects := world.Objects(t, []byte(render(t, profile)))
			for _, configMap := range only(objects, "ConfigMap") {
				if _, is, _ := unstructured.NestedString(configMap.Object, "data", "readiness.yaml"); is {
					check(t, configurationOf(t, configMap))
				}
			}
			name := strings.TrimSuffix(filepath.Base(profile), ".yaml")
			if name == "nothing" {
				require.Empty(t, append(only(objects, "Role"), only(objects, "ClusterRole")...))
				return
			}
			if name == "checklists" {
				require.Len(t, only(objects, "Role"), 1)
				return // They are what its user had printed.
			}
			configuration := configurationOf(t, only(objects, "ConfigMap")[0])
			arguments := []string{"--config.file", configuration, "rbac"}
			if name == "configmaps" {
				arguments = append(arguments, "--storage.configmaps="+own+"/"+release+"-record")
			}
			printed, err := exec.CommandContext(t.Context(), exporterBinary(t), arguments...).Output()
			require.NoError(t, err)
			// What is read by a kubeconfig of its own is no matter of the chart.
			here, is := strings.CutPrefix(section(string(printed), "# For the cluster of the exporter's service account"), "# For")
			require.True(t, is, "%s", printed)
			here = here[strings.Index(here, "\n"):] + section(string(printed), "# For the record of the exporter")
			require.Equal(t, rules(t, world.Objects(t, []byte(here))), rules(t, objects))
			bound(t, objects)
		})
	}
}

// section is the part of the printed roles that begins with a line, up to the next such line.
func section(printed, begin string) string {
	at := strings.Index(printed, begin)
	if at < 0 {
		return ""
	}
	part := printed[at:]
	if end := strings.Index(part[1:], "\n# For "); end >= 0 {
		part = part[:end+1]
	}
	return part
}

// configurationOf writes the files of a ConfigMap, as they are mounted, and gives the path of the configuration file.
func configurationOf(t *testing.T, configMap *unstructured.Unstructured) string {
	t.Helper()
	dir := t.TempDir()
	data, _, err := unstructured.NestedStringMap(configMap.Object, "data")
	require.NoError(t, err)
	for name, content := range data {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	return filepath.Join(dir, "readiness.yaml")
}

// check wants the exporter to accept a configuration.
func check(t *testing.T, configuration string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), exporterBinary(t), "serve", "--config.check", "--host.name=node-1", "--config.file", configuration)
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
}

// rules are those of every role by its namespace, one for each resource.
func rules(t *testing.T, objects []*unstructured.Unstructured) map[string][]rbacv1.PolicyRule {
	t.Helper()
	found := make(map[string][]rbacv1.PolicyRule)
	add := func(namespace string, of []rbacv1.PolicyRule) {
		for _, rule := range of {
			slices.Sort(rule.Resources)
			found[namespace] = append(found[namespace], rule)
		}
		slices.SortFunc(found[namespace], func(a, b rbacv1.PolicyRule) int {
			return cmp.Compare(a.String(), b.String())
		})
	}
	for _, each := range only(objects, "Role") {
		add(each.GetNamespace(), as[rbacv1.Role](t, each).Rules)
	}
	for _, each := range only(objects, "ClusterRole") {
		add("", as[rbacv1.ClusterRole](t, each).Rules)
	}
	return found
}

// bound wants each role to be bound to the service account that the pods have.
func bound(t *testing.T, objects []*unstructured.Unstructured) {
	t.Helper()
	account := only(objects, "ServiceAccount")[0]
	subjects := []rbacv1.Subject{{Kind: "ServiceAccount", Name: account.GetName(), Namespace: account.GetNamespace()}}
	bindings := append(only(objects, "RoleBinding"), only(objects, "ClusterRoleBinding")...)
	require.Len(t, bindings, len(only(objects, "Role"))+len(only(objects, "ClusterRole")))
	for _, each := range bindings {
		require.Equal(t, subjects, as[rbacv1.RoleBinding](t, each).Subjects)
	}
	exporters := append(only(objects, "Deployment"), only(objects, "StatefulSet")...)
	require.Len(t, exporters, 1)
	used, _, err := unstructured.NestedString(exporters[0].Object, "spec", "template", "spec", "serviceAccountName")
	require.NoError(t, err)
	require.Equal(t, account.GetName(), used)
}
