package report_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestHostsOfIngressesAreInTheConfiguration(t *testing.T) {
	loaded, err := config.For([]*system.System{{
		Name: "shop", Environment: "production", Certificates: []system.Certificate{{Address: "shop.contoso.com:443"}},
	}}, config.Options{Kinds: checks.All()})
	require.NoError(t, err)
	ingress := fact.Ingress{Cluster: "main", Namespace: "shop", Kind: "Ingress", Name: "shop", Hosts: []fact.IngressHost{
		{Name: "shop.contoso.com"}, {Name: "api.contoso.com"}, {Name: "*.contoso.com"}, {Name: "plain.contoso.com", Trouble: fact.HostNotCovered},
	}}
	now := time.Now()
	discovered := report.DiscoveredOf(loaded.Plans[0].Assess([]*fact.Run{{
		Collector: "kubernetes", Target: "main", CollectedAt: now, Interval: time.Minute,
		Sets: []fact.AnySet{fact.Ingresses().Set(&fact.Set[fact.Ingress]{Facts: []*fact.Ingress{&ingress}})},
	}}, now, nil))
	require.Contains(t, discovered.YAML, "- address: shop.contoso.com:443\n  - address: api.contoso.com:443\n")
	require.NotContains(t, discovered.YAML, "*.contoso.com")
	require.NotContains(t, discovered.YAML, "plain.contoso.com")
	require.Equal(t, []string{"main/shop/Ingress/shop"}, discovered.Pieces[0].Subjects)
}
