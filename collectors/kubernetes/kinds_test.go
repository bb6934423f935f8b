package kubernetes

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// A gateway stands before an API server, and notes which watches are open.
type gateway struct {
	kubeconfig string

	mu    sync.Mutex
	hangs string         // the resource that is never answered
	open  map[string]int // by resource
	begun map[string]int // by resource
}

func newGateway(tb testing.TB, cluster *world.Cluster) *gateway {
	tb.Helper()
	g := &gateway{open: make(map[string]int), begun: make(map[string]int)}
	upstream, err := url.Parse(cluster.Config.Host)
	require.NoError(tb, err)
	transport, err := rest.TransportFor(cluster.Config)
	require.NoError(tb, err)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(upstream) }, Transport: transport, FlushInterval: -1,
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) {}, // A watch has ended.
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if resource := path.Base(r.URL.Path); r.URL.Query().Has("watch") {
			g.note(resource, 1)
			defer g.note(resource, -1)
		}
		if path.Base(r.URL.Path) == g.hangs {
			<-r.Context().Done()
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	tb.Cleanup(server.Close)
	g.kubeconfig = kubeconfig(tb, cluster, func(c *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) {
		*c, *user = clientcmdapi.Cluster{Server: server.URL}, clientcmdapi.AuthInfo{}
	})
	return g
}

func (g *gateway) note(resource string, change int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.begun[resource] += max(0, change)
	if g.open[resource] += change; g.open[resource] == 0 {
		delete(g.open, resource)
	}
}

func (g *gateway) watched() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Sorted(maps.Keys(g.open))
}

// times is how often a watch of a resource has begun.
func (g *gateway) times(resource string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.begun[resource]
}

func TestOnlyWhatIsAskedForIsWatched(t *testing.T) {
	cluster := servers.Kubernetes(t)
	gateway := newGateway(t, cluster)
	clusters := opened(t)
	kubernetes, target := clusters.Kubernetes(), in(gateway.kubeconfig, deployed(t, cluster))
	watches := func(asked fact.Topics, want ...string) []fact.AnySet {
		t.Helper()
		sets, err := collect(t, kubernetes, target, asked, kubernetes.Timeout)
		require.NoError(t, err)
		require.EventuallyWithT(t, func(c *assert.CollectT) { require.Equal(c, want, gateway.watched()) }, 2*time.Minute, 10*time.Millisecond)
		return sets
	}
	sets := watches(asking(fact.Workloads(), fact.TopicBudgets), "daemonsets", "deployments", "poddisruptionbudgets", "statefulsets")
	require.Len(t, sets, 1, "what nobody asks for is not joined")

	more := asking(fact.Workloads(), fact.TopicPods)
	more.Add(fact.Services().Name, []string{})
	sets = watches(more, "daemonsets", "deployments", "endpointslices", "pods", "replicasets", "services", "statefulsets")
	require.Len(t, sets, 2)
	require.Equal(t, 1, gateway.times("deployments"), "what stays needed is watched on")
	require.Len(t, setOf(fact.Workloads(), sets).Facts, 1)

	watches(asking(fact.HelmReleases()), "secrets")
	kubernetes.Forget(target)
	require.EventuallyWithT(t, func(c *assert.CollectT) { require.Empty(c, gateway.watched()) }, 2*time.Minute, 10*time.Millisecond)
}

func TestWhatHangsCostsOnlyWhatNeedsIt(t *testing.T) {
	cluster := servers.Kubernetes(t)
	gateway := newGateway(t, cluster)
	gateway.hangs = "services"
	target := in(gateway.kubeconfig, deployed(t, cluster))
	asked := basics()
	asked.Add(fact.Services().Name, nil)
	asked.Add(fact.Namespaces().Name, nil)
	asked.Add(fact.Clusters().Name, nil)
	clusters := opened(t)
	for range 2 {
		sets, err := collect(t, clusters.Kubernetes(), target, asked, 3*time.Second)
		require.NoError(t, err)
		require.Len(t, setOf(fact.Workloads(), sets).Facts, 1)
		require.Len(t, setOf(fact.Clusters(), sets).Facts, 1, "there is time left for what a run asks")
		namespaces, services := setOf(fact.Namespaces(), sets), setOf(fact.Services(), sets)
		require.Len(t, namespaces.Unavailable, 1)
		require.Equal(t, fact.ReasonTimeout, namespaces.Unavailable[0].Reason)
		require.Len(t, services.Unavailable, 1)
		require.Equal(t, fact.ReasonTimeout, services.Unavailable[0].Reason)
	}
}

func TestAKindThatIsForbiddenCostsOnlyItself(t *testing.T) {
	cluster := servers.Kubernetes(t)
	namespace := deployed(t, cluster)
	token := serviceAccount(t, cluster, namespace)
	permit(t, cluster, namespace, everything()...)
	clusters, target := opened(t), in(kubeconfig(t, cluster, withToken(token)), namespace)
	asked := basics()
	for _, kind := range []fact.Any{fact.HelmReleases(), fact.Clusters(), fact.Issuers(), fact.Authorizations()} {
		asked.Add(kind.KindName(), nil)
	}
	var sets []fact.AnySet
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		var err error
		sets, err = collect(t, clusters.Kubernetes(), target, asked, 10*time.Second)
		require.NoError(c, err)
		require.Len(c, setOf(fact.Workloads(), sets).Facts, 1)
	}, 2*time.Minute, 100*time.Millisecond)
	require.Empty(t, setOf(fact.Workloads(), sets).Unavailable)
	require.Equal(t, &fact.Set[fact.Issuer]{}, setOf(fact.Issuers(), sets), "what is not installed is empty")

	releases := setOf(fact.HelmReleases(), sets)
	require.Empty(t, releases.Facts)
	require.Len(t, releases.Unavailable, 1)
	require.Equal(t, fact.HelmRelease{Cluster: "main", Namespace: namespace}, releases.Unavailable[0].Known)
	require.Equal(t, "main/"+namespace, releases.Unavailable[0].Subject)
	require.Equal(t, fact.ReasonDenied, releases.Unavailable[0].Reason)

	authorizations := setOf(fact.Authorizations(), sets)
	require.Len(t, authorizations.Unavailable, 1)
	require.Equal(t, fact.Authorization{Cluster: "main"}, authorizations.Unavailable[0].Known)
	require.Equal(t, "main", authorizations.Unavailable[0].Subject, "it is of the whole cluster")

	whole := setOf(fact.Clusters(), sets)
	require.Len(t, whole.Facts, 1)
	require.NotEmpty(t, whole.Facts[0].Version, "everybody may ask for the version")
	require.Equal(t, []string{fact.TopicNodes, fact.TopicPods}, whole.Facts[0].Missing)
	for _, each := range whole.Unavailable {
		require.Equal(t, fact.Cluster{Name: "main"}, each.Known)
		require.Contains(t, whole.Facts[0].Missing, each.Topic)
	}
}

func TestOnlyWhatHasChangedIsJoinedAgain(t *testing.T) {
	cluster := servers.Kubernetes(t)
	namespace := deployed(t, cluster)
	clusters := opened(t)
	target := in(cluster.Kubeconfig, namespace)
	all := func() []fact.AnySet {
		sets, err := collect(t, clusters.Kubernetes(), target, nil, clusters.Kubernetes().Timeout)
		require.NoError(t, err)
		return sets
	}
	var before []fact.AnySet
	same := func(c require.TestingT, kinds ...fact.Any) []fact.AnySet {
		sets := all()
		defer func() { before = sets }()
		for _, kind := range kinds {
			at := slices.IndexFunc(sets, func(s fact.AnySet) bool { return s.Kind().KindName() == kind.KindName() })
			require.True(c, len(before) > at && before[at] == sets[at], kind.KindName())
		}
		return sets
	}
	everyKind := clusters.Kubernetes().Yields
	require.EventuallyWithT(t, func(c *assert.CollectT) { same(c, everyKind...) }, 2*time.Minute, 100*time.Millisecond,
		"where nothing changes, nothing is joined")

	scaled := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: "api", Namespace: namespace}, Spec: autoscalingv1.ScaleSpec{Replicas: 2}}
	_, err := cluster.Client.AppsV1().Deployments(namespace).UpdateScale(t.Context(), "api", scaled, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		sets := same(c, fact.HelmReleases(), fact.Ingresses(), fact.PolicyResults(), fact.Issuers(), fact.BackupSchedules())
		require.Equal(c, 2, setOf(fact.Workloads(), sets).Facts[0].Replicas.Desired)
	}, 2*time.Minute, 100*time.Millisecond)
}

func TestOneTargetIsOneClusterAsItConcernsTheCollector(t *testing.T) {
	clusters := opened(t)
	plain := system.Cluster{Name: "main", Kubeconfig: "/kubeconfig", Namespaces: []string{"shop"}, Selector: "app=shop"}
	full := plain
	full.SecretValues, full.TLSSecrets, full.CAFile = true, true, "/ca.pem"
	full.Resources = []system.Resource{{Resource: "configmaps"}}
	full.Staging.Namespaces = map[string]string{"shop": "shop-staging"}
	of := func(c collector.Collector[Target], cluster system.Cluster) []collector.Job {
		var everything fact.Needs
		for _, kind := range c.Yields {
			everything.Add(kind.KindName(), nil)
		}
		return c.Jobs(&system.System{Name: "shop", Environment: "production", Kubernetes: []system.Cluster{cluster}}, everything)
	}
	require.True(t, reflect.DeepEqual(of(clusters.Kubernetes(), plain)[0].Value, of(clusters.Kubernetes(), full)[0].Value),
		"what concerns others changes nothing")
	for _, c := range []collector.Collector[Target]{
		clusters.Configurations(), clusters.Stagings(), clusters.Objects(), clusters.Certificates(),
	} {
		require.Empty(t, of(c, plain), "%s: it is not declared", c.Name)
		jobs := of(c, full)
		require.Len(t, jobs, 1, c.Name)
		require.Equal(t, "main", jobs[0].Target)
		for _, permission := range jobs[0].Permissions(jobs[0].Asked) {
			require.NotEmpty(t, permission.Resource)
		}
	}
	require.Empty(t, clusters.Kubernetes().Jobs(&system.System{Kubernetes: []system.Cluster{plain}}, fact.Needs{Topics: fact.Topics{}}),
		"nobody needs any of it")
	require.Len(t, clusters.Certificates().Jobs(&system.System{Kubernetes: []system.Cluster{full}}, fact.Needs{Topics: fact.Topics{}}), 1,
		"who declares tls_secrets wants them, whatever the items")
	for _, set := range of(clusters.Kubernetes(), plain)[0].Declared {
		require.Equal(t, []fact.Gap{{Subject: "main"}}, set.Gaps(), "%s is known to be of the cluster", set.Kind().KindName())
	}
}

func TestPermissionsAreThoseOfWhatIsAskedFor(t *testing.T) {
	kubernetes, target := opened(t).Kubernetes(), in("/kubeconfig", "shop")
	permission := func(namespace, group, resource, topic string) collector.Permission {
		return collector.Permission{
			Cluster: "the cluster of /kubeconfig", Namespace: namespace, Group: group, Resource: resource, Verbs: []string{"list", "watch"}, Topic: topic,
		}
	}
	asked := asking(fact.Clusters(), fact.TopicNodes)
	asked.Add(fact.Workloads().Name, []string{fact.TopicBudgets})
	require.Equal(t, []collector.Permission{
		permission("shop", "apps", "deployments", ""), permission("shop", "apps", "statefulsets", ""), permission("shop", "apps", "daemonsets", ""),
		permission("shop", "argoproj.io", "rollouts", ""),
		permission("shop", "policy", "poddisruptionbudgets", fact.TopicBudgets),
		{Cluster: "the cluster of /kubeconfig", Namespace: "shop", Resource: "namespaces", Verbs: []string{"get"}},
		permission("", "", "nodes", fact.TopicNodes),
	}, kubernetes.Permissions(target, asked))
	require.Empty(t, kubernetes.Permissions(target, fact.Topics{}))
}

// TestTimeAloneExpiresACertificate has the certificate of an Ingress joined before and after it expires.
func TestTimeAloneExpiresACertificate(t *testing.T) {
	leaf := world.NewCA(t, world.Spec{}).Issue(t, world.Spec{DNSNames: []string{"shop.example.com"}})
	joined := func(now time.Time) (fact.HostTrouble, time.Time) {
		shown := door{host: "shop.example.com", secure: true, secrets: []types.NamespacedName{{Namespace: "shop", Name: "tls"}}}
		store, err := tlsSecrets().Hold([]any{&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "tls"}, Data: tlsData(leaf)}})
		require.NoError(t, err)
		s := &snapshot{now: now, stores: map[string]watch.Stored{tlsSecrets().Key(): store}}
		_, trouble := s.shownAt(shown)
		return trouble, s.until
	}
	trouble, until := joined(leaf.X509.NotAfter.Add(-time.Hour))
	require.Empty(t, trouble)
	require.Equal(t, leaf.X509.NotAfter, until)
	trouble, until = joined(leaf.X509.NotAfter.Add(time.Second))
	require.Equal(t, fact.HostExpired, trouble)
	require.Zero(t, until)
}

func TestACertificateWithTheKeyOfAnotherIsShownByNobody(t *testing.T) {
	ca := world.NewCA(t, world.Spec{})
	own, other := tlsData(ca.Issue(t, world.Spec{DNSNames: []string{"shop.example.com"}})), tlsData(ca.Issue(t, world.Spec{}))
	for name, test := range map[string]struct {
		key  []byte
		want fact.HostTrouble
	}{
		"its own": {own[corev1.TLSPrivateKeyKey], ""}, "another": {other[corev1.TLSPrivateKeyKey], fact.HostOtherKey}, "none": {nil, fact.HostOtherKey},
	} {
		store, err := tlsSecrets().Hold([]any{&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "tls"}, Data: map[string][]byte{
			corev1.TLSCertKey: own[corev1.TLSCertKey], corev1.TLSPrivateKeyKey: test.key,
		}}})
		require.NoError(t, err)
		s := &snapshot{now: time.Now(), stores: map[string]watch.Stored{tlsSecrets().Key(): store}}
		require.Equal(t, test.want, s.troubleWith("shop.example.com", types.NamespacedName{Namespace: "shop", Name: "tls"}), name)
	}
}

func TestAnAnswerStandsForSomeSeconds(t *testing.T) {
	asked, began := 0, time.Now()
	memory := &memory{answers: make(map[string]answer)}
	var trouble error
	answerAt := func(now time.Time) (any, error) {
		r := &run{now: now, memory: memory}
		return r.answered("cluster", func() (any, error) {
			asked++
			return asked, trouble
		})
	}
	for _, c := range []struct {
		after   time.Duration
		trouble error
		want    any
	}{
		{0, nil, 1},
		{answerAge / 2, nil, 1},
		{answerAge, nil, 2},
		{2 * answerAge, fact.Errorf(fact.ReasonTimeout, "late"), 2},
		{2 * answerAge, fact.Errorf(fact.ReasonDenied, "no"), nil},
		{answerAge + answerKept, fact.Errorf(fact.ReasonTimeout, "late"), nil},
		{answerAge + answerKept, nil, 6},
	} {
		trouble = c.trouble
		content, err := answerAt(began.Add(c.after))
		require.Equal(t, c.want, content)
		if c.want == nil {
			require.ErrorIs(t, err, c.trouble)
		} else {
			require.NoError(t, err)
		}
	}
}
