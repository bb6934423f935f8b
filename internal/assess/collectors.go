package assess

import (
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A CollectorState is how one collector does for one system, over all its targets.
type CollectorState struct {
	Name        string
	Up          bool      // the newest look at every target gave an answer
	LastSuccess time.Time // of the target whose last success is the oldest; zero when one has never succeeded
	Facts       int
	Missed      map[fact.Reason]int
}

// Collectors tells how each collector does, by name. A target that has not been looked at yet counts as missed.
func (a *Assessment) Collectors() []CollectorState {
	var states []CollectorState
	index := make(map[string]int)
	for i := range a.Looks {
		look := &a.Looks[i]
		at, known := index[look.Collector]
		if !known {
			at = len(states)
			index[look.Collector] = at
			states = append(states, CollectorState{
				Name: look.Collector, Up: true, LastSuccess: look.SeenAt, Missed: make(map[fact.Reason]int),
			})
		}
		states[at].add(look, a.At)
	}
	slices.SortFunc(states, func(a, b CollectorState) int { return strings.Compare(a.Name, b.Name) })
	return states
}

func (s *CollectorState) add(look *fact.Look, now time.Time) {
	if look.TriedAt.IsZero() || look.Failure != nil {
		s.Up = false
	}
	if look.SeenAt.Before(s.LastSuccess) {
		s.LastSuccess = look.SeenAt
	}
	switch {
	case look.TriedAt.IsZero():
		s.Missed[fact.ReasonPending]++
	case look.Failure != nil:
		s.Missed[look.Failure.Reason]++
	}
	if look.Fresh(now) {
		s.Facts += len(look.Facts)
		for _, missed := range look.Missed {
			s.Missed[missed.Reason]++
		}
	}
}
