package kubernetes

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestTalliesOfSeveralReplicaSetsAreOne(t *testing.T) {
	reason := containerReason{intern("api"), intern("CrashLoopBackOff")}
	old := tallyOf([]pod{{node: intern("a"), made: 1, waiting: []containerReason{reason}, images: []containerImage{{intern("api"), intern("old")}}}})
	young := tallyOf([]pod{
		{node: intern("a"), made: 2, waiting: []containerReason{reason}, images: []containerImage{{intern("api"), intern("young")}}},
		{node: intern("b"), made: 2, restarted: &restart{reason, 5}}, {unschedulable: true, node: intern("")},
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
