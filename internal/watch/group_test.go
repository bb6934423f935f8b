package watch

import (
	"fmt"
	"testing"
	"unique"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"
)

// A counted is what these tests keep of a pod.
type counted struct {
	owner Owner
	node  string
}

func countedPods() Resource[counted] {
	return Resource[counted]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("pods"), Example: &corev1.Pod{},
		Keep: func(object any) counted {
			p := object.(*corev1.Pod)
			return counted{unique.Make(p.OwnerReferences[0].UID), p.Spec.NodeName}
		},
		Group: func(c counted) Owner { return c.owner },
	}
}

func podOf(name, owner int, node string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprint("pod-", name), OwnerReferences: []metav1.OwnerReference{{UID: types.UID(fmt.Sprint("owner-", owner))}},
		},
		Spec: corev1.PodSpec{NodeName: node},
	}
}

// byNode counts pods by their nodes.
func byNode(pods []counted) map[string]int {
	counts := make(map[string]int)
	for _, p := range pods {
		counts[p.node]++
	}
	return counts
}

// TestAggregatesAreThoseOfAllMembers changes pods in any way, and wants the aggregate of each owner to be that of counting
// all of its pods again.
func TestAggregatesAreThoseOfAllMembers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStore(countedPods(), nil, "", func() {})
		require.NoError(t, s.Replace(nil, ""))
		somePod := func() *corev1.Pod {
			return podOf(rapid.IntRange(0, 5).Draw(t, "pod"), rapid.IntRange(0, 2).Draw(t, "owner"),
				rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "node"))
		}
		for range rapid.IntRange(1, 30).Draw(t, "changes") {
			before := s.Version()
			switch rapid.IntRange(0, 9).Draw(t, "change") {
			case 0:
				require.NoError(t, s.Replace([]any{somePod()}, ""))
			case 1, 2:
				require.NoError(t, s.Delete(somePod()))
			default:
				require.NoError(t, s.Update(somePod()))
			}
			require.NotEqual(t, before, s.Version())
			members := make(map[Owner][]counted)
			s.Each(func(_ types.NamespacedName, c counted) { members[c.owner] = append(members[c.owner], c) })
			want := make(map[Owner]map[string]int)
			for of, pods := range members {
				want[of] = byNode(pods)
			}
			require.Equal(t, want, Aggregates(s, byNode))
		}
	})
}

// TestOnlyTheChangedGroupIsAddedUpAgain counts which groups are.
func TestOnlyTheChangedGroupIsAddedUpAgain(t *testing.T) {
	const pods, owners = 100, 10
	s := newStore(countedPods(), nil, "", func() {})
	for i := range pods {
		require.NoError(t, s.Update(podOf(i, i%owners, "a")))
	}
	added := 0
	count := func(pods []counted) int {
		added++
		return len(pods)
	}
	require.Len(t, Aggregates(s, count), owners)
	require.Equal(t, owners, added)
	require.NoError(t, s.Update(podOf(3, 3, "b")))
	Aggregates(s, count)
	require.Equal(t, owners+1, added)
	require.NoError(t, s.Update(podOf(3, 3, "c")))
	require.NoError(t, s.Delete(podOf(42, 2, "a")))
	Aggregates(s, count)
	require.Equal(t, owners+3, added)
}
