package record

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

const objectsPlace = "READINESS_RECORD_OBJECTS"

// inCluster is a new store's place in the tests' cluster, with a client.
func inCluster(t *testing.T) (*world.Cluster, rest.Interface, types.NamespacedName) {
	t.Helper()
	cluster := servers.Kubernetes(t)
	return cluster, coreOf(t, cluster.Kubeconfig), types.NamespacedName{Namespace: cluster.Namespace(t), Name: "record"}
}

func coreOf(t *testing.T, kubeconfig string) rest.Interface {
	t.Helper()
	client, done, err := watch.Login{Kubeconfig: kubeconfig}.Core()
	require.NoError(t, err)
	t.Cleanup(done)
	return client
}

func openObjects(t *testing.T, client rest.Interface, place types.NamespacedName, told *reports, changes ...func(*Options)) *Objects {
	t.Helper()
	chosen := options(told)
	for _, change := range changes {
		change(&chosen)
	}
	o := OpenObjects(client, place, chosen)
	t.Cleanup(func() {
		_ = o.Close() // Perhaps the API server is away.
		<-o.stopped
	})
	return o
}

func keepAll(t *testing.T, store Store, all ...Evidence) {
	t.Helper()
	for _, each := range all {
		_, err := store.KeepEvidence(t.Context(), each)
		require.NoError(t, err)
	}
}

// objectsIn are those of a store, by their names.
func objectsIn(t *testing.T, cluster *world.Cluster, place types.NamespacedName) map[string]corev1.ConfigMap {
	t.Helper()
	list, err := cluster.Client.CoreV1().ConfigMaps(place.Namespace).List(t.Context(), metav1.ListOptions{
		LabelSelector: "readiness-exporter.io/record=" + place.Name,
	})
	require.NoError(t, err)
	all := make(map[string]corev1.ConfigMap)
	for _, each := range list.Items {
		all[each.Name] = each
	}
	return all
}

// large is evidence of some size.
func large(id string, size int) Evidence {
	e := reported(id, id, 0)
	e.Report.Result.Faults = []string{strings.Repeat("x", size)}
	return e
}

func requireSame(t *testing.T, a, b *Objects) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		require.Equal(c, a.Evidence("shop"), b.Evidence("shop"))
		require.Equal(c, a.Signatures("shop"), b.Signatures("shop"))
		require.Equal(c, a.Changes("shop"), b.Changes("shop"))
	}, 2*time.Minute, 100*time.Millisecond)
}

func TestWhatIsKeptInObjectsIsThereAfterARestart(t *testing.T) {
	cluster, client, place := inCluster(t)
	var told reports
	_, err := ReadObjects(t.Context(), client, place, ready)
	require.ErrorIs(t, err, ErrNoRecord)
	o := openObjects(t, client, place, &told)
	require.True(t, o.Writable())
	keepAll(t, o, reported("1", "a", 0), reported("2", "b", 0), reported("3", "a", time.Hour))
	signed := Signature{ID: "s", System: "shop", Check: "a", Kind: Waiver, By: "ann", At: start(), Reason: "é & <ü>"}
	_, err = o.KeepSignature(t.Context(), signed)
	require.NoError(t, err)
	o.Append(shop("a", "pass", 0), shop("a", "fail", time.Minute), shop("a", "fail", time.Hour))
	require.NoError(t, o.Close())

	again := openObjects(t, client, place, &told)
	require.Equal(t, o.Evidence("shop"), again.Evidence("shop"))
	require.Equal(t, []Signature{signed}, again.Signatures("shop"))
	require.Equal(t, []Change{shop("a", "pass", 0), shop("a", "fail", time.Minute)}, again.Changes("shop"))
	known, err := again.KeepEvidence(t.Context(), reported("3", "a", time.Hour))
	require.NoError(t, err)
	require.True(t, known)
	require.Empty(t, told.take())
	snapshot, err := ReadObjects(t.Context(), client, place, ready)
	require.NoError(t, err)
	require.Equal(t, o.Evidence("shop"), snapshot.Evidence("shop"))
	all := objectsIn(t, cluster, place)
	require.Len(t, all, 1)
	require.Equal(t, "readiness-exporter", all["record"].Labels["app.kubernetes.io/managed-by"])
}

func TestRecordsAreSplitOverObjectsWithinTheirBounds(t *testing.T) {
	cluster, client, place := inCluster(t)
	var told reports
	const most = 2 << 20
	bounded := func(o *Options) { o.MaximumBytes = most }
	o := openObjects(t, client, place, &told, bounded)
	var last string
	for i := range 10 {
		var workers sync.WaitGroup
		for j := range 10 { // They are written together.
			last = fmt.Sprintf("%03d-%d", i, j)
			workers.Go(func() {
				_, err := o.KeepEvidence(t.Context(), large(fmt.Sprintf("%03d-%d", i, j), 50_000))
				require.NoError(t, err)
			})
		}
		workers.Wait()
	}
	// 5 MB came.
	all := objectsIn(t, cluster, place)
	require.LessOrEqual(t, len(all), 1+maximumParts)
	total := 0
	for name, each := range all {
		size := 0
		for _, text := range each.Data {
			size += len(text)
		}
		require.LessOrEqual(t, size, 1<<20, name)
		total += size
	}
	require.LessOrEqual(t, total, most+maximumTail)
	require.True(t, o.Writable())
	require.Empty(t, told.take())
	require.NoError(t, o.Close())
	again := openObjects(t, client, place, &told, bounded)
	require.Equal(t, o.Evidence("shop"), again.Evidence("shop"))
	kept := ofReports(again.Evidence("shop"))
	require.Contains(t, kept, last)
	require.NotContains(t, kept, "000-0", "the oldest goes first")
	require.Greater(t, len(kept), 10)
}

func ofReports(all []fact.Evidence) (ids []string) {
	for _, each := range all {
		ids = append(ids, each.Check)
	}
	return ids
}

func TestTwoReplicasOfOneStoreAgree(t *testing.T) {
	_, client, place := inCluster(t)
	var told reports
	a, b := openObjects(t, client, place, &told), openObjects(t, client, place, &told)
	watched := b.Watch("shop", "evidence")
	var workers sync.WaitGroup
	for n, store := range []*Objects{a, b} {
		workers.Go(func() {
			for i := range 20 {
				keepAll(t, store, large(fmt.Sprintf("%d-%d", n, i), 6000))
				if i%5 == 0 {
					status := []string{"pass", "fail"}[i/5%2]
					store.Append(shop("a", status, time.Duration(10*i+n)*time.Second))
					_, err := store.KeepSignature(t.Context(), Signature{ID: fmt.Sprint(n, " ", i), System: "shop", Check: fmt.Sprint(i), Kind: Attestation, By: fmt.Sprint(n), At: start()})
					require.NoError(t, err)
				}
			}
		})
	}
	workers.Wait()
	requireSame(t, a, b)
	require.Len(t, a.Evidence("shop"), 40)
	require.Len(t, a.Attestations("shop"), 8)
	require.NotEmpty(t, watched)
	var told2 reports
	requireSame(t, a, openObjects(t, client, place, &told2))
	require.Empty(t, told.take())
}

func TestWhatOthersWriteBesideTheRecordStays(t *testing.T) {
	cluster, client, place := inCluster(t)
	var told reports
	o := openObjects(t, client, place, &told)
	keepAll(t, o, reported("1", "a", 0))
	maps := cluster.Client.CoreV1().ConfigMaps(place.Namespace)
	found, err := maps.Get(t.Context(), place.Name, metav1.GetOptions{})
	require.NoError(t, err)
	found.Labels["synchronized"], found.Data["note"] = "yes", "mine"
	_, err = maps.Update(t.Context(), found, metav1.UpdateOptions{})
	require.NoError(t, err)
	keepAll(t, o, reported("2", "a", 0))
	found, err = maps.Get(t.Context(), place.Name, metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, "yes", found.Labels["synchronized"])
	require.Equal(t, "mine", found.Data["note"])
	require.Contains(t, found.Data["records"], `"id":"2"`)
}

func TestWhatSomebodyDeletedIsWrittenAgain(t *testing.T) {
	cluster, client, place := inCluster(t)
	var told reports
	o := openObjects(t, client, place, &told)
	for i := range 30 {
		keepAll(t, o, large(fmt.Sprint(i), 10_000))
	}
	want := o.Evidence("shop")
	require.NotEmpty(t, o.current.parts)
	maps := cluster.Client.CoreV1().ConfigMaps(place.Namespace)
	require.NoError(t, maps.Delete(t.Context(), place.Name, metav1.DeleteOptions{}))
	require.Eventually(t, func() bool {
		snapshot, err := ReadObjects(t.Context(), client, place, ready)
		return err == nil && len(snapshot.Evidence("shop")) == len(want)
	}, 2*time.Minute, 100*time.Millisecond)
	require.ElementsMatch(t, want, o.Evidence("shop"))

	// A part that is gone is reported by whoever reads it next; what is in others stays.
	require.NoError(t, o.Close())
	require.NotEmpty(t, o.current.parts)
	require.NoError(t, maps.Delete(t.Context(), o.current.parts[0].Name, metav1.DeleteOptions{}))
	again := openObjects(t, client, place, &told)
	all := told.take()
	require.Len(t, all, 1)
	require.Contains(t, all[0], "which somebody deleted or replaced: the records in it are lost")
	keepAll(t, again, reported("after", "after", 0))
	require.True(t, again.Writable())
}

func TestAnEditedObjectIsReported(t *testing.T) {
	cluster, client, place := inCluster(t)
	var told reports
	o := openObjects(t, client, place, &told)
	keepAll(t, o, reported("1", "a", 0), reported("2", "b", 0))
	require.NoError(t, o.Close())
	maps := cluster.Client.CoreV1().ConfigMaps(place.Namespace)
	edit := func(key, from, to string) {
		found, err := maps.Get(t.Context(), place.Name, metav1.GetOptions{})
		require.NoError(t, err)
		found.Data[key] = strings.Replace(found.Data[key], from, to, 1)
		_, err = maps.Update(t.Context(), found, metav1.UpdateOptions{})
		require.NoError(t, err)
	}
	edit("records", `"id":"1"`, `"id":"7"`)
	again := openObjects(t, client, place, &told)
	require.Equal(t, []string{"ConfigMap " + place.String() + ": records that do not match their checksums: 1; somebody edited it, and the others were read"}, told.take())
	require.Equal(t, []string{"b"}, ofReports(again.Evidence("shop")))
	edit("format", "1", "2")
	later := openObjects(t, client, place, &told)
	require.False(t, later.Writable())
	require.Contains(t, told.take()[0], "this version of the program did not write it")
	_, err := later.KeepEvidence(t.Context(), reported("3", "c", 0))
	require.ErrorIs(t, err, errForeign)
}

func TestPartsThatNobodyListsAreClearedAwayWhenTheirNamesAreNeeded(t *testing.T) {
	cluster, client, place := inCluster(t)
	var told reports
	o := openObjects(t, client, place, &told)
	keepAll(t, o, reported("1", "a", 0))
	// Replicas were killed while they made parts.
	for _, name := range ObjectNames(place.Name)[1:] {
		_, err := o.client.create(t.Context(), name, "")
		require.NoError(t, err)
	}
	for i := range 40 {
		keepAll(t, o, large(fmt.Sprint("large ", i), 10_000))
	}
	require.Len(t, objectsIn(t, cluster, place), 2)
	var fresh reports
	require.Len(t, openObjects(t, client, place, &fresh).Evidence("shop"), 41)
	require.Empty(t, append(told.take(), fresh.take()...))
}

func TestNothingIsAcknowledgedWhileTheAPIServerIsAway(t *testing.T) {
	cluster := servers.NewKubernetes(t)
	client, place := coreOf(t, cluster.Kubeconfig), types.NamespacedName{Namespace: "default", Name: "record"}
	var told reports
	o := openObjects(t, client, place, &told)
	keepAll(t, o, reported("before", "a", 0))
	cluster.APIServer.Kill(t)
	_, err := o.KeepEvidence(t.Context(), reported("away", "b", 0))
	require.ErrorContains(t, err, "update ConfigMap default/record: ")
	require.ErrorContains(t, err, "connection refused")
	require.False(t, o.Writable())
	require.Contains(t, ofReports(o.Evidence("shop")), "a", "what was read stays")
	began := time.Now()
	fresh := openObjects(t, client, place, &told)
	require.Less(t, time.Since(began), 2*time.Minute)
	require.False(t, fresh.Writable())
	fresh.Append(shop("a", "pass", 0))

	cluster.APIServer.Restart(t)
	require.Eventually(t, func() bool { return o.Writable() && fresh.Writable() }, 2*time.Minute, 100*time.Millisecond)
	requireSame(t, o, fresh)
	require.Equal(t, []string{"a", "b"}, ofReports(fresh.Evidence("shop")), "what came again is kept once")
	require.Equal(t, []Change{shop("a", "pass", 0)}, o.Changes("shop"))

	// It accepts connections, and answers nothing.
	cluster.APIServer.Pause(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err = o.KeepEvidence(ctx, reported("paused", "c", 0))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	cluster.APIServer.Resume(t)
	require.Eventually(t, func() bool {
		known, err := o.KeepEvidence(t.Context(), reported("paused", "c", 0))
		return err == nil && known
	}, 2*time.Minute, 100*time.Millisecond)
	requireSame(t, o, fresh)
}

func TestAStoreThatMayNotBeWrittenSaysSo(t *testing.T) {
	cluster, _, place := inCluster(t)
	var told reports
	o := openObjects(t, coreOf(t, asUser(t, cluster, "system:serviceaccount:"+place.Namespace+":default")), place, &told)
	require.False(t, o.Writable())
	all := told.take()
	require.Len(t, all, 1)
	require.Contains(t, all[0], `cannot get resource "configmaps"`)
}

// asUser is a kubeconfig of another user.
func asUser(t *testing.T, cluster *world.Cluster, name string) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(cluster.Kubeconfig)
	require.NoError(t, err)
	for _, user := range config.AuthInfos {
		user.Impersonate = name
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, clientcmd.WriteToFile(*config, file))
	return file
}

// keepInObjects is a process that keeps records in objects of NAMESPACE/NAME, with a kubeconfig before it.
func keepInObjects(environment string) {
	parts := strings.Split(environment, "|")
	client, _, err := watch.Login{Kubeconfig: parts[0]}.Core()
	if err != nil {
		fmt.Println(err)
		return
	}
	keepIn(OpenObjects(client, types.NamespacedName{Namespace: parts[1], Name: "record"}, Options{Ready: ready}))
}

func TestEveryAcknowledgedRecordInObjectsSurvivesThatReplicasAreKilled(t *testing.T) {
	cluster, client, place := inCluster(t)
	environment := objectsPlace + "=" + strings.Join([]string{cluster.Kubeconfig, place.Namespace}, "|")
	var acknowledged []string
	for range 2 {
		var both [2][]string
		var replicas sync.WaitGroup
		for i := range both {
			replicas.Go(func() { both[i] = killed(t, environment, 20+rand.IntN(40)) })
		}
		replicas.Wait()
		acknowledged = slices.Concat(acknowledged, both[0], both[1])
	}
	var told reports
	o := openObjects(t, client, place, &told)
	require.Empty(t, told.take())
	requireAcknowledged(t, o, acknowledged)
}
