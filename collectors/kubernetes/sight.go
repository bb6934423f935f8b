package kubernetes

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A part is a resource that facts are joined from, and the topic of what it tells. Without those of no topic there is no
// fact; without the others there is one that lacks their topic.
type part struct {
	topic string
	source
}

// A gathering says how facts of one kind are joined from what is watched.
type gathering[F any] struct {
	name    string // of the collector
	summary string
	every   time.Duration // between two looks, unless something changes; 0: 15 s
	kind    fact.Kind[F]
	wanted  func(system.Cluster) bool // nil: in every cluster
	parts   []part
	whole   bool // there is one look at the whole cluster, whatever the namespaces
	// ask, where set, asks what no watch tells, before each look.
	ask func(ctx context.Context, c *connection, s *sight) error
	// see makes the facts of one part of the cluster. It is pure.
	see func(s *sight) []F
}

// A sight is what a look sees of one scope of a cluster.
type sight struct {
	target   Target
	scope    scope
	selector labels.Selector
	now      time.Time
	held     map[string]held // by the key of the resource
	lacks    []string        // topics that could not be seen
	offered  served
	planned  bool          // nothing of it has run: it comes from manifests
	asked    any           // what ask has found out
	missed   []fact.Missed // what could not be read of what is seen
}

// seen gives what is held of a resource. Where it could not be seen, and where the API server has no such resource, there
// is nothing in it.
func seen[T any](s *sight, r resource[T]) *mirror[T] {
	m, _ := s.held[r.key()].(*mirror[T])
	return m
}

// includes tells whether an object belongs to the system.
func (s *sight) includes(namespace string, own labels.Set) bool {
	return s.target.Cluster.Includes(namespace) && s.selector.Matches(own)
}

// gather makes a collector of what a gathering says.
func gather[F any](c *Clusters, g gathering[F]) collector.Collector[Target, F] {
	return collector.Collector[Target, F]{
		Name: g.name, Summary: g.summary, Kind: g.kind, Timeout: 10 * time.Second,
		Schedule: "@every " + cmp.Or(g.every, 15*time.Second).String(),
		Targets: func(s *system.System) []Target {
			all := targets(s, func(cluster system.Cluster) bool { return g.wanted == nil || g.wanted(cluster) })
			for i := range all {
				all[i].whole = g.whole
			}
			return all
		},
		Narrow:      Target.narrow,
		Target:      Target.name,
		Look:        func(ctx context.Context, t Target) (fact.Batch[F], error) { return lookAt(ctx, c, g, t) },
		Changes:     func(t Target) <-chan struct{} { return c.signals.of(t.user(g.name)) },
		Permissions: func(t Target) []collector.Permission { return t.permissions(g.parts) },
		Forget:      func(t Target) { c.forget(t.Cluster, t.user(g.name)) },
	}
}

// lookAt gathers the facts of a target, scope by scope.
func lookAt[F any](ctx context.Context, c *Clusters, g gathering[F], t Target) (fact.Batch[F], error) {
	var batch fact.Batch[F]
	selector, err := labels.Parse(t.Cluster.Selector)
	if err != nil {
		return batch, fact.Errorf(fact.ReasonInvalid, "read selector %q: %w", t.Cluster.Selector, err)
	}
	connection, err := c.connect(ctx, t.Cluster)
	if err != nil {
		return batch, err
	}
	watched := begin(ctx, connection, t, g.name, t.needed(g.parts))
	for i := range watched { // All have begun before the first is waited for.
		w := &watched[i]
		s := &sight{target: t, scope: w.scope, selector: selector, now: time.Now(), offered: w.offered, held: make(map[string]held)}
		missed := w.wait(ctx, connection, s)
		for _, each := range missed {
			if !slices.ContainsFunc(batch.Missed, func(m fact.Missed) bool { return m == each }) {
				batch.Missed = append(batch.Missed, each)
			}
		}
		if slices.ContainsFunc(missed, func(m fact.Missed) bool { return m.Topic == "" }) {
			continue
		}
		if g.ask != nil {
			if err := g.ask(ctx, connection, s); err != nil {
				batch.Missed = append(batch.Missed, t.miss(w.scope, err))
				continue
			}
		}
		batch.Facts = append(batch.Facts, g.see(s)...)
		batch.Missed = append(batch.Missed, s.missed...)
	}
	slices.SortFunc(batch.Facts, func(a, b F) int { return strings.Compare(g.kind.Subject(a), g.kind.Subject(b)) })
	// What is of the cluster can concern several of its scopes.
	batch.Facts = slices.CompactFunc(batch.Facts, func(a, b F) bool { return g.kind.Subject(a) == g.kind.Subject(b) })
	return batch, nil
}

// watched is what is watched of one scope.
type watched struct {
	target  Target
	scope   scope
	offered served
	parts   []part
	held    []held
	failed  []error // why a part is not watched; nil where it is, and where there is no such resource
}

// begin watches the parts in every scope of a target.
func begin(ctx context.Context, c *connection, t Target, name string, parts []part) []watched {
	scopes := t.scopes()
	var offered served
	var unknown error
	if slices.ContainsFunc(parts, func(p part) bool { return p.named().Version == "" }) {
		offered, unknown = c.discover(ctx)
	}
	all := make([]watched, len(scopes))
	for i, s := range scopes {
		w := watched{target: t, scope: s, offered: offered, parts: parts, held: make([]held, len(parts)), failed: make([]error, len(parts))}
		for j, p := range parts {
			in := s
			if p.clusterWide() {
				in = ""
			}
			there, err := true, error(nil)
			if p.named().Version == "" {
				if there, err = offered.serves(p.named().GroupResource()); unknown != nil {
					there, err = false, unknown
				}
			}
			switch {
			case there:
				w.held[j] = p.begin(c, t.user(name), in)
			case err == nil:
				c.leave(p.key(), in, t.user(name))
			}
			w.failed[j] = err
		}
		all[i] = w
	}
	return all
}

// wait fills a sight with what is watched, and gives what of it was missed: where there can be no facts, only that.
func (w *watched) wait(ctx context.Context, c *connection, s *sight) (missed []fact.Missed) {
	empty := true
	for i, p := range w.parts {
		err := w.failed[i]
		if err == nil && w.held[i] != nil {
			if err = w.held[i].fresh(ctx); p.named().Version == "" && apierrors.IsNotFound(err) {
				continue // It was taken away since it was offered.
			}
		}
		if err == nil {
			if w.held[i] != nil {
				s.held[p.key()] = w.held[i]
				empty = empty && (p.topic != "" || w.held[i].empty())
			}
			continue
		}
		in := w.scope
		if p.clusterWide() {
			in = ""
		}
		each := w.target.miss(in, err)
		if p.topic == "" {
			return []fact.Missed{each}
		}
		each.Topic = p.topic
		missed = append(missed, each)
		if !slices.Contains(s.lacks, p.topic) {
			s.lacks = append(s.lacks, p.topic)
		}
	}
	if empty && w.scope != "" && len(missed) == 0 {
		if err := c.namespaceExists(ctx, string(w.scope)); err != nil {
			missed = append(missed, w.target.miss(w.scope, err))
		}
	}
	return missed
}
