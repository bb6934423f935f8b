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

// recovers wants the very next look to see, and what changes from then on: nothing waits long before it tries again.
func recovers(tb testing.TB, cluster *world.Cluster, clusters *Clusters, target Target) {
	tb.Helper()
	started := time.Now()
	batch, err := look(tb, clusters, target)
	require.NoError(tb, err)
	require.Empty(tb, batch.Missed)
	tb.Logf("the first look after the fault took %s", time.Since(started).Round(time.Millisecond))
	namespace := target.Cluster.Namespaces[0]
	deploy(tb, cluster, namespace, "later")
	sees(tb, clusters, target, namespace+"/Deployment/api", namespace+"/Deployment/later")
}

func TestAnAPIServerThatHangsIsMissed(t *testing.T) {
	cluster := servers.Kubernetes(t)
	target := in(cluster.Kubeconfig, deployed(t, cluster))
	clusters := opened(t)
	sees(t, clusters, target, target.Cluster.Namespaces[0]+"/Deployment/api")

	cluster.APIServer.Pause(t)
	require.Equal(t, fact.ReasonTimeout, misses(t, clusters, target, time.Second).Reason)
	require.Equal(t, fact.ReasonTimeout, misses(t, opened(t), target, time.Second).Reason, "at the first look")
	cluster.APIServer.Resume(t)
	recovers(t, cluster, clusters, target)
}

func TestAnAPIServerThatIsGoneIsMissed(t *testing.T) {
	cluster := servers.Kubernetes(t)
	target := in(cluster.Kubeconfig, deployed(t, cluster))
	clusters := opened(t)
	sees(t, clusters, target, target.Cluster.Namespaces[0]+"/Deployment/api")

	cluster.APIServer.Kill(t)
	missed := misses(t, clusters, target, 5*time.Second)
	require.Equal(t, fact.ReasonRefused, missed.Reason, missed.Detail)
	time.Sleep(10 * time.Second) // By then the watches do not try often any more.
	cluster.APIServer.Restart(t)
	recovers(t, cluster, clusters, target)
}

func TestAnAPIServerWithoutItsStoreIsMissed(t *testing.T) {
	cluster := servers.Kubernetes(t)
	target := in(cluster.Kubeconfig, deployed(t, cluster))
	clusters := opened(t)
	sees(t, clusters, target, target.Cluster.Namespaces[0]+"/Deployment/api")

	cluster.Etcd.Pause(t)
	// It remembers for some seconds that the store was well.
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		_, err := look(t, clusters, target)
		require.Error(c, err)
		require.Equal(c, fact.ReasonFailed, fact.ReasonOf(err))
		require.Contains(c, err.Error(), "for want of etcd")
	}, 30*time.Second, 100*time.Millisecond)
	cluster.Etcd.Resume(t)
	recovers(t, cluster, clusters, target)
}

func TestANetworkThatFailsIsMissed(t *testing.T) {
	cluster := servers.Kubernetes(t)
	server, err := url.Parse(cluster.Config.Host)
	require.NoError(t, err)
	proxy := world.NewProxy(t, server.Host)
	target := in(kubeconfig(t, cluster, through(proxy.Addr)), deployed(t, cluster))
	clusters := opened(t)
	sees(t, clusters, target, target.Cluster.Namespaces[0]+"/Deployment/api")

	proxy.Hang(t)
	require.Equal(t, fact.ReasonTimeout, misses(t, clusters, target, time.Second).Reason)
	// A connection that is given up without a word is noticed, and another is made.
	time.Sleep(silenceBeforePing + pingTimeout + time.Second)
	proxy.Pass(t)
	recovers(t, cluster, clusters, target)

	proxy.Slow(t, 3*time.Second)
	require.Equal(t, fact.ReasonTimeout, misses(t, clusters, target, 2*time.Second).Reason)
	proxy.Slow(t, 100*time.Millisecond)
	_, err = look(t, clusters, target)
	require.NoError(t, err, "slow is not broken")

	proxy.Refuse()
	proxy.Cut()
	missed := misses(t, clusters, target, 5*time.Second)
	require.Contains(t, []fact.Reason{fact.ReasonRefused, fact.ReasonUnreachable}, missed.Reason, missed.Detail)
	proxy.Pass(t)
	_, err = look(t, clusters, target)
	require.NoError(t, err)
}

func TestWhatIsNoAPIServerIsMissed(t *testing.T) {
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
			missed := misses(t, opened(t), in(kubeconfig(t, cluster, c.edit)), 5*time.Second)
			require.Equal(t, c.reason, missed.Reason, missed.Detail)
			require.Contains(t, missed.Detail, c.detail)
			require.NotContains(t, missed.Detail, "wrong")
		})
	}
}

func TestAKubeconfigIsReadAgain(t *testing.T) {
	cluster := servers.Kubernetes(t)
	namespace := deployed(t, cluster)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	target := in(path, namespace)
	clusters := opened(t)
	missed := misses(t, clusters, target, time.Second)
	require.Equal(t, fact.ReasonNotFound, missed.Reason, missed.Detail)

	write(t, path, "apiVersion: v1\nkind: [")
	missed = misses(t, clusters, target, time.Second)
	require.Equal(t, fact.ReasonInvalid, missed.Reason, missed.Detail)

	writeKubeconfig(t, path, cluster, withToken("expired"))
	require.Equal(t, fact.ReasonDenied, misses(t, clusters, target, time.Second).Reason)

	token := serviceAccount(t, cluster, namespace)
	permit(t, cluster, namespace, everything()...)
	writeKubeconfig(t, path, cluster, withToken(token))
	sees(t, clusters, target, namespace+"/Deployment/api")

	target.Cluster.Context = "elsewhere"
	missed = misses(t, clusters, target, time.Second)
	require.Equal(t, fact.ReasonInvalid, missed.Reason, missed.Detail)
	require.Contains(t, missed.Detail, `context "elsewhere" does not exist`)
}

// everything is what looking at workloads takes in a namespace.
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

func TestWhatIsNotPermittedIsMissedUntilItIs(t *testing.T) {
	cluster := servers.Kubernetes(t)
	namespace, other := deployed(t, cluster), deployed(t, cluster)
	path := kubeconfig(t, cluster, withToken(serviceAccount(t, cluster, namespace)))
	clusters := opened(t)
	target := in(path, namespace)

	missed := misses(t, clusters, target, 5*time.Second)
	require.Equal(t, fact.Missed{
		Subject: "main/" + namespace, Reason: fact.ReasonDenied,
		Detail: "watch deployments of namespace " + namespace + ": deployments.apps is forbidden: " +
			`User "system:serviceaccount:` + namespace + `:exporter" cannot list resource "deployments" in API group "apps" ` +
			`in the namespace "` + namespace + `"`,
	}, missed)

	rules := everything()
	permit(t, cluster, namespace, rules[0], rules[1])
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		batch, err := look(t, clusters, target)
		require.NoError(c, err)
		require.Len(c, batch.Facts, 1, "what may be seen is")
		require.Equal(c, []string{fact.TopicBudgets}, batch.Facts[0].Lacks())
		require.Len(c, batch.Missed, 1)
		require.Equal(c, fact.TopicBudgets, batch.Missed[0].Topic)
		require.Contains(c, batch.Missed[0].Detail, `cannot list resource "poddisruptionbudgets"`)
	}, 20*time.Second, 100*time.Millisecond)

	permit(t, cluster, namespace, rules[2:]...)
	sees(t, clusters, target, namespace+"/Deployment/api")

	// One namespace that is closed does not close the others.
	batch, err := look(t, clusters, in(path, namespace, other))
	require.NoError(t, err)
	require.Len(t, batch.Facts, 1)
	require.Len(t, batch.Missed, 1)
	require.Equal(t, "main/"+other, batch.Missed[0].Subject)

	// All namespaces are not a Role's to give.
	missed = misses(t, clusters, in(path), 5*time.Second)
	require.Equal(t, "main", missed.Subject)
	require.Contains(t, missed.Detail, `cannot list resource "deployments" in API group "apps" at the cluster scope`)
}

func TestAWatchThatFallsSilentIsBegunAnew(t *testing.T) {
	cluster := servers.Kubernetes(t)
	namespace := deployed(t, cluster)
	target := in(cluster.Kubeconfig, namespace)
	clusters := opened(t)
	sees(t, clusters, target, namespace+"/Deployment/api")

	watched := mirrorOf(clusters.open[loginOf(target.Cluster)], target.user(workloadCollector), deployments(), scope(namespace))
	watched.mu.Lock()
	before := watched.stream
	watched.mu.Unlock()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		watched.mu.Lock()
		watched.heard = time.Now().Add(-maxSilence - time.Second) // Unless a late event comes between.
		watched.mu.Unlock()
		_, err := look(t, clusters, target)
		require.NoError(c, err)
		watched.mu.Lock()
		defer watched.mu.Unlock()
		require.NotSame(c, before, watched.stream)
	}, 10*time.Second, 10*time.Millisecond)
	recovers(t, cluster, clusters, target)
}

func TestConnectionsAreSharedAndEndWithTheirLastUser(t *testing.T) {
	cluster := servers.Kubernetes(t)
	namespace := deployed(t, cluster)
	clusters := opened(t)
	shop, blog := in(cluster.Kubeconfig, namespace), in(cluster.Kubeconfig, namespace)
	blog.System = "blog/production"
	blog.Cluster.TLSSecrets = true
	sees(t, clusters, shop, namespace+"/Deployment/api")
	sees(t, clusters, blog, namespace+"/Deployment/api")
	_, err := clusters.Certificates().Look(t.Context(), blog)
	require.NoError(t, err)
	require.Len(t, clusters.open, 1)
	connection := clusters.open[loginOf(shop.Cluster)]
	require.Len(t, connection.mirrors, 7)

	clusters.Workloads().Forget(blog)
	sees(t, clusters, shop, namespace+"/Deployment/api")
	clusters.Workloads().Forget(shop)
	require.Len(t, connection.mirrors, 1, "the Secrets")
	clusters.Certificates().Forget(blog)
	require.Empty(t, clusters.open)
	require.Error(t, connection.ctx.Err())

	sees(t, clusters, shop, namespace+"/Deployment/api")
	clusters.Close()
	_, err = look(t, clusters, shop)
	require.EqualError(t, err, "look at a cluster: the exporter is shutting down")
}
