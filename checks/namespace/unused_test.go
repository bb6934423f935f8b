package namespace_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/namespace"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestUnused(t *testing.T) {
	left := func(all ...fact.Leftover) fact.Namespace {
		return fact.Namespace{Cluster: "main", Name: "shop", Objects: 20, Unused: all}
	}
	claim := fact.Leftover{Kind: "PersistentVolumeClaim", Name: "old", Reason: "no pod mounts it"}
	kind := namespace.Unused()
	kind.Defaults = namespace.UnusedParameters{Maximum: 1, Kept: []string{"Secret/break-glass"}}
	require.NoError(t, kind.Defaults.Validate())
	v := checktest.Of(t, kind, fact.Namespaces())
	v.Finds("nothing is left over", left())
	v.Finds("as much as may be", left(claim))
	v.Finds("what is kept does not count", left(claim, fact.Leftover{Kind: "Secret", Name: "break-glass", Reason: "nothing refers to it"}))
	v.Finds("more than may be", left(claim, fact.Leftover{Kind: "ConfigMap", Name: "old", Reason: "no reference found"}),
		"warn unused: No use was found of 2 of 20 objects (at most 1 is wanted): PersistentVolumeClaim/old (no pod mounts it) and ConfigMap/old (no reference found). "+
			"Pods, workloads, Jobs, CronJobs, service accounts, Ingresses, schedules of Velero, and the Certificates, Issuers and ClusterIssuers of cert-manager were searched.")
}

func TestParametersThatCannotBeAreRefused(t *testing.T) {
	require.EqualError(t, namespace.UnusedParameters{Kept: []string{"x"}}.Validate(),
		`kept: "x": expected Kind/name, such as Secret/break-glass`)
}
