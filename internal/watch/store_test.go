package watch

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

var servers *world.World

// TestMain also finds what a Close left running.
func TestMain(m *testing.M) { goleak.VerifyTestMain(world.Around(m, &servers)) }

func configMaps() Resource[map[string]string] {
	return Resource[map[string]string]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("configmaps"), Example: &corev1.ConfigMap{},
		Keep: func(object any) map[string]string { return object.(*corev1.ConfigMap).Data },
	}
}

func secretNames() Resource[struct{}] {
	return Resource[struct{}]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("secrets"), Keep: func(any) struct{} { return struct{}{} },
	}
}

func opened(tb testing.TB) *Servers {
	tb.Helper()
	s := New()
	tb.Cleanup(s.Close)
	return s
}

func connected(tb testing.TB, s *Servers, cluster *world.Cluster) *Connection {
	tb.Helper()
	c, err := s.Connect(tb.Context(), Login{Kubeconfig: cluster.Kubeconfig})
	require.NoError(tb, err)
	return c
}

// watched is a round of a user, in which it watches these resources.
func watched(tb testing.TB, c *Connection, user string, in Scope, sources ...Source) (stores []Stored) {
	tb.Helper()
	round := c.Begin(user)
	defer round.End()
	for _, source := range sources {
		store, err := round.Watch(tb.Context(), source, in)
		require.NoError(tb, err)
		if store != nil {
			require.NoError(tb, store.Fresh(tb.Context()))
		}
		stores = append(stores, store)
	}
	return stores
}

func put(tb testing.TB, cluster *world.Cluster, namespace, name, value string) {
	tb.Helper()
	_, err := cluster.Client.CoreV1().ConfigMaps(namespace).Create(tb.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"a": value},
	}, metav1.CreateOptions{})
	require.NoError(tb, err)
}

func TestAStoreFollowsTheAPIServerAndNotifiesItsUsers(t *testing.T) {
	cluster := servers.Kubernetes(t)
	namespace := cluster.Namespace(t)
	put(t, cluster, namespace, "settings", "one")
	s := opened(t)
	c := connected(t, s, cluster)
	changes := s.Changes("shop")
	store := watched(t, c, "shop", Scope(namespace), configMaps())[0].(*Store[map[string]string])
	<-changes // The first list.
	kept, there := store.Get(namespace, "settings")
	require.True(t, there)
	require.Equal(t, map[string]string{"a": "one"}, kept)
	before, objects := store.Version(), store.Len()

	put(t, cluster, namespace, "more", "two")
	<-changes
	require.NotEqual(t, before, store.Version())
	require.Equal(t, objects+1, store.Len())
	require.NoError(t, cluster.Client.CoreV1().ConfigMaps(namespace).Delete(t.Context(), "more", metav1.DeleteOptions{}))
	<-changes
	require.Equal(t, objects, store.Len())
}

func TestWhatTheAPIServerDoesNotHaveHasNoStore(t *testing.T) {
	c := connected(t, opened(t), servers.Kubernetes(t))
	widgets := Resource[struct{}]{
		GroupVersionResource: schema.GroupVersionResource{Group: "example.com", Resource: "widgets"}, Keep: func(any) struct{} { return struct{}{} },
	}
	require.Equal(t, []Stored{nil}, watched(t, c, "shop", "", widgets))
	require.Empty(t, c.stores)
}

func TestStoresAndConnectionsEndWithTheirLastUser(t *testing.T) {
	cluster := servers.Kubernetes(t)
	namespace := Scope(cluster.Namespace(t))
	s := opened(t)
	c := connected(t, s, cluster)
	first := watched(t, c, "shop", namespace, configMaps(), secretNames())
	require.Same(t, c, connected(t, s, cluster))
	second := watched(t, c, "blog", namespace, configMaps())
	require.Same(t, first[0], second[0], "what is watched already is shared")
	require.Len(t, c.stores, 2)

	require.Same(t, first[0], watched(t, c, "shop", namespace, configMaps())[0], "what stays needed goes on")
	require.Len(t, c.stores, 1, "the Secrets are not needed any more")
	watched(t, c, "shop", namespace, secretNames())
	require.Len(t, c.stores, 2, "others need the ConfigMaps")
	s.Forget(Login{Kubeconfig: cluster.Kubeconfig}, "blog")
	require.Len(t, c.stores, 1)
	s.Forget(Login{Kubeconfig: cluster.Kubeconfig}, "shop")
	require.Empty(t, s.open)
	require.Error(t, c.ctx.Err())
	require.ErrorContains(t, c.store("late", configMaps(), storeKey{"configmaps", ""}).Fresh(t.Context()), "the connection was given up")

	again := connected(t, s, cluster)
	watched(t, again, "shop", namespace, configMaps())
	s.Close()
	_, err := s.Connect(t.Context(), Login{Kubeconfig: cluster.Kubeconfig})
	require.EqualError(t, err, "connect to a cluster: the exporter is shutting down")
}

func TestAWatchThatFallsSilentIsBegunAgain(t *testing.T) {
	cluster := servers.Kubernetes(t)
	namespace := cluster.Namespace(t)
	c := connected(t, opened(t), cluster)
	store := watched(t, c, "shop", Scope(namespace), configMaps())[0].(*Store[map[string]string])
	stream := func() any {
		store.mu.Lock()
		defer store.mu.Unlock()
		return store.stream
	}
	before := stream()
	require.EventuallyWithT(t, func(collect *assert.CollectT) {
		store.mu.Lock()
		store.heard = time.Now().Add(-maxSilence - time.Second) // Unless a late event comes between.
		store.mu.Unlock()
		require.NoError(collect, store.Fresh(t.Context()))
		require.NotSame(collect, before, stream())
	}, 2*time.Minute, 10*time.Millisecond)
	put(t, cluster, namespace, "later", "one")
	require.EventuallyWithT(t, func(collect *assert.CollectT) {
		_, there := store.Get(namespace, "later")
		require.True(collect, there)
	}, 2*time.Minute, 10*time.Millisecond)
}

// TestWhatIsBehindForLongIsNotWaitedFor has stores that are not up to date, and a run that waits for ever.
func TestWhatIsBehindForLongIsNotWaitedFor(t *testing.T) {
	long, forbidden := time.Now().Add(-2*patience), apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", errors.New("no"))
	cases := []struct {
		name      string
		failure   error
		answering time.Time
		want      string
	}{
		{"that it has failed for long is the reason", errors.New("etcd is away"), long, "watch pods: etcd is away"},
		{"that it has not been listed for long is a timeout", nil, long, "watch pods: no answer within 8s: context deadline exceeded"},
		{"what is forbidden is not waited for at all", forbidden, time.Now(), "watch pods: pods is forbidden: no"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newStore(countedPods(), nil, "", func() {})
			s.behind, s.failure, s.answering = long, c.failure, func() time.Time { return c.answering }
			require.EqualError(t, s.Fresh(t.Context()), c.want)
		})
	}

	s := newStore(countedPods(), nil, "", func() {})
	s.behind, s.failure, s.answering = long, errors.New("refused"), time.Now
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.EqualError(t, s.Fresh(ctx), "watch pods: refused")
	require.Error(t, ctx.Err(), "whose server answers again just now is waited for as long as the run lasts")
}

func TestALoginThatChangesHasANewConnection(t *testing.T) {
	cluster := servers.Kubernetes(t)
	s := opened(t)
	c := connected(t, s, cluster)
	store := watched(t, c, "shop", "", secretNames())[0]
	c.config.content.host = "https://elsewhere.example.com" // As if it had been read so.
	again := connected(t, s, cluster)
	require.NotSame(t, c, again)
	require.ErrorContains(t, store.Fresh(t.Context()), "the connection was given up")
}
