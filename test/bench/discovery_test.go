package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// hostsEach is how many hosts are discovered of each system of the fleet, with two paths each.
const hostsEach = 40

// A discoveredSystem is one of the fleet, with what its discovery gives.
type discoveredSystem struct {
	declared *system.System
	found    *fact.Set[fact.DiscoveredHost]
	known    system.Discovered
}

func discoveredFleet(systems int, at time.Time) []discoveredSystem {
	all := make([]discoveredSystem, systems)
	for i := range all {
		all[i].declared = &system.System{
			Name: fmt.Sprint("system-", i), Environment: "production",
			Kubernetes: []system.Cluster{{Name: "main", Namespaces: []string{"shop"}}},
			Endpoints:  []system.Endpoint{{URL: fmt.Sprintf("https://h0.s%d.contoso.com/", i)}},
		}
		all[i].found = &fact.Set[fact.DiscoveredHost]{}
		for j := range hostsEach {
			all[i].found.Add(fact.DiscoveredHost{
				Cluster: "main", Namespace: "shop", Kind: "Ingress", Name: fmt.Sprint("web-", j), Host: fmt.Sprintf("h%d.s%d.contoso.com", j, i),
				Paths: []string{"/", "/api"}, Listeners: []fact.HostListener{{Port: 80}, {Port: 443, Secure: true}}, Addresses: []string{"10.0.0.7"},
			})
		}
		all[i].known, _ = all[i].known.Note("main", all[i].found, at)
	}
	return all
}

// BenchmarkDiscovery measures what becomes of discoveries in 500 systems with 40 hosts each: noting a run that found the same, and joining
// what is declared with what was discovered, which is only done where a run found something else.
func BenchmarkDiscovery(b *testing.B) {
	at := time.Unix(1e9, 0)
	fleet := discoveredFleet(manyFleetSystems, at)
	b.Run("unchanged", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for i := range fleet {
				if _, changed := fleet[i].known.Note("main", fleet[i].found, at); changed {
					b.Fatal("nothing has changed")
				}
			}
		}
	})
	b.Run("effective", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for i := range fleet {
				if len(system.Effective(fleet[i].declared, fleet[i].known).Endpoints) != 1+2*(hostsEach-1) {
					b.Fatal("another number of endpoints")
				}
			}
		}
	})
}

// TestDiscoveryCost holds joining what is declared and discovered of one system to fewer than 20 allocations a target.
func TestDiscoveryCost(t *testing.T) {
	one := discoveredFleet(1, time.Unix(1e9, 0))[0]
	targets := len(system.Effective(one.declared, one.known).Endpoints)
	cost := measure(t, func() { system.Effective(one.declared, one.known) })
	t.Logf("%d allocations and %d bytes for %d targets", cost.allocations, cost.bytes, targets)
	require.Less(t, cost.allocations, uint64(20*targets))
}
