package record

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

const (
	// maximumChanges bounds what is kept of a check that flaps.
	maximumChanges = 100
	// steadyAfter is how long a check must have been ready for its loss to be a regression.
	steadyAfter = 24 * time.Hour
	// entryBytes is about what a change takes on disk beside its names.
	entryBytes = 110
)

// An entry is a change of one check.
type entry struct {
	at     time.Time
	status string
}

// A history has the changes of each check, by the system's name and the check's; of each, the oldest first.
type history map[string]map[string][]entry

// add adds a change, the newest of its check.
func (h history) add(change Change, ready func(string) bool) {
	checks := h[change.System]
	if checks == nil {
		checks = make(map[string][]entry)
		h[change.System] = checks
	}
	entries := append(checks[change.Check], entry{change.At, change.Status})
	if len(entries) > maximumChanges {
		essential := essentials(entries, ready)
		oldest := slices.IndexFunc(entries, func(e entry) bool { return !slices.Contains(essential, e) })
		entries = slices.Delete(entries, oldest, oldest+1)
	}
	checks[change.Check] = entries
}

// has tells whether a change is kept, or changes nothing since its check has that status.
func (h history) has(change Change) bool {
	entries := h[change.System][change.Check]
	return slices.Contains(entries, entry{change.At, change.Status}) ||
		len(entries) > 0 && entries[len(entries)-1].status == change.Status
}

// essentials are the changes that tell since when a check is as it is and whether that is a regression: the newest, those
// with which the last time began and ended that it was ready for a day, and that since which it is ready.
func essentials(entries []entry, ready func(string) bool) []entry {
	essential := []entry{entries[len(entries)-1]}
	var began, ended, current *entry
	for i := range entries {
		each := &entries[i]
		switch is := ready(each.status); {
		case is && current == nil:
			current = each
		case !is && current != nil:
			if each.at.Sub(current.at) >= steadyAfter {
				began, ended = current, each
			}
			current = nil
		}
	}
	for _, each := range []*entry{began, ended, current} {
		if each != nil {
			essential = append(essential, *each)
		}
	}
	return essential
}

// of gives the changes of one system, check by check.
func (h history) of(system string) (changes []Change) {
	checks := h[system]
	for _, check := range slices.Sorted(maps.Keys(checks)) {
		for _, each := range checks[check] {
			changes = append(changes, Change{System: system, Check: check, Status: each.status, At: each.at})
		}
	}
	return changes
}

// all gives every change, system by system.
func (h history) all() (changes []Change) {
	for _, system := range slices.Sorted(maps.Keys(h)) {
		changes = append(changes, h.of(system)...)
	}
	return changes
}

// prune leaves out what is older than a time, and the oldest of what is beyond a size. What is essential of a system that
// is known stays; it gives the size of what is left.
func (h history) prune(before time.Time, size int64, ready func(string) bool, known func(system string) bool) int64 {
	type candidate struct {
		system, check string
		entry
	}
	var candidates []candidate
	var total int64
	for system, checks := range h {
		for check, entries := range checks {
			var essential []entry
			if known(system) {
				essential = essentials(entries, ready)
			}
			kept := entries[:0:0]
			for _, each := range entries {
				stays := slices.Contains(essential, each)
				if !stays && each.at.Before(before) {
					continue
				}
				kept = append(kept, each)
				total += bytesOf(system, check)
				if !stays {
					candidates = append(candidates, candidate{system, check, each})
				}
			}
			h.set(system, check, kept)
		}
	}
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.system, b.system), cmp.Compare(a.check, b.check))
	})
	for _, each := range candidates {
		if total <= size {
			break
		}
		entries := h[each.system][each.check]
		at := slices.Index(entries, each.entry)
		h.set(each.system, each.check, slices.Delete(entries, at, at+1))
		total -= bytesOf(each.system, each.check)
	}
	return total
}

func (h history) set(system, check string, entries []entry) {
	if len(entries) > 0 {
		h[system][check] = entries
		return
	}
	delete(h[system], check)
	if len(h[system]) == 0 {
		delete(h, system)
	}
}

func bytesOf(system, check string) int64 { return int64(len(system) + len(check) + entryBytes) }
