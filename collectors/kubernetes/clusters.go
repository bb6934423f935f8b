// Package kubernetes looks at what runs in Kubernetes clusters, through watches that are shared by everything that looks
// at the same cluster. What it needs of an object is kept, and the rest dropped before it is stored.
package kubernetes

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// Clusters holds the connections to API servers: one for each kubeconfig and context, whoever looks. It connects at the
// first look and disconnects when the last target is forgotten.
type Clusters struct {
	signals signals
	key     []byte // of fingerprints

	mu     sync.Mutex
	open   map[login]*connection
	closed bool
}

// New makes an empty Clusters, which must be closed.
func New() *Clusters {
	return &Clusters{open: make(map[login]*connection), key: []byte(rand.Text())}
}

// Close ends all connections and returns when nothing of them runs any more. Looks fail from then on.
func (c *Clusters) Close() {
	c.mu.Lock()
	open := c.open
	c.open, c.closed = nil, true
	c.mu.Unlock()
	for _, connection := range open {
		connection.close()
	}
}

// connect gives the connection to a cluster, once it has shown that its API server answers just now. The configuration
// is read anew each time: when it has changed, the old connection is given up.
func (c *Clusters) connect(ctx context.Context, cluster system.Cluster) (*connection, error) {
	from := loginOf(cluster)
	config, err := from.read()
	if err != nil {
		return nil, err
	}
	current, err := c.current(from, config)
	if err != nil {
		return nil, err
	}
	if err := current.ping(ctx); err != nil {
		return nil, err
	}
	return current, nil
}

func (c *Clusters) current(from login, config clientConfig) (*connection, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errors.New("look at a cluster: the exporter is shutting down")
	}
	old := c.open[from]
	if old != nil && old.config.same(config) {
		return old, nil
	}
	fresh, err := newConnection(config, c.signals.send)
	if err != nil {
		return nil, err
	}
	c.open[from] = fresh
	if old != nil {
		old.close()
	}
	return fresh, nil
}

// forget ends what only this user of a cluster needed.
func (c *Clusters) forget(cluster system.Cluster, user string) {
	c.signals.forget(user)
	c.mu.Lock()
	defer c.mu.Unlock()
	from := loginOf(cluster)
	if connection := c.open[from]; connection != nil && !connection.forget(user) {
		delete(c.open, from)
		connection.close()
	}
}

// A Target is a cluster as one system declares it: what is looked at.
type Target struct {
	System  string // id of the system
	Cluster system.Cluster
	Topics  []string // of the facts, that are needed; nil: all

	whole bool // it is looked at as a whole, whatever the namespaces
}

// narrow leaves out the topics that nobody needs, so that no permission is asked for them.
func (t Target) narrow(topics []string) Target {
	t.Topics = topics
	return t
}

// needs tells whether a topic is needed; what makes the facts always is.
func (t Target) needs(topic string) bool {
	return topic == "" || t.Topics == nil || slices.Contains(t.Topics, topic)
}

func targets(s *system.System, wanted func(system.Cluster) bool) []Target {
	var targets []Target
	for _, cluster := range s.Kubernetes {
		if wanted(cluster) {
			targets = append(targets, Target{System: s.ID(), Cluster: cluster})
		}
	}
	return targets
}

// name is the target's, unique within its system.
func (t Target) name() string { return t.Cluster.Name }

// user tells one collector's target from every other, so that each is forgotten by itself.
func (t Target) user(collector string) string {
	return fmt.Sprintf("%s %q %+v %q", collector, t.System, t.Cluster, t.Topics)
}

// A scope is a part of the cluster that is watched as one: a namespace, or "" for all of them.
type scope string

// scopes are the parts of a cluster that belong to the target. Each declared namespace is one, so that a Role in it
// is permission enough.
func (t Target) scopes() []scope {
	if t.whole || len(t.Cluster.Namespaces) == 0 {
		return []scope{""}
	}
	scopes := make([]scope, len(t.Cluster.Namespaces))
	for i, namespace := range t.Cluster.Namespaces {
		scopes[i] = scope(namespace)
	}
	return scopes
}

// miss says that a scope of the target could not be seen.
func (t Target) miss(s scope, err error) fact.Missed {
	subject := t.Cluster.Name
	if s != "" {
		subject += "/" + string(s)
	}
	return fact.Miss(subject, err)
}
