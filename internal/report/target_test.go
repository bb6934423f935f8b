package report_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestWhatWasDiscoveredIsShownWithWhereItWas(t *testing.T) {
	found := func(beyond int) *system.Found {
		return &system.Found{Source: "Ingress shop/web in main", Beyond: beyond}
	}
	loaded, err := config.For([]*system.System{{
		Name: "shop", Environment: "production",
		Endpoints: []system.Endpoint{
			{URL: "https://declared.contoso.com/"}, {URL: "https://shop.contoso.com/", Purpose: "ingress", Found: found(0)},
			{URL: "https://z.contoso.com/", Purpose: "ingress", Found: found(7)},
		},
		Certificates: []system.Certificate{{Address: "api.contoso.com:443", Found: found(0)}},
	}}, config.Options{Kinds: checks.All()})
	require.NoError(t, err)
	assessment := loaded.Plans[0].Assess(nil, time.Now(), nil)
	targets := []report.DiscoveredTarget{
		{Sort: "endpoint", Target: "https://shop.contoso.com/", Source: "Ingress shop/web in main"},
		{Sort: "endpoint", Target: "https://z.contoso.com/", Source: "Ingress shop/web in main", Beyond: 7},
		{Sort: "certificate", Target: "api.contoso.com:443", Source: "Ingress shop/web in main"},
	}
	shown := report.Of(assessment)
	require.Equal(t, targets, shown.Discovered)
	var table bytes.Buffer
	require.NoError(t, report.Table(&table, []report.System{shown}))
	require.Contains(t, table.String(), "\n3 targets discovered:\n  endpoint     https://shop.contoso.com/ from Ingress shop/web in main\n")

	discovered := report.DiscoveredOf(assessment)
	require.Equal(t, targets, discovered.Targets)
	require.Contains(t, discovered.YAML, "- url: https://shop.contoso.com/\n    purpose: ingress\n", "what is saved as configuration declares it")
	require.NotContains(t, discovered.YAML, "z.contoso.com", "but not what stands for those beyond the limit")
}
