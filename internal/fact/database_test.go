package fact_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestDatabaseOf(t *testing.T) {
	for image, want := range map[string]string{
		"postgres": "postgresql", "docker.io/library/postgres:18@sha256:0": "postgresql", "registry:5000/bitnami/postgresql:17": "postgresql",
		"mcr.microsoft.com/mssql-server:2022": "mssql", "mongo:8": "mongodb", "postgres-exporter:0.17": "", "redis:8": "", "": "",
	} {
		require.Equal(t, want, fact.DatabaseOf([]fact.Container{{Image: "sidecar:1"}, {Image: image}}), image)
	}
	require.Empty(t, fact.DatabaseOf(nil))
	require.Equal(t, "mysql", fact.DatabaseOf([]fact.Container{{Image: "registry.example.com/rhel9/mysql-84:1"}}))
	require.Equal(t, "postgresql", fact.DatabaseOf([]fact.Container{{Image: "ghcr.io/zalando/spilo-18:4.1"}}))
	require.Empty(t, fact.DatabaseOf([]fact.Container{{Image: "postgres-exporter:1"}}))
	runsStore := func(image string) bool { return fact.RunsStore([]fact.Container{{Image: "sidecar:1"}, {Image: image}}) }
	require.True(t, runsStore("docker.io/bitnami/redis:7.4"))
	require.True(t, runsStore("redhat/redis-7@sha256:1"))
	require.False(t, runsStore("oliver006/redis_exporter:1"))
	require.False(t, runsStore("redis-commander:1"))
}
