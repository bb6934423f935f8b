package kubernetes

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// TestGroupsTellWhatTheirMembersDo changes pods in any way, and wants what is told of each owner to be what counting all
// pods anew tells.
func TestGroupsTellWhatTheirMembersDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMirror(pods(), nil, "", func() {})
		require.NoError(t, m.Replace(nil, ""))
		somePod := func() *corev1.Pod {
			p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
				Name: fmt.Sprint("pod-", rapid.IntRange(0, 5).Draw(t, "pod")), OwnerReferences: ownedBy("owner", rapid.IntRange(0, 2).Draw(t, "owner")),
				CreationTimestamp: metav1.Unix(rapid.Int64Range(1, 9).Draw(t, "made"), 0),
			}}
			p.Spec.NodeName = rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "node")
			return p
		}
		for range rapid.IntRange(1, 30).Draw(t, "changes") {
			switch rapid.IntRange(0, 9).Draw(t, "change") {
			case 0:
				require.NoError(t, m.Replace([]any{somePod()}, ""))
			case 1, 2:
				require.NoError(t, m.Delete(somePod()))
			default:
				require.NoError(t, m.Update(somePod()))
			}
			wanted := make(map[owner][]pod)
			for _, p := range m.kept {
				wanted[p.owner] = append(wanted[p.owner], p)
			}
			told := tellings(m, tallyOf)
			require.Len(t, told, len(wanted))
			for of, pods := range wanted {
				require.Equal(t, tallyOf(pods).pods(), told[of].pods())
			}
		}
	})
}

// TestOnlyTheChangedGroupIsToldAnew counts who is asked.
func TestOnlyTheChangedGroupIsToldAnew(t *testing.T) {
	m := filled(pods(), 100, somePod)
	var asked int
	count := func(pods []pod) int {
		asked++
		return len(pods)
	}
	require.Len(t, tellings(m, count), 100/podsPerDeployment)
	require.Equal(t, 100/podsPerDeployment, asked)
	require.NoError(t, m.Update(somePod(3)))
	tellings(m, count)
	require.Equal(t, 100/podsPerDeployment+1, asked)
	require.NoError(t, m.Update(somePod(3)))
	require.NoError(t, m.Delete(somePod(42)))
	tellings(m, count)
	require.Equal(t, 100/podsPerDeployment+3, asked)
}

func TestTalliesOfSeveralReplicaSetsAreOne(t *testing.T) {
	word := containerWord{intern("api"), intern("CrashLoopBackOff")}
	old := tallyOf([]pod{{node: intern("a"), made: 1, waiting: []containerWord{word}, images: []containerImage{{intern("api"), intern("old")}}}})
	young := tallyOf([]pod{
		{node: intern("a"), made: 2, waiting: []containerWord{word}, images: []containerImage{{intern("api"), intern("young")}}},
		{node: intern("b"), made: 2, restarted: &restart{word, 5}}, {unschedulable: true, node: intern("")},
	})
	for _, both := range []*tally{old.and(young), young.and(old), (*tally)(nil).and(old).and(young)} {
		pods := both.pods()
		require.Equal(t, 3, pods.Running)
		require.Equal(t, 2, pods.Nodes)
		require.Equal(t, 1, pods.Unschedulable)
		require.Equal(t, []fact.Waiting{{Container: "api", Reason: "CrashLoopBackOff", Pods: 2}}, pods.Waiting)
		require.Equal(t, "CrashLoopBackOff", pods.Restarted.Reason)
		require.Equal(t, "young", both.imageID("api"))
	}
	require.Equal(t, 1, old.pods().Running, "what is shared stays as it is")
}
