package schedule

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

const (
	// maximumSleep bounds how long the runner does not notice that the clock was set.
	maximumSleep = 10 * time.Second
	// clockStep is how far the clock must be set for the runner to plan anew.
	clockStep = time.Second
)

// A Runner calls functions when their schedules fire. It survives that the clock is set: set back, everything is planned
// anew from then; set forward, or after the machine was suspended, what was left out is called once.
type Runner struct {
	wall func() time.Time // the clock of the machine, which can be set

	mu      sync.Mutex
	entries entries
	changed chan struct{} // holds a token when the next entry may be another
	steps   int
}

// An Entry is one function with its schedule.
type Entry struct {
	schedule Schedule
	call     func()
	next     time.Time // zero when it never fires again
	index    int       // in the heap; -1 when it is removed
}

// NewRunner makes a runner with nothing to do.
func NewRunner() *Runner { return &Runner{wall: time.Now, changed: make(chan struct{}, 1)} }

// Add has a function called whenever a schedule fires. It must return at once.
func (r *Runner) Add(s Schedule, call func()) *Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	entry := &Entry{schedule: s, call: call, next: s.Next(r.wall())}
	heap.Push(&r.entries, entry)
	r.wake()
	return entry
}

// Remove ends that an entry is called.
func (r *Runner) Remove(entry *Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if entry.index >= 0 {
		heap.Remove(&r.entries, entry.index)
	}
}

// Steps is how often the clock was set since the runner was made.
func (r *Runner) Steps() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.steps
}

// Run calls what is due until ctx ends.
func (r *Runner) Run(ctx context.Context) {
	running, wall := time.Now(), r.wall().Round(0)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.changed:
		case <-timer.C:
		}
		passed, now := time.Since(running), r.wall().Round(0)
		r.follow(now, now.Sub(wall)-passed)
		running, wall = running.Add(passed), now
		for _, call := range r.due(now) {
			call()
		}
		timer.Reset(r.sleep(now))
	}
}

// follow plans anew where the clock was set back.
func (r *Runner) follow(now time.Time, step time.Duration) {
	if step.Abs() < clockStep {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps++
	if step > 0 {
		return
	}
	for _, entry := range r.entries {
		entry.next = entry.schedule.Next(now)
	}
	heap.Init(&r.entries)
}

// due takes what fires now, and plans when it fires next.
func (r *Runner) due(now time.Time) (calls []func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.entries) > 0 && r.entries[0].fires(now) {
		entry := r.entries[0]
		calls = append(calls, entry.call)
		entry.next = entry.schedule.Next(now)
		heap.Fix(&r.entries, 0)
	}
	return calls
}

func (e *Entry) fires(now time.Time) bool { return !e.next.IsZero() && !e.next.After(now) }

func (r *Runner) sleep(now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.entries) == 0 || r.entries[0].next.IsZero() {
		return maximumSleep
	}
	return min(maximumSleep, r.entries[0].next.Sub(now))
}

func (r *Runner) wake() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// entries is a heap, the next to fire first.
type entries []*Entry

func (e entries) Len() int { return len(e) }

func (e entries) Less(i, j int) bool {
	return !e[i].next.IsZero() && (e[j].next.IsZero() || e[i].next.Before(e[j].next))
}

func (e entries) Swap(i, j int) {
	e[i], e[j] = e[j], e[i]
	e[i].index, e[j].index = i, j
}

func (e *entries) Push(entry any) {
	added := entry.(*Entry)
	added.index = len(*e)
	*e = append(*e, added)
}

func (e *entries) Pop() any {
	last := len(*e) - 1
	entry := (*e)[last]
	(*e)[last] = nil
	*e = (*e)[:last]
	entry.index = -1
	return entry
}
