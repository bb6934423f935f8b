package items_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// patience is how long a world may take to be as the table says.
const patience = 40 * time.Second

// A stage is the cluster that all worlds are made in, each in a namespace of its own, and what collects from them.
type stage struct {
	cluster    *world.Cluster
	front      string // the URL of what users open, which answers an error at /503
	objects    *objects
	collectors []collector.Any
}

func newStage(t *testing.T) *stage {
	t.Helper()
	// What scales would overwrite what the tables say of autoscalers: here are no metrics to scale by.
	s := &stage{cluster: servers.NewKubernetes(t, "kube-controller-manager=--controllers=*,-horizontal-pod-autoscaler-controller")}
	s.cluster.AddNodes(t, 3)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/503" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(front.Close)
	s.front = front.URL
	s.objects = newObjects(t, s.cluster)
	all, closeAll := collectors.All(collectors.Options{RootFS: "/"})
	t.Cleanup(closeAll)
	s.collectors = all
	return s
}

// clusterFacts are the kinds of facts that only clusters yield.
func clusterFacts() (kinds []string) {
	all, closeAll := collectors.All(collectors.Options{RootFS: "/"})
	defer closeAll()
	for _, each := range all {
		if !strings.HasPrefix(each.Describe().Name, "kubernetes") {
			continue
		}
		for _, kind := range each.Describe().Yields {
			if !slices.Contains([]string{fact.Certificates().Name, fact.Evidences().Name}, kind.KindName()) {
				kinds = append(kinds, kind.KindName())
			}
		}
	}
	return kinds
}

// A play is one world that is judged.
type play struct {
	current   atomic.Pointer[assess.Assessment]
	shared    []string        // items that other worlds change too
	unsettled func() []string // workloads whose rollout has not finished
}

// play makes a world, and has it judged until the test ends.
func (s *stage) play(t *testing.T, of table, scene scene) *play {
	t.Helper()
	namespace := s.cluster.Namespace(t)
	s.objects.create(t, namespace, of, scene)
	p := &play{unsettled: func() []string { return s.objects.unsettled(t, namespace) }}
	running := engine.New(engine.Options{
		Logger: log.NewNopLogger(), Collectors: s.collectors, MaxRuns: 64, MaxRunsPerServer: 64,
		Publish: func(all []*assess.Assessment) {
			if len(all) > 0 {
				p.current.Store(all[0])
			}
		},
		Observe: func(*system.System, string, engine.Outcome, time.Duration) {},
	})
	loaded, err := config.Load(describe(t, s.cluster.Kubeconfig, s.front, namespace, of, scene), config.Options{
		Kinds: checks.All(), Collectors: s.collectors,
	})
	require.NoError(t, err)
	require.NoError(t, running.Apply(loaded.Plans))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		running.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return p
}

// describe writes the configuration of a world: the namespace, and what the table adds.
func describe(t *testing.T, kubeconfig, front, namespace string, of table, scene scene) string {
	t.Helper()
	described := map[string]any{
		"name": "shop", "environment": "production",
		"kubernetes": []any{map[string]any{"name": "main", "kubeconfig": kubeconfig, "namespaces": []any{namespace}}},
		// No test may reach what is behind a real name.
		"discovery": map[string]any{"endpoints": false, "certificates": false, "images": false},
	}
	for _, further := range []map[string]any{of.System, scene.System} {
		described = merged(described, filled(t, namespace, further)).(map[string]any)
	}
	content, err := yaml.Dump(map[string]any{"systems": []any{described}})
	require.NoError(t, err)
	content = []byte(strings.NewReplacer("$KUBECONFIG", kubeconfig, "$FRONT", front).Replace(string(content)))
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

// statuses are those of all items but composites, which follow from others.
func (p *play) statuses() map[string]string {
	found := make(map[string]string)
	if current := p.current.Load(); current != nil {
		for i, result := range current.Results {
			if !current.Plan.Items[i].Composite() {
				found[result.Check] = result.Status.String()
			}
		}
	}
	return found
}

// passes waits until an item passes, every rollout has finished and no status changes any more, and gives the statuses of all.
func (p *play) passes(t *testing.T, item string) (steady map[string]string) {
	t.Helper()
	since := time.Now()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		now := p.statuses()
		if len(steady) == 0 || len(statusesBut(steady, now, p.shared)) > 0 {
			steady, since = now, time.Now()
		}
		require.Equal(c, "pass", now[item], "%s: %v", item, p.reasons(item))
		if unsettled := p.unsettled(); len(unsettled) > 0 {
			since = time.Now()
			require.Empty(c, unsettled, "rollouts are under way")
		}
		// What the API server knows to be finished has reached the exporter too.
		require.NotContains(c, []string{"fail", "unknown"}, now["post-deployment.health"], "the exporter has yet to see the rollouts end")
		require.Greater(c, time.Since(since), 2*time.Second, "statuses still change")
	}, patience, 100*time.Millisecond)
	return steady
}

// breaks waits until an item is as the scene says, and no other has changed but those that follow from it.
func (p *play) breaks(t *testing.T, item string, scene scene, sound map[string]string) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		now := p.statuses()
		require.Equal(c, scene.Expect, now[item], "%s: %v", item, p.reasons(item))
		require.Equal(c, scene.Reasons, p.reasons(item))
		changed := statusesBut(sound, now, slices.Concat(scene.Also, p.shared, []string{item}))
		// A rollout of before that ends only now makes nothing worse.
		changed = slices.DeleteFunc(changed, func(each string) bool { return strings.HasSuffix(each, ": warn, then pass") })
		require.Empty(c, changed, "changed too")
		for _, follows := range scene.Also {
			require.NotEqual(c, sound[follows], now[follows], "%s does not follow", follows)
		}
	}, patience, 100*time.Millisecond)
}

// reasons are those of an item's problems, sorted, each once.
func (p *play) reasons(item string) (reasons []string) {
	current := p.current.Load()
	if current == nil {
		return nil
	}
	for _, result := range current.Results {
		if result.Check == item {
			for _, problem := range result.Problems {
				reasons = append(reasons, problem.Reason)
			}
		}
	}
	slices.Sort(reasons)
	return slices.Compact(reasons)
}
