// Package gitrepo reads git repositories by the program git, so that nothing of a repository takes effect: no hook, filter,
// program or address that its configuration names, no submodule, no link. Nothing is checked out. A repository of a server is
// kept as a bare copy, bounded in size; one of this machine is read where it is, and never written to.
package gitrepo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const (
	// freshness is how long a snapshot is used by all who ask for it.
	freshness = time.Minute
	// failing is how long a failure is that of all who ask, so that a server is not asked for each document.
	failing = 5 * time.Second
	// defaultSize is how large a copy may be, in bytes, where nothing else is declared.
	defaultSize = 500_000_000
	// unused is after how long a copy that nobody asked for is removed when the exporter starts.
	unused = 30 * 24 * time.Hour
)

// A Store keeps what is known of repositories, for all collectors that read them.
type Store struct {
	program string
	now     func() time.Time

	mu    sync.Mutex
	base  string // the folder of copies; empty: a temporary one is made when it is needed
	made  bool   // the folder is a temporary one
	ready bool   // the folder is there
	repos map[system.Repository]*Repository
}

// New makes a store whose copies are kept in a folder; empty: in one that Close removes.
func New(folder string) *Store {
	return &Store{program: "git", now: time.Now, base: folder, repos: make(map[system.Repository]*Repository)}
}

// Close removes what is not to be kept.
func (s *Store) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made {
		_ = os.RemoveAll(s.base) // It is a temporary folder, which the machine clears too.
	}
}

// A Repository is one that is declared, with what is known of it.
type Repository struct {
	store    *Store
	declared system.Repository
	gate     chan struct{} // holds a token while nobody refreshes it

	snapshot *Snapshot
	at       time.Time // when it was refreshed, or that failed
	failure  error
}

// Repository gives the one that is declared so.
func (s *Store) Repository(declared system.Repository) *Repository {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.repos[declared] == nil {
		r := &Repository{store: s, declared: declared, gate: make(chan struct{}, 1)}
		r.gate <- struct{}{}
		s.repos[declared] = r
	}
	return s.repos[declared]
}

// Forget frees what is known of a repository. Its copy stays for the next start.
func (s *Store) Forget(declared system.Repository) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.repos, declared)
}

// Snapshot gives the repository as it is now, or was within the last minute. The error is that of another who asked just now.
func (r *Repository) Snapshot(ctx context.Context) (*Snapshot, error) {
	select {
	case <-r.gate:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { r.gate <- struct{}{} }()
	age := r.store.now().Sub(r.at)
	switch {
	case r.failure != nil && age >= 0 && age < failing:
		return nil, r.failure
	case r.failure == nil && r.snapshot != nil && age >= 0 && age < freshness:
		return r.snapshot, nil
	}
	snapshot, err := r.refresh(ctx)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx) // Others may have more time.
	}
	r.at, r.failure = r.store.now(), err
	if err != nil {
		return nil, err
	}
	r.snapshot = snapshot
	return snapshot, nil
}

// folder gives the folder of copies, and makes it where it is not there.
func (s *Store) folder() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ready {
		return s.base, nil
	}
	if s.base == "" {
		made, err := os.MkdirTemp("", "readiness-git-")
		if err != nil {
			return "", fmt.Errorf("make a folder for copies of repositories: %w", err)
		}
		s.base, s.made = made, true
	}
	base, err := filepath.Abs(s.base) // git is run in it too
	if err == nil {
		s.base, err = base, os.MkdirAll(base, 0o700)
	}
	if err != nil {
		return "", fmt.Errorf("make a folder for copies of repositories: %w", err)
	}
	s.removeUnused()
	// A repository that another user owns is read too. Of this git is convinced by a file alone, in most versions.
	if err := os.WriteFile(s.configuration(), []byte("[safe]\n\tdirectory = *\n"), 0o600); err != nil {
		return "", fmt.Errorf("configure git: %w", err)
	}
	s.ready = true
	return s.base, nil
}

func (s *Store) configuration() string { return filepath.Join(s.base, "config") }

// removeUnused removes copies of what was declared some time ago. That one cannot be removed is no fault: it is tried again.
func (s *Store) removeUnused() {
	entries, _ := os.ReadDir(s.base)
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && entry.IsDir() && s.now().Sub(info.ModTime()) > unused {
			_ = os.RemoveAll(filepath.Join(s.base, entry.Name()))
		}
	}
}

// refresh brings the copy up to date, and reads what is in the branch.
func (r *Repository) refresh(ctx context.Context) (*Snapshot, error) {
	g, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	branch := r.declared.Branch
	if r.declared.URL != "" {
		if branch, err = g.update(ctx, r.declared); err != nil {
			return nil, err
		}
	}
	head, err := g.head(ctx, branch, r.declared.Path != "")
	if err != nil {
		return nil, err
	}
	if r.snapshot != nil && r.snapshot.Head == head {
		// Tags may have come, and the login may have been replaced.
		released, err := g.released(ctx)
		if err != nil {
			return nil, err
		}
		renewed := *r.snapshot
		renewed.git, renewed.Released = g, released
		return &renewed, nil
	}
	return g.snapshot(ctx, head)
}

// gitDir is where the files of git are of a repository on this machine.
func gitDir(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return "", fact.Errorf(fact.ReasonInvalid, "%s is no folder", path)
	}
	within := filepath.Join(path, ".git")
	if _, err := os.Stat(within); err == nil {
		return within, nil
	}
	if _, err := os.Stat(filepath.Join(path, "HEAD")); err != nil {
		return "", fact.Errorf(fact.ReasonNotFound, "%s is no git repository", path)
	}
	return path, nil
}
