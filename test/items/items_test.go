package items_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

var servers *world.World

func TestMain(m *testing.M) { world.Main(m, &servers) }

// A table describes one item of the production checklist: worlds in which it passes, and ones that are
// broken in exactly one way. README.md explains the form.
type table struct {
	Item    string
	Base    []string
	Objects []object
	System  map[string]any
	Worlds  []scene
}

// A scene is one world. The first of a table passes; the others say what differs from it.
type scene struct {
	Name    string
	Expect  string
	Reasons []string
	Objects []object
	Change  []object
	Remove  []string
	Then    []object
	Status  []object
	System  map[string]any
	Also    []string
	Alone   bool
	// Manifests is the status by manifests alone, where that is another.
	Manifests string
}

func readTables(t *testing.T) []table {
	t.Helper()
	return world.Tables(t, func(read table) string { return read.Item })
}

// TestEveryItemPassesAndBreaksInItsOwnWay makes each world on a real API server, and wants of the item what the table says,
// and of every other item what it was in the first world.
func TestEveryItemPassesAndBreaksInItsOwnWay(t *testing.T) {
	stage := newStage(t)
	ofWhole := itemsOf(t, fact.Clusters().Name, fact.Components().Name, fact.Issuers().Name, fact.Authorizations().Name)
	for _, each := range readTables(t) {
		t.Run(each.Item, func(t *testing.T) {
			if !slices.ContainsFunc(each.Worlds, func(s scene) bool { return s.Alone }) {
				t.Parallel()
			}
			require.Equal(t, "pass", each.Worlds[0].Expect, "the first world passes")
			var sound map[string]string
			for i, scene := range each.Worlds {
				passed := t.Run(scene.Name, func(t *testing.T) {
					played := stage.play(t, each, scene)
					if !scene.Alone {
						played.shared = ofWhole // What others do to the cluster changes them.
					}
					if i == 0 {
						sound = played.passes(t, each.Item)
						return
					}
					played.breaks(t, each.Item, scene, sound)
				})
				if i == 0 && !passed {
					return // The others are compared with it.
				}
			}
		})
	}
}

// TestEveryItemOfAClusterHasATable wants no kind of check on facts of a cluster to be without worlds.
func TestEveryItemOfAClusterHasATable(t *testing.T) {
	// Logins and the DNS have tests of their own; values in a cluster are judged as those of configuration.database-credentials.
	tabled := []string{"secrets.no-defaults", "networking.dns"}
	for _, each := range readTables(t) {
		require.GreaterOrEqual(t, len(each.Worlds), 2, "%s: one world that passes, and one that is broken", each.Item)
		require.NotEqual(t, "pass", each.Worlds[1].Expect, each.Item)
		tabled = append(tabled, each.Item)
	}
	for _, id := range itemsOf(t, clusterFacts()...) {
		require.Contains(t, tabled, id)
	}
}

// itemsOf are the items of the production checklist that judge facts of these kinds.
func itemsOf(t *testing.T, kinds ...string) (ids []string) {
	t.Helper()
	options := config.Options{Kinds: checks.All()}
	loaded, err := config.For([]*system.System{{Name: "shop", Environment: "production"}}, options)
	require.NoError(t, err)
	for i := range loaded.Plans[0].Items {
		if item := &loaded.Plans[0].Items[i]; judges(item, kinds) {
			ids = append(ids, item.Rule.ID)
		}
	}
	require.NotEmpty(t, ids)
	return ids
}

// judges tells whether an item judges facts of one of these kinds.
func judges(item *assess.Item, kinds []string) bool {
	for bound := range item.Rule.Clause.Bounds() {
		if slices.ContainsFunc(bound.FactKinds, func(kind string) bool { return slices.Contains(kinds, kind) }) {
			return true
		}
	}
	return false
}

// statusesBut gives the items whose statuses differ, as "item: before, after".
func statusesBut(before, after map[string]string, but []string) (changed []string) {
	for _, id := range slices.Sorted(maps.Keys(before)) {
		if before[id] != after[id] && !slices.Contains(but, id) {
			changed = append(changed, fmt.Sprintf("%s: %s, then %s", id, before[id], after[id]))
		}
	}
	return changed
}
