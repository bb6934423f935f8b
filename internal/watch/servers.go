// Package watch keeps resources of Kubernetes clusters up to date: connections that are shared by everything that watches
// the same cluster, logins that are read again, discovery of what is served, and stores of what is needed of each object.
// It knows nothing of facts.
package watch

import (
	"context"
	"errors"
	"sync"
)

// Servers holds the connections to API servers: one for each login, whoever uses it. It connects at the first use and
// disconnects when its last user is forgotten.
type Servers struct {
	signals signals

	mu     sync.Mutex
	open   map[Login]*Connection
	closed bool
}

// New makes an empty Servers, which must be closed.
func New() *Servers { return &Servers{open: make(map[Login]*Connection)} }

// Close ends all connections and returns when nothing of them runs any more. No connection can be made from then on.
func (s *Servers) Close() {
	s.mu.Lock()
	open := s.open
	s.open, s.closed = nil, true
	s.mu.Unlock()
	for _, connection := range open {
		connection.close()
	}
}

// Connect gives the connection to a cluster, once it has shown that its API server answers just now. The configuration
// is read again each time: when it has changed, the old connection is given up.
func (s *Servers) Connect(ctx context.Context, from Login) (*Connection, error) {
	config, err := from.read()
	if err != nil {
		return nil, err
	}
	current, err := s.current(from, config)
	if err != nil {
		return nil, err
	}
	if err := current.ping(ctx); err != nil {
		return nil, err
	}
	return current, nil
}

func (s *Servers) current(from Login, config clientConfig) (*Connection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.New("connect to a cluster: the exporter is shutting down")
	}
	old := s.open[from]
	if old != nil && old.config.same(config) {
		return old, nil
	}
	fresh, err := newConnection(config, s.signals.send)
	if err != nil {
		return nil, err
	}
	s.open[from] = fresh
	if old != nil {
		old.close()
	}
	return fresh, nil
}

// Changes holds a token after something that a user watches has changed.
func (s *Servers) Changes(user string) <-chan struct{} { return s.signals.of(user) }

// Forget ends what only this user watched in a cluster.
func (s *Servers) Forget(from Login, user string) {
	s.signals.forget(user)
	s.mu.Lock()
	defer s.mu.Unlock()
	if connection := s.open[from]; connection != nil && !connection.forget(user) {
		delete(s.open, from)
		connection.close()
	}
}
