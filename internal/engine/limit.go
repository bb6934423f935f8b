package engine

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/semaphore"
)

// A standing is how a target takes its place among others: whoever is not known to answer has only a part of the places,
// so that targets that hang never keep those that answer from their turn.
type standing int

const (
	prompt  standing = iota // its last run returned in time: it may take any place
	untried                 // it has never run: three quarters of them
	slow                    // its last run did not return in time: one quarter
	standings
)

// limits bound the runs under way, in all and for each server.
type limits struct {
	all       places
	perServer int

	mu      sync.Mutex
	servers map[string]*serverLimit
}

// places are those that targets of each standing, and of all that are worse, may take.
type places [standings]*semaphore.Weighted

func newPlaces(all int) (p places) {
	for standing, quarters := range [standings]int{prompt: 4, untried: 3, slow: 1} {
		p[standing] = semaphore.NewWeighted(int64(max(1, all*quarters/4)))
	}
	return p
}

type serverLimit struct {
	places
	users int
}

func newLimits(all, perServer int) *limits {
	return &limits{all: newPlaces(all), perServer: perServer, servers: make(map[string]*serverLimit)}
}

// acquire waits for a place, and gives the function that gives it back. It fails only when ctx ends. The smallest share is
// taken first, and of each the server's, so that whoever waits for one keeps only their like from a larger one.
func (l *limits) acquire(ctx context.Context, server string, as standing) (release func(), err error) {
	var taken []func()
	release = func() {
		for _, giveBack := range slices.Backward(taken) {
			giveBack()
		}
	}
	bounds := []places{l.all}
	if server != "" {
		limit := l.use(server)
		taken = append(taken, func() { l.leave(server) })
		bounds = []places{limit.places, l.all}
	}
	for share := as; share >= prompt; share-- {
		for _, bound := range bounds {
			if err := bound[share].Acquire(ctx, 1); err != nil {
				release()
				return nil, err
			}
			taken = append(taken, func() { bound[share].Release(1) })
		}
	}
	return release, nil
}

func (l *limits) use(server string) *serverLimit {
	l.mu.Lock()
	defer l.mu.Unlock()
	limit := l.servers[server]
	if limit == nil {
		limit = &serverLimit{places: newPlaces(l.perServer)}
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
