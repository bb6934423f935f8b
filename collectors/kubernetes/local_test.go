package kubernetes

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheClusterOfTheCurrentKubeconfigAnswers(t *testing.T) {
	cluster := servers.Kubernetes(t)
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	t.Setenv("KUBECONFIG", cluster.Kubeconfig)
	require.NoError(t, Answers(t.Context()))
	t.Setenv("KUBECONFIG", kubeconfig(t, cluster, through("127.0.0.1:1")))
	require.ErrorContains(t, Answers(t.Context()), "connection refused")
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "nothing"))
	require.ErrorContains(t, Answers(t.Context()), "no kubeconfig, and no service account")
}
