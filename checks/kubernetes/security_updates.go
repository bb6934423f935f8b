package kubernetes

import (
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// SecurityUpdatesParameters are none.
type SecurityUpdatesParameters struct{}

// SecurityUpdates judges whether Kubernetes itself gets security fixes. What operating systems of nodes lack, no API server
// tells.
func SecurityUpdates() check.Kind[fact.Cluster, SecurityUpdatesParameters] {
	return check.Kind[fact.Cluster, SecurityUpdatesParameters]{
		Name:    "security_updates",
		Summary: "Kubernetes is in support, and no kubelet is older than its API server allows; the packages of hosts are not looked at.",
		Remedy:  "Upgrade the cluster: https://kubernetes.io/docs/tasks/administer-cluster/cluster-upgrade/.",
		Reasons: []check.Reason{endOfSupport(), kubeletSkew()},
		About:   fact.Clusters(),
		Topics:  func(SecurityUpdatesParameters) []string { return []string{fact.TopicNodes} },
		None:    check.Undeclared,
		Nothing: noCluster,
		Judge: func(c fact.Cluster, _ SecurityUpdatesParameters, now time.Time) []check.Problem {
			return outdated(c, now)
		},
	}
}
