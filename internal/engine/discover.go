package engine

import (
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// discover has the targets of a system follow what a job that discovers has found. All that stays as it was keeps its facts and its
// rhythm. The caller holds e.mu.
func (e *Engine) discover(running *runningJob) {
	old := running.state
	if !old.note(running) {
		return
	}
	state := &systemState{declared: old.declared, rhythms: old.rhythms, dirty: true}
	state.succeed(old)
	state.layOut()
	e.keep(state)
	e.systems = slices.Clone(e.systems)
	e.systems[slices.Index(e.systems, old)] = state
	wanted := make(map[jobKey]bool, len(state.jobs))
	for _, each := range state.jobs {
		wanted[each.key] = true
		before := e.jobs[each.key]
		if before == each {
			continue
		}
		if before != nil {
			e.stop(before)
		}
		if state.assessment != nil {
			each.discovered = time.Now()
		}
		e.jobs[each.key] = each
	}
	for _, each := range old.jobs {
		if !wanted[each.key] {
			e.stop(each)
			delete(e.jobs, each.key)
		}
	}
	e.startAll()
	e.wakeJudge()
}

// note notes what a job has found, and tells whether targets change by that. What it could not tell changes none.
func (s *systemState) note(running *runningJob) bool {
	last := running.last()
	if last.Failure != nil || last.CollectedAt.IsZero() {
		return false
	}
	discovery := running.key.collector + " " + running.key.target
	changed := false
	for _, set := range last.Sets {
		if images := fact.DiscoveredImages().Typed(set); images != nil && set != running.noted {
			running.noted = set
			if next, differs := s.discovered.NoteImages(discovery, images); differs {
				s.discovered, changed = next, true
			}
			continue
		}
		found := fact.DiscoveredHosts().Typed(set)
		if found == nil || set == running.noted && !s.discovered.Leaving(discovery) {
			continue
		}
		running.noted = set
		if next, differs := s.discovered.Note(discovery, found, last.CollectedAt); differs {
			s.discovered, changed = next, true
		}
	}
	return changed
}
