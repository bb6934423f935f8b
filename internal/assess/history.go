package assess

import (
	"maps"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// maximumHistory bounds what is remembered of an item that flaps.
const maximumHistory = 100

// steadyAfter is how long an item must have been ready for its loss to be a regression.
const steadyAfter = 24 * time.Hour

// A Change is a status that an item changed to.
type Change struct {
	At     time.Time    `json:"at"`
	Status check.Status `json:"status"`
}

// A History is what is remembered of each item, by its id: its changes, the oldest first. It does not change.
type History map[string][]Change

// A ChangedItem is a change of one item.
type ChangedItem struct {
	Check string
	Change
}

// note adds the changes that results make, and dates the results. It gives the history itself where nothing has changed.
func (h History) note(results []check.Result, now time.Time) (History, []ChangedItem) {
	var changed []ChangedItem
	for i := range results {
		result := &results[i]
		before := h[result.Check]
		switch {
		case len(before) > 0 && before[len(before)-1].Status == result.Status:
			result.ChangedAt = before[len(before)-1].At
			continue
		case pending(result):
			continue // That it was not collected yet is news of the exporter, and not of the system.
		}
		changed = append(changed, ChangedItem{result.Check, Change{At: now, Status: result.Status}})
	}
	if len(changed) == 0 {
		return h, nil
	}
	return h.With(changed), changed
}

// With is the history with further changes, the oldest first.
func (h History) With(changed []ChangedItem) History {
	next := maps.Clone(h)
	if next == nil {
		next = make(History)
	}
	for _, each := range changed {
		next[each.Check] = bounded(append(slices.Clip(next[each.Check]), each.Change))
	}
	return next
}

// bounded leaves the oldest change out where there are too many, but for those that tell a regression.
func bounded(changes []Change) []Change {
	if len(changes) <= maximumHistory {
		return changes
	}
	began, ended, current := readyTimes(changes)
	oldest := 0
	for oldest == began || oldest == ended || oldest == current {
		oldest++
	}
	return slices.Delete(changes, oldest, oldest+1)
}

// pending tells results that are unknown only since their facts have not been collected yet.
func pending(result *check.Result) bool {
	if result.Status != check.Unknown {
		return false
	}
	for _, problem := range result.Problems {
		if problem.Level == check.Unknown && problem.Cause != fact.ReasonPending {
			return false
		}
	}
	return true
}

// Regressed tells since when an item that was ready for a day is not any more; zero where it is ready, where it never
// was for so long, and where nothing is declared any more.
func (h History) Regressed(id string) (since time.Time) {
	changes := h[id]
	if len(changes) == 0 || lossless(changes[len(changes)-1].Status) {
		return time.Time{}
	}
	if _, ended, _ := readyTimes(changes); ended >= 0 {
		since = changes[ended].At
	}
	return since
}

// readyTimes finds the changes with which the last time began and ended that an item was ready for a day, and that since
// which it has been ready until now; -1 for what there is not.
func readyTimes(changes []Change) (began, ended, current int) {
	began, ended, current = -1, -1, -1
	for i, change := range changes {
		switch ready := change.Status.Ready(); {
		case ready && current < 0:
			current = i
		case !ready && current >= 0:
			if change.At.Sub(changes[current].At) >= steadyAfter {
				began, ended = current, i
			}
			current = -1
		}
	}
	return began, ended, current
}

// lossless tells statuses that are no loss: a declaration that went is told by the coverage.
func lossless(status check.Status) bool {
	return status.Ready() || status == check.Undeclared || status == check.NotApplicable
}
