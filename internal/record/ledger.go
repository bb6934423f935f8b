package record

import (
	"fmt"
	"sync"
	"time"
)

// A medium is a place in which records outlive the process. One goroutine uses it.
type medium interface {
	// commit keeps records, or all that there are. What could not be kept stays to be kept.
	commit(batch []line, anew bool) error
	// outdated tells whether a commit is due even if nothing is to be kept.
	outdated() bool
	// interval is how often to ask that.
	interval() time.Duration
	// release gives the place up.
	release()
}

// A ledger has what is kept in memory, and has it written to a medium. While that cannot be written, what is appended is kept in memory,
// and written once it can be.
type ledger struct {
	options Options
	place   string // the name of the medium
	medium  medium
	opened  time.Time
	wake    chan struct{} // holds a token when there is something to write
	hurry   chan struct{} // holds a token when somebody waits for it
	stop    chan struct{}
	stopped chan struct{}

	mu       sync.Mutex
	kept     contents
	queue    []line // to be appended to the medium
	anew     bool   // all that is kept is to be written anew
	trouble  error  // why it could not be written; nil when it could
	known    map[string]bool
	waiters  []chan error
	watchers map[watcher]chan struct{}
	closed   bool
}

// newLedger makes a ledger, of which evidence may take so many bytes.
func newLedger(place string, options Options, evidenceBytes int64) ledger {
	return ledger{
		options: options, place: place, opened: time.Now(),
		wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
		kept: newContents(evidenceBytes), known: make(map[string]bool), watchers: make(map[watcher]chan struct{}),
	}
}

// Changes are those that are kept of one system; of each check, the oldest first.
func (l *ledger) Changes(system string) []Change {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known[system] = true
	return l.kept.changes.of(system)
}

// Append keeps further changes. They are written within a second, as far as the medium can be.
func (l *ledger) Append(changes ...Change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, change := range changes {
		change.At = change.At.UTC().Round(0)
		l.known[change.System] = true
		if l.kept.has(line{Change: &change}) {
			continue // Another replica was faster.
		}
		l.kept.changes.add(change, l.options.Ready)
		l.enqueue(line{Change: &change})
	}
}

// enqueue has a record written, which was added to what is kept. The caller holds l.mu.
func (l *ledger) enqueue(record line) {
	l.queue = append(l.queue, record)
	l.boundQueue()
	signal(l.wake)
}

// boundQueue has all that is kept written anew where the queue has become too long. The caller holds l.mu.
func (l *ledger) boundQueue() {
	if len(l.queue) > maximumQueue {
		l.queue, l.anew = nil, true
	}
}

// Writable tells whether the medium could be written when that was last tried.
func (l *ledger) Writable() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.trouble == nil
}

// Close writes what was appended, and gives the medium up. One that hangs is left behind.
func (l *ledger) Close() error {
	l.mu.Lock()
	closed := l.closed
	l.closed = true
	l.mu.Unlock()
	if closed {
		return nil
	}
	ended := make(chan error, 1)
	go func() {
		err := l.sync()
		close(l.stop)
		<-l.stopped
		ended <- err
	}()
	timer := time.NewTimer(closePatience)
	defer timer.Stop()
	var err error
	select {
	case err = <-ended:
	case <-timer.C:
		err = fmt.Errorf("it took longer than %s", closePatience)
	}
	if err != nil {
		return fmt.Errorf("write to %s: %w", l.place, err)
	}
	return nil
}

// sync returns when all that was appended before is kept, or cannot be written.
func (l *ledger) sync() error {
	written := make(chan error, 1)
	l.mu.Lock()
	l.waiters = append(l.waiters, written)
	l.mu.Unlock()
	signal(l.hurry)
	return <-written
}

// work writes what there is to write, not too often, until it is stopped.
func (l *ledger) work() {
	defer close(l.stopped)
	defer l.medium.release()
	for {
		if l.Writable() {
			l.await(l.wake, l.medium.interval())
		} else {
			l.await(nil, retryInterval)
		}
		if l.write() == nil {
			l.await(nil, writeInterval)
		}
		select {
		case <-l.stop:
			return
		default:
		}
	}
}

// await waits for a token, for somebody who waits, for the end, or for a time.
func (l *ledger) await(token <-chan struct{}, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-token:
	case <-l.hurry:
		signal(l.wake)
	case <-l.stop:
	case <-timer.C:
	}
}

// write writes what there is to write.
func (l *ledger) write() error {
	l.mu.Lock()
	batch, anew, waiters := l.queue, l.anew, l.waiters
	l.queue, l.waiters = nil, nil
	l.mu.Unlock()
	var err error
	if len(batch) > 0 || anew || l.medium.outdated() {
		err = l.medium.commit(batch, anew)
		l.settle(err)
	}
	for _, waiter := range waiters {
		waiter <- err
	}
	return err
}

// settle notes whether the medium could be written, and reports when that changes.
func (l *ledger) settle(err error) {
	l.mu.Lock()
	changed := (err == nil) != (l.trouble == nil)
	l.trouble = err
	l.mu.Unlock()
	switch {
	case !changed:
	case err != nil:
		l.options.Report(fmt.Errorf("changes of status are kept in memory only, because %s cannot be written: %w", l.place, err))
	default:
		l.options.Report(nil)
	}
}

// renew has all that is kept written anew.
func (l *ledger) renew() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue, l.anew = nil, true
}

// again has a batch appended later.
func (l *ledger) again(batch []line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(batch, l.queue...)
	l.boundQueue()
}

// signal leaves a token, if there is none yet.
func signal(token chan struct{}) {
	select {
	case token <- struct{}{}:
	default:
	}
}

// rebase puts what is in the place of what was kept, with the pending records that are not in it yet added; it gives those. The caller
// holds l.mu.
func (l *ledger) rebase(loaded contents, pending []line) (added []line) {
	for _, record := range pending {
		if !loaded.has(record) { // Or it began before this process did, or another one kept it.
			loaded.add(record, nil, l.options.Ready)
			added = append(added, record)
		}
	}
	l.kept = loaded
	for by := range l.watchers {
		l.tell(by.system)
	}
	return added
}

// prune has the changes go that are too old, and the oldest of those beyond so many bytes. The caller holds l.mu.
func (l *ledger) prune(size int64) {
	for _, other := range l.kept.others {
		size -= int64(len(other) + 1)
	}
	settled := time.Since(l.opened) >= settleInterval
	l.kept.changes.prune(l.options.Now().Add(-l.options.MaximumAge), size, l.options.Ready,
		func(system string) bool { return l.known[system] || !settled })
}
