package main

import (
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/record"
)

// A memory has the engine's changes of status kept by a store of records.
type memory struct{ store record.Store }

var _ engine.Memory = memory{}

// History gives the changes that are kept of a system.
func (m memory) History(system string) assess.History { return historyOf(m.store.Changes(system)) }

// historyOf makes a history of changes. Statuses that only another version knows are left out.
func historyOf(changes []record.Change) assess.History {
	history := make(assess.History)
	for _, change := range changes {
		var status check.Status
		if status.UnmarshalText([]byte(change.Status)) == nil {
			history[change.Check] = append(history[change.Check], assess.Change{At: change.At, Status: status})
		}
	}
	return history
}

// Append keeps changes of a system.
func (m memory) Append(system string, changed []assess.ChangedItem) {
	changes := make([]record.Change, len(changed))
	for i, each := range changed {
		changes[i] = record.Change{System: system, Check: each.Check, Status: each.Status.String(), At: each.At}
	}
	m.store.Append(changes...)
}

// A pastMemory tells what was kept, and keeps nothing.
type pastMemory struct{ snapshot *record.Snapshot }

var _ engine.Memory = pastMemory{}

// History gives the changes that were kept of a system.
func (m pastMemory) History(system string) assess.History {
	return historyOf(m.snapshot.Changes(system))
}

// Append keeps nothing.
func (pastMemory) Append(string, []assess.ChangedItem) {}

// countsAsReady tells the statuses, as records have them, that count as ready.
func countsAsReady(name string) bool {
	var status check.Status
	return status.UnmarshalText([]byte(name)) == nil && status.Ready()
}
