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
}
