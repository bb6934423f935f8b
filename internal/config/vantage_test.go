package config_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestOfAVantagePointTheSystemsAreLeftThatDeclareIt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, write(file, `
systems:
  - name: shop
    environment: production
    endpoints: [{url: "https://shop.example.com/"}]
    vantage_points:
      - {name: tokyo, url: "https://tokyo.example.com", bearer_token_file: /a}
      - {name: frankfurt, url: "https://frankfurt.example.com", bearer_token_file: /a}
  - name: wiki
    environment: production
    vantage_points: [{name: tokyo, url: "https://tokyo.example.com", bearer_token_file: /a}]
  - {name: blog, environment: production}
`))
	kinds := []fact.Any{fact.Endpoints()}
	load := func() *config.Config {
		loaded, err := config.Load(file, options(t))
		require.NoError(t, err)
		return loaded
	}
	for vantage, systems := range map[string][]string{"frankfurt": {"shop"}, "tokyo": {"shop", "wiki"}} {
		loaded := load()
		require.NoError(t, loaded.From(vantage, kinds))
		var names []string
		for _, plan := range loaded.Plans {
			names = append(names, plan.System.Name)
			require.Equal(t, vantage, plan.System.Vantage)
			require.Empty(t, plan.System.VantagePoints, "it takes over nothing from others")
			require.Empty(t, plan.Gates)
			require.Empty(t, plan.Objectives)
		}
		require.Equal(t, systems, names)
	}
	loaded := load()
	require.EqualError(t, loaded.From("oslo", kinds), "--vantage.name oslo is not declared: expected one of frankfurt, tokyo")
	require.Len(t, loaded.Plans, 3)
}
