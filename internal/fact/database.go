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
			if slices.ContainsFunc(database.images, func(image string) bool { return named(name, image) }) {
				return database.name
			}
		}
	}
	return ""
}

// named tells whether an image has a name, or that with a version behind it: postgresql-16, mysql-84-c10s.
func named(image, name string) bool {
	version, begins := strings.CutPrefix(image, name+"-")
	return image == name || begins && version != "" && version[0] >= '0' && version[0] <= '9'
}

// RunsStore tells whether containers run a store in memory, such as Redis: what it holds is for nobody outside either, though it is no
// database as far as volumes and backups go.
func RunsStore(containers []Container) bool {
	return slices.ContainsFunc(containers, func(c Container) bool {
		image, _, _ := strings.Cut(c.Image, "@")
		name, _, _ := strings.Cut(path.Base(image), ":")
		stores := []string{"redis", "redis-stack", "redis-stack-server", "redis-cluster", "valkey", "valkey-cluster", "keydb", "dragonfly"}
		return slices.ContainsFunc(stores, func(store string) bool { return named(name, store) })
	})
}

type databaseImages struct {
	name   string
	images []string
}

func databases() []databaseImages {
	return []databaseImages{
		{"postgresql", []string{
			"postgres", "postgresql", "postgresql-repmgr", "timescaledb", "timescaledb-ha", "postgis", "pgvector", "spilo",
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
