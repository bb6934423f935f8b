// Package repository collects what was ever committed to git repositories and does not belong there.
package repository

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/gitrepo"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// New makes the collector. It reads the whole history of a repository once, and then only what is new.
func New(repositories *gitrepo.Store) collector.Collector[system.Repository] {
	s := &scanner{repositories: repositories, rules: newRules(), known: make(map[system.Repository]*history)}
	return collector.Collector[system.Repository]{
		Name:     "repository",
		Summary:  "Environment files, private keys and tokens in the whole history of git repositories; of each only its place is kept.",
		Yields:   []fact.Any{fact.Repositories()},
		Schedule: "@every 10m",
		Timeout:  15 * time.Minute,
		Targets:  func(described *system.System) []system.Repository { return described.Repositories },
		Target:   func(r system.Repository) string { return r.Name },
		Server:   server,
		Known: func(r system.Repository) []fact.AnySet {
			return []fact.AnySet{fact.Repositories().Missing(fact.Repository{Repository: r.Name})}
		},
		Collect: func(ctx context.Context, r system.Repository, _ fact.Topics) ([]fact.AnySet, error) {
			found, shallow, err := s.collect(ctx, r)
			if err != nil {
				return nil, err
			}
			set := &fact.Set[fact.Repository]{}
			set.Add(found)
			if shallow {
				set.LackTopic(fact.Repository{Repository: r.Name}, fact.TopicHistory, errShallow())
			}
			return []fact.AnySet{fact.Repositories().Set(set)}, nil
		},
		Forget: s.forget,
	}
}

func server(r system.Repository) string {
	address, err := url.Parse(r.URL)
	if err != nil {
		return ""
	}
	return address.Host
}

// A scanner has what is known of the history of each repository.
type scanner struct {
	repositories *gitrepo.Store
	rules        *rules

	mu    sync.Mutex
	known map[system.Repository]*history
}

func (s *scanner) forget(r system.Repository) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, r)
	s.repositories.Forget(r)
}

func errShallow() error {
	return fact.Errorf(fact.ReasonUnsupported, "the clone is shallow, so that what was committed earlier is not in it: git fetch --unshallow")
}

// collect gives what the history has, and whether that is not all of it.
func (s *scanner) collect(ctx context.Context, r system.Repository) (found fact.Repository, shallow bool, err error) {
	if ctx.Err() != nil {
		return found, false, context.Cause(ctx)
	}
	snapshot, err := s.repositories.Repository(r).Snapshot(ctx)
	if err != nil {
		return found, false, fmt.Errorf("read the repository %s: %w", r.Name, err)
	}
	known, err := s.upToDate(ctx, r, snapshot)
	if err != nil {
		return found, false, fmt.Errorf("read the history of %s: %w", r.Name, err)
	}
	allowed, err := readAllowed(ctx, r, snapshot)
	if err != nil {
		return found, false, fmt.Errorf("read what is allowed in %s: %w", r.Name, err)
	}
	ignored, err := ignoresEnvironment(ctx, snapshot)
	if err != nil {
		return found, false, fmt.Errorf("read what is ignored in %s: %w", r.Name, err)
	}
	found = fact.Repository{Repository: r.Name, EnvironmentIgnored: ignored, More: known.more}
	for _, each := range known.environments {
		if !allowed.allows("environment-file", each.Path, each.Commit) {
			each.Tracked = snapshot.Has(each.Path)
			each.Path = words.Printable(each.Path, longestPath)
			found.Environments = append(found.Environments, each)
		}
	}
	for _, each := range known.secrets {
		if !allowed.allows(each.Rule, each.Path, each.Commit) {
			each.Path = words.Printable(each.Path, longestPath)
			found.Secrets = append(found.Secrets, each)
		}
	}
	sorted(&found)
	return found, known.shallow, nil
}

// longestPath is how much of a path is kept, in bytes.
const longestPath = 300

// upToDate reads of the history what is not known yet. What is known of one that was rewritten counts no more, nor does that of a shallow
// clone, which may have become longer at its end.
func (s *scanner) upToDate(ctx context.Context, r system.Repository, snapshot *gitrepo.Snapshot) (*history, error) {
	s.mu.Lock()
	known := s.known[r]
	s.mu.Unlock()
	tips, err := snapshot.Tips(ctx)
	if err != nil {
		return nil, err
	}
	shallow, err := snapshot.IsShallow(ctx)
	switch {
	case err != nil:
		return nil, err
	case known != nil && known.shallow:
		known = nil
	case known != nil && slices.Equal(known.tips, tips):
		return known, nil
	}
	if known != nil {
		lost, err := snapshot.Lost(ctx, known.tips)
		if err != nil {
			return nil, err
		}
		if lost {
			known = nil
		}
	}
	next := known.clone()
	reader := &reader{rules: s.rules, history: next}
	if err := snapshot.History(ctx, next.tips, reader.change); err != nil {
		return nil, err
	}
	next.tips, next.shallow = tips, shallow
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[r] = next
	return next, nil
}
