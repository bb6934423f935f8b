package fact

import (
	"path"
	"slices"
	"strings"
)

// Database tells which database the workload runs, by the names of its images: postgresql, mysql, …; empty where it runs
// none. Caches are none.
func (w Workload) Database() string {
	for _, container := range w.Containers {
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
