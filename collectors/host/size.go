package host

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A size is what a file system holds: bytes and inodes.
type size struct {
	total, free, available uint64
	inodes, inodesFree     uint64
	broken                 bool // it was shut down after an error: nothing can be read or written any more
}

// sizes asks file systems for their size. A dead network mount never answers, and the asking cannot be stopped: it is
// left behind, and nobody asks again until it has returned.
type sizes struct {
	rootFS  string
	measure func(path string, m mount) (size, error)

	mu      sync.Mutex
	pending map[string]*question // by path
}

// A question to a file system that is not answered yet. Several may wait for its answer.
type question struct {
	answered chan struct{} // closed when size and err are there
	size     size
	err      error
	late     bool // somebody has waited in vain
}

func newSizes(rootFS string) *sizes {
	s := &sizes{rootFS: rootFS, pending: make(map[string]*question)}
	s.measure = s.statfs
	return s
}

// of gives the size of a mounted file system, when it answers in time.
func (s *sizes) of(ctx context.Context, m mount, patience time.Duration) (size, error) {
	path := filepath.Join(s.rootFS, m.point)
	asked, stuck := s.ask(path, m)
	if stuck {
		return size{}, fact.Errorf(fact.ReasonStuck, "ask %s for its size: an earlier call has not returned (%s)", m.point, m.fstype)
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-asked.answered:
		return asked.size, asked.err
	case <-ctx.Done():
		return size{}, fact.Errorf(fact.ReasonTimeout, "ask %s for its size: %w", m.point, context.Cause(ctx))
	case <-timer.C:
		s.mu.Lock()
		asked.late = true
		s.mu.Unlock()
		return size{}, fact.Errorf(fact.ReasonTimeout, "ask %s for its size: no answer within %s (%s)", m.point,
			patience.Round(time.Millisecond), m.fstype)
	}
}

// ask gives the question that is under way, or a new one; stuck when somebody has waited for it in vain.
func (s *sizes) ask(path string, m mount) (asked *question, stuck bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if asked = s.pending[path]; asked != nil {
		return asked, asked.late
	}
	asked = &question{answered: make(chan struct{})}
	s.pending[path] = asked
	go func() {
		asked.size, asked.err = s.measure(path, m)
		s.mu.Lock()
		delete(s.pending, path)
		s.mu.Unlock()
		close(asked.answered)
	}()
	return asked, false
}
