// Package kubernetes collects from Kubernetes clusters, through watches that are shared by everything that collects from
// the same cluster. What facts need of an object is kept, and the rest dropped before it is stored.
package kubernetes

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// Clusters makes the collectors, and holds what they share: connections, and what was joined last.
type Clusters struct {
	servers *watch.Servers
	key     []byte // of fingerprints

	mu       sync.Mutex
	memories map[string]*memory // by user
}

// New makes a Clusters without any connection, which must be closed.
func New() *Clusters {
	return &Clusters{servers: watch.New(), key: []byte(rand.Text()), memories: make(map[string]*memory)}
}

// Close ends all connections and returns when nothing of them runs any more. Nothing is collected from then on.
func (c *Clusters) Close() { c.servers.Close() }

// Kubernetes makes the collector of all that a cluster reports to whoever may list it. What takes a declaration of its own
// is collected by the others.
func (c *Clusters) Kubernetes() collector.Collector[Target] {
	made := c.collector("kubernetes",
		"Kubernetes clusters: workloads with what belongs to them, nodes, what else runs there, and who may do what.",
		joins(), func(system.Cluster) bool { return true }, nil)
	made.Narrows = true
	return made
}

// joins are those of the collector kubernetes.
func joins() []joiner {
	return []joiner{
		workloads(), wholeClusters(), components(), helmReleases(), issuersOf(), authorizations(), secrets(), serviceJoin(),
		ingressJoin(), backupSchedules(), namespaces(), policyResults(),
	}
}

// collector makes a collector of what joins give of the clusters that are wanted. What of a cluster's declaration concerns
// this collector alone is added to its targets; nil: nothing.
func (c *Clusters) collector(
	name, summary string, joins []joiner, wanted func(system.Cluster) bool, add func(own *Target, cluster system.Cluster),
) collector.Collector[Target] {
	kinds := make([]fact.Any, len(joins))
	for i, join := range joins {
		kinds[i] = join.about()
	}
	return collector.Collector[Target]{
		Name: name, Summary: summary, Yields: kinds, Schedule: "@every 15s", Timeout: 10 * time.Second,
		Targets: func(s *system.System) []Target { return targets(s, wanted, add) },
		Target:  Target.name,
		Known: func(t Target) []fact.AnySet {
			sets := make([]fact.AnySet, len(joins))
			for i, join := range joins {
				sets[i] = join.known(t)
			}
			return sets
		},
		Collect: func(ctx context.Context, t Target, asked fact.Topics) ([]fact.AnySet, error) {
			return c.collect(ctx, t, t.user(name), joins, asked)
		},
		Changes: func(t Target) <-chan struct{} { return c.servers.Changes(t.user(name)) },
		Permissions: func(t Target, asked fact.Topics) (all []collector.Permission) {
			for _, join := range joins {
				all = append(all, permissions(t, join, asked)...)
			}
			return all
		},
		Forget: func(t Target) { c.forget(t, t.user(name)) },
	}
}

// memory gives what is known of a user's last run.
func (c *Clusters) memory(user string) *memory {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.memories[user] == nil {
		c.memories[user] = &memory{answers: make(map[string]answer), results: make(map[string]result)}
	}
	return c.memories[user]
}

// forget ends what only this user of a cluster needed.
func (c *Clusters) forget(t Target, user string) {
	c.servers.Forget(t.login(), user)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.memories, user)
}

// A Target is a cluster as one system declares it, as far as it concerns the collector.
type Target struct {
	System  string // id of the system
	Cluster system.Cluster
	Drill   system.ClusterEvidence // the result that is collected; empty for other collectors
}

// targets are the clusters of a system that are wanted. What concerns other collectors is left out of them, so that they
// stay as they are when it changes.
func targets(s *system.System, wanted func(system.Cluster) bool, add func(own *Target, cluster system.Cluster)) (all []Target) {
	for _, cluster := range s.Kubernetes {
		if !wanted(cluster) {
			continue
		}
		own := Target{System: s.ID(), Cluster: system.Cluster{
			Name: cluster.Name, Kubeconfig: cluster.Kubeconfig, Context: cluster.Context,
			Namespaces: cluster.Namespaces, Selector: cluster.Selector,
		}}
		if add != nil {
			add(&own, cluster)
		}
		all = append(all, own)
	}
	return all
}

// name is the target's, unique within its system.
func (t Target) name() string { return t.Cluster.Name }

func (t Target) login() watch.Login {
	return watch.Login{Kubeconfig: t.Cluster.Kubeconfig, Context: t.Cluster.Context}
}

// user tells one collector's target from every other, so that each is forgotten by itself.
func (t Target) user(collector string) string {
	return fmt.Sprintf("%s %q %+v %+v", collector, t.System, t.Cluster, t.Drill)
}

// scopes are the parts of a cluster that belong to the target. Each declared namespace is one, so that a Role in it
// is permission enough.
func (t Target) scopes(whole bool) []watch.Scope {
	if whole || len(t.Cluster.Namespaces) == 0 {
		return []watch.Scope{""}
	}
	scopes := make([]watch.Scope, len(t.Cluster.Namespaces))
	for i, namespace := range t.Cluster.Namespaces {
		scopes[i] = watch.Scope(namespace)
	}
	return scopes
}

// subject names a scope of the target.
func (t Target) subject(scope watch.Scope) string {
	if scope == "" {
		return t.Cluster.Name
	}
	return t.Cluster.Name + "/" + string(scope)
}
