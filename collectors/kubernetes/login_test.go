package kubernetes

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestWithoutAKubeconfigTheUsersOwnIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	config := clientcmdapi.NewConfig()
	config.Clusters["main"] = &clientcmdapi.Cluster{Server: "https://main.example.com"}
	config.Clusters["edge"] = &clientcmdapi.Cluster{Server: "https://edge.example.com"}
	config.Contexts["main"] = &clientcmdapi.Context{Cluster: "main"}
	config.Contexts["edge"] = &clientcmdapi.Context{Cluster: "edge"}
	config.CurrentContext = "main"
	require.NoError(t, clientcmd.WriteToFile(*config, path))
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	t.Setenv("KUBECONFIG", path)

	read, err := login{}.read()
	require.NoError(t, err)
	require.Equal(t, "https://main.example.com", read.rest.Host)
	read, err = login{context: "edge"}.read()
	require.NoError(t, err)
	require.Equal(t, "https://edge.example.com", read.rest.Host)

	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "nothing"))
	_, err = login{}.read()
	require.Equal(t, fact.ReasonNotFound, fact.ReasonOf(err), err)
}

func TestAConnectionIsGivenUpOnlyForAChangeThatNeedsIt(t *testing.T) {
	dir := t.TempDir()
	path, token, authority := filepath.Join(dir, "config"), filepath.Join(dir, "token"), filepath.Join(dir, "ca.pem")
	config := clientcmdapi.NewConfig()
	config.Clusters["main"] = &clientcmdapi.Cluster{
		Server: "https://main.example.com", CertificateAuthority: authority, ProxyURL: "http://proxy.example.com:3128",
	}
	config.AuthInfos["exporter"] = &clientcmdapi.AuthInfo{TokenFile: token}
	config.Contexts["main"] = &clientcmdapi.Context{Cluster: "main", AuthInfo: "exporter"}
	config.CurrentContext = "main"
	read := func() clientConfig {
		t.Helper()
		require.NoError(t, clientcmd.WriteToFile(*config, path))
		read, err := login{kubeconfig: path}.read()
		require.NoError(t, err)
		return read
	}
	write(t, token, "one")
	write(t, authority, "first")
	before := read()
	require.True(t, before.same(read()))

	write(t, token, "two")
	require.True(t, before.same(read()), "a token in a file is read again without a new connection")
	write(t, authority, "second")
	require.False(t, before.same(read()), "another authority in the same file")
	before = read()
	config.Clusters["main"].ProxyURL = "http://proxy.example.com:3129"
	require.False(t, before.same(read()), "another proxy")
	before = read()
	config.AuthInfos["exporter"] = &clientcmdapi.AuthInfo{Token: "three"}
	require.False(t, before.same(read()), "another token in the kubeconfig")
}
