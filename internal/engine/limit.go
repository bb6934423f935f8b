package engine

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// limits bound the looks under way, in all and for each server. The server's bound is taken first, so that a server
// that hangs holds no more than its own share of the whole.
type limits struct {
	all       *semaphore.Weighted
	perServer int64

	mu      sync.Mutex
	servers map[string]*serverLimit
}

type serverLimit struct {
	*semaphore.Weighted
	users int
}

func newLimits(all, perServer int) *limits {
	return &limits{
		all: semaphore.NewWeighted(int64(all)), perServer: int64(perServer), servers: make(map[string]*serverLimit),
	}
}

// acquire waits for a place, and gives the function that gives it back. It fails only when ctx ends.
func (l *limits) acquire(ctx context.Context, server string) (release func(), err error) {
	releaseServer := func() {}
	if server != "" {
		limit := l.use(server)
		if err := limit.Acquire(ctx, 1); err != nil {
			l.leave(server)
			return nil, err
		}
		releaseServer = func() {
			limit.Release(1)
			l.leave(server)
		}
	}
	if err := l.all.Acquire(ctx, 1); err != nil {
		releaseServer()
		return nil, err
	}
	return func() {
		l.all.Release(1)
		releaseServer()
	}, nil
}

func (l *limits) use(server string) *serverLimit {
	l.mu.Lock()
	defer l.mu.Unlock()
	limit := l.servers[server]
	if limit == nil {
		limit = &serverLimit{Weighted: semaphore.NewWeighted(l.perServer)}
		l.servers[server] = limit
	}
	limit.users++
	return limit
}

func (l *limits) leave(server string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	limit := l.servers[server]
	limit.users--
	if limit.users == 0 {
		delete(l.servers, server)
	}
}
