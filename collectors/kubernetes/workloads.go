package kubernetes

import (
	"cmp"
	"context"
	"slices"
	"time"
	"unique"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const workloadCollector = "kubernetes_workload"

// Workloads makes the collector of workloads. A declared namespace without any is looked for; where it does not exist, it
// is missed.
func (c *Clusters) Workloads() collector.Collector[Target, fact.Workload] {
	return collector.Collector[Target, fact.Workload]{
		Name:     workloadCollector,
		Summary:  "Deployments, StatefulSets and DaemonSets of Kubernetes clusters, with their pods and disruption budgets.",
		Kind:     fact.Workloads(),
		Schedule: "@every 15s",
		Timeout:  10 * time.Second,
		Targets: func(s *system.System) []Target {
			return targets(s, func(system.Cluster) bool { return true })
		},
		Target:  Target.name,
		Look:    c.lookAtWorkloads,
		Changes: func(t Target) <-chan struct{} { return c.signals.of(t.user(workloadCollector)) },
		Forget:  func(t Target) { c.forget(t.Cluster, t.user(workloadCollector)) },
	}
}

func (c *Clusters) lookAtWorkloads(ctx context.Context, t Target) (fact.Batch[fact.Workload], error) {
	var batch fact.Batch[fact.Workload]
	selector, err := labels.Parse(t.Cluster.Selector)
	if err != nil {
		return batch, fact.Errorf(fact.ReasonInvalid, "read selector %q: %w", t.Cluster.Selector, err)
	}
	connection, err := c.connect(ctx, t.Cluster)
	if err != nil {
		return batch, err
	}
	scopes := t.scopes()
	watched := make([]workloadMirrors, len(scopes))
	for i, scope := range scopes { // All begin before the first is waited for.
		watched[i] = mirrorsOf(connection, t.user(workloadCollector), scope)
	}
	for i, scope := range scopes {
		if err := watched[i].fresh(ctx); err != nil {
			batch.Missed = append(batch.Missed, t.miss(scope, err))
			continue
		}
		seen := watched[i].join()
		if len(seen) == 0 && scope != "" {
			if err := connection.namespaceExists(ctx, string(scope)); err != nil {
				batch.Missed = append(batch.Missed, t.miss(scope, err))
			}
		}
		for _, w := range seen {
			if t.Cluster.Includes(w.fact.Namespace) && selector.Matches(w.labels) {
				w.fact.Cluster = t.Cluster.Name
				batch.Facts = append(batch.Facts, w.fact)
			}
		}
	}
	slices.SortFunc(batch.Facts, func(a, b fact.Workload) int { return cmp.Compare(a.Subject(), b.Subject()) })
	return batch, nil
}

// workloadMirrors hold everything that tells of the workloads of one scope.
type workloadMirrors struct {
	workloads   []*mirror[workload]
	replicaSets *mirror[replicaSet]
	pods        *mirror[pod]
	budgets     *mirror[budget]
}

func mirrorsOf(c *connection, user string, s scope) workloadMirrors {
	return workloadMirrors{
		workloads: []*mirror[workload]{
			mirrorOf(c, user, deployments(), s), mirrorOf(c, user, statefulSets(), s), mirrorOf(c, user, daemonSets(), s),
		},
		replicaSets: mirrorOf(c, user, replicaSets(), s),
		pods:        mirrorOf(c, user, pods(), s),
		budgets:     mirrorOf(c, user, budgets(), s),
	}
}

func (m workloadMirrors) fresh(ctx context.Context) error {
	for _, workloads := range m.workloads {
		if err := workloads.fresh(ctx); err != nil {
			return err
		}
	}
	if err := m.replicaSets.fresh(ctx); err != nil {
		return err
	}
	if err := m.pods.fresh(ctx); err != nil {
		return err
	}
	return m.budgets.fresh(ctx)
}

// join gives the workloads with what their pods and budgets tell.
func (m workloadMirrors) join() []workload {
	running := m.tally()
	covered := coverageOf(m.budgets)
	var joined []workload
	var budgets [][]*budget
	for _, workloads := range m.workloads {
		workloads.each(func(_ types.NamespacedName, w workload) {
			if t := running[w.id]; t != nil {
				w.fact.Pods = t.pods()
			}
			joined = append(joined, w)
			budgets = append(budgets, covered.of(w.fact.Namespace, w.podLabels))
		})
	}
	for i := range joined { // Only now is it known how many workloads each budget covers.
		for _, b := range budgets[i] {
			joined[i].fact.Budgets = append(joined[i].fact.Budgets, b.fact)
		}
	}
	return joined
}

// A tally counts the pods of one workload.
type tally struct {
	running int
	nodes   map[unique.Handle[string]]struct{}
	newest  int64
}

func (t *tally) pods() fact.Pods {
	return fact.Pods{Running: t.running, Nodes: len(t.nodes), NewestAt: time.Unix(t.newest, 0).UTC()}
}

// tally counts the pods by what owns them; where that is a ReplicaSet, by what owns the ReplicaSet.
func (m workloadMirrors) tally() map[owner]*tally {
	above := make(map[owner]owner)
	m.replicaSets.each(func(_ types.NamespacedName, r replicaSet) { above[r.id] = r.owner })
	nowhere := intern("")
	tallies := make(map[owner]*tally)
	m.pods.each(func(_ types.NamespacedName, p pod) {
		of := p.owner
		if deployment, known := above[of]; known {
			of = deployment
		}
		t := tallies[of]
		if t == nil {
			t = &tally{nodes: make(map[unique.Handle[string]]struct{})}
			tallies[of] = t
		}
		t.newest = max(t.newest, p.made)
		if p.node != nowhere && !p.going {
			t.running++
			t.nodes[p.node] = struct{}{}
		}
	})
	return tallies
}
