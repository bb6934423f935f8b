package watch

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
	"github.com/readiness-exporter/readiness-exporter/test/world"
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

	read, err := Login{}.read()
	require.NoError(t, err)
	require.Equal(t, "https://main.example.com", read.rest.Host)
	read, err = Login{Context: "edge"}.read()
	require.NoError(t, err)
	require.Equal(t, "https://edge.example.com", read.rest.Host)

	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "nothing"))
	_, err = Login{}.read()
	require.Equal(t, NotFound, CauseOf(err), err)
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
		read, err := Login{Kubeconfig: path}.read()
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

func TestFilesOfALoginThatAreNoFilesAreErrors(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, syscall.Mkfifo(in("pipe"), 0o600))
	require.NoError(t, os.Symlink("/dev/zero", in("zero")))
	for _, odd := range []string{"pipe", "zero"} {
		for name, edit := range map[string]func(*clientcmdapi.Cluster, *clientcmdapi.AuthInfo){
			"an authority": func(c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) { c.CertificateAuthority = in(odd) },
			"a token":      func(_ *clientcmdapi.Cluster, u *clientcmdapi.AuthInfo) { u.TokenFile = in(odd) },
			"a client certificate": func(_ *clientcmdapi.Cluster, u *clientcmdapi.AuthInfo) {
				u.ClientCertificate, u.ClientKey = in(odd), in(odd)
			},
		} {
			config := clientcmdapi.NewConfig()
			config.Clusters["main"], config.AuthInfos["exporter"] = &clientcmdapi.Cluster{Server: "https://main.example.com"}, &clientcmdapi.AuthInfo{}
			config.Contexts["main"] = &clientcmdapi.Context{Cluster: "main", AuthInfo: "exporter"}
			edit(config.Clusters["main"], config.AuthInfos["exporter"])
			require.NoError(t, clientcmd.WriteToFile(*config, in("config")))
			_, err := Login{Kubeconfig: in("config"), Context: "main"}.read()
			require.ErrorIs(t, err, readfile.ErrNotRegular, "%s: %s", odd, name)
			require.Equal(t, Invalid, CauseOf(err))
		}
		_, err := Login{Kubeconfig: in(odd)}.read()
		require.ErrorIs(t, err, readfile.ErrNotRegular, "%s: the kubeconfig", odd)
	}
}

func TestCredentialsExpireWhenTheySaySo(t *testing.T) {
	certificate := world.NewCA(t, world.Spec{}).Issue(t, world.Spec{})
	token := func(claims string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
	}
	cases := []struct {
		name string
		rest rest.Config
		want time.Time
	}{
		{"a client certificate", rest.Config{TLSClientConfig: rest.TLSClientConfig{CertData: certificate.PEM()}}, certificate.X509.NotAfter.UTC()},
		{"a token with an end", rest.Config{BearerToken: token(`{"exp": 1800000000}`)}, time.Unix(1800000000, 0).UTC()},
		{"a token without an end", rest.Config{BearerToken: token(`{}`)}, time.Time{}},
		{"a token that is renewed", rest.Config{BearerToken: token(`{"exp": 1800000000}`), BearerTokenFile: "/run/token"}, time.Time{}},
		{"a token that nobody can read", rest.Config{BearerToken: "a.%.c"}, time.Time{}},
		{"a password", rest.Config{Username: "exporter", Password: "x"}, time.Time{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, clientConfig{rest: &c.rest}.credentialsExpiry())
		})
	}
}

func write(tb testing.TB, path, content string) {
	tb.Helper()
	require.NoError(tb, os.WriteFile(path, []byte(content), 0o600))
}
