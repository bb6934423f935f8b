package items_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A reportedItem is an item that pipelines report about: a report with which it passes, and one that breaks it in one way.
type reportedItem struct {
	item, good, broken string
	reason             string
}

const (
	passedDrill = `{"readiness_evidence":1,"passed":3}`
	failedDrill = `{"readiness_evidence":1,"passed":2,"failed":1}`
)

func reportedItems() []reportedItem {
	return []reportedItem{
		{"quality.unit-tests", `<testsuite name="a"><testcase name="x"/></testsuite>`, `<testsuite name="a"><testcase name="x"><failure/></testcase></testsuite>`, "failed"},
		{"quality.e2e-tests", "TAP version 14\n1..1\nok 1\n", "TAP version 14\n1..0 # SKIP no browser\n", "nothing_run"},
		{
			"quality.lint", `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"lint"}},"results":[{"ruleId":"a"}]}]}`,
			`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"lint"}},"results":[{"ruleId":"a","level":"error"}]}]}`, "failed",
		},
		{"quality.review", passedDrill, failedDrill, "failed"},
		{"quality.migrations", "Database schema is up to date!", "Following migrations have not yet been applied:\n1_cups", "failed"},
		{"image.dockerfile", passedDrill, `{"readiness_evidence":1,"errored":1}`, "errored"},
		{"database.schema", "The schema at prisma/schema.prisma is valid 🚀", "Error: Prisma schema validation\nError code: P1012", "failed"},
		{
			"resources.tested", `{"readiness_evidence":1,"passed":1,"values":{"out_of_memory_kills":0,"throttled_ratio":0.2}}`,
			`{"readiness_evidence":1,"passed":1,"values":{"out_of_memory_kills":0,"throttled_ratio":0.3}}`, "over_limit",
		},
		{
			"performance.load-test", `{"root_group":{},"metrics":{"http_req_duration":{"thresholds":{"p(95)<500":false}}}}`,
			`{"root_group":{},"metrics":{"http_req_duration":{"thresholds":{"p(95)<500":true}}}}`, "failed",
		},
		{"performance.scaling", passedDrill, failedDrill, "failed"},
		{"failure.pod-restart", passedDrill, failedDrill, "failed"},
		{"failure.node", passedDrill, failedDrill, "failed"},
		{"failure.database-restart", passedDrill, failedDrill, "failed"},
		{"failure.network", passedDrill, failedDrill, "failed"},
		{"failure.exhaustion", passedDrill, failedDrill, "failed"},
		{"deployment.notified", passedDrill, failedDrill, "failed"},
		{
			"security.dependencies", `{"auditReportVersion":2,"vulnerabilities":{},"metadata":{"vulnerabilities":{"high":0,"critical":0,"moderate":4}}}`,
			`{"auditReportVersion":2,"vulnerabilities":{},"metadata":{"vulnerabilities":{"high":1,"critical":0}}}`, "over_limit",
		},
		{"recovery.tested", passedDrill, failedDrill, "failed"},
		{"pre-live.staging-tests", passedDrill, `{"readiness_evidence":1,"skipped":3}`, "all_skipped"},
		{"go-live.features", passedDrill, failedDrill, "failed"},
	}
}

// TestEveryItemThatPipelinesReportAboutPassesAndBreaks puts the report of each item into a folder, then breaks one after the other: no
// other item changes. What is too old, of another revision or not there at all does not pass either.
func TestEveryItemThatPipelinesReportAboutPassesAndBreaks(t *testing.T) {
	all := reportedItems()
	var tabled []string
	for _, each := range all {
		tabled = append(tabled, each.item)
	}
	require.ElementsMatch(t, itemsOf(t, fact.Evidences().Name), tabled)
	for _, each := range all {
		t.Run(each.item, func(t *testing.T) {
			w := newReportedWorld(t, all)
			sound := w.judge(t)
			require.Equal(t, "pass", sound.statuses[each.item], sound.reasons[each.item])

			w.report(t, each.item, each.broken)
			w.breaks(t, sound, each.item, "fail", each.reason)
			w.report(t, each.item, each.good)
			old := time.Now().AddDate(0, 0, -91)
			require.NoError(t, os.Chtimes(filepath.Join(w.folder, each.item), old, old))
			w.breaks(t, sound, each.item, "fail", "evidence_stale")
			w.report(t, each.item, "all good")
			w.breaks(t, sound, each.item, "unknown", "not_collected")
			require.NoError(t, os.Remove(filepath.Join(w.folder, each.item)))
			w.breaks(t, sound, each.item, "fail", "evidence_missing")
		})
	}
	t.Run("another revision", func(t *testing.T) {
		w := newReportedWorld(t, all)
		require.NoError(t, os.WriteFile(filepath.Join(w.folder, "DEPLOYED"), []byte("2b3c4d5"), 0o600))
		judged := w.judge(t)
		require.Equal(t, "fail", judged.statuses["quality.unit-tests"])
		require.Equal(t, []string{"other_revision"}, judged.reasons["quality.unit-tests"])
		require.Equal(t, "pass", judged.statuses["failure.node"], "a drill counts for any revision")
	})
}

// A reportedWorld is a folder in which a report lies for each item.
type reportedWorld struct{ folder, config string }

func newReportedWorld(t *testing.T, all []reportedItem) *reportedWorld {
	t.Helper()
	w := &reportedWorld{folder: t.TempDir()}
	var files []any
	for _, each := range all {
		w.report(t, each.item, each.good)
		files = append(files, map[string]any{
			"check": each.item, "paths": []string{filepath.Join(w.folder, each.item)}, "revision_file": filepath.Join(w.folder, "TESTED"),
		})
	}
	w.report(t, "TESTED", "1a2b3c4d5e6f")
	w.report(t, "DEPLOYED", "1a2b3c4")
	content, err := yaml.Dump(map[string]any{"systems": []any{map[string]any{
		"name": "shop", "environment": "production",
		"evidence": map[string]any{"files": files, "deployed": []any{map[string]any{"file": filepath.Join(w.folder, "DEPLOYED")}}},
	}}})
	require.NoError(t, err)
	w.config = filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(w.config, content, 0o600))
	return w
}

func (w *reportedWorld) report(t *testing.T, name, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(w.folder, name), []byte(content), 0o600))
}

// A judged is what was concluded of each item that is no composite.
type judged struct {
	statuses map[string]string
	reasons  map[string][]string
}

// judge judges the world once. Collectors that are given take the place of those of their names.
func (w *reportedWorld) judge(t *testing.T, instead ...collector.Any) judged {
	t.Helper()
	all, closeAll := collectors.All(collectors.Options{RootFS: "/"})
	defer closeAll()
	for _, each := range instead {
		at := slices.IndexFunc(all, func(one collector.Any) bool { return one.Describe().Name == each.Describe().Name })
		require.GreaterOrEqual(t, at, 0)
		all[at] = each
	}
	loaded, err := config.Load(w.config, config.Options{Kinds: checks.All(), Collectors: all})
	require.NoError(t, err)
	assessed, err := engine.New(engine.Options{
		Logger: log.NewNopLogger(), Collectors: all, MaxRuns: 8, MaxRunsPerServer: 8,
		Observe: func(*system.System, string, engine.Outcome, time.Duration) {},
	}).Once(t.Context(), loaded.Plans, func(int, int) {})
	require.NoError(t, err)
	found := judged{make(map[string]string), make(map[string][]string)}
	for i, result := range assessed[0].Results {
		if assessed[0].Plan.Items[i].Composite() && result.Check != "go-live.features" {
			continue
		}
		found.statuses[result.Check] = result.Status.String()
		for _, problem := range result.Problems {
			found.reasons[result.Check] = append(found.reasons[result.Check], problem.Reason)
		}
		slices.Sort(found.reasons[result.Check])
	}
	return found
}

func (w *reportedWorld) breaks(t *testing.T, sound judged, item, status, reason string) {
	t.Helper()
	now := w.judge(t)
	require.Equal(t, status, now.statuses[item], now.reasons[item])
	require.Equal(t, []string{reason}, now.reasons[item])
	require.Empty(t, statusesBut(sound.statuses, now.statuses, []string{item}), "changed too")
}
