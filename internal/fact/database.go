package fact

import (
	"path"
	"slices"
	"strings"
)

// DatabaseOf tells which database containers run, by the names of their images: postgresql, mysql, …; empty where they run
// none. Caches are none.
func DatabaseOf(containers []Container) string {
	for _, container := range containers {
		image, _, _ := strings.Cut(container.Image, "@")
		name, _, _ := strings.Cut(path.Base(image), ":")
		for _, database := range databases() {
			if slices.Contains(database.images, name) {
				return database.name
			}
		}
	}
	return ""
}

type databaseImages struct {
	name   string
	images []string
}

func databases() []databaseImages {
	return []databaseImages{
		{"postgresql", []string{
			"postgres", "postgresql", "postgresql-repmgr", "timescaledb", "timescaledb-ha", "postgis", "pgvector", "spilo-17", "spilo-16",
		}},
		{"mysql", []string{"mysql", "mysql-server", "percona-server", "percona-xtradb-cluster"}},
		{"mariadb", []string{"mariadb", "mariadb-galera"}},
		{"mongodb", []string{"mongo", "mongodb", "mongodb-community-server", "percona-server-mongodb", "ferretdb"}},
		{"mssql", []string{"mssql-server"}},
		{"cassandra", []string{"cassandra", "scylla"}},
		{"cockroachdb", []string{"cockroach"}},
		{"clickhouse", []string{"clickhouse", "clickhouse-server"}},
		{"elasticsearch", []string{"elasticsearch", "opensearch"}},
		{"influxdb", []string{"influxdb"}},
		{"couchdb", []string{"couchdb"}},
		{"neo4j", []string{"neo4j"}},
		{"etcd", []string{"etcd"}},
	}
}
