package items_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/collectors/kubernetes"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// knownFromManifests are the items that manifests are enough to judge.
var knownFromManifests = []string{
	"access.database-private", "availability.anti-affinity", "availability.disruption-budget", "availability.health-checks",
	"availability.replicas", "availability.rolling-update", "configuration.database-credentials", "configuration.env-production",
	"configuration.ingress-domains", "financial.tags", "image.environment", "image.health", "metrics.service-monitor",
	"networking.policies", "resource-cost.autoscaling", "resources.cpu", "resources.memory", "secrets.rbac",
}

// TestManifestsAreJudgedAsTheClusterIs judges every world by its manifests alone. What they give is what the cluster gives,
// but for what a table says of them; the other items are unknown, and nothing is made up.
func TestManifestsAreJudgedAsTheClusterIs(t *testing.T) {
	judged := make(map[string]bool)
	for _, of := range readTables(t) {
		for i, scene := range of.Worlds {
			if len(scene.Then)+len(scene.Status) > 0 {
				continue // It is about what has happened since.
			}
			t.Run(of.Item+"/"+scene.Name, func(t *testing.T) {
				want := scene.Expect
				if scene.Manifests != "" {
					want = scene.Manifests
				}
				status := statusByManifests(t, of, scene)
				if status == "unknown" && want != "unknown" {
					require.NotContains(t, knownFromManifests, of.Item)
					return
				}
				if i == 0 {
					judged[of.Item] = true
				}
				require.Equal(t, want, status)
			})
		}
	}
	for _, item := range knownFromManifests {
		require.True(t, judged[item], item)
	}
	require.Len(t, judged, len(knownFromManifests))
}

func statusByManifests(t *testing.T, of table, scene scene) string {
	t.Helper()
	const namespace = "shop"
	var manifests bytes.Buffer
	for _, each := range assemble(t, namespace, of, scene) {
		delete(each, "status")
		content, err := json.Marshal(each)
		require.NoError(t, err)
		manifests.WriteString("---\n" + strings.ReplaceAll(string(content), "$NAMESPACE", namespace) + "\n")
	}
	all, err := kubernetes.NewManifestReader(namespace).Read("world.yaml", &manifests)
	require.NoError(t, err)
	reading := kubernetes.Manifests(all)
	existing, closeAll := collectors.All(collectors.Options{RootFS: "/"})
	defer closeAll()
	loaded, err := config.Load(describe(t, "/nowhere", "http://127.0.0.1:1", namespace, of, scene), config.Options{
		Kinds: checks.All(), Collectors: existing,
	})
	require.NoError(t, err)
	var kinds []string
	for _, each := range reading {
		for _, kind := range each.Describe().Yields {
			kinds = append(kinds, kind.KindName())
		}
	}
	plan := loaded.Plans[0].Only(func(item *assess.Item) bool { return judges(item, kinds) })
	collecting := engine.New(engine.Options{
		Logger: log.NewNopLogger(), Collectors: reading, MaxRuns: 8, MaxRunsPerServer: 8,
		Publish: func([]*assess.Assessment) {}, Observe: func(*system.System, string, engine.Outcome, time.Duration) {},
	})
	assessed, err := collecting.Once(t.Context(), []*assess.Plan{plan}, func(int, int) {})
	require.NoError(t, err)
	for _, result := range assessed[0].Results {
		if result.Check == of.Item {
			return result.Status.String()
		}
	}
	return "unknown" // It is about what manifests tell nothing of.
}
