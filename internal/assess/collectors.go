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
	Up          bool // the newest run at every target succeeded
	Down        []string
	LastSuccess time.Time     // of the target whose last success is the oldest; zero when one has never succeeded
	Interval    time.Duration // the longest time between two runs, as scheduled
	Facts       int
	Unavailable map[fact.Reason]int // nil where nothing is
}

// Collectors tells how each collector does, by name. A target that has not been tried yet is not up.
func (a *Assessment) Collectors() []CollectorState {
	var states []CollectorState
	index := make(map[string]int)
	for _, run := range a.Runs {
		at, known := index[run.Collector]
		if !known {
			at = len(states)
			index[run.Collector] = at
			states = append(states, CollectorState{Name: run.Collector, Up: true, LastSuccess: run.CollectedAt})
		}
		states[at].add(run, a.At)
	}
	slices.SortFunc(states, func(a, b CollectorState) int { return strings.Compare(a.Name, b.Name) })
	return states
}

func (s *CollectorState) add(run *fact.Run, now time.Time) {
	if run.TriedAt.IsZero() || run.Failure != nil {
		s.Up = false
		s.Down = append(s.Down, run.Target)
	}
	if run.CollectedAt.Before(s.LastSuccess) {
		s.LastSuccess = run.CollectedAt
	}
	s.Interval = max(s.Interval, run.Interval)
	for _, set := range run.Current(now) {
		s.Facts += set.Len()
		for _, gap := range set.Gaps() {
			if s.Unavailable == nil {
				s.Unavailable = make(map[fact.Reason]int)
			}
			s.Unavailable[gap.Reason]++
		}
	}
}
