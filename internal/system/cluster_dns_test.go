package system_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestMistakesInTheDNSOfACluster(t *testing.T) {
	for name, test := range map[string]struct {
		dns   system.ClusterDNS
		wants string // empty: nothing is wrong
	}{
		"all is well":              {system.ClusterDNS{Address: "10.96.0.10", Names: []string{"api.shop.svc.cluster.local"}}, ""},
		"a port of its own":        {system.ClusterDNS{Address: "[fd00::a]:5353"}, ""},
		"a name as address":        {system.ClusterDNS{Address: "kube-dns.kube-system"}, "IP address of the Service"},
		"a name that is not whole": {system.ClusterDNS{Names: []string{"api"}}, "a name in full"},
		"an address as a name":     {system.ClusterDNS{Outside: []string{"192.0.2.1"}}, "a name in full"},
		"too many":                 {system.ClusterDNS{Outside: make([]string, 21)}, "20 at most"},
	} {
		t.Run(name, func(t *testing.T) {
			described := &system.System{Name: "shop", Environment: "production", Kubernetes: []system.Cluster{{Name: "main", DNS: &test.dns}}}
			requireMistake(t, described, test.wants)
		})
	}
}

// requireMistake wants one that has a text, or none.
func requireMistake(t *testing.T, described *system.System, wants string) {
	t.Helper()
	found := described.Validate(nil, time.Now())
	if wants == "" {
		require.Empty(t, found)
		return
	}
	require.NotEmpty(t, found)
	require.Contains(t, found[0].Message, wants)
}
