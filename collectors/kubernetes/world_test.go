package kubernetes

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

var servers *world.World

// TestMain also finds what a Close left running.
func TestMain(m *testing.M) { goleak.VerifyTestMain(world.Around(m, &servers)) }

// opened makes a Clusters that is closed at the end of the test.
func opened(tb testing.TB) *Clusters {
	tb.Helper()
	clusters := New()
	tb.Cleanup(clusters.Close)
	return clusters
}

// in is a cluster as the system shop declares it.
func in(kubeconfig string, namespaces ...string) Target {
	return Target{
		System:  "shop/production",
		Cluster: system.Cluster{Name: "main", Kubeconfig: kubeconfig, Namespaces: namespaces},
	}
}

// asking asks for a kind and these topics of it.
func asking(kind fact.Any, topics ...string) fact.Topics {
	return fact.Topics{kind.KindName(): append([]string{}, topics...)}
}

// basics ask for workloads with pods and budgets alone.
func basics() fact.Topics { return asking(fact.Workloads(), fact.TopicBudgets, fact.TopicPods) }

// collect collects once, as the engine does, within the collector's time limit or a shorter one.
func collect(tb testing.TB, from collector.Collector[Target], t Target, asked fact.Topics, limit time.Duration) ([]fact.AnySet, error) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), limit)
	defer cancel()
	started := time.Now()
	sets, err := from.Collect(ctx, t, asked)
	assert.Less(tb, time.Since(started), limit+500*time.Millisecond, "the run went on after its time")
	return sets, err
}

// setOf gives the set of a kind among those of a run; nil where there is none.
func setOf[F any](kind *fact.Kind[F], sets []fact.AnySet) *fact.Set[F] {
	var found *fact.Set[F]
	now := time.Now()
	run := &fact.Run{Interval: time.Hour, CollectedAt: now, Sets: sets}
	for set := range fact.Of(fact.NewView([]*fact.Run{run}, now), kind, nil) {
		found = set
	}
	return found
}

// workloadsOf collects workloads with pods and budgets.
func workloadsOf(tb testing.TB, clusters *Clusters, target Target) (*fact.Set[fact.Workload], error) {
	tb.Helper()
	return workloadsWithin(tb, clusters, target, clusters.Kubernetes().Timeout)
}

func workloadsWithin(tb testing.TB, clusters *Clusters, target Target, limit time.Duration) (*fact.Set[fact.Workload], error) {
	tb.Helper()
	sets, err := collect(tb, clusters.Kubernetes(), target, basics(), limit)
	if err != nil {
		return nil, err
	}
	return setOf(fact.Workloads(), sets), nil
}

// finds collects until exactly these workloads are there, as namespace/Kind/name.
func finds(tb testing.TB, clusters *Clusters, target Target, want ...string) {
	tb.Helper()
	require.EventuallyWithT(tb, func(c *assert.CollectT) {
		set, err := workloadsOf(tb, clusters, target)
		require.NoError(c, err)
		require.Empty(c, set.Unavailable)
		var got []string
		for _, w := range set.Facts {
			got = append(got, strings.TrimPrefix(w.Subject(), "main/"))
		}
		require.Equal(c, want, got)
	}, 2*time.Minute, 100*time.Millisecond)
}

// unavailable collects, and gives why there are no workloads.
func unavailable(tb testing.TB, clusters *Clusters, target Target, limit time.Duration) fact.Unavailable[fact.Workload] {
	tb.Helper()
	set, err := workloadsWithin(tb, clusters, target, limit)
	if err != nil {
		return fact.Unavailable[fact.Workload]{Subject: target.name(), Reason: fact.ReasonOf(err), Detail: err.Error()}
	}
	require.Empty(tb, set.Facts)
	require.Len(tb, set.Unavailable, 1)
	return set.Unavailable[0]
}

// kubeconfig writes one that reaches the cluster as the administrator, changed by edit, and gives its path.
func kubeconfig(tb testing.TB, cluster *world.Cluster, edit func(*clientcmdapi.Cluster, *clientcmdapi.AuthInfo)) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "kubeconfig")
	writeKubeconfig(tb, path, cluster, edit)
	return path
}

func writeKubeconfig(tb testing.TB, path string, cluster *world.Cluster, edit func(*clientcmdapi.Cluster, *clientcmdapi.AuthInfo)) {
	tb.Helper()
	config, err := clientcmd.LoadFromFile(cluster.Kubeconfig)
	require.NoError(tb, err)
	for _, c := range config.Clusters {
		for _, user := range config.AuthInfos {
			edit(c, user)
		}
	}
	require.NoError(tb, clientcmd.WriteToFile(*config, path))
}

// through changes the server of a kubeconfig.
func through(address string) func(*clientcmdapi.Cluster, *clientcmdapi.AuthInfo) {
	return func(c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) { c.Server = "https://" + address }
}

// withToken changes the user of a kubeconfig.
func withToken(token string) func(*clientcmdapi.Cluster, *clientcmdapi.AuthInfo) {
	return func(_ *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) {
		*user = clientcmdapi.AuthInfo{Token: token}
	}
}

// serviceAccount makes one in a namespace, and gives a token of it.
func serviceAccount(tb testing.TB, cluster *world.Cluster, namespace string) string {
	tb.Helper()
	accounts := cluster.Client.CoreV1().ServiceAccounts(namespace)
	_, err := accounts.Create(tb.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "exporter"}}, metav1.CreateOptions{})
	require.NoError(tb, err)
	token, err := accounts.CreateToken(tb.Context(), "exporter", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	require.NoError(tb, err)
	return token.Status.Token
}

// permit gives the service account exporter of a namespace a Role there.
func permit(tb testing.TB, cluster *world.Cluster, namespace string, rules ...rbacv1.PolicyRule) {
	tb.Helper()
	rbac := cluster.Client.RbacV1()
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{GenerateName: "exporter-"}, Rules: rules}
	role, err := rbac.Roles(namespace).Create(tb.Context(), role, metav1.CreateOptions{})
	require.NoError(tb, err)
	_, err = rbac.RoleBindings(namespace).Create(tb.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role.Name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: "exporter", Namespace: namespace}},
	}, metav1.CreateOptions{})
	require.NoError(tb, err)
}

func write(tb testing.TB, path, content string) {
	tb.Helper()
	require.NoError(tb, os.WriteFile(path, []byte(content), 0o600))
}
