package cluster_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/cluster"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestPublicAddress(t *testing.T) {
	of := func(external ...string) fact.Cluster {
		return fact.Cluster{Name: "main", Nodes: []fact.Node{{Name: "a", External: external}}}
	}
	controller := func(addresses ...string) fact.Component {
		return fact.Component{Cluster: "main", Role: fact.RoleIngressController, Services: []fact.Outlet{{Name: "nginx", Addresses: addresses}}}
	}
	const none = "no_public_address"
	for name, c := range map[string]struct {
		cluster   fact.Cluster
		component fact.Component
		want      []checktest.Finding
	}{
		"a node has one":                        {cluster: of("10.0.0.5", "192.0.43.8")},
		"one of IPv6 is one":                    {cluster: of("2a01:4f8::1")},
		"the load balancer has one":             {cluster: of(), component: controller("192.0.43.8")},
		"beside a name that is not known":       {cluster: of("192.0.43.8"), component: controller("lb.cloud.example")},
		"a load balancer of another controller": {cluster: of(), component: fact.Component{Cluster: "other", Role: fact.RoleIngressController, Services: controller("192.0.43.8").Services}, want: checktest.One(none, check.Fail, "No node has an external address, and no ingress controller a load balancer.")},
		"a private one, as of MetalLB": {
			cluster: of(), component: controller("192.168.1.240"),
			want: checktest.One(none, check.Fail, "None of the external addresses is public: 192.168.1.240."),
		},
		"that of a provider's own network": {
			cluster: of("100.64.0.7"), want: checktest.One(none, check.Fail, "None of the external addresses is public: 100.64.0.7."),
		},
		"many are counted": {
			cluster: of("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.6"),
			want:    checktest.One(none, check.Fail, "None of the 6 external addresses is public."),
		},
		"a name may be that of an internal one": {
			cluster: of("10.0.0.5"), component: controller("internal-shop.elb.example"),
			want: checktest.One("address_unknown", check.Unknown, "A load balancer is at internal-shop.elb.example, and at what address that is is not known."),
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := checktest.Case{Kind: cluster.PublicAddress(), Now: checktest.Now(), Sets: []fact.AnySet{
				checktest.Facts(fact.Clusters(), c.cluster), checktest.Facts(fact.Components(), c.component),
			}}.Judge(t)
			require.Equal(t, c.want, got)
		})
	}
}
