package kubernetes

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// deployed makes a namespace with one Deployment that needs no pods, and gives the namespace.
func deployed(tb testing.TB, cluster *world.Cluster) string {
	tb.Helper()
	namespace := cluster.Namespace(tb)
	deploy(tb, cluster, namespace, "api")
	return namespace
}

func deploy(tb testing.TB, cluster *world.Cluster, namespace, name string) {
	tb.Helper()
	var app application
	app.read(tb, "healthy.yaml")
	app.read(tb, "scaled-to-zero.yaml")
	app.Deployment.Name, app.Budget.Name = name, name
	app.create(tb, cluster, namespace)
}

// recovers wants the very next run to find what is there, and those after it what changes: nothing waits long before it
// tries again.
func recovers(tb testing.TB, cluster *world.Cluster, clusters *Clusters, target Target) {
	tb.Helper()
	started := time.Now()
	set, err := workloadsOf(tb, clusters, target)
	require.NoError(tb, err)
	require.Empty(tb, set.Unavailable)
	tb.Logf("the first run after the fault took %s", time.Since(started).Round(time.Millisecond))
	namespace := target.Cluster.Namespaces[0]
	deploy(tb, cluster, namespace, "later")
	finds(tb, clusters, target, namespace+"/Deployment/api", namespace+"/Deployment/later")
}

func TestAnAPIServerThatHangsIsUnavailable(t *testing.T) {
	cluster := servers.Kubernetes(t)
	target := in(cluster.Kubeconfig, deployed(t, cluster))
	clusters := opened(t)
	finds(t, clusters, target, target.Cluster.Namespaces[0]+"/Deployment/api")

	cluster.APIServer.Pause(t)
	require.Equal(t, fact.ReasonTimeout, unavailable(t, clusters, target, time.Second).Reason)
	require.Equal(t, fact.ReasonTimeout, unavailable(t, opened(t), target, time.Second).Reason, "at the first run")
	cluster.APIServer.Resume(t)
	recovers(t, cluster, clusters, target)
}

func TestAnAPIServerThatIsGoneIsUnavailable(t *testing.T) {
	cluster := servers.Kubernetes(t)
	target := in(cluster.Kubeconfig, deployed(t, cluster))
	clusters := opened(t)
	finds(t, clusters, target, target.Cluster.Namespaces[0]+"/Deployment/api")

	cluster.APIServer.Kill(t)
	require.EventuallyWithT(t, func(c *assert.CollectT) { // Connections that were open end otherwise.
		_, err := workloadsOf(t, clusters, target)
		require.Equal(c, fact.ReasonRefused, fact.ReasonOf(err), "%v", err)
	}, 2*time.Minute, 100*time.Millisecond)
	time.Sleep(10 * time.Second) // By then the watches do not try often any more.
	cluster.APIServer.Restart(t)
	recovers(t, cluster, clusters, target)
}

func TestAnAPIServerWithoutItsStoreIsUnavailable(t *testing.T) {
	cluster := servers.Kubernetes(t)
	target := in(cluster.Kubeconfig, deployed(t, cluster))
	clusters := opened(t)
	finds(t, clusters, target, target.Cluster.Namespaces[0]+"/Deployment/api")

	cluster.Etcd.Pause(t)
	// It remembers for some seconds that the store was well.
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		_, err := workloadsOf(t, clusters, target)
		require.Error(c, err)
		require.Equal(c, fact.ReasonFailed, fact.ReasonOf(err))
		require.Contains(c, err.Error(), "for want of etcd")
	}, 2*time.Minute, 100*time.Millisecond)
	cluster.Etcd.Resume(t)
	recovers(t, cluster, clusters, target)
}

func TestANetworkThatFailsIsUnavailable(t *testing.T) {
	cluster := servers.Kubernetes(t)
	server, err := url.Parse(cluster.Config.Host)
	require.NoError(t, err)
	proxy := world.NewProxy(t, server.Host)
	target := in(kubeconfig(t, cluster, through(proxy.Addr)), deployed(t, cluster))
	clusters := opened(t)
	finds(t, clusters, target, target.Cluster.Namespaces[0]+"/Deployment/api")

	proxy.Hang(t)
	require.Equal(t, fact.ReasonTimeout, unavailable(t, clusters, target, time.Second).Reason)
	// A connection that is given up silently is noticed, and another is made.
	time.Sleep(11 * time.Second) // It asks after 5 s of silence, and waits 5 s for an answer.
	proxy.Pass(t)
	recovers(t, cluster, clusters, target)

	proxy.Slow(t, 3*time.Second)
	require.Equal(t, fact.ReasonTimeout, unavailable(t, clusters, target, 2*time.Second).Reason)
	proxy.Slow(t, 100*time.Millisecond)
	_, err = workloadsOf(t, clusters, target)
	require.NoError(t, err, "slow is not broken")

	proxy.Refuse()
	proxy.Cut()
	lack := unavailable(t, clusters, target, 5*time.Second)
	require.Contains(t, []fact.Reason{fact.ReasonRefused, fact.ReasonUnreachable}, lack.Reason, lack.Detail)
	proxy.Pass(t)
	_, err = workloadsOf(t, clusters, target)
	require.NoError(t, err)
}

func TestWhatIsNoAPIServerIsUnavailable(t *testing.T) {
	cluster := servers.Kubernetes(t)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<h1>It works!</h1>"))
	}))
	defer page.Close()
	garbage, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = garbage.Close() }()
	go func() {
		for {
			connection, err := garbage.Accept()
			if err != nil {
				return
			}
			_, _ = connection.Write([]byte("220 mail.example.com ESMTP\r\n"))
			_ = connection.Close()
		}
	}()
	foreign := world.NewCA(t, world.Spec{})

	cases := []struct {
		name   string
		edit   func(*clientcmdapi.Cluster, *clientcmdapi.AuthInfo)
		reason fact.Reason
		detail string
	}{
		{"a web page", func(c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) { c.Server = page.URL },
			fact.ReasonInvalid, "ask whether the API server is ready: " + page.URL + "/readyz is no API server"},
		{"a mail server", through(garbage.Addr().String()), fact.ReasonInvalid, "does not look like a TLS handshake"},
		{"a server that somebody else vouches for", func(c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
			c.CertificateAuthorityData = foreign.RootPEM()
		}, fact.ReasonInvalid, "certificate signed by unknown authority"},
		{"credentials that are not taken", withToken("wrong"), fact.ReasonDenied,
			"ask whether the API server is ready: it does not take the credentials"},
		{"no such host", through("kubernetes.invalid:6443"), fact.ReasonUnresolved, "kubernetes.invalid"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			lack := unavailable(t, opened(t), in(kubeconfig(t, cluster, c.edit)), 5*time.Second)
			require.Equal(t, c.reason, lack.Reason, lack.Detail)
			require.Contains(t, lack.Detail, c.detail)
			require.NotContains(t, lack.Detail, "wrong")
		})
	}
}

func TestAKubeconfigIsReadAgain(t *testing.T) {
	cluster := servers.Kubernetes(t)
	namespace := deployed(t, cluster)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	target := in(path, namespace)
	clusters := opened(t)
	lack := unavailable(t, clusters, target, time.Second)
	require.Equal(t, fact.ReasonNotFound, lack.Reason, lack.Detail)

	write(t, path, "apiVersion: v1\nkind: [")
	lack = unavailable(t, clusters, target, time.Second)
	require.Equal(t, fact.ReasonInvalid, lack.Reason, lack.Detail)

	writeKubeconfig(t, path, cluster, withToken("expired"))
	require.Equal(t, fact.ReasonDenied, unavailable(t, clusters, target, time.Second).Reason)

	token := serviceAccount(t, cluster, namespace)
	permit(t, cluster, namespace, everything()...)
	writeKubeconfig(t, path, cluster, withToken(token))
	finds(t, clusters, target, namespace+"/Deployment/api")

	target.Cluster.Context = "elsewhere"
	lack = unavailable(t, clusters, target, time.Second)
	require.Equal(t, fact.ReasonInvalid, lack.Reason, lack.Detail)
	require.Contains(t, lack.Detail, `context "elsewhere" does not exist`)
}

// everything is what collecting workloads takes in a namespace.
func everything() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		{APIGroups: []string{"apps"}, Verbs: []string{"list", "watch"}, Resources: []string{
			"deployments", "statefulsets", "daemonsets", "replicasets",
		}},
		{APIGroups: []string{""}, Verbs: []string{"list", "watch"}, Resources: []string{"pods"}},
		{APIGroups: []string{"policy"}, Verbs: []string{"list", "watch"}, Resources: []string{"poddisruptionbudgets"}},
		{APIGroups: []string{""}, Verbs: []string{"get"}, Resources: []string{"namespaces"}},
	}
}

func TestWhatIsNotPermittedIsUnavailableUntilItIs(t *testing.T) {
	cluster := servers.Kubernetes(t)
	namespace, other := deployed(t, cluster), deployed(t, cluster)
	path := kubeconfig(t, cluster, withToken(serviceAccount(t, cluster, namespace)))
	clusters := opened(t)
	target := in(path, namespace)

	require.Equal(t, fact.Unavailable[fact.Workload]{
		Subject: "main/" + namespace, Known: fact.Workload{Cluster: "main", Namespace: namespace}, Reason: fact.ReasonDenied,
		Detail: "watch deployments of namespace " + namespace + ": deployments.apps is forbidden: " +
			`User "system:serviceaccount:` + namespace + `:exporter" cannot list resource "deployments" in API group "apps" ` +
			`in the namespace "` + namespace + `"`,
	}, unavailable(t, clusters, target, 5*time.Second))

	rules := everything()
	permit(t, cluster, namespace, rules[0], rules[1])
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		set, err := workloadsOf(t, clusters, target)
		require.NoError(c, err)
		require.Len(c, set.Facts, 1, "what is permitted is collected")
		require.Equal(c, []string{fact.TopicBudgets}, set.Facts[0].Lacks())
		require.Len(c, set.Unavailable, 1)
		require.Equal(c, fact.TopicBudgets, set.Unavailable[0].Topic)
		require.Contains(c, set.Unavailable[0].Detail, `cannot list resource "poddisruptionbudgets"`)
	}, 2*time.Minute, 100*time.Millisecond)

	permit(t, cluster, namespace, rules[2:]...)
	finds(t, clusters, target, namespace+"/Deployment/api")

	// One namespace that is closed does not close the others.
	set, err := workloadsOf(t, clusters, in(path, namespace, other))
	require.NoError(t, err)
	require.Len(t, set.Facts, 1)
	require.Len(t, set.Unavailable, 1)
	require.Equal(t, "main/"+other, set.Unavailable[0].Subject)

	// All namespaces are not a Role's to give.
	lack := unavailable(t, clusters, in(path), 5*time.Second)
	require.Equal(t, "main", lack.Subject)
	require.Contains(t, lack.Detail, `cannot list resource "deployments" in API group "apps" at the cluster scope`)
}
