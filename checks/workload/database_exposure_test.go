package workload_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/workload"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestDatabasesFromOutside(t *testing.T) {
	probe := func(fromItself bool, ports ...fact.PortState) fact.AnySet {
		return checktest.Facts(fact.PortProbes(), fact.PortProbe{Host: "db-1", Address: "203.0.113.7", FromItself: fromItself, Ports: ports})
	}
	postgres := fact.PortState{Number: 5432, Service: "postgresql", State: fact.PortOpen}
	mongo := fact.PortState{Number: 27017, Service: "mongodb", State: fact.PortOpen}
	grafana := fact.PortState{Number: 3000, Service: "grafana", State: fact.PortOpen}
	closed, filtered := postgres, postgres
	closed.State, filtered.State = fact.PortClosed, fact.PortFiltered
	database := checktest.Facts(fact.Workloads(), fact.Workload{Cluster: "main", Namespace: "shop", Kind: "StatefulSet", Name: "db", Database: "postgresql"})
	for name, c := range map[string]struct {
		sets []fact.AnySet
		want []checktest.Finding
	}{
		"ports that are closed or filtered":              {sets: []fact.AnySet{probe(false, closed)}},
		"no answer is none":                              {sets: []fact.AnySet{probe(false, filtered)}},
		"what else is open is for other items":           {sets: []fact.AnySet{probe(false, grafana, closed)}},
		"a database in the cluster, and hosts with none": {sets: []fact.AnySet{database, probe(false, closed)}},
		"a port that answers": {
			sets: []fact.AnySet{database, probe(false, mongo, postgres)},
			want: checktest.One("answers_outside", check.Fail, "Connections are taken at ports 27017 (mongodb) and 5432 (postgresql) of 203.0.113.7."),
		},
		"from the host itself nothing is known of others": {
			sets: []fact.AnySet{probe(true, postgres)},
			want: checktest.One("no_database", check.Undeclared, "No workload of the system runs a database that is known by its image, and no port of a host is tried."),
		},
		"a host that cannot be tried is unknown": {
			sets: []fact.AnySet{database, checktest.Lacking(fact.PortProbes(), fact.PortProbe{Host: "db-1", Address: "203.0.113.7"})}, want: checktest.Unavailable(),
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := checktest.Case{Kind: workload.DatabaseExposure(), Now: checktest.Now(), Sets: c.sets}.Judge(t)
			require.Equal(t, c.want, got)
		})
	}
	known := slices.Collect(maps.Values(fact.PrivateServices()))
	for _, service := range fact.DatabaseServices() {
		require.Contains(t, known, service, "its port is tried")
	}
}
