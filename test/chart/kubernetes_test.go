package chart_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

var update = flag.Bool("update", false, "write deploy/kubernetes")

const manifests = root + "/deploy/kubernetes"

// ofHelm are the lines that only Helm has a use for.
var ofHelm = regexp.MustCompile(`(?m)^ *(helm\.sh/chart|app\.kubernetes\.io/managed-by): .*\n|^# Source: .*\n`)

// TestThePlainManifestsAreWhatTheChartRenders holds deploy/kubernetes to the chart, and the overlay to the exporter.
func TestThePlainManifestsAreWhatTheChartRenders(t *testing.T) {
	rendered, err := helm(t, "template", release, folder, "--namespace", release)
	require.NoError(t, err)
	roles := exec.CommandContext(t.Context(), exporterBinary(t), "--config.file", manifests+"/overlays/shop/exporter/readiness.yaml",
		"rbac", "--service-account=shop-monitoring/"+release)
	printed, err := roles.Output()
	require.NoError(t, err)
	for name, want := range map[string]string{
		"base/readiness-exporter.yaml": "# Rendered from deploy/chart by go test ./test/chart -update. Do not edit.\n" + ofHelm.ReplaceAllString(rendered, ""),
		"overlays/shop/roles.yaml":     string(printed),
	} {
		path := filepath.Join(manifests, filepath.FromSlash(name))
		if *update {
			require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
		}
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, want, string(content), "run go test ./test/chart -update")
	}
}

// kustomize builds a folder below deploy/kubernetes.
func kustomize(t *testing.T, folder string) string {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), tool("kustomize"), "build", filepath.Join(manifests, folder)).Output()
	require.NoError(t, err)
	return string(output)
}

// TestTheOverlayPutsInANamespaceAndAConfiguration wants the overlay to leave nothing of the base where it was.
func TestTheOverlayPutsInANamespaceAndAConfiguration(t *testing.T) {
	objects := world.Objects(t, []byte(kustomize(t, "overlays/shop")))
	for _, each := range objects {
		switch each.GetKind() {
		case "Namespace":
			require.Equal(t, "shop-monitoring", each.GetName())
		case "ClusterRole", "ClusterRoleBinding":
			require.Equal(t, release, each.GetName())
		case "Role", "RoleBinding":
			require.Equal(t, "shop", each.GetNamespace())
		default:
			require.Equal(t, "shop-monitoring", each.GetNamespace(), each.GetKind())
		}
	}
	want, err := os.ReadFile(manifests + "/overlays/shop/exporter/readiness.yaml")
	require.NoError(t, err)
	configMaps := only(objects, "ConfigMap")
	require.Len(t, configMaps, 1)
	got, err := os.ReadFile(configurationOf(t, configMaps[0]))
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
	require.Len(t, only(objects, "ClusterRole"), 1)
	require.Len(t, only(objects, "Role"), 1)
	bound(t, objects)
}
