package main

import (
	"bytes"
	"io"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// TestReplicasShareARecordInConfigMaps gives two exporters a service account that may do what rbac prints for their record, and nothing
// else, and kills the one that was submitted to.
func TestReplicasShareARecordInConfigMaps(t *testing.T) {
	cluster := servers.Kubernetes(t)
	namespace := cluster.Namespace(t)
	var printed bytes.Buffer
	subject := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Name: "default", Namespace: namespace}
	place, err := placeOf(namespace + "/record")
	require.NoError(t, err)
	require.NoError(t, printObjects(&printed, bound(recordRole(place), subject)))
	objects, err := dynamic.NewForConfig(cluster.Config)
	require.NoError(t, err)
	for _, each := range world.Objects(t, printed.Bytes()) {
		create(t, objects, each)
	}
	token, err := cluster.Client.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), "default", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	require.NoError(t, err)
	t.Setenv("KUBECONFIG", kubeconfigOf(t, cluster.Config, token.Status.Token))

	first := startSubmittedTo(t, "--storage.configmaps", place.String())
	second := *first
	second.runningExporter = startExporter(t, "--config.file", first.config, "--storage.configmaps", place.String())
	status, said := first.run("pipeline", "evidence", "submit", "quality.unit-tests", "good.xml", "--revision", "1a2b3c4")
	require.Equal(t, exitReady, status, said)
	first.kill()
	second.status("quality.unit-tests", "pass")
	status, said = second.run("person", "attest", "team.trained", "--link", "https://example.com/training")
	require.Equal(t, exitReady, status, said)

	third := *first
	third.runningExporter = startExporter(t, "--config.file", first.config, "--storage.configmaps", place.String())
	third.status("quality.unit-tests", "pass")
	third.status("team.trained", "pass")
	checked, _ := exec.CommandContext(t.Context(), "readiness-exporter", "--config.file", first.config, "check", "--storage.configmaps", place.String(), "--output", "json").Output()
	require.Regexp(t, `"check": "quality.unit-tests",[^}]*"status": "pass"`, string(checked))
	require.Eventually(t, func() bool { // What it wrote last was the first result of all items.
		maps, err := cluster.Client.CoreV1().ConfigMaps(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "readiness-exporter.io/record=record"})
		return err == nil && len(maps.Items) == 1
	}, 2*time.Minute, 100*time.Millisecond)
}

func TestFlagsOfTheStorageThatMakeNoSenseAreMistakes(t *testing.T) {
	for _, arguments := range [][]string{
		{"--storage.configmaps=record"}, {"--storage.configmaps=a/b/c"}, {"--storage.configmaps=/record"},
		{"--storage.configmaps=a/b", "--shards=2", "--shard=0"},
		{"rbac", "--storage.configmaps=record"},
	} {
		var said bytes.Buffer
		require.Equal(t, exitUnjudged, run(t.Context(), append(arguments, "--config.file", writeFile(t, "readiness.yaml", describe("shop"))), io.Discard, &said))
		require.Contains(t, said.String(), "--storage.configmaps", arguments)
	}
}
